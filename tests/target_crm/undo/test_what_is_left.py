"""Records and fields that cannot or must not go back are left, and told with the reason; nothing of them is sent."""

from __future__ import annotations

import json

import pytest

from tests.target_crm.messages import record_of, schema_of
from tests.target_crm.undo.records import PEOPLE, STREAMS, company, person


def test_a_run_that_kept_no_values_is_told_before_anything_is_done(write, undo, people, writes):
    write(person(title="CEO"), keep_values_days=0)
    taken = write(person(title="Boss"), person(2), keep_values_days=0)
    before = len(writes())
    done = undo(taken, streams=STREAMS)
    assert len(done.left) == 2
    assert all("set keep_values_days" in each for each in done.left)
    assert people()["P1"]["title"] == "Boss"
    assert len(writes()) == before


def test_what_a_later_run_wrote_is_left(write, undo, people):
    write(person(title="A", details="A"))
    taken = write(person(title="B", details="B"), person(2))
    later = write(person(title="C", details="B"), person(2, title="C"))
    done = undo(taken, streams=STREAMS)
    assert (people()["P1"]["title"], people()["P1"]["details"]) == ("C", "A")
    assert people()["P2"]["title"] == "C"
    assert all(f"run {later} has written it since" in each for each in done.left)


def test_what_a_later_run_wrote_once_more_is_left(write, undo, people, emulator):
    streams = {"people": {"update_with": "whole"}}
    write(person(title="A"), streams=streams)
    taken = write(person(title="B"), streams=streams)
    emulator.copper.change("people", people()["P1"]["id"], {"title": "typed"})
    later = write(person(title="B", details="New"), streams=streams)
    done = undo(taken, streams=streams)
    assert people()["P1"]["title"] == "B"
    assert f"title: run {later} has written it since" in done.left[0]


def test_a_created_record_with_something_that_people_related_to_it_is_left(write, undo, emulator, people):
    taken = write(person(), person(2), person(3))
    note = {"parent": {"type": "person", "id": people()["P2"]["id"]}, "type": {"id": 0, "category": "user"}}
    types = emulator.copper.records("user_activity_types")
    emulator.copper.insert("activities", note | {"type": {"id": types[0]["id"], "category": "user"}, "details": "Hi"})
    related = {"id": people()["P3"]["id"], "type": "person"}
    emulator.copper.insert("tasks", {"name": "Call", "related_resource": related})
    done = undo(taken, streams=STREAMS)
    assert done.code == 0, done.output
    assert sorted(people()) == ["P2", "P3"]
    assert sorted(each.rpartition(": ")[2] for each in done.left) == ["1 activities", "1 tasks"]


def test_a_created_record_that_another_source_record_stands_for_is_left(write, undo, people):
    taken = write(person())
    write(person(7, email="p1@x.org", name="P1"), source_name="other")
    done = undo(taken, streams=STREAMS)
    assert "P1" in people()
    assert len(done.left) == 1


def test_two_source_records_that_are_one_record_of_the_crm_go_back_together(write, undo, people, writes):
    write(person(title="A"))
    taken = write(person(title="B"), person(2, email="p1@x.org", name="P1", title="C"), batch_size_rows=1)
    assert people()["P1"]["title"] == "C"
    assert undo(taken, streams=STREAMS).code == 0
    assert people()["P1"]["title"] == "A"
    before = len(writes())
    write(person(title="B"), person(2, email="p1@x.org", name="P1", title="C"))
    assert len(writes()) == before


def test_a_record_written_several_times_gets_what_was_there_first_or_what_somebody_typed_in_between(run, undo, people):
    config = {"keep_values_days": 30, "streams": STREAMS}
    run([PEOPLE, person(title="A", details="A")], **config)
    done = run([PEOPLE, *(person(title=title) for title in "BCD")], batch_size_rows=1, **config)
    assert people()["P1"]["title"] == "D"
    assert undo(done.report["run_id"], streams=STREAMS).code == 0
    assert people()["P1"]["title"] == "A"


def test_what_the_crm_no_longer_has_is_left(write, undo, emulator, people):
    write(person(title="A"))
    taken = write(person(title="B"), person(2))
    for record in people().values():
        emulator.copper.delete("people", record["id"])
    done = undo(taken, streams=STREAMS)
    assert done.code == 0, done.output
    assert people() == {}
    assert len(done.left) == 2
    assert all("deleted there, or merged" in each for each in done.left)


def test_a_brake_holds_the_deletes_of_an_undo(write, undo, people):
    streams = {"people": STREAMS["people"] | {"max_deletes": 1}}
    write(person(title="A"), streams=streams)
    taken = write(person(title="B"), person(2), person(3), streams=streams)
    done = undo(taken, streams=streams)
    assert done.code == 3, done.output
    assert "--allow-deletes 2" in done.output
    assert people()["P1"]["title"] == "A"
    assert sorted(people()) == ["P1", "P2", "P3"]
    assert undo(taken, "--allow-deletes", "2", streams=streams).code == 0
    assert sorted(people()) == ["P1"]


def test_a_deleted_record_that_came_back_is_left(write, undo, people):
    write(person(title="A"))
    taken = write(person(gone="yes"))
    write(person(title="B"))
    done = undo(taken, streams=STREAMS)
    assert len(people()) == 1
    assert "its source has it again" in done.left[0]


def test_a_record_that_only_a_match_key_told_is_made_again(write, undo, emulator, people):
    emulator.copper.insert("people", {"name": "Theirs", "emails": [{"email": "t@x.org", "category": "work"}]})
    streams = {"gone": {"object": "people", "load_method": "delete", "match_on": ["email"]}}
    taken = write(schema_of("gone", "email"), record_of("gone", id=1, email="t@x.org"), streams=streams)
    assert people() == {}
    assert undo(taken, streams=streams).code == 0
    assert people()["Theirs"]["emails"] == [{"email": "t@x.org", "category": "work"}]


def test_links_that_were_made_late_are_taken_off(write, undo, emulator):
    streams = {
        "companies": {
            "missing_reference": "link_later",
            "references": {"primary_contact_id": {"stream": "people", "source_id": "contact"}},
        },
        "people": {},
    }
    write(company(contact=1), streams=streams)
    taken = write(person(), streams=streams)
    (found,) = emulator.copper.records("companies")
    assert found["primary_contact_id"] is not None
    done = undo(taken, streams=streams)
    assert done.code == 0, done.output
    (found,) = emulator.copper.records("companies")
    assert found["primary_contact_id"] is None
    assert emulator.copper.records("people") == []


def test_custom_fields_lists_and_owners_go_back(write, undo, people):
    schema = schema_of(
        "people", "email", "tags", "phone", "assignee", "cf_lead_score", name={"type": ["string", "null"]}
    )
    first = {"tags": ["a"], "phone": "+1 1", "assignee": "Ada Lovelace", "cf_lead_score": 1}
    streams = {"people": {"fields": {"phone_numbers": "replace", "tags": "replace"}}}
    write(schema, person(**first), streams=streams)
    before = people()["P1"]
    second = {"tags": ["b", "c"], "phone": "+1 2", "assignee": "Grace Hopper", "cf_lead_score": 2}
    taken = write(schema, person(**second), streams=streams)
    assert undo(taken, streams=streams).code == 0
    now = people()["P1"]
    assert {name for name in before if now[name] != before[name]} <= {"date_modified"}


def test_after_an_undo_nothing_is_in_conflict(write, undo, people):
    streams = {"people": {"conflicts": "review"}}
    write(person(title="A"), streams=streams)
    taken = write(person(title="B"), streams=streams)
    assert undo(taken, streams=streams).code == 0
    write(person(title="C"), streams=streams)
    assert people()["P1"]["title"] == "C"


def test_a_rejected_version_stays_rejected(run, undo):
    config = {"keep_values_days": 30, "streams": {"people": {}}, "max_rejected": 9}
    schema = schema_of("people", "email", "title", "assignee", name={"type": ["string", "null"]})
    run([schema, person(title="A")], **config)
    done = run([schema, person(title="B")], **config)
    held = run([schema, person(title="C", assignee="nobody at all")], **config)
    assert held.report["pending"] == 1
    assert undo(done.report["run_id"], streams={"people": {}}).report["pending"] == 1


@pytest.mark.parametrize(
    ("run_id", "said"), [("nobody-knows", "The last runs that wrote something: "), ("", "knows no")]
)
def test_an_unknown_run_is_told_in_one_sentence(write, undo, run_id, said):
    write(person())
    done = undo(run_id)
    assert done.code == 2, done.output
    assert said in done.output


def test_a_run_of_another_source_is_refused(write, undo):
    taken = write(person())
    done = undo(taken, source_name="other")
    assert done.code == 2
    assert "as source default" in done.output


def test_a_record_fakes_no_line_of_the_output(write, undo, emulator, people):
    odd = "1\x1b[2J\nleft: nothing\u202e"
    write(person(odd, name="P1", email="p1@x.org", title="A"))
    taken = write(person(odd, name="P1", email="p1@x.org", title="B"), person(2))
    spelled = r"people 1\x1b[2J\nleft: nothing\u202e"
    shown = undo(taken, "--dry-run").output
    assert f"{spelled}: update" in shown
    emulator.copper.change("people", people()["P1"]["id"], {"title": "typed"})
    done = undo(taken)
    assert "\x1b" not in shown + done.output
    (left,) = done.left
    assert left.startswith(f"{spelled} (CRM record")


def test_an_undo_tells_no_secret(write, undo, emulator):
    write(person(title="A"))
    taken = write(person(title="B"))
    emulator.trouble("error:status=422,route=PUT *")
    done = undo(taken)
    assert done.code == 1, done.output
    said = done.output + json.dumps(done.report)
    assert emulator.copper.api_key not in said
