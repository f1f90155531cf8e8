"""Settings that say what to do in particular cases, each with what it promises."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing

import pytest

from crm_emulator import Emulator
from tests.target_crm.messages import record_of, schema_of, state_of

PEOPLE = schema_of("people", "email", "title", name={"type": ["string", "null"]})


def person(number, **more):
    return record_of("people", **{"id": number, "name": f"P{number}", "email": f"p{number}@x.org"} | more)


def test_drift_in_the_crm_is_mended_only_when_the_crm_is_compared(run, emulator):
    run([PEOPLE, person(1), person(2)])
    drifted = next(found for found in emulator.copper.records("people") if found["name"] == "P1")
    emulator.copper.change("people", drifted["id"], {"name": "Drifted"})
    assert run([PEOPLE, person(1), person(2)]).of("people") == {"input": 2, "unchanged": 2}
    done = run([PEOPLE, person(1), person(2)], compare_with="crm")
    assert done.of("people") == {"input": 2, "updated": 1, "unchanged": 1}
    assert {found["name"] for found in emulator.copper.records("people")} == {"P1", "P2"}


@pytest.mark.parametrize(("policy", "code", "count"), [("match_again", 0, 1), ("recreate", 0, 1), ("reject", 1, 0)])
def test_a_record_that_the_crm_lost_is_treated_as_when_gone_says(run, emulator, policy, code, count):
    streams = {"people": {"when_gone": policy}}
    run([PEOPLE, person(1)], streams=streams)
    (only,) = emulator.copper.records("people")
    emulator.copper.delete("people", only["id"])
    done = run([PEOPLE, person(1, title="New")], streams=streams)
    assert done.code == code
    assert emulator.copper.count("people") == count


def test_a_run_stops_early_when_so_many_records_are_rejected(run, emulator):
    bad = [person(number, name=None) for number in range(5)]
    done = run(
        [PEOPLE, *bad, state_of(5), *map(person, range(10, 20)), state_of(15)], stop_after_rejected=5, batch_size_rows=5
    )
    assert done.code == 1
    assert "stop_after_rejected" in done.errors
    assert emulator.copper.count("people") == 0
    assert [state["position"] for state in done.states] in ([], [5])


def test_a_missing_ledger_is_an_error_where_it_is_required(run, emulator):
    done = run([PEOPLE, person(1)], require_ledger=True)
    assert done.code == 2
    assert "require_ledger" in done.errors
    assert emulator.copper.count("people") == 0
    run([PEOPLE, person(1)])
    assert run([PEOPLE, person(1)], require_ledger=True).code == 0


def test_accounts_that_share_a_ledger_never_mix(run):
    run([PEOPLE, person(1)])
    with Emulator(seed=2, empty=True) as other:
        (account,) = other.copper.records("account")
        other.copper.delete("account", account["id"])
        other.copper.insert("account", account | {"id": account["id"] + 1})
        elsewhere = {"base_url": other.copper.base_url, "api_key": other.copper.api_key}
        done = run([PEOPLE, person(1)], user_email=other.copper.user_email, **elsewhere)
        assert done.of("people") == {"input": 1, "created": 1}
        assert "only other accounts" in done.errors
        assert other.copper.count("people") == 1
    done = run([PEOPLE, person(1)])
    assert done.of("people") == {"input": 1, "unchanged": 1}
    assert "only other accounts" not in done.errors


def test_sources_that_share_a_ledger_never_mix(run, emulator):
    tasks = schema_of("tasks", "name")
    for source in ("shop", "billing"):
        done = run([tasks, record_of("tasks", id=1, name=f"Of the {source}")], source_name=source)
        assert done.of("tasks") == {"input": 1, "created": 1}
    assert emulator.copper.count("tasks") == 2


def test_a_program_older_than_the_ledger_refuses_it(run, emulator, tmp_path):
    run([PEOPLE, person(1)])
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as ledger, ledger:
        ledger.execute("UPDATE ledger_version SET version = version + 1")
    done = run([PEOPLE, person(2)])
    assert done.code == 2
    assert "newer program" in done.errors
    assert emulator.copper.count("people") == 1


def test_the_ledger_and_its_locks_are_nobody_elses_to_read(run, tmp_path):
    run([PEOPLE, person(1)])
    files = list(tmp_path.glob("ledger*"))
    assert files
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
