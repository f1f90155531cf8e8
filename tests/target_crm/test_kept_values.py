"""With keep_values_days the ledger keeps what each field was before a write and after it; for so long only."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from target_crm.cli.main import main
from target_crm.ledger.store import open_engine
from tests.target_crm.messages import record_of, schema_of

PEOPLE = schema_of("people", "title", "details", name={"type": ["string", "null"]})
KEPT = "SELECT action, attribute, before, after FROM ledger_kept_values JOIN history ON history.id = history_id"


def person(number=1, **more):
    return record_of("people", **{"id": number, "name": f"P{number}", "title": "A"} | more)


@pytest.fixture
def kept(ledger_url, settings):
    settings["ledger_url"] = ledger_url

    def kept():
        engine = open_engine(ledger_url)
        with engine.connect() as connection:
            rows = connection.exec_driver_sql(KEPT).all()
        engine.dispose()
        return sorted((*row[:2], *(each if each is None else json.loads(each) for each in row[2:])) for row in rows)

    return kept


def test_updates_keep_what_was_there_and_what_was_sent(run, emulator, kept):
    run([PEOPLE, person()], keep_values_days=30)
    assert kept() == [("created", "name", None, "P1"), ("created", "title", None, "A")]
    (found,) = emulator.copper.records("people")
    emulator.copper.change("people", found["id"], {"title": "typed"})
    run([PEOPLE, person(title="B")], keep_values_days=30)
    assert ("updated", "title", "typed", "B") in kept()


@pytest.mark.parametrize("way", ["message", "absence"])
def test_deletes_keep_what_was_there(run, kept, way):
    own = {"hard_delete": True} if way == "message" else {"load_method": "overwrite", "max_delete_fraction": 1}
    settings = {"keep_values_days": 30, "streams": {"people": own}}
    schema = schema_of("people", "title", "_sdc_deleted_at", name={"type": ["string", "null"]})
    end = {"type": "ACTIVATE_VERSION", "stream": "people", "version": 1}
    run([schema, person() | {"version": 1}, person(2) | {"version": 1}, end], **settings)
    gone = [person(_sdc_deleted_at="2026-01-01")] if way == "message" else [person(2) | {"version": 2}]
    done = run([schema, *gone, end | {"version": 2}], **settings)
    assert done.code == 0, done.errors
    of_delete = [row for row in kept() if row[0] == "deleting"]
    assert {("deleting", "name", "P1", None), ("deleting", "title", "A", None)} <= set(of_delete)


def test_none_is_kept_unless_that_is_wanted_and_old_ones_go(run, kept):
    run([PEOPLE, person()], keep_values_days=30)
    run([PEOPLE, person(title="B")])
    assert kept() == []


def test_a_review_shows_what_was_last_sent(run, emulator, kept, settings, tmp_path):
    streams = {"people": {"conflicts": "review"}}
    run([PEOPLE, person()], keep_values_days=30, streams=streams)
    (found,) = emulator.copper.records("people")
    emulator.copper.change("people", found["id"], {"title": "typed"})
    done = run([PEOPLE, person(title="B")], keep_values_days=30, streams=streams)
    assert done.report["reject_kinds"] == {"people": {"conflict": 1}}
    assert len(kept()) == 2
    file = tmp_path / "config.json"
    file.write_text(json.dumps(settings))
    listed = CliRunner().invoke(main, ["rejected", "list", "--config", str(file)])
    number = next(word for word in listed.output.split() if word.isdigit())
    shown = json.loads(CliRunner().invoke(main, ["rejected", "show", number, "--config", str(file)]).output)
    conflict = {"attribute": "title", "current": "typed", "new": "B", "last_sent": "A"}
    assert shown["sent"]["conflicts"] == [conflict]


def test_a_record_that_is_forgotten_leaves_no_values(run, kept, settings, tmp_path):
    run([PEOPLE, person(), person(2)], keep_values_days=30)
    file = tmp_path / "config.json"
    file.write_text(json.dumps(settings))
    CliRunner().invoke(main, ["ledger", "forget", "--stream", "people", "1", "--config", str(file)])
    assert kept() == [("created", "name", None, "P2"), ("created", "title", None, "A")]
