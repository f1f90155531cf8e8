"""Copper's records are found, read and walked without missing one."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from crm_api.copper.crm import Copper
from crm_api.copper.objects import OBJECTS, PEOPLE
from crm_api.copper.session import CopperSettings, connect
from crm_api.crm_objects import CrmObject
from crm_api.errors import BusyError, NotEnabledError
from crm_emulator.clock import Clock
from crm_emulator.copper.switches import Switches
from crm_emulator.emulator import Emulator


@pytest.fixture
def reading(settings: Callable[..., CopperSettings], naps: Any) -> Callable[[Emulator], Copper]:
    return lambda emulator: Copper(connect(settings(emulator), sleep=naps))


def add_people(emulator: Emulator, count: int, *, per_second: int = 1, start: int = 1_700_000_000) -> list[int]:
    return [
        emulator.copper.insert("people", {"name": f"P {n}", "date_created": start + n // per_second})["id"]
        for n in range(count)
    ]


def test_a_scan_reads_everything_of_every_object(reading: Callable[[Emulator], Copper]) -> None:
    sizes = dict.fromkeys(OBJECTS, 430)
    with Emulator(seed=3, sizes=sizes) as emulator:
        copper = reading(emulator)
        for of in OBJECTS.values():
            ids = [record["id"] for record in copper.scan(of)]
            there = {each["id"] for each in emulator.copper.records(of.name) if not each.get("converted_at")}
            assert set(ids) == there, of.name
            assert len(ids) == len(there)


@pytest.mark.parametrize(
    "switches",
    [
        Switches(minimum_inclusive=False, tie_order="random"),
        Switches(ghost_every=7, total_overcount=30),
        Switches(tie_order="id", search_ceiling=600),
    ],
    ids=["exclusive bounds and random ties", "short pages and high totals", "a low ceiling"],
)
@pytest.mark.parametrize("per_second", [1, 150, 280])
def test_a_scan_copes_with_what_is_not_documented(
    reading: Callable[[Emulator], Copper], switches: Switches, per_second: int
) -> None:
    with Emulator(empty=True, switches=switches) as emulator:
        there = add_people(emulator, 1000, per_second=per_second)
        assert sorted(record["id"] for record in reading(emulator).scan(PEOPLE)) == sorted(there)


def test_a_scan_misses_nothing_while_records_are_deleted_and_edited(reading: Callable[[Emulator], Copper]) -> None:
    with Emulator(empty=True) as emulator:
        there = add_people(emulator, 900, per_second=300)
        chance = random.Random(5)
        gone: set[int] = set()

        def disturb(_: Any) -> None:
            for victim in chance.sample([each for each in there if each not in gone], 3):
                emulator.copper.delete("people", victim)
                gone.add(victim)
            emulator.copper.change("people", next(each for each in there if each not in gone), {"title": "x"})

        emulator.between_requests(disturb)
        seen = {record["id"] for record in reading(emulator).scan(PEOPLE)}
        assert set(there) - gone <= seen


def test_activities_are_walked_although_their_stubs_show(reading: Callable[[Emulator], Copper]) -> None:
    with Emulator(seed=2, activities=500, switches=Switches(deleted_activities_in_search=True)) as emulator:
        activities = [each["id"] for each in emulator.copper.records("activities")]
        for victim in activities[::50]:
            emulator.copper.delete("activities", victim)
        copper = reading(emulator)
        found = {record["id"] for record in copper.scan(OBJECTS["activities"])}
        assert found == set(activities) - set(activities[::50])
        assert copper.read(OBJECTS["activities"], activities[:2]).keys() == {activities[1]}


def test_people_are_found_by_200_emails_at_once(reading: Callable[[Emulator], Copper]) -> None:
    with Emulator(empty=True) as emulator:
        for n in range(250):
            emails = [{"email": f"P{n}@Example.com", "category": "work"}]
            emulator.copper.insert("people", {"name": f"P {n}", "emails": emails})
        found = reading(emulator).find(PEOPLE, "emails", [f"p{n}@example.com" for n in range(200)])
        assert {record["name"] for record in found} == {f"P {n}" for n in range(200)}
        assert emulator.journal.total == 1


@pytest.mark.parametrize(
    ("object_name", "attributes", "attribute", "value"),
    [
        ("people", {"name": "Ann Bee"}, "name", "ann bee"),
        ("people", {"name": "A", "phone_numbers": [{"number": "(415) 355-4776"}]}, "phone_numbers", "153554776"),
        ("companies", {"name": "Acme", "email_domain": "acme.com"}, "email_domain", "acme.com"),
        ("companies", {"name": "Acme"}, "name", "acme"),
        ("leads", {"name": "A", "email": {"email": "a@x.com", "category": "work"}}, "email", "a@x.com"),
        ("opportunities", {"name": "Deal"}, "name", "deal"),
        ("projects", {"name": "Move"}, "name", "move"),
    ],
)
def test_each_declared_find_finds(
    copper: Copper, emulator: Emulator, object_name: str, attributes: dict[str, Any], attribute: str, value: str
) -> None:
    wanted = emulator.copper.insert(object_name, attributes)
    emulator.copper.insert(object_name, {"name": "Someone else"})
    assert [record["id"] for record in copper.find(OBJECTS[object_name], attribute, [value])] == [wanted["id"]]


def test_finds_by_references_take_many_ids(copper: Copper, emulator: Emulator) -> None:
    company = emulator.copper.insert("companies", {"name": "Acme"})["id"]
    person = emulator.copper.insert("people", {"name": "Ann", "company_id": company})["id"]
    deal = emulator.copper.insert("opportunities", {"name": "D", "company_id": company, "primary_contact_id": person})
    for of, attribute, key in (
        ("people", "company_id", company),
        ("opportunities", "company_id", company),
        ("opportunities", "primary_contact_id", person),
    ):
        found = copper.find(OBJECTS[of], attribute, ["1", str(key)])
        assert [record["id"] for record in found] == [person if of == "people" else deal["id"]]


def test_activities_are_found_by_what_they_belong_to(copper: Copper, emulator: Emulator) -> None:
    person = emulator.copper.insert("people", {"name": "Ann"})["id"]
    note = {"type": {"id": 0, "category": "user"}, "parent": {"id": person, "type": "person"}, "details": "x"}
    made = emulator.copper.insert("activities", note)
    found = copper.find(OBJECTS["activities"], "parent", [f"person:{person}"])
    assert [record["id"] for record in found] == [made["id"]]


def test_looking_for_nothing_asks_nothing(copper: Copper, emulator: Emulator) -> None:
    assert copper.find(PEOPLE, "emails", []) == []
    assert emulator.journal.total == 0


@pytest.mark.parametrize("of", OBJECTS.values(), ids=OBJECTS)
def test_every_find_that_is_declared_can_be_asked(copper: Copper, of: CrmObject) -> None:
    for attribute in of.finds:
        assert copper.find(of, attribute, ["person:4" if attribute == "parent" else "4"]) == []


def test_records_are_read_200_a_request_and_those_gone_are_left_out(copper: Copper, emulator: Emulator) -> None:
    there = add_people(emulator, 400)
    emulator.copper.delete("people", there[7])
    found = copper.read(PEOPLE, there)
    assert found.keys() == set(there) - {there[7]}
    assert emulator.journal.count(route="/people/search") == 2
    assert emulator.journal.count(method="GET") == 1  # is it gone, or only not yet in the index?


def test_a_record_that_the_index_does_not_know_yet_is_read_by_id(
    reading: Callable[[Emulator], Copper],
) -> None:
    with Emulator(
        empty=True, clock=Clock(frozen_at=1_700_000_000), switches=Switches(index_delay_seconds=40)
    ) as emulator:
        copper = reading(emulator)
        made = [copper.create(PEOPLE, [{"name": name}], before_send=lambda: None)[0] for name in ("A", "B")]
        ids = [each.id for each in made if hasattr(each, "record")]
        assert list(copper.scan(PEOPLE)) == []
        assert copper.read(PEOPLE, ids).keys() == set(ids)


def test_an_immediate_read_does_not_ask_the_index(reading: Callable[[Emulator], Copper]) -> None:
    with Emulator(
        empty=True, clock=Clock(frozen_at=1_700_000_000), switches=Switches(index_delay_seconds=40)
    ) as emulator:
        copper = reading(emulator)
        ids = add_people(emulator, 2)
        emulator.clock.advance(60)
        copper.update(PEOPLE, [(each, {"title": "new"}) for each in ids])
        assert {each["title"] for each in copper.read(PEOPLE, ids).values()} == {None}
        assert {each["title"] for each in copper.read(PEOPLE, ids, immediate=True).values()} == {"new"}


@pytest.mark.parametrize("name", [name for name in OBJECTS if name != "activities"])
def test_what_was_created_since_an_instant_is_found(copper: Copper, emulator: Emulator, name: str) -> None:
    emulator.copper.insert(name, {"name": "old", "date_created": 1_600_000_000})
    new = emulator.copper.insert(name, {"name": "new", "date_created": 1_700_000_000})
    found = list(copper.created_since(OBJECTS[name], datetime.fromtimestamp(1_700_000_000, UTC), []))
    assert [record["id"] for record in found] == [new["id"]]


def test_lost_activities_are_looked_for_where_their_date_says(copper: Copper, emulator: Emulator) -> None:
    person = emulator.copper.insert("people", {"name": "Ann"})["id"]
    note = {"type": {"id": 0, "category": "user"}, "parent": {"id": person, "type": "person"}, "details": "x"}
    moments = (1_500_000_000, 1_600_000_000, 1_700_000_000)
    made = {each: emulator.copper.insert("activities", {**note, "activity_date": each})["id"] for each in moments}
    since = datetime.fromtimestamp(1_650_000_000, UTC)
    activities = OBJECTS["activities"]
    assert {each["id"] for each in copper.created_since(activities, since, [note])} == {made[1_700_000_000]}
    dated = [{**note, "activity_date": 1_500_000_000}, note]
    assert {each["id"] for each in copper.created_since(activities, since, dated)} == {
        made[1_500_000_000],
        made[1_700_000_000],
    }


def test_counting_costs_one_request(copper: Copper, emulator: Emulator) -> None:
    add_people(emulator, 30)
    assert copper.count(PEOPLE) == 30
    assert emulator.journal.total == 1


def test_an_account_without_leads_says_so(reading: Callable[[Emulator], Copper]) -> None:
    with Emulator(empty=True, switches=Switches(leads_enabled=False)) as emulator, pytest.raises(NotEnabledError):
        reading(emulator).count(OBJECTS["leads"])


def test_an_answer_that_is_no_list_is_not_taken_for_an_empty_one(copper: Copper, emulator: Emulator) -> None:
    emulator.trouble("malformed:route=POST /people/search")
    with pytest.raises(BusyError):
        copper.count(PEOPLE)
