"""Updates, given the CRM's record: the values that people typed are safe."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crm_api.errors import SettingError
from target_crm.mapping.mapper import Mapper
from target_crm.mapping.values import Change, Difference, Mapped, Mode

Make = Callable[..., Mapper]

CURRENT: dict[str, Any] = {
    "id": 1,
    "name": "Ann Bee",
    "title": "CEO",
    "details": "",
    "tags": ["VIP"],
    "emails": [{"email": "ann@example.com", "category": "personal"}],
    "address": {"street": "Long 1", "city": "Rome", "state": "", "postal_code": None, "country": "IT"},
    "assignee_id": None,
    "custom_fields": [
        {"custom_field_definition_id": 638, "value": 42.0},
        {"custom_field_definition_id": 640, "value": [6401]},
        {"custom_field_definition_id": 641, "value": 1754006400},
        {"custom_field_definition_id": 642, "value": False},
    ],
}


@pytest.fixture
def change(mapper: Make) -> Callable[..., Change]:
    def make(record: dict[str, Any], *, object_name: str = "people", current: Any = CURRENT, **rules: Any) -> Change:
        made = mapper(object_name, **rules)
        mapped = made.map(record)
        assert isinstance(mapped, Mapped), mapped
        return made.change(mapped, current)

    return make


def test_only_what_differs_is_sent(change: Callable[..., Change]) -> None:
    assert change({"name": "Ann Bee", "title": "CTO", "cf_lead_score": 42}).payload == {"title": "CTO"}


def test_differences_tell_old_and_new_field_by_field(change: Callable[..., Change]) -> None:
    record = {"title": "CTO", "cf_lead_score": 43, "cf_renewal": "2025-09-01", "details": "x"}
    assert change(record).differences == (
        Difference("details", None, "x"),
        Difference("title", "CEO", "CTO"),
        Difference("cf_lead_score", 42.0, 43),
        Difference("cf_renewal", "2025-08-01", "2025-09-01"),
    )


def test_custom_fields_that_do_not_differ_are_not_sent(change: Callable[..., Change]) -> None:
    record = {"cf_lead_score": 42, "cf_renewal": "2025-08-01", "cf_active": True}
    assert change(record).payload == {"custom_fields": [{"custom_field_definition_id": 642, "value": True}]}


def test_lists_are_added_to(change: Callable[..., Change]) -> None:
    made = change({"tags": ["vip", "new"], "emails": ["ANN@example.com", "b@example.com"], "cf_interests": ["Chess"]})
    assert made.payload == {
        "tags": ["VIP", "new"],
        "emails": [
            {"email": "ann@example.com", "category": "personal"},
            {"email": "b@example.com", "category": "work"},
        ],
        "custom_fields": [{"custom_field_definition_id": 640, "value": [6401, 6402]}],
    }


def test_lists_that_bring_nothing_new_are_not_sent(change: Callable[..., Change]) -> None:
    assert change({"tags": "vip", "emails": "Ann@example.com", "cf_interests": ["Golf"]}).payload == {}


def test_lists_can_be_replaced(change: Callable[..., Change]) -> None:
    fields = {"tags": Mode.REPLACE, "email": Mode.REPLACE, "Interests": Mode.REPLACE}
    made = change({"tags": "new", "emails": "ann@example.com", "cf_interests": ["Chess"]}, fields=fields)
    assert made.payload == {
        "tags": ["new"],
        "custom_fields": [{"custom_field_definition_id": 640, "value": [6402]}],
    }


def test_the_category_that_people_chose_stays_for_a_bare_value(change: Callable[..., Change]) -> None:
    replaced = {"fields": {"emails": Mode.REPLACE}}
    assert change({"email": "ann@example.com"}, **replaced).payload == {}
    lead = {"id": 1, "email": {"email": "ann@example.com", "category": "personal"}}
    changed = change({"email": "Ann@example.com "}, object_name="leads", current=lead)
    assert changed.payload["email"]["category"] == "personal"


def test_parts_of_an_address_that_the_record_lacks_stay(change: Callable[..., Change]) -> None:
    assert change({"city": "Milan"}).payload == {
        "address": {"street": "Long 1", "city": "Milan", "state": None, "postal_code": None, "country": "IT"}
    }
    assert change({"city": "Rome"}).payload == {}


def test_empty_fields_are_filled_and_others_left(change: Callable[..., Change]) -> None:
    fields = dict.fromkeys(["title", "details", "address", "tags", "cf_lead_score", "assignee_id"], Mode.FILL_EMPTY)
    record = {
        "title": "CTO",
        "details": "x",
        "city": "Milan",
        "state": "RM",
        "tags": "new",
        "cf_lead_score": 1,
        "assignee": "Jon Lee",
    }
    made = change(record, fields=fields)
    assert made.payload == {
        "details": "x",
        "address": {"street": "Long 1", "city": "Rome", "state": "RM", "postal_code": None, "country": "IT"},
        "assignee_id": 137658,
    }


def test_what_the_crms_record_does_not_show_is_neither_filled_nor_compared(mapper: Make) -> None:
    filled = dict.fromkeys(["title", "cf_active"], Mode.FILL_EMPTY)
    people = mapper("people", fields=filled)
    mapped = people.map({"title": "CTO", "tags": "new", "city": "Rome", "details": "x", "cf_active": True})
    assert isinstance(mapped, Mapped)
    made = people.change(mapped, {"id": 1})
    assert made.payload == {"details": "x"}
    assert sorted(made.unknown) == ["address", "cf_active", "tags", "title"]
    compared = people.change(mapped, {"id": 1, "title": None, "tags": []}, only_compares=True)
    assert compared.payload == {"title": "CTO", "tags": ["new"]}
    assert sorted(compared.unknown) == ["address", "cf_active", "details"]


def test_what_is_shown_as_empty_is_filled_and_so_is_a_custom_field_that_its_container_lacks(mapper: Make) -> None:
    people = mapper("people", fields=dict.fromkeys(["title", "cf_active"], Mode.FILL_EMPTY))
    mapped = people.map({"title": "CTO", "cf_active": True})
    assert isinstance(mapped, Mapped)
    made = people.change(mapped, {"id": 1, "title": None, "custom_fields": []}, only_compares=True)
    assert made.unknown == ()
    assert made.payload == {"title": "CTO", "custom_fields": [{"custom_field_definition_id": 642, "value": True}]}


def test_fields_of_the_creation_are_never_updated(change: Callable[..., Change], mapper: Make) -> None:
    fields = {"title": Mode.CREATE_ONLY, "Lead Score": Mode.CREATE_ONLY}
    assert change({"title": "CTO", "cf_lead_score": 1}, fields=fields).payload == {}
    people = mapper("people", fields=fields)
    mapped = people.map({"name": "A", "title": "CTO", "cf_lead_score": 1})
    assert isinstance(mapped, Mapped)
    created = people.creation(mapped)
    assert isinstance(created, Change)
    assert set(created.payload) == {"name", "title", "custom_fields"}


def test_nulls_empty_what_the_rules_let_them(change: Callable[..., Change]) -> None:
    record = {"title": None, "tags": None, "address": None, "emails": None, "details": None}
    made = change(record, null_values="send", fields={"tags": Mode.REPLACE})
    assert made.payload == {"title": None, "tags": [], "address": None}
    assert Difference("title", "CEO", None) in made.differences


def test_dates_that_the_crm_spells_otherwise_do_not_differ(change: Callable[..., Change]) -> None:
    record = {"close_date": "2017-01-23", "monetary_value": "10.0"}
    current = {"id": 1, "close_date": "1/23/2017", "monetary_value": 10}
    assert change(record, object_name="opportunities", current=current).payload == {}


@pytest.mark.parametrize(
    ("record", "rules", "expected"),
    [
        ({"title": "CTO"}, {}, False),
        ({"tags": "new"}, {}, True),
        ({"tags": "new"}, {"fields": {"tags": Mode.REPLACE}}, False),
        ({"title": "CTO"}, {"fields": {"title": Mode.FILL_EMPTY}}, True),
        ({"title": "CTO"}, {"fields": {"title": Mode.CREATE_ONLY}}, False),
        ({"city": "Rome"}, {}, True),
        ({"address": dict.fromkeys(["street", "city", "state", "postal_code", "country"], "x")}, {}, False),
        ({"cf_interests": ["Golf"]}, {}, True),
        ({"cf_lead_score": 5}, {}, False),
    ],
)
def test_the_crm_is_read_only_where_an_update_depends_on_it(
    mapper: Make, record: dict[str, Any], rules: dict[str, Any], *, expected: bool
) -> None:
    people = mapper("people", **rules)
    mapped = people.map(record)
    assert isinstance(mapped, Mapped)
    assert people.needs_current(mapped) is expected


def test_without_the_current_record_nothing_that_depends_on_it_is_sent(change: Callable[..., Change]) -> None:
    made = change({"title": "CTO", "tags": "new", "city": "Rome", "cf_lead_score": 5}, current=None)
    assert made.payload == {"title": "CTO", "custom_fields": [{"custom_field_definition_id": 638, "value": 5}]}


def test_adding_to_a_single_value_is_a_wrong_setting(mapper: Make) -> None:
    with pytest.raises(SettingError, match=r"fields\.title must not be add, which is for lists"):
        mapper("people", fields={"title": Mode.ADD})
