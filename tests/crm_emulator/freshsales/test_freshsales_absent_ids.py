"""Section 12 of the Freshsales reference: ids that records are read without, and what ``include`` brings."""

from __future__ import annotations

import pytest

OF_CONTACTS = {
    "owner_id", "lifecycle_stage_id", "contact_status_id", "lead_source_id", "territory_id", "campaign_id",
    "creater_id", "updater_id",
}  # fmt: skip


def ids_of(record):
    """The names of a record's ids, without lists of ids and its own."""
    return {name for name in record if name.endswith("_id") and name not in {"external_id", "mcr_id", "record_type_id"}}


@pytest.fixture
def owners(suite):
    return suite.get("/selector/owners")["users"]


def test_a_contact_is_written_read_listed_and_found_without_its_ids(suite, owners):
    made = suite.contact(last_name="x", emails="x@y.example", owner_id=owners[1]["id"])
    path = f"/contacts/{made['id']}"
    rule = {"filter_rule": [{"attribute": "contact_email.email", "operator": "is_in", "value": "x@y.example"}]}
    upsert = {"unique_identifier": {"emails": "x@y.example"}, "contact": {"city": "Graz"}}
    answers = [
        made,
        suite("PUT", path, {"contact": {"owner_id": owners[0]["id"]}}).json()["contact"],
        suite("POST", "/contacts/upsert", upsert).json()["contact"],
        suite.get(path)["contact"],
        suite.view("contacts", "All Contacts")["contacts"][0],
        suite.get("/lookup?q=x@y.example&f=email")["contacts"]["contacts"][0],
        suite("POST", "/filtered_search/contact", rule).json()["contacts"][0],
    ]
    assert [ids_of(each) for each in answers] == [set()] * len(answers)
    assert suite.vendor.get("contacts", made["id"])["owner_id"] == owners[0]["id"]


def test_a_deal_shows_the_ids_of_its_pipeline_stage_and_form_only(suite):
    account = suite.made("sales_accounts", "sales_account", name="Acme")
    deal = suite.made("deals", "deal", name="Gold", amount=1, sales_account_id=account["id"])
    assert ids_of(deal) == ids_of(suite.get(f"/deals/{deal['id']}")["deal"])
    assert ids_of(deal) == {"deal_pipeline_id", "deal_stage_id", "web_form_id"}


def test_an_account_shows_the_ids_of_its_owner_and_its_parent_only(suite):
    account = suite.made("sales_accounts", "sales_account", name="Acme")
    assert ids_of(account) == {"owner_id", "parent_sales_account_id"}


def test_a_lead_shows_no_id(classic):
    lead = classic.made("leads", "lead", last_name="x", owner_id=classic.get("/selector/owners")["users"][0]["id"])
    assert ids_of(lead) == set()


def test_objects_that_include_names_stand_beside_the_record_and_none_is_an_empty_list(suite, owners):
    contact = suite.contact(last_name="x", owner_id=owners[1]["id"])
    answer = suite.get(f"/contacts/{contact['id']}?include=owner,territory")
    assert (answer["users"], answer["territories"]) == ([owners[1]], [])
    assert ids_of(answer["contact"]) == set()


def test_the_switch_shows_the_ids_of_what_include_names(suite, owners):
    suite.vendor.switches.read_ids = "included"
    contact = suite.contact(last_name="x", owner_id=owners[1]["id"])
    shown = suite.get(f"/contacts/{contact['id']}?include=owner,territory")["contact"]
    assert (shown["owner_id"], shown["territory_id"]) == (owners[1]["id"], None)
    assert ids_of(shown) == {"owner_id", "territory_id"}


def test_the_switch_shows_all_ids(suite, owners):
    suite.vendor.switches.read_ids = "present"
    contact = suite.contact(last_name="x", owner_id=owners[1]["id"])
    assert contact["owner_id"] == owners[1]["id"]
    assert ids_of(contact) >= OF_CONTACTS
