"""An answer that is lost leaves no copy and loses no record, whatever the object; nor does one that never arrived."""

from __future__ import annotations

import pytest

from tests.target_crm.messages import record_of, schema_of, state_of

RECORDS = {
    "people": lambda n: {"name": f"P{n}", "email": f"p{n}@example.org"},
    "companies": lambda n: {"name": f"C{n}", "domain": f"c{n}.example"},
    "leads": lambda n: {"name": f"L{n}", "email": f"l{n}@example.org"},
    "opportunities": lambda n: {"name": f"O{n}", "monetary_value": n + 0.5, "close_date": "2026-05-04"},
    "projects": lambda n: {"name": f"J{n}", "details": f"Details {n}"},
    "tasks": lambda n: {"name": f"T{n}", "due_date": "2026-03-01T10:00:00Z"},
    "activities": lambda n: {"type": "Note", "details": f"A{n}", "parent": {"type": "person", "id": 1}},
}
WITHOUT_UNIQUE = {
    "people": lambda n: {"name": f"P{n}", "title": "Dr"},
    "companies": lambda n: {"name": f"C{n}", "city": "Berlin"},
    "leads": lambda n: {"name": f"L{n}"},
}
CASES = [
    *((stream, make) for stream, make in RECORDS.items()),
    *((stream, make) for stream, make in WITHOUT_UNIQUE.items()),
]
OBJECTS = pytest.mark.parametrize(
    ("stream", "make"), CASES, ids=[f"{stream}-{n}" for n, (stream, _) in enumerate(CASES)]
)
TROUBLE = pytest.mark.parametrize(
    "trouble", ["lost", "error_after:status=500", "cut", "error:status=500", "reset", "malformed"]
)


def messages_of(stream, make, count, emulator):
    rows = [make(number) for number in range(count)]
    if stream == "activities":
        parent = emulator.copper.insert("people", {"name": "Parent"})
        rows = [row | {"parent": {"type": "person", "id": parent["id"]}} for row in rows]
    records = [record_of(stream, id=number, **row) for number, row in enumerate(rows)]
    return [schema_of(stream, *rows[0]), *records, state_of(count)]


@OBJECTS
@TROUBLE
@pytest.mark.daily(one_of=7)
def test_every_record_is_there_exactly_once_after_trouble_with_each_other_write(run, emulator, stream, make, trouble):
    messages = messages_of(stream, make, 23, emulator)
    separator = "," if ":" in trouble else ":"
    for route in (f"POST /{stream}*create", f"POST /{stream}"):
        emulator.trouble(f"{trouble}{separator}route={route},every=2")
    done = run(messages)
    assert done.code == 0, done.errors
    assert done.of(stream) == {"input": 23, "created": 23}
    assert emulator.copper.count(stream) == 23
    assert done.states == [{"position": 23}]
    emulator.no_trouble()
    assert run(messages).of(stream) == {"input": 23, "unchanged": 23}
    assert emulator.copper.count(stream) == 23


@OBJECTS
def test_identical_records_are_as_many_as_they_were_although_every_other_answer_is_lost(run, emulator, stream, make):
    messages = messages_of(stream, lambda _: make(1), 12, emulator)
    emulator.trouble(f"lost:route=POST /{stream}*create,every=2", f"lost:route=POST /{stream},every=2")
    done = run(messages, streams={stream: {"match_on": []}}, max_rejected=100)
    written = done.report["streams"][stream]["created"]
    unique = make is RECORDS.get(stream) and stream in {"people", "companies"}
    assert written == (1 if unique else 12)
    assert emulator.copper.count(stream) == written


@OBJECTS
@pytest.mark.parametrize("trouble", ["lost", "error:status=500"])
def test_an_update_whose_answer_is_lost_is_done_once_more_only_if_it_was_not_done(run, emulator, stream, make, trouble):
    messages = messages_of(stream, make, 12, emulator)
    run(messages)
    changed = [
        message | {"record": message["record"] | {"details": f"New {n}"}} for n, message in enumerate(messages[1:-1])
    ]
    emulator.trouble(
        *(
            f"{trouble}{',' if ':' in trouble else ':'}route={route},every=2"
            for route in (f"POST /{stream}/bulk_update", f"PUT /{stream}/*")
        )
    )
    done = run([schema_of(stream, *changed[0]["record"]), *changed])
    assert done.code == 0, done.errors
    assert done.of(stream)["updated"] + done.of(stream).get("unchanged", 0) == 12
    assert emulator.copper.count(stream) == 12
    assert all(found["details"].startswith("New") for found in emulator.copper.records(stream))


@pytest.mark.parametrize("stream", ["leads", "people", "opportunities"])
def test_what_a_person_edits_before_a_lost_create_is_found_out_stays(run, emulator, stream):
    field = "details"
    streams = {"leads": {"match_on": ["email"]}, "opportunities": {"match_on": ["name"]}}
    record = RECORDS[stream](1) | {"id": 1}
    schema = schema_of(stream, *record, field)
    messages = {text: [schema, record_of(stream, **record, **{field: text})] for text in "AB"}
    emulator.trouble(
        f"error_after:status=500,route=POST /{stream},every=1",
        f"error:status=500,route=POST /{stream}/search,every=2",
        f"error:status=500,route=PUT /{stream}/upsert,every=1",
    )
    run(messages["A"], streams=streams, max_attempts=1)
    emulator.no_trouble()
    (made,) = emulator.copper.records(stream)
    emulator.copper.change(stream, made["id"], {field: "typed"})
    for text, expected in (("A", "typed"), ("B", "B")):
        assert run(messages[text], streams=streams).code == 0
        (found,) = emulator.copper.records(stream)
        assert found[field] == expected
