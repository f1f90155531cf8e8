"""A record that a database, a decoder or a number's size trips over costs itself alone, on both kinds of ledger."""

from __future__ import annotations

import itertools
import json
import sqlite3
from contextlib import closing

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from target_crm.ledger import tables
from tests.machine import import_package
from tests.target_crm.messages import record_of, schema_of, state_of

TASKS = schema_of("tasks", "name", "details", name={"type": ["string", "null"]})
REFUSED = "refused by the database alone"


@pytest.fixture
def run(run, ledger_url):
    def run_on_it(messages, **config):
        return run(messages, **{"ledger_url": ledger_url, "max_rejected": 1000, **config})

    return run_on_it


@pytest.fixture
def refuse(ledger_url, run):
    """Let a table of the ledger refuse a row that we had no reason to expect."""

    def refuse(table, column, value):
        run([TASKS])  # which makes the ledger
        if ledger_url.startswith("sqlite"):
            with closing(sqlite3.connect(ledger_url.removeprefix("sqlite:///"))) as connection:
                when = f"WHEN CAST(NEW.{column} AS TEXT) LIKE '%{value}%' BEGIN SELECT RAISE(ABORT, '{REFUSED}'); END"
                connection.execute(f"CREATE TRIGGER refuses_{table} BEFORE INSERT ON {table} {when}")
            return
        with import_package("psycopg").connect(ledger_url, autocommit=True) as connection:
            text = f"convert_from({column}, 'UTF8')" if column == "message" else f"{column}::text"
            connection.execute(f"ALTER TABLE {table} ADD CHECK (coalesce({text}, '') NOT LIKE '%{value}%')")

    return refuse


def tasks(count, **poison):
    good = [record_of("tasks", id=number, name=f"T{number}") for number in range(count)]
    return [*good[: count // 2], record_of("tasks", **{"id": 99, "name": "poison", **poison}), *good[count // 2 :]]


def test_a_record_whose_intent_the_database_refuses_is_rejected_alone(run, refuse, emulator):
    refuse("intents", "payload", "poison")
    done = run([TASKS, *tasks(8), state_of(1)])
    assert (done.code, done.states) == (0, [{"position": 1}])
    assert done.of("tasks") == {"input": 9, "created": 8, "rejected": 1}
    assert done.report["reasons"]["tasks"] == {"rejected: not_storable": 1}
    assert {each["name"] for each in emulator.copper.records("tasks")} == {f"T{number}" for number in range(8)}
    again = run([TASKS, *tasks(8, name="mended"), state_of(2)])
    assert again.of("tasks") == {"input": 10, "created": 1, "unchanged": 8, "superseded": 1}


def test_an_update_and_a_delete_that_the_database_refuses_are_rejected_alone(run, refuse, emulator):
    run([TASKS, *tasks(4)])
    refuse("intents", "payload", "worse")
    refuse("held", "state", "deleting")
    changed = [record_of("tasks", id=number, name=f"U{number}") for number in range(4)]
    gone = record_of("tasks", id=99, name="poison", _sdc_deleted_at="2026-01-01T00:00:00Z")
    worse = record_of("tasks", id=98, name="worse")
    done = run([TASKS, *changed, worse, gone, state_of(2)], streams={"tasks": {"hard_delete": True}})
    assert (done.code, done.states) == (0, [{"position": 2}])
    assert done.of("tasks") == {"input": 6, "updated": 4, "rejected": 2}
    assert emulator.copper.count("tasks") == 5


def test_a_rejection_that_the_database_refuses_is_kept_with_less(run, refuse, emulator):
    refuse("held", "sent", "poison")
    emulator.script("POST /tasks", ["error:status=422"] * 2)
    done = run([TASKS, *tasks(0), *tasks(0, id=100, name="other"), state_of(1)])
    assert (done.code, done.states) == (0, [{"position": 1}])
    assert done.of("tasks") == {"input": 2, "rejected": 2}


def test_an_answer_that_the_database_refuses_is_kept_with_less_and_nothing_is_written_twice(run, refuse, emulator):
    refuse("history", "fields", "name")
    run([TASKS, *tasks(3), state_of(1)])
    done = run([TASKS, *[record_of("tasks", id=n, name=f"new {n}") for n in range(3)], state_of(2)])
    assert (done.code, done.states) == (0, [{"position": 2}])
    assert done.of("tasks") == {"input": 3, "updated": 3}
    again = run([TASKS, *[record_of("tasks", id=n, name=f"new {n}") for n in range(3)]])
    assert again.of("tasks") == {"input": 3, "unchanged": 3}
    assert emulator.copper.count("tasks") == 4


def test_a_value_that_the_driver_cannot_hand_over_is_rejected_alone(run, monkeypatch):
    monkeypatch.setattr(tables.AnyText, "process_bind_param", lambda _, value, __: value)
    spoilt = [record_of("tasks", id=number, name=None, **{f"\ud800{number}": 1}) for number in (8, 9)]
    done = run([TASKS, *tasks(4), *spoilt, state_of(1)], streams={"tasks": {"unknown_attributes": "reject"}})
    assert (done.code, done.states) == (0, [{"position": 1}])
    assert done.of("tasks") == {"input": 7, "created": 5, "rejected": 2}


@pytest.mark.parametrize("setting", ["LATIN1"])
def test_a_letter_that_the_servers_encoding_lacks_costs_its_record_alone(run, postgres_server, setting):
    psycopg = import_package("psycopg")
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS latin WITH (FORCE)")
        connection.execute(f"CREATE DATABASE latin ENCODING {setting} TEMPLATE template0 LOCALE 'C'")
    poison = [record_of("tasks", id="\U0001f600", name="odd id"), record_of("tasks", id=5, name="\U0001f600")]
    done = run([TASKS, *tasks(4), *poison, state_of(1)], ledger_url=f"{postgres_server}/latin")
    assert (done.code, done.states) == (0, [{"position": 1}])
    assert done.of("tasks") == {"input": 7, "created": 5, "rejected": 2}


# Any poison

DEEP = "[" * 900 + "]" * 900
POISON = st.one_of(
    st.sampled_from(
        [DEEP, '{"a":' * 900 + "1" + "}" * 900, "9" * 400, "9" * 5000, "1e400", "-1e400", "1e99999999", "1e-99999999",
         "1e99999999999999999999", "0e99999999", "NaN", "-Infinity", str(2**63), '{"a":1,"a":2}', "[null]", "true",
         '"\\ud83d"', '["\\udc00"]', '{"\\ud800":1}', '"a\\u0000b"', json.dumps("x" * 9000), "{}", "null", '" "']
    ),
    st.text(st.characters(codec=None), max_size=20).map(json.dumps),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=5,
    ).map(json.dumps),
)  # fmt: skip
PLACES = st.sampled_from(["id", "name", "details", "due_date", "tags", "assignee_id", "cf_x", "_sdc_deleted_at"])
numbers = itertools.count(1000)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=PLACES, poison=POISON)
@example(place="id", poison=DEEP)
@example(place="name", poison="1e99999999")
@example(place="id", poison="9" * 5000)
def test_whatever_one_record_holds_the_others_are_written_and_state_passes(run, tmp_path, place, poison):
    number = next(numbers)
    values = {"id": f"p{number}", "name": "poison", place: "@"}
    line = json.dumps(record_of("tasks", **values)).replace('"@"', poison)
    good = [record_of("tasks", id=f"{each}{number}", name=each) for each in "ab"]
    rejects = str(tmp_path / "rejects.singer")
    for state in (1, 2):
        done = run(
            [schema_of("tasks", "name", "details"), good[0], line, good[1], state_of(state)],
            retry_rejected=False,
            rejected_path=rejects,
        )
        assert (done.code, done.states) == (0, [{"position": state}]), done.errors
        counts = done.of("tasks")
        assert counts["input"] - counts.get("superseded", 0) == 3
        assert counts["created" if state == 1 else "unchanged"] >= 2
        assert "Traceback" not in done.errors
        assert done.report["closed"]
