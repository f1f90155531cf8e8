"""Copper's records are created, updated, upserted and deleted, and every answer is read for what it says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from crm_api.copper.crm import Copper
from crm_api.copper.objects import COMPANIES, LEADS, OBJECTS, PEOPLE, TASKS
from crm_api.copper.session import CopperSettings, connect
from crm_api.crm import Refused, Written
from crm_api.errors import ForbiddenError, GoneError, InDoubtError, InvalidError, TooLargeError
from crm_emulator.copper.endpoints import bulk
from crm_emulator.copper.switches import Switches
from crm_emulator.emulator import Emulator


def nothing() -> None:
    """Before the request is sent."""


def email(address: str) -> list[dict[str, str]]:
    return [{"email": address, "category": "work"}]


@pytest.fixture
def company(emulator: Emulator) -> int:
    return int(emulator.copper.insert("companies", {"name": "Acme"})["id"])


@pytest.mark.parametrize("count", [1, 2, 10])
def test_people_are_created_in_one_request(copper: Copper, emulator: Emulator, count: int) -> None:
    results = copper.create(PEOPLE, [{"name": f"P {n}"} for n in range(count)], before_send=nothing)
    assert [each.record["name"] for each in results if isinstance(each, Written)] == [f"P {n}" for n in range(count)]
    assert emulator.journal.total == 1
    assert len(emulator.copper.records("people")) == count


def test_a_record_that_fails_inside_a_bulk_is_refused_alone_and_in_its_place(
    copper: Copper, emulator: Emulator
) -> None:
    payloads = [{"name": "A", "emails": email("a@x.com")}, {"name": "B", "emails": email("a@x.com")}, {"name": "C"}]
    results = copper.create(PEOPLE, payloads, before_send=nothing)
    assert [type(each) for each in results] == [Written, Refused, Written]
    refused = results[1]
    assert isinstance(refused, Refused)
    assert refused.status == 422
    assert "emails" in refused.reason
    assert '"success":false' in refused.body
    assert len(emulator.copper.records("people")) == 2


def test_a_single_record_is_refused_in_the_crms_words(copper: Copper) -> None:
    (result,) = copper.create(TASKS, [{"name": ""}], before_send=nothing)
    assert isinstance(result, Refused)
    assert "Name: can't be blank" in result.reason
    assert result.status == 422
    assert not result.gone


def test_a_bulk_that_is_refused_whole_raises_and_changes_nothing(copper: Copper, emulator: Emulator) -> None:
    emulator.script("POST /people/bulk_create", ["error:status=422"])
    with pytest.raises(InvalidError):
        copper.create(PEOPLE, [{"name": "A"}, {"name": "B"}], before_send=nothing)
    assert emulator.copper.records("people") == []


def test_a_limit_that_the_crm_names_is_believed(
    copper: Copper, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "LIMIT", 4)
    assert copper.bulk_size(PEOPLE) == 10
    with pytest.raises(TooLargeError) as caught:
        copper.create(PEOPLE, [{"name": "A"}] * 10, before_send=nothing)
    assert caught.value.limit == 4
    assert (copper.bulk_size(PEOPLE), copper.bulk_size(PEOPLE, update=True), copper.bulk_size(COMPANIES)) == (4, 10, 10)
    assert emulator.copper.records("people") == []


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("trouble", ["lost", "cut", "error_after:status=500", "malformed"])
def test_a_create_whose_answer_is_lost_is_in_doubt_and_never_repeated(
    copper: Copper, emulator: Emulator, count: int, trouble: str
) -> None:
    emulator.trouble(trouble)
    with pytest.raises(InDoubtError):
        copper.create(PEOPLE, [{"name": f"P {n}"} for n in range(count)], before_send=nothing)
    assert emulator.journal.total == 1
    assert len(emulator.copper.records("people")) == count


def test_an_answer_with_fewer_items_than_were_sent_leaves_all_in_doubt(
    copper: Copper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "json_answer", lambda status, value: _json_answer(status, value[:-1]))
    with pytest.raises(InDoubtError, match="does not say what became of each record"):
        copper.create(PEOPLE, [{"name": "A"}, {"name": "B"}], before_send=nothing)


def test_an_answer_whose_items_are_no_records_leaves_all_in_doubt(
    copper: Copper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "json_answer", lambda status, value: _json_answer(status, [{}, *value[1:]]))
    with pytest.raises(InDoubtError):
        copper.create(PEOPLE, [{"name": "A"}, {"name": "B"}], before_send=nothing)


_json_answer: Callable[[int, Any], Any] = bulk.json_answer


def test_the_intent_is_noted_after_the_wait_for_a_turn(emulator: Emulator, settings: Any, naps: Any) -> None:
    class Clock:
        seconds = 0.0

    def sleep(seconds: float) -> None:
        naps(seconds)
        Clock.seconds += seconds

    quota = settings(emulator, requests_per_minute=1)
    copper = Copper(connect(quota, clock=lambda: Clock.seconds, sleep=sleep))
    noted: list[float] = []
    for name in ("A", "B"):
        copper.create(PEOPLE, [{"name": name}], before_send=lambda: noted.append(Clock.seconds))
    assert noted[0] == 0
    assert noted[1] >= 60


@pytest.mark.parametrize("name", ["people", "companies", "leads"])
def test_updates_go_ten_at_once(copper: Copper, emulator: Emulator, name: str) -> None:
    ids = [emulator.copper.insert(name, {"name": f"X {n}"})["id"] for n in range(10)]
    results = copper.update(OBJECTS[name], [(each, {"details": f"d{each}"}) for each in ids])
    assert [each.id for each in results if isinstance(each, Written)] == ids
    assert emulator.journal.total == 1
    assert {each["details"] for each in emulator.copper.records(name)} == {f"d{each}" for each in ids}


@pytest.mark.parametrize("name", ["opportunities", "projects", "tasks"])
def test_what_has_no_bulk_update_is_updated_one_by_one(copper: Copper, emulator: Emulator, name: str) -> None:
    assert copper.bulk_size(OBJECTS[name], update=True) == 1
    key = emulator.copper.insert(name, {"name": "X"})["id"]
    (result,) = copper.update(OBJECTS[name], [(key, {"details": "d"})])
    assert isinstance(result, Written)
    assert result.record["details"] == "d"


@pytest.mark.parametrize("alone", [True, False])
def test_a_record_that_is_gone_is_told_from_one_that_was_refused(
    copper: Copper, emulator: Emulator, *, alone: bool
) -> None:
    key = emulator.copper.insert("people", {"name": "A"})["id"]
    changes: list[tuple[int, dict[str, Any]]] = [(999, {"title": "x"})]
    if not alone:
        changes += [(key, {"name": ""}), (key, {"title": "x"})]
    gone, *others = copper.update(PEOPLE, changes)
    assert isinstance(gone, Refused)
    assert gone.gone
    assert [isinstance(each, Refused) and each.gone for each in others] == [False] * len(others)


def test_an_update_whose_answer_is_lost_is_in_doubt(copper: Copper, emulator: Emulator) -> None:
    key = emulator.copper.insert("people", {"name": "A"})["id"]
    emulator.trouble("lost:times=1")
    with pytest.raises(InDoubtError):
        copper.update(PEOPLE, [(key, {"title": "x"})])
    assert emulator.journal.total == 1


@pytest.mark.parametrize("switch", ["ignore", "accept", "reject"])
@pytest.mark.parametrize("others", [0, 2])
def test_a_person_moves_to_another_company(
    settings: Callable[..., CopperSettings], naps: Any, switch: str, others: int
) -> None:
    with Emulator(empty=True, switches=Switches(company_id_on_person_update=switch)) as emulator:
        copper = Copper(connect(settings(emulator), sleep=naps))
        old, new = (emulator.copper.insert("companies", {"name": name})["id"] for name in ("Old", "New"))
        key = emulator.copper.insert("people", {"name": "A", "company_id": old})["id"]
        extra = [emulator.copper.insert("people", {"name": f"B {n}"})["id"] for n in range(others)]
        changes: list[Any] = [(key, {"company_id": new, "title": "CEO"}), *((each, {"title": "x"}) for each in extra)]
        results = copper.update(PEOPLE, changes)
        assert all(isinstance(each, Written) for each in results)
        first = results[0]
        assert isinstance(first, Written)
        assert first.record["company_id"] == new
        stored = next(each for each in emulator.copper.records("people") if each["id"] == key)
        assert (stored["company_id"], stored["title"]) == (new, "CEO")


@pytest.mark.parametrize(("before", "after"), [(False, True), (True, False), (True, True)])
def test_a_person_joins_leaves_or_keeps_a_company(
    copper: Copper, emulator: Emulator, company: int, *, before: bool, after: bool
) -> None:
    key = emulator.copper.insert("people", {"name": "A", "company_id": company if before else None})["id"]
    copper.update(PEOPLE, [(key, {"company_id": company if after else None})])
    (person,) = emulator.copper.records("people")
    assert person["company_id"] == (company if after else None)
    related = emulator.journal.count(route="/people/{id}/related")
    assert related == (0 if before and after else 1)


def test_a_company_that_does_not_exist_is_told_apart_from_the_rest_and_the_old_one_stays(
    copper: Copper, emulator: Emulator, company: int
) -> None:
    key = emulator.copper.insert("people", {"name": "A", "company_id": company})["id"]
    (result,) = copper.update(PEOPLE, [(key, {"company_id": 999, "title": "CEO"})])
    assert isinstance(result, Refused)
    assert "Written but for company_id" in result.reason
    (person,) = emulator.copper.records("people")
    assert (person["title"], person["company_id"]) == ("CEO", company)


def test_a_person_is_created_with_a_company(copper: Copper, company: int) -> None:
    (result,) = copper.create(PEOPLE, [{"name": "A", "company_id": company}], before_send=nothing)
    assert isinstance(result, Written)
    assert result.record["company_id"] == company


def test_leads_are_upserted_by_the_crm_itself(copper: Copper, emulator: Emulator) -> None:
    payload = {"name": "A", "email": {"email": "a@x.com", "category": "work"}}
    first = copper.upsert(LEADS, "email", "a@x.com", payload)
    second = copper.upsert(LEADS, "email", "a@x.com", {**payload, "title": "CEO"})
    assert isinstance(first, Written)
    assert isinstance(second, Written)
    assert first.id == second.id
    assert len(emulator.copper.records("leads")) == 1


def test_an_upsert_is_repeated_after_a_lost_answer(copper: Copper, emulator: Emulator) -> None:
    emulator.trouble("lost:times=2")
    copper.upsert(LEADS, "email", "a@x.com", {"name": "A", "email": {"email": "a@x.com", "category": "work"}})
    assert len(emulator.copper.records("leads")) == 1
    assert emulator.journal.total == 3


def test_an_ambiguous_upsert_is_refused(copper: Copper, emulator: Emulator) -> None:
    payload = {"name": "A", "email": {"email": "a@x.com", "category": "work"}}
    for _ in range(2):
        emulator.copper.insert("leads", payload)
    result = copper.upsert(LEADS, "email", "a@x.com", payload)
    assert isinstance(result, Refused)
    assert result.status == 422


@pytest.mark.parametrize("of", [each for each in OBJECTS.values() if each.name != "activities"], ids=lambda of: of.name)
def test_deleting_is_repeated_after_a_lost_answer_and_says_when_it_is_gone(
    copper: Copper, emulator: Emulator, of: Any
) -> None:
    keys = [emulator.copper.insert(of.name, {"name": "X"})["id"] for _ in range(2)]
    copper.delete(of, keys[0])
    with pytest.raises(GoneError):
        copper.delete(of, keys[0])
    emulator.trouble("lost:times=1")
    with pytest.raises(GoneError):  # the first try was carried out
        copper.delete(of, keys[1])
    assert copper.count(of) == 0


def test_what_the_key_may_not_do_raises(copper: Copper, emulator: Emulator) -> None:
    emulator.trouble("error:status=403")
    with pytest.raises(ForbiddenError):
        copper.create(PEOPLE, [{"name": "A"}], before_send=nothing)


def test_an_activity_is_created_and_changed(copper: Copper, emulator: Emulator) -> None:
    key = emulator.copper.insert("people", {"name": "A"})["id"]
    payload = {"type": {"id": 0, "category": "user"}, "parent": {"id": key, "type": "person"}, "details": "x"}
    activities = OBJECTS["activities"]
    results = copper.create(activities, [payload, payload], before_send=nothing)
    ids = [each.id for each in results if isinstance(each, Written)]
    assert len(ids) == 2
    (changed,) = copper.update(activities, [(ids[0], {"details": "y"})])
    assert isinstance(changed, Written)
    copper.delete(activities, ids[0])
    assert copper.read(activities, ids).keys() == {ids[1]}
