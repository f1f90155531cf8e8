"""target-crm on the emulated Freshsales: a Suite account, and a Classic one where a test asks for it."""

from __future__ import annotations

import pytest


def settings_for(vendor, tmp_path):
    return {
        "crm": "freshsales",
        "base_url": vendor.base_url,
        "api_key": vendor.api_key,
        "ledger_url": f"sqlite:///{tmp_path / 'ledger.sqlite'}",
        "report_path": str(tmp_path / "report.json"),
        "requests_per_minute": 0,
        "requests_per_hour": 0,
        "index_lag_seconds": 0,
        "request_timeout_seconds": 30,
        "max_attempts": 2,
    }


@pytest.fixture(params=["absent", pytest.param("present", marks=pytest.mark.long)])
def vendor(emulator, request):
    """The account, whose records show the ids of owners, sources and the like, or not."""
    vendor = emulator.freshsales_classic if request.node.get_closest_marker("classic") else emulator.freshsales
    vendor.switches.read_ids = request.param
    return vendor


@pytest.fixture
def settings(vendor, tmp_path):
    return settings_for(vendor, tmp_path)


@pytest.fixture
def asked(emulator):
    """How often each ``METHOD /template`` was asked since the last time."""
    seen = [0]

    def asked():
        requests = emulator.requests[seen[0] :]
        seen[0] = len(emulator.requests)
        counts = {}
        for each in requests:
            name = f"{each.method} {each.route}"
            counts[name] = counts.get(name, 0) + 1
        return counts

    return asked
