"""target-crm on the emulated Apptivo."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest


@pytest.fixture
def firm(emulator):
    return emulator.apptivo


@pytest.fixture
def settings(firm, tmp_path):
    return {
        "crm": "apptivo",
        "base_url": firm.base_url,
        "api_key": firm.api_key,
        "access_key": firm.access_key,
        "ledger_url": f"sqlite:///{tmp_path / 'ledger.sqlite'}",
        "report_path": str(tmp_path / "report.json"),
        "requests_per_minute": 0,
        "index_lag_seconds": 0,
        "request_timeout_seconds": 30,
        "max_attempts": 2,
    }


@pytest.fixture(params=["form", "rest"])
def style(request, firm, settings):
    """The two styles of the wire, of which the firm takes the second by switch alone."""
    firm.switches.rest_style = request.param == "rest"
    settings["wire_style"] = request.param
    return request.param


@pytest.fixture
def calls(emulator):
    """The actions called since the last time, as ``leads save``, without reading lists and configuration."""
    seen = [0]

    def calls(*, every=False):
        requests = emulator.requests[seen[0] :]
        seen[0] = len(emulator.requests)
        named = [request.route.rpartition("/")[2].replace("?a=", " ") for request in requests]
        return [name for name in named if every or not name.endswith((" getConfigData", " getAll"))]

    return calls


@pytest.fixture
def given(emulator):
    """Return the parameters of the calls of an action, from query and form, keys left out."""

    def given(action):
        return [_parameters(request) for request in emulator.requests if request.route.endswith(action)]

    return given


def _parameters(request):
    given = dict(parse_qsl(request.query)) | dict(parse_qsl(request.body.decode()))
    return {name: value for name, value in given.items() if name not in {"apiKey", "accessKey"}}
