from collections import Counter
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm_emulator import Emulator, Kind
from crm_emulator.copper.objects.catalog import BY_NAME, BY_SINGULAR, OBJECTS
from crm_emulator.query import Query

SIZES = {
    "people": 300,
    "companies": 90,
    "leads": 120,
    "opportunities": 100,
    "projects": 60,
    "tasks": 80,
    "activities": 400,
}


def filled(seed=1, **sizes):
    emulator = Emulator(seed=seed, empty=True, **sizes)
    emulator.fill()
    return emulator


def everything(emulator):
    copper = emulator.copper
    return {name: copper.store.page(Query(copper.table(name), hidden=None), -1) for name in copper.tables}


@pytest.fixture(scope="module")
def emulator():
    emulator = filled(5, **SIZES)
    yield emulator
    emulator.store.close()


@pytest.fixture(scope="module")
def records(emulator):
    return {name: emulator.copper.records(name) for name in emulator.copper.tables}


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others():
    first, again, other = filled(5, **SIZES), filled(5, **SIZES), filled(6, **SIZES)
    assert everything(first) == everything(again)
    assert everything(first)["people"] != everything(other)["people"]
    for emulator in (first, again, other):
        emulator.store.close()


@settings(max_examples=25)
@given(st.fixed_dictionaries({name: st.integers(0, 12) for name in SIZES}))
def test_any_numbers_of_records_can_be_seeded(sizes):
    emulator = filled(**sizes)
    for name, size in sizes.items():
        found = len(everything(emulator)[name])
        has_parents = any(sizes[parent] for parent in ("people", "companies", "opportunities", "leads"))
        assert found == (size if name != "activities" or has_parents else 0)
    emulator.store.close()


@pytest.mark.parametrize("declared", OBJECTS, ids=lambda declared: declared.name)
def test_a_seeded_record_has_the_attributes_of_a_created_one(emulator, records, declared):
    copper = emulator.copper
    parent = {"id": records["people"][0]["id"], "type": "person"}
    needed = {"name": "x", "parent": parent, "type": {"id": 0, "category": "user"}, "details": "x"}
    made = copper.insert(declared.name, {name: needed[name] for name in declared.required})
    for record in records[declared.name]:
        assert set(record) == set(made)
    copper.delete(declared.name, made["id"])


@pytest.mark.parametrize("name", [declared.name for declared in OBJECTS if declared.name != "activities"])
def test_a_seeded_record_can_be_written_back_as_it_is(emulator, records, name):
    declared = BY_NAME[name]
    connect = {each["id"] for each in records["custom_field_definitions"] if each["data_type"] == "Connect"}
    for record in records[name][:40]:
        sent = {attribute: record[attribute] for attribute in declared.writable}
        sent["custom_fields"] = [
            each for each in record["custom_fields"] if each["custom_field_definition_id"] not in connect
        ]
        stamps = {attribute: record[attribute] for attribute in ("date_created", "date_modified")}
        changed = emulator.copper.change(name, record["id"], {**sent, **stamps})
        assert changed == record


@pytest.mark.parametrize("declared", OBJECTS, ids=lambda declared: declared.name)
def test_a_seeded_record_lies_in_the_columns_as_a_written_one_would(emulator, declared):
    emulator.copper.ensure_ready()
    table, store = declared.table, emulator.store
    for record_id in store.ids(Query(table), 50):
        row = store.connection.execute(table.stored_sql, (record_id,)).fetchone()
        assert row == table.stored_form(store.get(table, record_id), 0)


def test_emails_are_unique_and_domains_too(records):
    emails = Counter(each["email"].lower() for person in records["people"] for each in person["emails"])
    domains = Counter(company["email_domain"] for company in records["companies"] if company["email_domain"])
    assert set(emails.values()) == set(domains.values()) == {1}


def test_leads_may_share_an_email(records):
    emails = Counter(lead["email"]["email"] for lead in records["leads"] if lead["email"])
    assert max(emails.values()) >= 1


def test_whatever_is_referred_to_is_there(emulator, records):
    ids = {name: {record["id"] for record in found} for name, found in records.items()}
    for declared in OBJECTS:
        for record in records[declared.name]:
            for attribute, kind in declared.writable.items():
                target = getattr(kind, "object_name", None)
                assert record[attribute] is None or target is None or record[attribute] in ids[target]
            identity = record.get("related_resource") or record.get("parent")
            if identity and identity["id"] is not None:
                name = BY_SINGULAR[identity["type"]].name
                assert emulator.store.text(BY_NAME[name].table, identity["id"], hidden=True) is not None


def test_names_of_companies_stand_where_they_are_referred_to(records):
    names = {company["id"]: company["name"] for company in records["companies"]}
    for record in [*records["people"], *records["opportunities"]]:
        assert record["company_name"] == names.get(record["company_id"])


def test_interactions_are_counted_from_the_activities(emulator, records):
    kinds = {
        (each["category"], each["id"])
        for name in ("user_activity_types", "system_activity_types")
        for each in records[name]
        if each["count_as_interaction"]
    }
    counted, last = Counter(), {}
    for activity in records["activities"]:
        if (activity["type"]["category"], activity["type"]["id"]) in kinds:
            key = (activity["parent"]["type"], activity["parent"]["id"])
            counted[key] += 1
            last[key] = max(last.get(key, 0), activity["activity_date"])
    for name in ("people", "companies", "opportunities", "leads"):
        for record in emulator.copper.records(name):
            key = (BY_NAME[name].singular, record["id"])
            assert record["interaction_count"] == counted[key]
            assert record.get("date_last_contacted", last.get(key)) == last.get(key)


def test_amounts_and_probabilities_come_as_real_accounts_show_them(records):
    for name in ("opportunities", "leads"):
        forms = {type(each["converted_value"]) for each in records[name] if each["monetary_value"] is not None}
        assert forms == {str, type(None)}
    assert {type(each["win_probability"]) for each in records["opportunities"]} == {int, type(None)}


def test_dates_lie_at_midnights_of_the_accounts_clock_and_of_utc(records):
    dates = {each["id"] for each in records["custom_field_definitions"] if each["data_type"] == "Date"}
    fields = [each for record in records["companies"] for each in record["custom_fields"]]
    held = [each["value"] for each in fields if each["custom_field_definition_id"] in dates and each["value"]]
    assert {value % 86_400 for value in held} == {0, 4 * 3600, 5 * 3600}


def test_many_records_share_a_second(records):
    stamps = Counter(person["date_modified"] for person in records["people"])
    assert max(stamps.values()) >= 3


def test_there_are_accents_nulls_and_every_data_type(records):
    text = str(records["people"])
    assert any(letter in text for letter in "éüñłçã")
    assert any(person["address"] is None for person in records["people"])
    assert any(person["address"] and person["address"]["city"] is None for person in records["people"])
    types = {each["data_type"] for each in records["custom_field_definitions"]}
    assert len(types) == 11
    held = {
        each["custom_field_definition_id"]
        for name in SIZES
        for record in records[name]
        for each in record.get("custom_fields", ())
        if each["value"] not in (None, [], False)
    }
    connect = {each["id"] for each in records["custom_field_definitions"] if each["data_type"] == "Connect"}
    assert held == {each["id"] for each in records["custom_field_definitions"]} - connect


def test_some_leads_are_converted_into_people_that_are_there(emulator, records):
    everyone = emulator.store.records(Query(BY_NAME["leads"].table, hidden=(1,)))
    assert everyone
    people = {person["id"] for person in records["people"]}
    assert all(lead["converted_contact_id"] in people and lead["converted_at"] for lead in everyone)


def test_opportunities_lie_in_all_pipelines_and_have_owners(records):
    assert {record["pipeline_id"] for record in records["opportunities"]} == {
        each["id"] for each in records["pipelines"]
    }
    assert all(record["assignee_id"] for record in records["opportunities"])


def test_activities_are_of_several_types_with_large_ids(records):
    kinds = {(each["type"]["id"], each["type"]["category"]) for each in records["activities"]}
    assert len(kinds) >= 6
    assert min(each["id"] for each in records["activities"]) > 2**31
    for activity in records["activities"]:
        if activity["type"] == {"id": 3, "category": "system"}:
            assert activity["parent"]["type"] == "opportunity"
            assert set(activity["old_value"]) == {"id", "name"}


@pytest.mark.parametrize("kind", ["edit", "add", "delete"])
@pytest.mark.parametrize("sizes", [{}, SIZES], ids=["empty", "seeded"])
def test_every_object_can_be_disturbed_while_it_is_read(kind, sizes):
    emulator, random = filled(**sizes), Random(1)
    for declared in OBJECTS:
        before = emulator.copper.records(declared.name)
        for _ in range(10):
            emulator.copper.disturb(Kind(kind), f"/{declared.name}/search", random)
        assert (emulator.copper.records(declared.name) != before) == bool(before or kind == "add")
    emulator.copper.disturb(Kind(kind), "/account", random)
    emulator.store.close()


def test_an_empty_account_has_only_its_settings():
    emulator = filled()
    assert all(emulator.copper.count(name) == 0 for name in SIZES)
    assert emulator.copper.count("users") == 5
    emulator.store.close()
