"""The account of the settings is the only one that a run or the operator touches in a ledger that holds several."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

from target_crm.cli.main import main
from tests.target_crm.messages import record_of, schema_of

TASKS = [schema_of("tasks", "name"), *(record_of("tasks", id=number, name=f"T{number}") for number in range(3))]
FLAWED = [schema_of("tasks", "name"), record_of("tasks", id=9)]


@pytest.fixture
def operate(settings, tmp_path):
    file = tmp_path / "config.json"

    def operate(*words, **config):
        file.write_text(json.dumps({**settings, **config}))
        return CliRunner().invoke(main, [*words, "--config", str(file)])

    return operate


@pytest.fixture
def accounts(run, operate):
    """Two names in one ledger for what the emulator has as one account, each with a rejected record."""
    for name in ("acme", "zeta"):
        assert operate("ledger", "accept-credential", account_name=name).exit_code == 0
        assert run([*TASKS, *FLAWED], account_name=name).of("tasks") == {"input": 4, "created": 3, "rejected": 1}


@pytest.mark.parametrize(("first", "then"), [(None, "acme"), ("acme", "acme 2"), ("acme", None)])
def test_an_account_under_another_name_is_not_written_anew(run, emulator, first, then):
    assert run(TASKS, account_name=first).code == 0
    refused = run(TASKS, account_name=then)
    assert refused.code == 2
    assert "Remove account_name" in refused.errors if first is None else "Set account_name to acme" in refused.errors
    assert emulator.copper.count("tasks") == 3
    assert run(TASKS, account_name=first).of("tasks") == {"input": 3, "unchanged": 3}


@pytest.mark.usefixtures("accounts")
def test_the_operator_forgets_nothing_of_another_account(run, operate):
    assert operate("ledger", "forget", "--stream", "tasks", "--all", account_name="acme").output == "3 forgotten\n"
    assert run(TASKS, account_name="zeta", max_rejected=1).of("tasks") == {"input": 4, "unchanged": 3, "rejected": 1}


@pytest.mark.usefixtures("accounts")
def test_the_operator_sees_and_replays_no_record_of_another_account(operate):
    assert "1 rejected" in operate("rejected", "list", account_name="acme").output
    replayed = operate("rejected", "replay", "--all", account_name="acme")
    assert replayed.exit_code == 1, "its record is still refused"
    assert operate("rejected", "drop", "--all", account_name="acme").output == "1 dropped\n"
    assert "1 rejected" in operate("rejected", "list", account_name="zeta").output


@pytest.mark.usefixtures("accounts")
def test_a_look_at_one_of_several_accounts_notes_no_credential(operate, tmp_path):
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as ledger:
        with ledger:
            ledger.execute("DELETE FROM ledger_credentials")
            ledger.execute("DELETE FROM ledger_accounts")
        assert "0 rejected" in operate("rejected", "list").output
        assert ledger.execute("SELECT * FROM ledger_credentials").fetchall() == []
        assert ledger.execute("SELECT * FROM ledger_accounts").fetchall() == []
