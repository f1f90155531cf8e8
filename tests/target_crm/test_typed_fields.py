"""Values that people typed in the CRM are safe: modes of fields, nulls, lists, and match keys that must be right."""

from __future__ import annotations

import pytest

from tests.target_crm.messages import record_of, schema_of

NAMES = ("email", "title", "details", "tags", "phone", "assignee", "customer_no", "city", "mystery")
PEOPLE = schema_of("people", *NAMES, name={"type": ["string", "null"]})


def person(number, **more):
    return record_of("people", **{"id": number, "name": f"P{number}", "email": f"p{number}@x.org"} | more)


def only(emulator):
    (found,) = emulator.copper.records("people")
    return found


def typed(emulator, **fields):
    emulator.copper.change("people", only(emulator)["id"], fields)


def addresses(record):
    return [each["email"] for each in record["emails"]]


@pytest.mark.parametrize(
    ("mode", "blank", "filled"),
    # The source does not change the title again: what is replaced stays as people left it.
    [("replace", None, "New"), ("fill_empty", "New", "Typed"), ("create_only", None, "Typed")],
)
def test_a_field_is_updated_as_its_mode_says(run, emulator, mode, blank, filled):
    streams = {"people": {"fields": {"title": mode}}}
    run([PEOPLE, person(1, title="Old")], streams=streams)
    assert only(emulator)["title"] == "Old"
    typed(emulator, title="Typed")
    run([PEOPLE, person(1, title="New")], streams=streams)
    assert only(emulator)["title"] == filled
    typed(emulator, title=None)
    run([PEOPLE, person(1, title="New", details="x")], streams=streams)
    assert only(emulator)["title"] == blank


def test_a_custom_field_and_a_nested_one_have_modes_too(run, emulator):
    streams = {
        "people": {
            "custom_fields": {"Customer Number": "customer_no"},
            "fields": {"Customer Number": "fill_empty", "address": "fill_empty"},
        }
    }
    run([PEOPLE, person(1, customer_no="A1", city="Bern")], streams=streams)
    run([PEOPLE, person(1, customer_no="B2", city="Basel", title="x")], streams=streams)
    found = only(emulator)
    assert found["address"]["city"] == "Bern"
    assert "A1" in [each["value"] for each in found["custom_fields"]]


@pytest.mark.parametrize(
    ("mode", "expected"), [(None, ["typed", "new"]), ("add", ["typed", "new"]), ("replace", ["new"])]
)
def test_lists_are_added_to_unless_they_are_to_be_replaced(run, emulator, mode, expected):
    streams = {"people": {"fields": {"tags": mode}}} if mode else {}
    run([PEOPLE, person(1, tags=["old"])], streams=streams)
    typed(emulator, tags=["typed"])
    run([PEOPLE, person(1, tags=["new"])], streams=streams)
    assert sorted(only(emulator)["tags"]) == sorted(expected)


def test_an_email_that_people_added_stays(run, emulator):
    run([PEOPLE, person(1)])
    typed(emulator, emails=[{"email": "p1@x.org", "category": "work"}, {"email": "home@x.org", "category": "personal"}])
    run([PEOPLE, person(1, email="new@x.org")])
    assert addresses(only(emulator)) == ["p1@x.org", "home@x.org", "new@x.org"]


@pytest.mark.parametrize(("policy", "expected"), [("leave_out", "Boss"), ("send", None)])
def test_a_null_empties_a_field_only_on_request(run, emulator, policy, expected):
    streams = {"people": {"null_values": policy}}
    run([PEOPLE, person(1, title="Boss")], streams=streams)
    done = run([PEOPLE, person(1, title=None, details="x")], streams=streams)
    assert done.of("people") == {"input": 1, "updated": 1}
    assert only(emulator)["title"] == expected


def test_a_null_never_empties_a_protected_or_a_required_field(run, emulator):
    streams = {"people": {"null_values": "send", "fields": {"title": "fill_empty", "details": "create_only"}}}
    run([PEOPLE, person(1, title="Boss", details="Long")], streams=streams)
    done = run([PEOPLE, person(1, title=None, details=None, name=None)], streams=streams)
    assert done.code == 0, done.errors
    found = only(emulator)
    assert (found["name"], found["title"], found["details"]) == ("P1", "Boss", "Long")


def test_a_null_with_null_values_leaves_a_list_that_is_added_to(run, emulator):
    streams = {"people": {"null_values": "send"}}
    run([PEOPLE, person(1, tags=["old"])], streams=streams)
    run([PEOPLE, person(1, tags=None)], streams=streams)
    assert only(emulator)["tags"] == ["old"]
    streams["people"]["fields"] = {"tags": "replace"}
    run([PEOPLE, person(1, tags=None, title="x")], streams=streams)
    assert only(emulator)["tags"] == []


def test_what_the_object_lacks_is_left_out_and_named_once_or_rejects(run, emulator):
    done = run([PEOPLE, person(1, mystery=1), person(2, mystery=2)])
    assert done.of("people") == {"input": 2, "created": 2}
    assert done.errors.count("left out mystery:") == 1
    assert "people: left out mystery of 2 records: people have no such attribute" in done.errors
    done = run([PEOPLE, person(3, mystery=3)], streams={"people": {"unknown_attributes": "reject"}})
    assert done.report["reasons"]["people"] == {"rejected: unknown_attribute": 1}
    assert emulator.copper.count("people") == 2
    excluded = {"people": {"unknown_attributes": "reject", "exclude": ["mystery"]}}
    assert run([PEOPLE, person(3, mystery=3)], streams=excluded).of("people")["created"] == 1


# Matching


def theirs(emulator, name, email=None, phone=None, **more):
    emails = [{"email": email, "category": "work"}] if email else []
    phones = [{"number": phone, "category": "work"}] if phone else []
    return emulator.copper.insert("people", {"name": name, "emails": emails, "phone_numbers": phones, **more})["id"]


def matched(run, emulator, record, *keys, **stream):
    """The id of the record of the CRM that a record went into, with the run."""
    done = run([PEOPLE, record], streams={"people": {"match_on": list(keys), **stream}})
    title = record["record"].get("title")
    ids = [found["id"] for found in emulator.copper.records("people") if title and found["title"] == title]
    return (ids[0] if ids else None), done


def test_match_keys_are_tried_in_their_order(run, emulator):
    by_mail = theirs(emulator, "Anybody", "p1@x.org")
    theirs(emulator, "P1")
    assert matched(run, emulator, person(1, title="x"), "email", "name")[0] == by_mail


def test_a_later_key_is_tried_where_an_earlier_finds_nothing(run, emulator):
    theirs(emulator, "Anybody", "other@x.org")
    by_name = theirs(emulator, "p1")
    assert matched(run, emulator, person(1, title="x"), "email", "name")[0] == by_name


def test_an_inner_list_must_match_together(run, emulator):
    theirs(emulator, "P1", phone="+41 44 999 99 99")
    both = theirs(emulator, "P1", phone="+41 44 123 45 67")
    found, done = matched(run, emulator, person(1, title="x", phone="0441234567"), ["name", "phone"])
    assert found == both
    assert done.of("people") == {"input": 1, "updated": 1}


def test_an_inner_list_without_all_its_values_is_passed_over(run, emulator):
    theirs(emulator, "P1", phone="+41 44 123 45 67")
    by_mail = theirs(emulator, "Anybody", "p1@x.org")
    assert matched(run, emulator, person(1, title="x"), ["name", "phone"], "email")[0] == by_mail


def test_any_value_of_a_list_matches(run, emulator):
    found = theirs(emulator, "Anybody", "second@x.org")
    record = person(1, title="x", email="first@x.org; second@x.org")
    assert matched(run, emulator, record, "email")[0] == found


def test_an_ambiguous_match_writes_nothing_and_names_the_ids(run, emulator, writes):
    ids = [theirs(emulator, "P1"), theirs(emulator, "p1")]
    before = len(writes())
    _, done = matched(run, emulator, person(1, title="x"), "name")
    assert done.of("people") == {"input": 1, "rejected": 1}
    assert all(str(crm_id) in done.report["examples"][0]["sentence"] for crm_id in ids)
    assert len(writes()) == before


def test_an_ambiguous_first_key_is_not_passed_over_for_a_later_one(run, emulator):
    theirs(emulator, "P1")
    theirs(emulator, "P1")
    theirs(emulator, "Anybody", "p1@x.org")
    _, done = matched(run, emulator, person(1, title="x"), "name", "email")
    assert done.report["reasons"]["people"] == {"rejected: ambiguous": 1}


@pytest.mark.parametrize(("policy", "outcome"), [("create", "created"), ("reject", "rejected")])
def test_a_record_without_any_match_key_is_treated_as_no_match_key_says(run, emulator, policy, outcome):
    _, done = matched(run, emulator, person(1, email=None), "email", no_match_key=policy)
    assert done.of("people") == {"input": 1, outcome: 1}


def test_a_changed_match_key_frees_the_old_one(run, emulator):
    run([PEOPLE, person(1)])
    done = run(
        [PEOPLE, person(1, email="moved@x.org"), person(2, email="p1@x.org")],
        streams={"people": {"fields": {"emails": "replace"}}},
    )
    assert done.of("people") == {"input": 2, "updated": 1, "created": 1}
    assert sorted(address for found in emulator.copper.records("people") for address in addresses(found)) == [
        "moved@x.org",
        "p1@x.org",
    ]


@pytest.mark.parametrize("order", [(1, 2, 3), (3, 2, 1), (2, 3, 1)])
def test_a_match_key_can_be_handed_on_from_record_to_record_in_any_order(run, emulator, order):
    replaced = {"people": {"fields": {"emails": "replace"}}}
    run([PEOPLE, *map(person, (1, 2, 3))])
    done = run([PEOPLE, *(person(n, email=f"p{n + 1}@x.org") for n in order)], streams=replaced)
    assert (done.code, done.of("people")) == (0, {"input": 3, "updated": 3})
    assert [addresses(found) for found in emulator.copper.records("people")] == [[f"p{n}@x.org"] for n in (2, 3, 4)]


def test_a_value_that_another_record_keeps_is_refused_and_asked_for_once_more_only(run, emulator):
    emulator.copper.insert("people", {"name": "Theirs", "emails": [{"email": "taken@x.org", "category": "work"}]})
    replaced = {"people": {"fields": {"emails": "replace"}}}
    run([PEOPLE, *map(person, (1, 2))])
    emulator.journal.clear()
    done = run([PEOPLE, person(1, email="taken@x.org"), person(2, title="New")], streams=replaced)
    assert done.of("people") == {"input": 2, "updated": 1, "rejected": 1}
    assert done.report["reject_kinds"]["people"] == {"refused": 1}
    assert emulator.journal.count(method="PUT") + emulator.journal.count(route="/people/bulk_update") == 2


def test_a_custom_field_can_be_the_match_key(run, emulator):
    found = theirs(emulator, "Anybody", custom_fields=[{"custom_field_definition_id": 100764, "value": "K-7"}])
    theirs(emulator, "Other", custom_fields=[{"custom_field_definition_id": 100764, "value": "k-7"}])
    streams = {"custom_fields": {"Customer Number": "customer_no"}}
    assert matched(run, emulator, person(1, title="x", customer_no="K-7"), "Customer Number", **streams)[0] == found
