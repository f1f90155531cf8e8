"""Records are created once and updated when they change; what has not changed costs no request."""

from __future__ import annotations

import math

import pytest

from crm_api.copper.crm import Copper
from crm_api.crm import Refused
from crm_api.errors import InvalidError
from tests.target_crm.messages import record_of, schema_of, state_of

PEOPLE = schema_of("people", "name", "email", "title", "tags")


def person(number, **more):
    return record_of("people", **{"id": number, "name": f"Person {number}", "email": f"p{number}@example.org"} | more)


def test_new_people_are_created_ten_at_a_time(run, emulator, writes):
    done = run([PEOPLE, *map(person, range(25)), state_of(25)])
    assert done.code == 0
    assert done.of("people") == {"input": 25, "created": 25}
    assert emulator.copper.count("people") == 25
    assert writes() == ["POST /people/bulk_create"] * 3
    assert done.states == [{"position": 25}]


def test_the_same_input_again_sends_nothing(run, emulator):
    messages = [PEOPLE, *map(person, range(25))]
    run(messages)
    before = len(emulator.requests)
    done = run(messages)
    assert done.of("people") == {"input": 25, "unchanged": 25}
    assert [request.route for request in emulator.requests[before:]] == ["/account", "/users/me"]


def test_only_what_changed_is_updated(run, emulator, writes):
    run([PEOPLE, *map(person, range(25))])
    before = len(writes())
    done = run([PEOPLE, *(person(number, title="Boss" if number < 12 else None) for number in range(25))])
    assert done.of("people") == {"input": 25, "updated": 12, "unchanged": 13}
    assert sorted(writes()[before:]) == ["POST /people/bulk_update"] * 2
    assert sorted(p["name"] for p in emulator.copper.records("people") if p["title"] == "Boss") == sorted(
        f"Person {number}" for number in range(12)
    )


def test_a_record_that_the_crm_has_already_is_found_and_updated(run, emulator):
    emulator.copper.insert("people", {"name": "Old", "emails": [{"email": "P1@Example.org", "category": "work"}]})
    done = run([PEOPLE, person(1), person(2)])
    assert done.of("people") == {"input": 2, "created": 1, "updated": 1}
    assert sorted(p["name"] for p in emulator.copper.records("people")) == ["Person 1", "Person 2"]


def test_the_last_version_of_a_record_wins_within_a_batch(run, emulator):
    done = run([PEOPLE, person(1, title="a"), person(2), person(1, title="b"), person(1, title="c")])
    assert done.of("people") == {"input": 4, "created": 2, "superseded": 2}
    assert [p["title"] for p in emulator.copper.records("people") if p["name"] == "Person 1"] == ["c"]


def test_two_source_records_with_one_match_key_become_one_crm_record(run, emulator):
    done = run(
        [
            PEOPLE,
            record_of("people", id=1, name="A", email="a@example.org"),
            record_of("people", id=2, name="B", email="A@example.org"),
        ]
    )
    assert done.of("people") == {"input": 2, "created": 1, "updated": 1}
    (only,) = emulator.copper.records("people")
    assert only["name"] == "B"


def test_several_crm_records_that_match_are_all_left_alone(run, emulator, writes):
    for name in ("One", "Two"):
        emulator.copper.insert("leads", {"name": name, "email": {"email": "a@example.org", "category": "work"}})
    leads = schema_of("leads", "name", "email")
    done = run([leads, record_of("leads", id=1, name="Three", email="a@example.org")])
    assert done.code == 1
    assert done.report["reasons"]["leads"] == {"rejected: ambiguous": 1}
    assert writes() == []


@pytest.mark.parametrize(
    ("stream", "record"),
    [
        ("people", {"name": "Ann", "email": "ann@example.org"}),
        ("companies", {"name": "Acme", "domain": "acme.example"}),
        ("leads", {"name": "Lead", "email": "lead@example.org"}),
        ("opportunities", {"name": "Deal", "monetary_value": 12.5}),
        ("projects", {"name": "Move"}),
        ("tasks", {"name": "Call", "due_date": "2026-03-01T10:00:00Z"}),
        ("activities", {"type": "Note", "details": "Talked", "parent": {"type": "person", "id": 1}}),
    ],
)
def test_every_object_is_created_updated_and_then_left_alone(run, emulator, stream, record):
    parent = emulator.copper.insert("people", {"name": "Parent"})
    if "parent" in record:
        record = record | {"parent": {"type": "person", "id": parent["id"]}}
    before = emulator.copper.count(stream)
    schema = schema_of(stream, *record)
    assert run([schema, record_of(stream, id=1, **record)]).of(stream) == {"input": 1, "created": 1}
    changed = record | {"details": "New"}
    schema = schema_of(stream, *changed)
    assert run([schema, record_of(stream, id=1, **changed)]).of(stream) == {"input": 1, "updated": 1}
    assert run([schema, record_of(stream, id=1, **changed)]).of(stream) == {"input": 1, "unchanged": 1}
    assert emulator.copper.count(stream) == before + 1
    assert "New" in {found["details"] for found in emulator.copper.records(stream)}


def test_a_record_that_the_crm_lost_is_created_again(run, emulator):
    run([PEOPLE, person(1)])
    (only,) = emulator.copper.records("people")
    emulator.copper.delete("people", only["id"])
    before = len(emulator.requests)
    done = run([PEOPLE, person(1, title="New")])
    assert done.of("people") == {"input": 1, "created": 1}
    assert emulator.copper.count("people") == 1
    assert len(emulator.requests) - before < 10  # it asks once, not until the ledger forgets


def test_a_bulk_that_is_refused_whole_is_halved_until_the_bad_record_stands_alone(run, emulator):
    emulator.script("POST /people/bulk_create", ["error:status=422"] * 4)
    done = run([PEOPLE, *map(person, range(10))])
    assert done.of("people") == {"input": 10, "created": 10}
    assert emulator.copper.count("people") == 10


@pytest.mark.parametrize("bad", [0, 4, 9])
@pytest.mark.parametrize("changes", [False, True])
def test_one_bad_record_costs_its_bulk_few_calls_and_the_other_nine_nothing(run, emulator, monkeypatch, bad, changes):
    """At most twice the logarithm of the bulk's size, where the CRM refuses the whole bulk for the sake of one."""
    calls = []
    bulk, single = Copper._bulk, Copper._single

    def refused(elements, call):
        calls.append(call)
        if any(element.get("title") == "Bad" for element in elements):
            raise InvalidError(call, status=422, said="Invalid title")

    def choosy_bulk(self, of, path, elements, **more):
        refused(elements, path)
        return bulk(self, of, path, elements, **more)

    def choosy_single(self, method, path, body, **more):
        try:
            refused([body], path)
        except InvalidError as error:
            return Refused(error.said, 422)
        return single(self, method, path, body, **more)

    if changes:
        run([PEOPLE, *map(person, range(10))])
    monkeypatch.setattr(Copper, "_bulk", choosy_bulk)
    monkeypatch.setattr(Copper, "_single", choosy_single)
    done = run([PEOPLE, *(person(number, title="Bad" if number == bad else "Good") for number in range(10))])
    outcome = "updated" if changes else "created"
    assert done.of("people") == {"input": 10, outcome: 9, "rejected": 1}
    assert len(calls) - 1 <= 2 * math.ceil(math.log2(10))
    assert [found["title"] for found in emulator.copper.records("people")].count("Good") == 9


def test_a_bulk_limit_that_the_crm_names_is_believed_for_the_rest_of_the_run(run, emulator, monkeypatch):
    monkeypatch.setattr("crm_emulator.copper.endpoints.bulk.LIMIT", 4)
    done = run([PEOPLE, *map(person, range(40))])
    assert done.of("people") == {"input": 40, "created": 40}
    bulks = [request for request in emulator.requests if request.route == "/people/bulk_create"]
    refused = [request for request in bulks if request.status == 422]
    assert len(refused) <= 8  # those that were on their way when the first was refused
    assert max(len(request.json["people"]) for request in bulks if request.status == 200) == 4


def test_the_whole_record_is_its_identity_where_the_settings_say_so(run, emulator):
    schema = schema_of("tasks", "name", keys=())
    messages = [schema, record_of("tasks", name="One"), record_of("tasks", name="Two"), record_of("tasks", name="One")]
    streams = {"tasks": {"source_id": "*"}}
    assert run(messages, streams=streams).of("tasks") == {"input": 3, "created": 2, "superseded": 1}
    assert run(messages, streams=streams).of("tasks") == {"input": 3, "unchanged": 2, "superseded": 1}
    assert emulator.copper.count("tasks") == 2


def test_append_only_creates_every_version_once(run, emulator):
    schema = schema_of("tasks", "name")
    messages = [schema, record_of("tasks", id=1, name="One"), record_of("tasks", id=1, name="Two")]
    assert run(messages, load_method="append-only").of("tasks") == {"input": 2, "created": 2}
    assert run(messages, load_method="append-only").of("tasks") == {"input": 2, "unchanged": 2}
    assert [task["name"] for task in emulator.copper.records("tasks")] == ["One", "Two"]


def test_update_never_creates(run, emulator):
    emulator.copper.insert("people", {"name": "Old", "emails": [{"email": "p1@example.org", "category": "work"}]})
    done = run([PEOPLE, person(1), person(2)], load_method="update")
    assert done.of("people") == {"input": 2, "updated": 1, "skipped": 1}
    assert done.report["reasons"]["people"] == {"skipped: not in the CRM": 1}
    assert emulator.copper.count("people") == 1


def test_match_remembers_and_writes_nothing(run, emulator, writes):
    emulator.copper.insert("people", {"name": "Old", "emails": [{"email": "p1@example.org", "category": "work"}]})
    done = run([PEOPLE, person(1), person(2)], load_method="match")
    assert done.of("people") == {"input": 2, "unchanged": 1, "skipped": 1}
    assert writes() == []
    assert run([PEOPLE, person(1)]).of("people") == {"input": 1, "updated": 1}


def test_a_record_that_the_crm_lost_a_moment_after_we_wrote_it_is_created_again(run, emulator):
    run([PEOPLE, person(1)], index_lag_seconds=600)
    (only,) = emulator.copper.records("people")
    emulator.copper.delete("people", only["id"])
    done = run([PEOPLE, person(1, title="New"), person(2, email="p1@example.org")], index_lag_seconds=600)
    assert done.code == 0
    assert emulator.copper.count("people") == 1
