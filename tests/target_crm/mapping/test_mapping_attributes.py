"""Which attributes are sent, and what is said of the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crm_api.errors import SettingError
from target_crm.mapping.mapper import Mapper
from target_crm.mapping.values import Mapped, Rejection

Map = Callable[..., Mapped]
Reject = Callable[..., Rejection]

READ_BY_THE_TAP: dict[str, Any] = {
    "id": 27140359,
    "name": "Ann Bee",
    "prefix": None,
    "first_name": "Ann",
    "middle_name": None,
    "last_name": "Bee",
    "suffix": None,
    "address": {"street": "Long 1", "city": "Rome", "state": None, "postal_code": "1", "country": "IT"},
    "assignee_id": 137658,
    "company_id": 9607580,
    "company_name": "Acme",
    "contact_type_id": 9,
    "details": "x",
    "emails": [{"email": "ann@example.com", "category": "work"}],
    "phone_numbers": [{"number": "12", "category": "mobile"}],
    "socials": [{"url": "https://x.example", "category": None}],
    "tags": ["a"],
    "title": None,
    "websites": [],
    "custom_fields": [
        {"custom_field_definition_id": 638, "value": 42.0},
        {"custom_field_definition_id": 639, "value": 6392, "computed_value": "Large"},
        {"custom_field_definition_id": 640, "value": [6401]},
        {"custom_field_definition_id": 641, "value": 1754006400},
        {"custom_field_definition_id": 642, "value": False},
        {"custom_field_definition_id": 643, "value": None},
        {"custom_field_definition_id": 644, "value": []},
    ],
    "cf_lead_score": 42.0,
    "cf_segment": "Large",
    "cf_interests": ["Golf"],
    "cf_renewal": "2025-08-01",
    "cf_active": False,
    "cf_external_id": None,
    "date_created": "2024-05-31T09:30:00Z",
    "date_modified": "2024-05-31T09:30:00Z",
    "date_last_contacted": None,
    "interaction_count": 3,
    "leads_converted_from": [],
    "date_lead_created": None,
    "_sdc_batched_at": "2024-05-31T09:30:00Z",
}


def customs(mapped: Mapped) -> dict[int, Any]:
    return {each["custom_field_definition_id"]: each["value"] for each in mapped.payload["custom_fields"]}


def test_a_record_that_the_tap_read_is_accepted(mapped: Map) -> None:
    found = mapped("people", READ_BY_THE_TAP)
    assert customs(found) == {638: 42, 639: 6392, 640: [6401], 641: 1754006400, 642: False}
    assert set(found.payload) == {
        "name", "address", "assignee_id", "company_id", "contact_type_id", "details", "emails", "phone_numbers",
        "socials", "tags", "custom_fields",
    }  # fmt: skip
    assert "does not let it be written" in found.left_out["date_created"].sentence
    assert "first_name" not in found.left_out  # its word stands in the name
    assert "_sdc_batched_at" not in found.left_out


def test_a_record_that_the_tap_read_changes_nothing(mapper: Callable[..., Mapper]) -> None:
    people = mapper("people")
    current = {key: value for key, value in READ_BY_THE_TAP.items() if not key.startswith(("cf_", "date_", "_"))}
    mapped = people.map(READ_BY_THE_TAP)
    assert isinstance(mapped, Mapped)
    assert people.change(mapped, current).differences == ()


def test_a_custom_fields_column_wins_over_the_container(mapped: Map) -> None:
    record = {"name": "A", "cf_lead_score": 7, "custom_fields": [{"custom_field_definition_id": 638, "value": 42.0}]}
    assert customs(mapped("people", record)) == {638: 7}


def test_the_setting_wins_over_both(mapped: Map) -> None:
    record = {"name": "A", "cf_lead_score": 7, "score": "9.5"}
    assert customs(mapped("people", record, custom_fields={"Lead Score": "score"})) == {638: 9.5}


def test_custom_fields_may_be_given_as_an_object_of_names(mapped: Map) -> None:
    record = {"name": "A", "custom_fields": {"Segment": "small", "External Id": "x1"}}
    assert customs(mapped("people", record)) == {639: 6391, 643: "x1"}


def test_a_custom_field_that_is_written_elsewhere_is_left_out(mapped: Map) -> None:
    found = mapped("people", {"name": "A", "cf_partner": ["x"]})
    assert "custom_fields" not in found.payload
    assert "cf_partner" in found.left_out


def test_what_the_object_lacks_is_left_out_and_named(mapped: Map) -> None:
    left_out = mapped(
        "people", {"name": "A", "titel": "x", "customer_no": 5}, known=frozenset({"customer_no"})
    ).left_out
    assert set(left_out) == {"titel"}
    assert left_out["titel"].nearest == "title"


def test_what_the_object_lacks_may_reject_the_record(rejected: Reject, mapped: Map) -> None:
    rejection = rejected("people", {"name": "A", "note": "x"}, unknown_attributes="reject")
    assert (rejection.kind, rejection.attribute) == ("unknown_attribute", "note")
    mapped("people", {"name": "A", "note": "x"}, unknown_attributes="reject", exclude=frozenset({"note"}))


def test_parts_of_a_name_that_is_given_whole_reject_nothing(mapped: Map) -> None:
    found = mapped("people", {"name": "Ann Bee", "first_name": "Ann"}, unknown_attributes="reject")
    assert found.payload == {"name": "Ann Bee"}


def test_custom_fields_may_be_called_by_their_ids(mapped: Map) -> None:
    assert customs(mapped("people", {"name": "A", "cf_638": "7", "cf_999": 1})) == {638: 7}


def test_excluded_attributes_are_not_sent_but_can_be_matched_by(mapped: Map) -> None:
    found = mapped("people", {"name": "A", "email": "a@example.com"}, exclude=frozenset({"email"}))
    assert found.payload == {"name": "A"}
    assert found.keys[0].parts[0].values == ("a@example.com",)


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"custom_fields": {"Lead Skore": "score"}}, "the nearest one is 'Lead Score'"),
        ({"match_on": (("emial",),)}, "the nearest one is 'emails'"),
        ({"fields": {"titel": "replace"}}, "the nearest one is 'title'"),
    ],
)
def test_a_rule_that_names_nothing_stops_the_run(
    mapper: Callable[..., Mapper], rules: dict[str, Any], words: str
) -> None:
    with pytest.raises(SettingError, match=words):
        mapper("people", **rules)


def test_lists_are_asked_for_only_when_a_name_stands_in_a_record(mapped: Map, crm: Any) -> None:
    mapped("people", {"name": "A", "assignee_id": 137658, "email": "a@example.com"})
    assert crm.asked == []
