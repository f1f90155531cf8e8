"""Every kind of record is created once, changed when it changes, and left alone when it does not."""

from __future__ import annotations

import json

import pytest

from tests.target_crm.messages import record_of, schema_of

RECORDS = {
    "contacts": {"first_name": "Ann", "last_name": "Lee", "email": "ann@example.org", "phone": "+1 555 0100"},
    "sales_accounts": {"name": "Acme", "website": "https://acme.example", "employees": "12", "annual_revenue": 1.5},
    "deals": {"name": "Big", "amount": "5600.5", "expected_close": "2026-05-31", "probability": 40},
    "notes": {"description": "Talked", "targetable_type": "Contact"},
    "tasks": {"title": "Call", "due_date": "2026-05-04T10:00:00+02:00", "targetable_type": "contact"},
    "appointments": {
        "title": "Lunch",
        "from_date": "2026-05-04T12:00:00Z",
        "end_date": "2026-05-04T13:00:00Z",
        "time_zone": "Berlin",
        "targetable_type": "Contact",
    },
    "sales_activities": {
        "title": "Phoned",
        "type": "Phone",
        "outcome": "Interested",
        "start_date": "2026-05-04T12:00:00Z",
        "end_date": "2026-05-04T12:30:00Z",
        "targetable_type": "Contact",
    },
    "products": {"name": "Chair", "sku": "C-1", "is_active": "yes"},
    "cm_visit": {"name": "Visit 1", "cf_place": "Berlin"},
}
CHANGES = {
    "contacts": ("job_title", "Director"),
    "sales_accounts": ("city", "Berlin"),
    "deals": ("probability", 80),
    "notes": ("description", "Talked again"),
    "tasks": ("description", "Be nice"),
    "appointments": ("location", "Canteen"),
    "sales_activities": ("notes", "Good"),
    "products": ("category", "Furniture"),
    "cm_visit": ("name", "Visit 2"),
}


@pytest.fixture
def there(vendor):
    """A contact to write about, and a custom module."""
    vendor.ensure_ready()
    from crm_emulator.freshsales.custom_modules import define_module  # noqa: PLC0415 - as an administrator

    define_module(vendor.account, "cm_visit", "Visit", "Visits")
    vendor.define_field("cm_visit", "Place")
    return vendor.insert("contacts", {"last_name": "Target"})


def records(vendor, stream):
    return vendor.records("custom_records" if stream.startswith("cm_") else stream)


@pytest.mark.parametrize("stream", RECORDS)
def test_each_kind_is_created_then_changed_then_left_alone(run, vendor, there, stream):
    record = RECORDS[stream] | ({"targetable_id": there["id"]} if "targetable_type" in RECORDS[stream] else {})
    name, value = CHANGES[stream]
    before = len(records(vendor, stream))
    schema = schema_of(stream, *record, name)
    done = run([schema, record_of(stream, id=1, **record)])
    assert done.code == 0, done.errors
    assert done.of(stream) == {"input": 1, "created": 1}
    changed = record_of(stream, id=1, **record | {name: value})
    assert run([schema, changed]).of(stream) == {"input": 1, "updated": 1}
    assert run([schema, changed]).of(stream) == {"input": 1, "unchanged": 1}
    assert len(records(vendor, stream)) == before + 1
    assert records(vendor, stream)[-1][name] == value


@pytest.mark.parametrize("stream", [each for each in RECORDS if each not in {"notes", "sales_activities"}])
def test_what_is_there_already_is_found_by_its_match_key(run, vendor, there, stream):
    record = RECORDS[stream] | ({"targetable_id": there["id"]} if "targetable_type" in RECORDS[stream] else {})
    if stream == "deals":
        record = record | {"sales_account_name": "Acme"}
    schema = schema_of(stream, *record)
    settings = {"streams": {stream: {"match_on": ["name"]}}} if stream == "deals" else {}
    run([schema, record_of(stream, id=1, **record)], **settings)
    before = len(records(vendor, stream))
    done = run([schema, record_of(stream, id=1, **record)], source_name="another", **settings)
    assert done.code == 0, done.errors
    assert done.of(stream) in ({"input": 1, "updated": 1}, {"input": 1, "unchanged": 1})
    assert len(records(vendor, stream)) == before


def test_values_arrive_as_freshsales_has_them(run, vendor, there):
    for stream in ("contacts", "deals", "tasks", "sales_activities", "cm_visit"):
        record = RECORDS[stream] | ({"targetable_id": there["id"]} if "targetable_type" in RECORDS[stream] else {})
        assert run([schema_of(stream, *record), record_of(stream, id=1, **record)]).code == 0
    (task,) = vendor.records("tasks")
    assert task["due_date"] == "2026-05-04T08:00:00+00:00"
    assert task["targetables"] == [{"id": there["id"], "type": "Contact"}]
    (deal,) = vendor.records("deals")
    assert (deal["amount"], deal["expected_close"]) == ("5600.5", "2026-05-31")
    (visit,) = vendor.records("custom_records")
    assert (visit["entity_name"], visit["custom_field"]) == ("cm_visit", {"cf_place": "Berlin"})
    (activity,) = vendor.records("sales_activities")
    assert activity["sales_activity_outcome_id"]
    assert vendor.records("contacts")[-1]["work_number"] == "+1 555 0100"


@pytest.mark.parametrize("name", ["address", "mailing_address", "Address"])
@pytest.mark.parametrize("spelt", [dict, json.dumps])
def test_the_parts_of_an_address_find_their_fields(run, vendor, name, spelt):
    address = spelt({"street": "1 Main", "city": "Bonn", "zip": 53111.0, "county": "K", "country": None})
    schema = schema_of("contacts", "last_name", "email", **{name: {}})
    done = run([schema, record_of("contacts", id=1, last_name="A", email="a@x.org", **{name: address})])
    assert done.code == 0, done.errors
    (held,) = vendor.records("contacts")
    assert [held[each] for each in ("address", "city", "zipcode", "country")] == ["1 Main", "Bonn", "53111", None]
    assert [*done.report["left_out"]["contacts"]] == [f"{name}.county"]
    run(
        [schema, record_of("contacts", id=2, last_name="B", email="b@x.org", **{name: address})],
        streams={"contacts": {"exclude": [name]}},
    )
    assert vendor.records("contacts")[-1]["city"] is None


@pytest.mark.classic
def test_classic_has_leads_with_stage_and_company(run, vendor):
    lead = {"first_name": "Ann", "last_name": "Lee", "email": "ann@x.org", "company": "Acme", "stage": "Contacted"}
    done = run([schema_of("leads", *lead), record_of("leads", id=1, **lead)])
    assert done.code == 0, done.errors
    (only,) = vendor.records("leads")
    assert only["company"] == {"name": "Acme"}
    stages = {each["id"]: each["name"] for each in vendor.records("lead_stages")}
    assert stages[only["lead_stage_id"]] == "Contacted"


@pytest.mark.parametrize(("stream", "object_name"), [("accounts", "sales_accounts"), ("people", "contacts")])
def test_other_names_stand_for_the_same_objects(run, vendor, stream, object_name):
    done = run([schema_of(stream, "name"), record_of(stream, id=1, name="Acme")])
    assert done.code == 0, done.errors
    assert vendor.count(object_name) == 1


def test_lists_of_objects_go_in_as_they_are(run, vendor, there):
    chair = vendor.insert("products", {"name": "Chair"})["id"]
    lines = [{"id": chair, "quantity": 2, "unit_price": 9.5}]
    deals = schema_of("deals", "name", "amount", "products")
    assert run([deals, record_of("deals", id=1, name="D", amount=1, products=lines)]).code == 0
    more = [{**lines[0], "quantity": 3}]
    assert run([deals, record_of("deals", id=1, name="D", amount=1, products=json.dumps(more))]).code == 0
    (deal,) = vendor.records("deals")
    assert [(each["product_id"], each["quantity"]) for each in deal["products"]] == [(chair, 3)]
    prices = [{"currency_code": "EUR", "unit_price": 12}]
    products = schema_of("products", "name", "prices", "category")
    assert run([products, record_of("products", id=1, name="Desk", prices=prices)]).code == 0
    assert run([products, record_of("products", id=1, name="Desk", prices=prices, category="x")]).code == 0
    (desk,) = [each for each in vendor.records("products") if each["name"] == "Desk"]
    assert [(each["currency_code"], each["unit_price"]) for each in desk["product_pricings"]] == [("EUR", 12)]
    lunch = RECORDS["appointments"] | {"targetable_id": there["id"]}
    attendees = [{"attendee_type": "Contact", "attendee_id": there["id"]}]
    appointments = schema_of("appointments", *lunch, "attendees")
    assert run([appointments, record_of("appointments", id=1, **lunch, attendees=attendees)]).code == 0
    changed = record_of("appointments", id=1, **lunch | {"location": "Canteen"}, attendees=attendees)
    assert run([appointments, changed]).code == 0
    (only,) = vendor.records("appointments")
    assert [each["attendee_id"] for each in only["attendees"]] == [there["id"]]
    wrong = run([deals, record_of("deals", id=2, name="E", amount=1, products="chair")])
    assert "products must be a list of objects" in wrong.errors
