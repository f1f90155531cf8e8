"""All that stands inside an address, an e-mail or another list is sent, or said to be left out."""

from __future__ import annotations

import json

import pytest

from target_crm.mapping.values import Mapped

ADDRESS = {"street": "Long 1", "city": "Rome", "postal_code": "12"}


@pytest.mark.parametrize(
    "given",
    [
        {"address": {"Street": "Long 1", "City": "Rome", "zip": "12"}},
        {"address": {"line_1": "Long 1", "TOWN": "Rome", "postalCode": 12.0}},
        {"address": {"Street": "", "STREET": "Long 1", "City": "Rome", "Zip": None, "ZIP": "12"}},
        {"Mailing Address": {"street": "Long 1", "city": "Rome", "postalCode": "12"}},
        {"BillingAddress": '{"street": "Long 1", "city": "Rome", "zip_code": "12"}'},
        {"address": "Long 1", "city": "Rome", "zip": "12"},
    ],
)
def test_an_address_is_understood_in_any_spelling_of_its_parts(mapped, given):
    found = mapped("people", {"name": "A", **given})
    assert isinstance(found, Mapped)
    assert found.payload["address"] == ADDRESS
    assert found.left_out == {}


@pytest.mark.parametrize("text", ["1 Main St, Springfield, IL 62701", ["1 Main St, Springfield, IL 62701"]])
def test_an_address_in_one_text_is_the_street_where_nothing_else_gives_it(mapped, text):
    found = mapped("people", {"name": "A", "address": text})
    assert found.payload["address"] == {"street": "1 Main St, Springfield, IL 62701"}
    assert found.left_out == {}


def test_an_address_in_one_text_is_left_out_where_a_street_is_given_and_it_says_more(mapped):
    parts = {"street": "1 Main St", "city": "Springfield"}
    assert mapped("people", {"name": "A", "address": "1 Main St, Springfield", **parts}).left_out == {}
    found = mapped("people", {"name": "A", "address": "1 Main St, Springfield, IL 62701", **parts})
    assert found.payload["address"] == parts
    assert set(found.left_out) == {"address"}


@pytest.mark.parametrize(
    ("given", "lost"),
    [
        ({"address": {"street": "Long 1", "county": "X"}}, {"address.county"}),
        ({"address": {"county": "X"}}, {"address.county"}),
        ({"address": {"street": "Long 1", "line_1": "Short 2"}}, {"address.line_1"}),
        ({"address": {"city": "Rome"}, "city": "Milan"}, {"city"}),
        ({"address": {"city": "Rome"}, "city": "ROME"}, set()),
        ({"emails": [{"email": "a@x.org", "primary": True, "id": 5, "old": False}]}, {"emails.primary"}),
        ({"websites": [{"url": "x.org", "note": "old"}]}, {"websites.note"}),
    ],
)
def test_what_has_no_place_inside_an_attribute_is_left_out_by_its_name(mapped, given, lost):
    found = mapped("people", {"name": "A", **given})
    assert isinstance(found, Mapped)
    assert set(found.left_out) == lost


def test_items_of_lists_are_understood_in_any_spelling(mapped):
    record = {
        "name": "A",
        "emails": [{"Address": "a@x.org", "Type": "Home"}],
        "phone_numbers": [{"Number": "12345", "Category": "Mobile"}],
    }
    assert mapped("people", record).payload == {
        "name": "A",
        "emails": [{"email": "a@x.org", "category": "personal"}],
        "phone_numbers": [{"number": "12345", "category": "mobile"}],
    }


@pytest.mark.parametrize(
    "given",
    [
        {"email": "a@x.org", "Email": "A@x.org"},
        {"tags": ["a", "b"], "TAGS": "b, a"},
        {"phone": "+1 555 0100 11", "Phone": 15550100_11},
        {"title": "Chef", "Job Title": " chef"},
        {"title": 5.0, "Title": "5"},
        {"name": "Ann Bee", "first_name": "Ann", "FIRST_NAME": "Ann", "last_name": "Bee"},
    ],
)
def test_a_second_spelling_that_says_the_same_is_not_left_out(mapped, given):
    assert mapped("people", {"name": "A", **given}).left_out == {}


@pytest.mark.parametrize(
    "given",
    [
        {"email": "a@x.org", "Email": "b@x.org"},
        {"tags": ["a"], "TAGS": "b, a"},
        {"title": "Chef", "Job Title": "Sous Chef"},
        {"title": "Sous Chef", "Job Title": "Chef"},
        {"name": "Ann Bee", "Middle Name": "M."},
    ],
)
def test_a_second_spelling_that_says_something_else_is_left_out(mapped, given):
    assert set(mapped("people", {"name": "A", **given}).left_out) == {list(given)[1]}


def test_of_two_spellings_of_a_list_or_a_word_the_second_is_sent_where_the_first_is_empty(mapped):
    assert mapped("people", {"name": "A", "email": "", "Email": "a@x.org"}).payload["emails"][0]["email"] == "a@x.org"
    assert mapped("people", {"name": "A", "tags": [], "TAGS": ["b"]}).payload["tags"] == ["b"]
    words = {"first_name": None, "First Name": "Ann", "last_name": "Bee"}
    assert mapped("people", words).payload["name"] == "Ann Bee"


def test_an_item_without_a_value_is_none(mapped):
    emails = [{"email": None, "category": "work"}, {"email": "a@x.org"}, {"Email": ""}]
    found = mapped("people", {"name": "A", "emails": emails, "phone_numbers": [{"number": "", "note": "x"}]})
    assert found.payload == {"name": "A", "emails": [{"email": "a@x.org", "category": "work"}]}
    assert set(found.left_out) == {"phone_numbers.note"}


def test_phones_without_a_digit_are_two_phones(mapped):
    found = mapped("people", {"name": "A", "phone": "ask Ann", "mobile": "ask Bob"})
    assert [each["number"] for each in found.payload["phone_numbers"]] == ["ask Ann", "ask Bob"]


@pytest.mark.parametrize("spelt", [dict, json.dumps])
def test_properties_in_an_object_are_understood_as_those_beside_it(mapped, spelt):
    inner = {"firstname": "Ann", "lastname": "Bee", "jobtitle": "CTO", "lead_score": 3, "shoe": 41}
    found = mapped("people", {"properties": spelt(inner)})
    plain = mapped("people", {f"properties__{name}": value for name, value in inner.items()})
    assert found.payload == plain.payload
    assert found.payload["title"] == "CTO"
    assert [*found.left_out] == ["properties.shoe"]
    kept = mapped("people", {"name": "A", "properties": spelt(inner)}, exclude=frozenset({"properties"}))
    assert [*kept.payload] == ["name"]
