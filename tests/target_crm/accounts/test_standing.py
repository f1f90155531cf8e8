"""How accounts stand, who writes them, and how an account is taken from a run that does not end."""

from __future__ import annotations

import json
import os
import signal

import pytest

from tests.commands import PATIENCE_SECONDS

FOREVER = ["sh", "-c", 'sh feed.sh feed-1.jsonl "$@"; exec sleep 600', "tap"]


def told(fleet, command, *arguments):
    """The JSON lines of a command about accounts, by account."""
    code, output, errors = fleet.run(*arguments, "--output", "json", command=("accounts", command))
    assert code == 0, errors
    return {line["account"]: line for line in map(json.loads, output.splitlines())}


def test_status_tells_state_and_last_run_of_each_account(fleet):
    fleet.entries["wrong"] = {"tapp": 1}
    fleet.sync("a1", "--run-id", "tonight")
    rows = told(fleet, "status")
    assert set(rows) == {"a1", "a2", "a3"}
    assert rows["a2"] == {"account": "a2", "last_run": None, "states": [], "locks": []}
    (state,) = rows["a1"]["states"]
    assert (state["pipeline"], state["run_id"]) == ("default", "tonight")
    assert (rows["a1"]["last_run"]["exit_code"], rows["a1"]["last_run"]["run_id"]) == (0, "tonight")
    code, output, errors = fleet.run(command=("accounts", "status"))
    assert (code, "well" in output, "never" in output) == (0, True, True)
    assert "wrong: There is no setting 'accounts.wrong.tapp'" in errors


def test_a_lock_is_listed_while_its_run_is_alive_and_only_that_run_can_free_it(fleet):
    fleet.entries["a1"]["tap"]["command"] = FOREVER
    writes = fleet.at_creates(1, 1)
    holding = fleet.start("a1", "--run-id", "hangs")
    assert writes.wait(PATIENCE_SECONDS)
    lock = told(fleet, "locks")["a1"]
    assert (lock["object"], lock["crm"]) == ("people", "copper")
    assert "run hangs" in lock["holder"]
    code, _, errors = fleet.run("a1", command=("accounts", "unlock"))
    assert (code, f"End that process: kill {lock['process']}" in errors) == (5, True)
    os.kill(lock["process"], signal.SIGKILL)
    holding.communicate()
    assert holding.wait() == 4
    assert told(fleet, "locks") == {}
    code, _, errors = fleet.run("a1", command=("accounts", "unlock"))
    assert (code, "there is nothing to unlock" in errors) == (0, True)


@pytest.mark.long
def test_a_server_takes_an_account_from_a_run_that_hangs_and_nothing_is_lost_or_doubled(fleet, postgres):
    for entry in fleet.entries.values():
        entry["target"]["ledger_url"] = "${LEDGER}"
    environment = {"LEDGER": postgres}
    fleet.environment |= environment
    fleet.entries["a1"]["tap"]["command"] = FOREVER
    writes = fleet.at_creates(1, 3)
    holding = fleet.start("a1", "--output", "json")
    assert writes.wait(PATIENCE_SECONDS)
    assert told(fleet, "locks")["a1"]["object"] == "people"
    code, _, errors = fleet.run("a1", command=("accounts", "unlock"))
    assert (code, "is ended" in errors) == (0, True), errors
    code, lines = fleet.sync("a2")
    assert (code, lines["a2"]["outcomes"]) == (0, {"created": 30})
    fleet.feed(1, 31)
    fleet.entries["a1"]["tap"]["command"] = ["sh", "feed.sh", "feed-1.jsonl"]
    assert fleet.sync("a1")[0] == 0
    assert len(fleet.names(1)) == len(set(fleet.names(1))) == 31
    holding.send_signal(signal.SIGTERM)
    output, _ = holding.communicate()
    assert json.loads(output)["exit_code"] in {4, 143}
