"""Names in, ids out: selectors are read once each; custom fields are called as people call them."""

from __future__ import annotations

import pytest

from tests.target_crm.messages import record_of, schema_of

PERSON = {"id": 1, "last_name": "Lee", "email": "ann@example.org"}


def ids(vendor, selector, part="name"):
    return {each[part]: each["id"] for each in vendor.records(selector)}


def write(run, stream, *records, **settings):
    names = list(dict.fromkeys(name for record in records for name in record))
    return run([schema_of(stream, *names), *(record_of(stream, **record) for record in records)], **settings)


def test_each_list_is_read_once_and_only_if_a_record_names_something_in_it(run, vendor, asked):
    people = [
        PERSON | {"id": n, "email": f"p{n}@x.org", "owner": owner, "territory": "DACH", "lead_source": "Web"}
        for n, owner in enumerate(["ada@emulator.example", "Ada Lovelace"] * 3)
    ]
    done = write(run, "contacts", *people)
    assert done.code == 0, done.errors
    counts = asked()
    assert {name: count for name, count in counts.items() if "/selector/" in name} == {
        "GET /selector/owners": 1,
        "GET /selector/territories": 1,
        "GET /selector/lead_sources": 1,
    }
    owners = ids(vendor, "owners", "email")
    assert {each["owner_id"] for each in vendor.records("contacts")} == {owners["ada@emulator.example"]}
    assert {each["territory_id"] for each in vendor.records("contacts")} == {ids(vendor, "territories")["DACH"]}


def test_a_stage_is_looked_for_in_its_pipeline(run, vendor, asked):
    deals = [
        {"id": 1, "name": "A", "amount": 1, "pipeline": "Partner Pipeline", "stage": "Won", "currency": "EUR"},
        {"id": 2, "name": "B", "amount": 1, "stage": "Demo", "type": "New Business"},
        {"id": 3, "name": "C", "amount": 1, "stage": "Won"},
    ]
    done = write(run, "deals", *deals)
    assert done.of("deals") == {"input": 3, "created": 2, "rejected": 1}
    assert "matches several of the CRM's deal stages" in done.errors
    assert asked()["GET /selector/deal_pipelines"] == 1
    stages = {each["id"]: (each["name"], each["deal_pipeline_id"]) for each in vendor.records("deal_stages")}
    pipelines = ids(vendor, "deal_pipelines")
    found = {deal["name"]: stages[deal["deal_stage_id"]] for deal in vendor.records("deals")}
    assert found == {"A": ("Won", pipelines["Partner Pipeline"]), "B": ("Demo", pipelines["Default Pipeline"])}
    (first,) = (deal for deal in vendor.records("deals") if deal["name"] == "A")
    assert first["currency_id"] in {each["id"] for each in vendor.records("currencies")}


def test_a_status_brings_its_lifecycle_stage(run, vendor):
    assert write(run, "contacts", PERSON | {"status": "Won"}).code == 0
    (only,) = vendor.records("contacts")
    stages = {each["id"]: each["name"] for each in vendor.records("lifecycle_stages")}
    assert stages[only["lifecycle_stage_id"]] == "Customer"


@pytest.mark.parametrize(
    ("given", "rules"),
    [
        ({"cf_lead_tier": "gold"}, {}),
        ({"cf_tier_of_lead": "Gold"}, {}),
        ({"tier": "Gold"}, {"custom_fields": {"Tier of lead": "tier"}}),
        ({"tier": "Gold"}, {"custom_fields": {"cf_lead_tier": "tier"}}),
        ({"custom_field": {"cf_lead_tier": "Gold"}}, {}),
    ],
)
def test_a_custom_field_is_called_by_its_label_its_slug_or_freshsales_own_name(run, vendor, given, rules):
    field = vendor.define_field("contacts", "Lead tier", "dropdown", ["Gold", "Silver"])
    vendor.account.store.put(vendor.account.tables["field_settings"], field | {"label": "Tier of lead"})
    done = write(run, "contacts", PERSON | given, streams={"contacts": rules})
    assert done.code == 0, done.errors
    assert vendor.records("contacts")[0]["custom_field"]["cf_lead_tier"] == "Gold"


def test_custom_fields_of_every_type_arrive_and_are_then_unchanged(run, vendor):
    kinds = {"Note": "text", "Score": "number", "Vip": "checkbox", "Born": "date", "Likes": "multi_select_dropdown"}
    for label, kind in kinds.items():
        vendor.define_field("contacts", label, kind, ["1", "2", "3"] if label == "Likes" else [])
    record = PERSON | {
        "cf_note": "x",
        "cf_score": "4.5",
        "cf_vip": "yes",
        "cf_born": "1990-05-31",
        "cf_likes": [1, "3"],
    }
    done = write(run, "contacts", record)
    assert done.code == 0, done.errors
    held = vendor.records("contacts")[0]["custom_field"]
    held["cf_born"] = held["cf_born"][:10]
    assert {name: value for name, value in held.items() if value is not None} == {
        "cf_note": "x",
        "cf_score": 4.5,
        "cf_vip": True,
        "cf_born": "1990-05-31",
        "cf_likes": ["1", "3"],
    }
    again = write(run, "contacts", record, compare_with="crm", source_name="another")
    assert again.of("contacts") == {"input": 1, "unchanged": 1}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"territory": "Atlantis"}, "territory_id matches none of the CRM's territories. Territories: DACH, Nordics"),
        ({"cf_tier": "Tin"}, "cf_tier matches none of the CRM's options. Options: Gold, Silver"),
        ({"email": "no address"}, "Emails is invalid"),
    ],
)
def test_a_value_that_freshsales_does_not_know_is_rejected_with_what_there_is(run, vendor, given, sentence):
    vendor.define_field("contacts", "Tier", "dropdown", ["Gold", "Silver"])
    done = write(run, "contacts", PERSON | given, PERSON | {"id": 3, "email": "c@x.org", "cf_tier": "Silver"})
    assert done.of("contacts") == {"input": 2, "created": 1, "rejected": 1}
    assert sentence in done.errors


def test_a_module_whose_fields_the_key_may_not_see_takes_its_name(run, vendor):
    from crm_emulator.freshsales.custom_modules import define_module  # noqa: PLC0415 - as an administrator

    vendor.ensure_ready()
    define_module(vendor.account, "cm_visit", "Visit", "Visits")
    vendor.switches.forbidden = "GET /settings/*"
    done = write(run, "cm_visit", {"id": 1, "name": "V"})
    assert done.code == 0, done.errors
    assert vendor.count("custom_records") == 1
