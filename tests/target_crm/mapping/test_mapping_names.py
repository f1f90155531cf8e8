"""Names in, ids out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crm_api.crm import Name
from crm_api.crm_objects import Attribute, Kind
from target_crm.mapping.names import NameList
from target_crm.mapping.values import Mapped, RejectedError, Rejection

Map = Callable[..., Mapped]
Reject = Callable[..., Rejection]


@pytest.mark.parametrize(
    ("object_name", "record", "attribute", "expected"),
    [
        ("people", {"assignee": "jon lee"}, "assignee_id", 137658),
        ("people", {"assignee_id": "JON@example.com"}, "assignee_id", 137658),
        ("people", {"owner_email": "ana@example.com"}, "assignee_id", 137659),
        ("people", {"assignee_id": 1}, "assignee_id", 1),
        ("people", {"assignee_id": "137658"}, "assignee_id", 137658),
        ("people", {"contact_type": "Customer"}, "contact_type_id", 9),
        ("leads", {"status": "new"}, "status_id", 5),
        ("leads", {"status": "New", "status_id": 6}, "status_id", 6),
        ("leads", {"customer_source": "Trade  Fair"}, "customer_source_id", 7),
        ("leads", {"customer_source": "2024"}, "customer_source_id", 8),
        ("opportunities", {"pipeline": "Renewals", "stage": "Won"}, "pipeline_stage_id", 22),
        ("opportunities", {"pipeline_id": 1, "stage": "Won"}, "pipeline_stage_id", 12),
        ("opportunities", {"loss_reason": "price"}, "loss_reason_id", 10),
        ("activities", {"type": "Note"}, "type", {"id": 0, "category": "user"}),
        ("activities", {"activity_type": 2660}, "type", {"id": 2660, "category": "user"}),
        ("activities", {"type": {"id": 0, "category": "user", "name": "Note"}}, "type", {"id": 0, "category": "user"}),
        ("activities", {"user": "Ana Ruiz"}, "user_id", 137659),
    ],
)
def test_a_name_becomes_the_id(
    mapped: Map, object_name: str, record: dict[str, Any], attribute: str, expected: Any
) -> None:
    assert mapped(object_name, record).payload[attribute] == expected


def test_a_stage_brings_its_pipeline(mapped: Map) -> None:
    payload = mapped("opportunities", {"name": "A", "stage": "Contacted"}).payload
    assert (payload["pipeline_id"], payload["pipeline_stage_id"]) == (2, 21)


def test_a_stage_of_several_pipelines_needs_its_pipeline(rejected: Reject) -> None:
    rejection = rejected("opportunities", {"name": "A", "stage": "Won"})
    assert rejection.kind == "ambiguous_name"
    assert "12, 22" in rejection.reason
    assert "pipeline_id" in rejection.reason


def test_a_stage_of_another_pipeline_is_unknown(rejected: Reject) -> None:
    rejection = rejected("opportunities", {"name": "A", "pipeline": "Sales", "stage": "Contacted"})
    assert "Qualified, Won" in rejection.reason
    assert "Contacted" not in rejection.reason


def test_an_unknown_name_is_rejected_and_told_which_exist(rejected: Reject) -> None:
    rejection = rejected("people", {"name": "A", "assignee": "Jo"})
    assert (rejection.kind, rejection.attribute, rejection.value) == ("unknown_name", "assignee_id", "Jo")
    assert "Jon Lee, Ana Ruiz" in rejection.reason


def test_two_users_of_one_name_are_ambiguous(rejected: Reject, mapped: Map) -> None:
    assert rejected("people", {"name": "A", "assignee": "Sam Po"}).kind == "ambiguous_name"
    assert mapped("people", {"assignee": "sam.po@example.com"}).payload["assignee_id"] == 137661


def test_an_unknown_name_can_be_left_out(mapped: Map) -> None:
    found = mapped("people", {"name": "A", "assignee": "Jo"}, unknown_names="leave_out")
    assert found.payload == {"name": "A"}
    assert "assignee_id" in found.left_out


def test_another_name_can_be_used_in_its_place(mapped: Map, rejected: Reject) -> None:
    rules = {"unknown_names": {"use": "ana@example.com"}}
    assert mapped("people", {"name": "A", "assignee": "Jo"}, **rules).payload["assignee_id"] == 137659
    assert rejected("people", {"name": "A", "contact_type": "Friend"}, **rules).attribute == "contact_type_id"


@pytest.mark.parametrize("record", [{"assignee": "Jo"}, {"Interests": ["Golf", "Polo"]}])
def test_a_name_that_cannot_stand_in_is_told_with_its_setting(rejected: Reject, record: dict[str, Any]) -> None:
    found = rejected("people", {"name": "A", **record}, unknown_names={"use": "nobody@example.com"})
    assert found.kind == "unknown_name"
    assert "unknown_names.use, 'nobody@example.com', cannot stand in for a name: " in found.reason


def test_options_of_custom_fields_are_known_by_label_and_by_id(mapped: Map, rejected: Reject) -> None:
    record = {"name": "A", "cf_segment": "LARGE", "cf_interests": ["Chess", 6401, "6402"]}
    values = [each["value"] for each in mapped("people", record).payload["custom_fields"]]
    assert values == [6392, [6402, 6401]]
    assert "Small, Large" in rejected("people", {"name": "A", "cf_segment": 99}).reason


def test_an_activity_of_a_system_type_cannot_be_written(rejected: Reject) -> None:
    rejection = rejected("activities", {"type": {"id": 1, "category": "system"}, "details": "x"})
    assert rejection.kind == "invalid_value"
    assert "category user" in rejection.reason


def test_true_names_nobody(rejected: Reject) -> None:
    assert rejected("people", {"name": "A", "assignee": True}).kind == "invalid_value"


def test_of_several_options_only_those_that_the_crm_lacks_are_left_out(mapped: Map) -> None:
    found = mapped("people", {"name": "A", "Interests": ["Golf", "Polo"]}, unknown_names="leave_out")
    assert found.payload["custom_fields"] == [{"custom_field_definition_id": 640, "value": [6401]}]
    assert set(found.left_out) == {"cf_interests"}
    found = mapped("people", {"name": "A", "Interests": ["Golf", "Polo"]}, unknown_names={"use": "Chess"})
    assert found.payload["custom_fields"] == [{"custom_field_definition_id": 640, "value": [6401, 6402]}]
    found = mapped("people", {"name": "A", "Interests": "Polo"}, unknown_names="leave_out")
    assert "custom_fields" not in found.payload


def test_of_two_things_that_differ_in_case_alone_the_one_that_is_spelt_so_is_meant() -> None:
    names = NameList("options", lambda: [Name(1, ("VIP",)), Name(2, ("vip",))])
    attribute = Attribute("cf_tier", Kind.NAME_ID)
    assert [names.resolve(attribute, each) for each in ("VIP", " vip ")] == [
        Name(1, ("VIP",)),
        Name(2, ("vip",)),
    ]
    with pytest.raises(RejectedError):
        names.resolve(attribute, "Vip")
