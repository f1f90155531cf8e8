"""Streams without key properties: what is known again, what is rejected, and what stops the run."""

from __future__ import annotations

import sqlalchemy as sa

from target_crm.ledger.store import open_engine
from tests.target_crm.messages import record_of, schema_of


def test_without_a_key_nothing_is_written_and_the_run_says_what_to_set(run, writes):
    done = run([schema_of("tasks", "name", keys=()), record_of("tasks", name="One")])
    assert done.code == 2
    assert "Stream 'tasks' has no key properties" in done.errors
    assert "streams.tasks.source_id" in done.errors
    assert writes() == []


def test_of_a_stream_without_a_key_a_record_without_the_match_key_is_rejected_alone(run, emulator):
    schema = schema_of("people", "name", "email", "title", keys=())
    ann, mute = record_of("people", name="Ann", email="Ann@x.org"), record_of("people", name="Mute")
    done = run([schema, ann, mute, mute])
    assert done.of("people") == {"input": 3, "created": 1, "superseded": 1, "rejected": 1}
    assert done.report["reasons"]["people"] == {"rejected: no_source_id": 1}
    assert "It has no value for emails, by which alone the records of the stream are known again" in done.errors
    changed = record_of("people", name="Ann", email="ann@x.org", title="Boss")
    done = run([schema, changed, record_of("people", name="Mute", email="mute@x.org")])
    assert done.of("people") == {"input": 3, "updated": 1, "created": 1, "rejected": 1}
    (person,) = (each for each in emulator.copper.records("people") if each["name"] == "Ann")
    assert person["title"] == "Boss"


def test_what_a_ledger_holds_of_whole_records_is_held_under_the_ids_that_they_have_now(run, emulator, ledger_url):
    schema = schema_of("people", "name", "email", "assignee_id", keys=())
    bad = record_of("people", name="Ann", email="ann@x.org", assignee_id="nobody@x.org")
    assert run([schema, bad], ledger_url=ledger_url).of("people") == {"input": 1, "rejected": 1}
    statement = sa.text("UPDATE held SET source_id = :id")
    engine = open_engine(ledger_url)
    with engine.begin() as connection:
        connection.execute(statement, {"id": "#0123456789abcdef0123456789abcdef"})
    engine.dispose()
    done = run([schema], ledger_url=ledger_url, streams={"people": {"unknown_names": "leave_out"}})
    assert done.of("people") == {"input": 1, "created": 1}
    assert done.report["pending"] == 0
    assert emulator.copper.count("people") == 1


def test_the_whole_record_stands_beside_no_other_attribute(run, writes):
    people = schema_of("people", "name", "email")
    done = run([people, record_of("people", id=1, name="A")], streams={"people": {"source_id": ["*", "id"]}})
    assert done.code == 2
    assert 'streams.people.source_id: "*" stands for the whole record' in done.errors
    both = {"people": {"source_id": "*", "shared_match": "reject"}}
    done = run([people, record_of("people", id=1, name="A")], streams=both)
    assert done.code == 2
    assert "streams.people.shared_match must not be reject" in done.errors
    assert writes() == []


def test_a_record_is_known_again_whichever_of_its_addresses_comes_first(run, emulator):
    people = schema_of("people", "name", "title", "emails", keys=())
    streams = {"people": {"conflicts": "crm", "shared_match": "reject"}}
    for title, emails in (("A", ["a@x.org", "b@x.org"]), ("B", ["b@x.org", "a@x.org"])):
        done = run([people, record_of("people", name="Ann", title=title, emails=emails)], streams=streams)
        assert done.code == 0, done.errors
    (person,) = emulator.copper.records("people")
    assert (person["title"], done.report["conflicts"]) == ("B", {})
