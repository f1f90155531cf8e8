"""Copper's lists, custom fields and forms of values."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from crm_api.copper.crm import Copper
from crm_api.copper.lists import LISTS
from crm_api.copper.objects import OBJECTS, REFUSED
from crm_api.copper.session import CopperSettings, connect
from crm_api.copper.values import order_of, parse_day, spell_day
from crm_api.crm_objects import Attribute, Kind
from crm_api.errors import SettingError
from crm_emulator.copper.switches import Switches
from crm_emulator.emulator import Emulator

CLOSE_DATE = Attribute("close_date", Kind.DAY)
CUSTOM_DATE = Attribute("cf_renewal", Kind.DAY, custom_id=638)
DUE_DATE = Attribute("due_date", Kind.MOMENT)


def test_every_list_that_an_attribute_names_is_read_once(copper: Copper, emulator: Emulator) -> None:
    named = {each.names for of in OBJECTS.values() for each in of.attributes if each.names}
    assert named == set(LISTS)
    for _ in range(2):
        for name in LISTS:
            assert copper.names(name) or name == "tags"  # which come with the first record that has one
    assert emulator.journal.total == len(LISTS)


@pytest.mark.parametrize("form", ["no_content", "no_body"])
def test_a_list_that_is_answered_without_a_body_holds_nothing(copper: Copper, emulator: Emulator, form: str) -> None:
    emulator.copper.switches.empty_lists = form
    for name in ("loss_reasons", "custom_field_definitions"):
        for record in emulator.copper.records(name):
            emulator.copper.store.remove(emulator.copper.table(name), record["id"])
    assert [*copper.names("loss_reasons"), *copper.names("tags"), *copper.custom_fields(OBJECTS["people"])] == []


def test_users_go_by_name_and_email(copper: Copper) -> None:
    spellings = {name.spellings for name in copper.names("users")}
    assert ("Ada Lovelace", "ada@emulator.example") in spellings


def test_stages_know_their_pipeline(copper: Copper) -> None:
    pipelines = {name.id for name in copper.names("pipelines")}
    assert {name.within for name in copper.names("pipeline_stages")} <= pipelines


def test_only_types_that_can_be_written_are_listed(copper: Copper) -> None:
    names = {name.spellings[0] for name in copper.names("activity_types")}
    assert "Note" in names
    assert "Pipeline Stage Changed" not in names


def test_custom_fields_belong_to_objects_and_have_kinds(copper: Copper, emulator: Emulator) -> None:
    kinds = {field.kind for of in OBJECTS.values() for field in copper.custom_fields(of)}
    assert {Kind.TEXT, Kind.NAME_ID, Kind.NAME_IDS, Kind.DAY, Kind.BOOLEAN, Kind.NUMBER, Kind.INTEGER} <= kinds
    assert copper.custom_fields(OBJECTS["activities"]) == []
    assert emulator.journal.total == 1


def test_what_is_read_only_says_why() -> None:
    assert "read-only" in REFUSED["users"]
    assert not REFUSED.keys() & OBJECTS.keys()


def test_every_object_tells_its_required_attributes_and_unique_ones() -> None:
    for of in OBJECTS.values():
        names = {attribute.name for attribute in of.attributes}
        assert len(names) == len(of.attributes)
        assert {*of.unique, *of.upserts_on, *(of.finds.keys() - {"parent"})} <= names
        assert {name for together in of.match_on for name in together} <= names
        assert any(attribute.required for attribute in of.attributes)


def test_declared_attributes_are_those_that_the_crm_answers() -> None:
    sizes = dict.fromkeys(OBJECTS, 40)
    with Emulator(seed=5, sizes=sizes) as emulator:
        for of in OBJECTS.values():
            answered = {name for record in emulator.copper.records(of.name) for name in record}
            declared = {attribute.name for attribute in of.attributes}
            assert answered - declared <= {"status"}, of.name  # a lead's status is another spelling of status_id


@pytest.mark.parametrize(("order", "text"), [("mdy", "05/03/2024"), ("dmy", "03/05/2024")])
def test_a_close_date_is_spelt_in_the_accounts_order(copper: Copper, order: str, text: str) -> None:
    ordered = Copper(copper.session, date_order=order)
    assert ordered.encode(CLOSE_DATE, date(2024, 5, 3)) == text
    assert ordered.decode(CLOSE_DATE, text.replace("0", "", 1).replace("/0", "/")) == date(2024, 5, 3)


@pytest.mark.parametrize("order", ["mdy", "dmy"])
def test_the_order_is_told_by_the_opportunities_that_are_there(
    settings: Callable[..., CopperSettings], naps: Any, order: str
) -> None:
    with Emulator(empty=True, switches=Switches(date_order=order)) as emulator:
        for day in range(1, 28):
            emulator.copper.insert("opportunities", {"name": "A", "close_date": spell_day(date(2024, 5, day), order)})
        copper = Copper(connect(settings(emulator), sleep=naps))
        for _ in range(2):
            assert copper.encode(CLOSE_DATE, date(2024, 5, 3)) == spell_day(date(2024, 5, 3), order)
        assert emulator.journal.total == 1


def test_an_order_that_nothing_tells_has_to_be_set(copper: Copper, emulator: Emulator) -> None:
    emulator.copper.insert("opportunities", {"name": "A", "close_date": "3/5/2024"})
    with pytest.raises(SettingError, match="date_order"):
        copper.encode(CLOSE_DATE, date(2024, 5, 3))


@pytest.mark.parametrize(
    ("days", "order"),
    [
        (["1/23/2017", "3/5/2024"], "mdy"),
        (["23/1/2017"], "dmy"),
        (["3/5/2024"], None),
        ([], None),
        (["23/1/2017", "1/23/2017"], None),
        (["soon", "99/99/2017"], None),
    ],
)
def test_an_order_is_told_only_by_days_that_allow_one(days: list[str], order: str | None) -> None:
    assert order_of(days) == order


def test_a_day_that_is_none_says_what_is_wanted() -> None:
    with pytest.raises(ValueError, match="by date_order, 31/5/2024"):
        parse_day("5/31/2024", "dmy")


@pytest.mark.parametrize(
    ("zone", "seconds"), [("America/Los_Angeles", 1754031600), ("Europe/Berlin", 1753999200), ("UTC", 1754006400)]
)
def test_a_day_begins_where_the_account_is(copper: Copper, emulator: Emulator, zone: str, seconds: int) -> None:
    account = emulator.copper.records("account")[0]
    emulator.copper.change("account", account["id"], {"primary_timezone": zone})
    for attribute in (CUSTOM_DATE, DUE_DATE):
        assert copper.encode(attribute, date(2025, 8, 1)) == seconds
    assert copper.decode(CUSTOM_DATE, seconds) == date(2025, 8, 1)
    assert copper.decode(CUSTOM_DATE, 1754006400) == date(2025, 8, 1)  # as older ones are: midnight UTC
    assert copper.encode(DUE_DATE, datetime(2025, 8, 1, 9, 30, tzinfo=UTC)) == 1754040600


def test_dates_before_1970_cannot_be_told(copper: Copper) -> None:
    with pytest.raises(ValueError, match="since 1970"):
        copper.encode(DUE_DATE, datetime(1969, 1, 1, tzinfo=UTC))


def test_nothing_stays_nothing_both_ways(copper: Copper) -> None:
    for attribute in (CLOSE_DATE, DUE_DATE):
        assert copper.encode(attribute, None) is None
        assert copper.decode(attribute, None) is None
