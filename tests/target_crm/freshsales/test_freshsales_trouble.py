"""Lost answers, a used-up quota and kills: one copy of each, and no request too many."""

from __future__ import annotations

import pytest

from tests.target_crm.messages import record_of, schema_of, state_of

RECORDS = {
    "contacts": lambda n: {"last_name": f"N{n}", "email": f"p{n}@x.org"},
    "contacts without e-mail": lambda n: {"last_name": f"N{n}", "job_title": "Dr"},
    "sales_accounts": lambda n: {"name": f"Company {n}"},
    "deals": lambda n: {"name": f"D{n}", "amount": n + 0.5},
    "notes": lambda n: {"description": f"Note {n}", "targetable_type": "Contact"},
    "tasks": lambda n: {"title": f"T{n}", "due_date": "2026-03-01T10:00:00+01:00", "targetable_type": "Contact"},
    "tasks about nothing": lambda n: {"title": f"T{n}", "due_date": "2026-03-01T10:00:00Z"},
    "appointments": lambda n: {
        "title": f"A{n}",
        "from_date": "2026-03-01T10:00:00Z",
        "end_date": "2026-03-01T11:00:00Z",
        "targetable_type": "Contact",
    },
    "sales_activities": lambda n: {
        "title": f"S{n}",
        "type": "Phone",
        "start_date": "2026-03-01T10:00:00Z",
        "end_date": "2026-03-01T11:00:00Z",
        "targetable_type": "Contact",
    },
    "products": lambda n: {"name": f"Product {n}"},
    "cm_visit": lambda n: {"name": f"Visit {n}"},
}


@pytest.fixture
def messages(vendor):
    from crm_emulator.freshsales.custom_modules import define_module  # noqa: PLC0415 - as an administrator

    vendor.ensure_ready()
    define_module(vendor.account, "cm_visit", "Visit", "Visits")

    def messages(kind, count=12):
        stream = kind.partition(" ")[0]
        rows = [RECORDS[kind](number) for number in range(count)]
        if "targetable_type" in rows[0]:
            about = vendor.insert("contacts", {"last_name": "About"})["id"]
            rows = [row | {"targetable_id": about} for row in rows]
        records = [record_of(stream, id=number, **row) for number, row in enumerate(rows)]
        return stream, [schema_of(stream, *rows[0]), *records, state_of(count)]

    return messages


def path_of(stream):
    return {"products": "/cpq/products", "cm_visit": "/custom_module/*"}.get(stream, f"/{stream}")


@pytest.mark.parametrize("kind", RECORDS)
@pytest.mark.parametrize("trouble", ["lost", "error_after:status=500", "error:status=500", "cut", "reset"])
@pytest.mark.daily(one_of=4)
def test_every_record_is_there_exactly_once_whatever_becomes_of_the_answers(
    run, vendor, emulator, messages, kind, trouble
):
    stream, lines = messages(kind)
    separator = "," if ":" in trouble else ":"
    for route in (path_of(stream), f"{path_of(stream)}/upsert", f"{path_of(stream)}/bulk_upsert"):
        emulator.trouble(f"{trouble}{separator}route=POST {route},every=2")
    counted = "custom_records" if stream == "cm_visit" else stream
    before = vendor.count(counted)
    done = run(lines, max_attempts=3)
    assert done.code == 0, done.errors
    assert done.of(stream) == {"input": 12, "created": 12}
    assert vendor.count(counted) - before == 12
    assert done.states == [{"position": 12}]
    emulator.no_trouble()
    assert run(lines).of(stream) == {"input": 12, "unchanged": 12}


@pytest.mark.parametrize("kind", ["contacts", "deals", "notes", "tasks", "cm_visit"])
@pytest.mark.parametrize("trouble", ["lost", "error:status=500"])
def test_a_change_whose_answer_is_lost_is_there_in_the_end(run, vendor, emulator, messages, kind, trouble):
    stream, lines = messages(kind, 5)
    run(lines)
    name = {"contacts": "job_title", "deals": "probability", "notes": "description", "tasks": "description"}.get(
        stream, "name"
    )
    changed = [
        line | {"record": line["record"] | {name: 40 + n if stream == "deals" else f"New {n}"}}
        for n, line in enumerate(lines[1:-1])
    ]
    separator = "," if ":" in trouble else ":"
    for route in (f"PUT {path_of(stream)}/*", f"POST {path_of(stream)}/bulk_upsert"):
        emulator.trouble(f"{trouble}{separator}route={route},every=2")
    done = run([schema_of(stream, *changed[0]["record"]), *changed], max_attempts=8)
    assert done.code == 0, done.errors
    assert done.of(stream)["updated"] + done.of(stream).get("unchanged", 0) == 5
    held = vendor.records("custom_records" if stream == "cm_visit" else stream)
    assert len(held) == 5
    wanted = {str(line["record"][name]) for line in changed}
    assert {str(each[name]) for each in held} == wanted


def test_identical_notes_are_as_many_as_they_were(run, vendor, emulator, messages):
    stream, lines = messages("notes", 6)
    lines = [
        line | {"record": line["record"] | {"description": "Same"}} if line["type"] == "RECORD" else line
        for line in lines
    ]
    emulator.trouble("lost:route=POST /notes,every=2")
    assert run(lines).of(stream) == {"input": 6, "created": 6}
    assert vendor.count("notes") == 6


@pytest.mark.parametrize(("told", "waits"), [("retry_after=30", 32), ("", 60)])
def test_a_429_is_waited_for_as_long_as_it_says_and_a_little_more_else_a_minute(run, emulator, clock, told, waits):
    emulator.trouble(f"error:status=429,{told + ',' if told else ''}times=1,route=POST /contacts/upsert")
    began = clock()
    done = run([schema_of("contacts", "email"), record_of("contacts", id=1, email="a@x.org")])
    assert done.code == 0, done.errors
    assert waits <= clock() - began < waits + 1


def test_a_429_that_says_nothing_is_waited_for_twice_as_long_each_time_but_no_longer_than_ten_minutes(
    run, emulator, clock
):
    emulator.trouble("error:status=429,times=6,route=POST /contacts/upsert")
    began = clock()
    done = run([schema_of("contacts", "email"), record_of("contacts", id=1, email="a@x.org")], max_attempts=10)
    assert done.code == 0, done.errors
    assert 60 + 120 + 240 + 480 + 600 + 600 <= clock() - began < 2110


@pytest.mark.parametrize(("given", "hours"), [({}, 1), ({"plan": "pro"}, 0), ({"requests_per_hour": 0}, 0)])
@pytest.mark.daily(one_of=3)
def test_the_hourly_quota_is_the_plans_and_a_thousand_if_nobody_says(run, clock, given, hours):
    notes = schema_of("tasks", "title", "due_date")
    records = [record_of("tasks", id=n, title=f"T{n}", due_date="2026-01-01") for n in range(1010)]
    began = clock()
    settings = {"requests_per_hour": None, "streams": {"tasks": {"match_on": []}}} | given
    done = run([notes, *records], **settings)
    assert done.code == 0, done.errors
    assert (clock() - began) // 3600 == hours
