"""No secret of target-crm's settings is in anything that it writes, whatever goes wrong."""

from __future__ import annotations

import json

import pytest

from tests.commands import Command
from tests.target_crm.hurried import main
from tests.target_crm.messages import as_lines, record_of, schema_of, state_of

PEOPLE = schema_of("people", "email", name={"type": ["string", "null"]})
HOOK_TOKEN = "hook-token-0123456789"


@pytest.mark.parametrize(
    "trouble",
    [None, "error:status=500", "error:status=422", "lost", "error:status=401", "malformed"],
    ids=["none", "server error", "refused", "lost answer", "wrong key", "broken answer"],
)
@pytest.mark.parametrize("dry_run", [False, True])
def test_a_secret_is_in_no_log_state_report_ledger_or_reject_file(
    new_emulator, tmp_path, copper_account, trouble, dry_run
):
    account = copper_account(new_emulator)
    if trouble is not None:
        new_emulator.trouble(f"{trouble}{',' if ':' in trouble else ':'}route=POST /people*")
    file = tmp_path / "settings" / "config.json"
    file.parent.mkdir()
    written = tmp_path / "written"
    written.mkdir()
    settings = {
        "crm": "copper",
        "ledger_url": f"sqlite:///{written / 'ledger.sqlite'}",
        "report_path": str(written / "report.json"),
        "rejected_path": str(written / "rejected.singer"),
        "responses_url": f"http://127.0.0.1:9/{HOOK_TOKEN}",
        "headers": {"X-Gateway": "gateway-secret-0123456789"},
        "requests_per_minute": 0,
        "index_lag_seconds": 0,
        "request_timeout_seconds": 10,
        "max_attempts": 1,
        "dry_run": dry_run,
        **account,
    }
    file.write_text(json.dumps(settings))
    people = [record_of("people", id=n, name=f"P{n}", email=f"p{n}@x.org") for n in range(3)]
    command = Command("target-crm", "--config", file, env={"TARGET_CRM_LOGLEVEL": "DEBUG"}, main=main)
    messages = [PEOPLE, *people, record_of("people", id=9, name=None), state_of(1)]
    said = command.communicate(as_lines(messages))
    everything = b"".join([*said, *(found.read_bytes() for found in written.iterdir())])
    assert b"people" in everything
    for secret in (account["api_key"], "gateway-secret-0123456789", HOOK_TOKEN):
        assert secret.encode() not in everything
