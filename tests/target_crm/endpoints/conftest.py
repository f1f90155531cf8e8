"""target-crm on an API that nobody templated."""

from __future__ import annotations

import pytest

from tests.target_crm.messages import record_of, schema_of


@pytest.fixture
def api(emulator):
    """The emulated API."""
    return emulator.anything


@pytest.fixture
def settings(api, tmp_path):
    return {
        "crm": "http",
        "base_url": api.base_url,
        "ledger_url": f"sqlite:///{tmp_path / 'ledger.sqlite'}",
        "report_path": str(tmp_path / "report.json"),
        "index_lag_seconds": 0,
        "request_timeout_seconds": 30,
        "max_attempts": 2,
    }


@pytest.fixture
def send(run):
    """Send records of stream ``links`` to an endpoint."""

    def send(records, endpoint=None, stream="links", keys=("id",), **config):
        given = {} if endpoint is None else {"streams": {stream: {"endpoint": endpoint}}}
        names = list(dict.fromkeys(name for record in records for name in record))
        messages = [schema_of(stream, *names, keys=keys), *(record_of(stream, **record) for record in records)]
        return run(messages, **{**given, **config})

    return send
