"""Sections 5 and 6 of the Freshsales reference: upsert, bulk upsert, jobs, bulk delete."""

import json
from typing import Any

import pytest


def finished(suite, answer: Any) -> Any:
    """Poll a job to its end; return its last answer and the number of polls."""
    assert answer.status_code == 200, answer.text
    for polls in range(1, 10):
        job = suite.get(answer.json()["job_status_url"])
        if job["status"] == "SUCCESS":
            return json.loads(job["data"]), polls
        assert job["status"] == "INPROGRESS"
    raise AssertionError("the job never ends")


@pytest.mark.parametrize("identifier", ["emails", "email"])
def test_an_upsert_creates_once_and_then_updates(suite, identifier):
    first = suite(
        "POST",
        "/contacts/upsert",
        {"unique_identifier": {identifier: "a@b.example"}, "contact": {"emails": "a@b.example", "city": "Graz"}},
    )
    again = suite(
        "POST", "/contacts/upsert", {"unique_identifier": {identifier: "A@B.example"}, "contact": {"city": "Wien"}}
    )
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["contact"]["id"] == first.json()["contact"]["id"]
    assert [each["city"] for each in suite.vendor.records("contacts")] == ["Wien"]


def test_an_upsert_finds_any_of_a_contacts_addresses(suite):
    contact = suite.contact(emails=["a@b.example", "c@d.example"])
    answer = suite("POST", "/contacts/upsert", {"unique_identifier": {"emails": "c@d.example"}, "contact": {}})
    assert answer.json()["contact"]["id"] == contact["id"]


def test_nothing_but_the_identifier_fetches_or_creates(suite):
    answer = suite("POST", "/contacts/upsert?include=sales_accounts", {"unique_identifier": {"emails": "a@b.example"}})
    assert answer.status_code == 201
    assert answer.json()["contact"]["email"] == "a@b.example"
    assert answer.json()["contact"]["sales_accounts"] == []


@pytest.mark.parametrize(
    ("path", "singular", "identifier", "attributes"),
    [
        ("contacts", "contact", {"mobile_number": "123"}, {"last_name": "x"}),
        ("contacts", "contact", {"external_id": "7"}, {"last_name": "x"}),
        ("contacts", "contact", {"cf_customer_no": "C-1"}, {"last_name": "x"}),
        ("sales_accounts", "sales_account", {"name": "Acme"}, {}),
        ("sales_accounts", "sales_account", {"cf_account_no": "A-1"}, {"name": "Acme"}),
        ("deals", "deal", {"cf_external_ref": "D-1"}, {"name": "Gold", "amount": 1}),
    ],
)
def test_every_unique_field_identifies(suite, path, singular, identifier, attributes):
    body = {"unique_identifier": identifier, singular: attributes}
    first, again = suite("POST", f"/{path}/upsert", body), suite("POST", f"/{path}/upsert", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert suite.vendor.count(path) == 1


def test_a_deal_is_updated_by_its_id_and_not_created_by_one(suite):
    deal = suite.made("deals", "deal", name="Gold", amount=1)
    body = {"unique_identifier": {"id": deal["id"]}, "deal": {"amount": 2}}
    assert suite("POST", "/deals/upsert", body).json()["deal"]["amount"] == "2.0"
    assert suite.messages("POST", "/deals/upsert", {"unique_identifier": {"id": 7}, "deal": {"name": "x"}})


@pytest.mark.parametrize(
    "identifier", [None, {}, {"city": "Graz"}, {"emails": ""}, {"cf_score": 1}, {"emails": "a@b.example", "id": 1}]
)
def test_an_identifier_that_identifies_nothing_is_refused(suite, identifier):
    suite.messages("POST", "/contacts/upsert", {"unique_identifier": identifier, "contact": {"last_name": "x"}})
    assert suite.vendor.count("contacts") == 0


def test_of_several_holders_the_first_is_taken_or_none_by_switch(classic):
    for name in ("a", "b"):
        classic.made("leads", "lead", last_name=name, emails="x@y.example")
    body = {"unique_identifier": {"emails": "x@y.example"}, "lead": {"city": "Graz"}}
    assert classic("POST", "/leads/upsert", body).json()["lead"]["last_name"] == "a"
    classic.vendor.switches.ambiguous_upsert = "reject"
    assert classic.messages("POST", "/leads/upsert", body)


def test_a_bulk_upsert_is_accepted_and_only_its_job_tells_which_rows_failed(suite):
    known = suite.contact(emails="a@b.example")
    rows = [
        {"emails": "a@b.example", "data": {"city": "Graz"}},
        {"emails": "new@b.example", "data": {"custom_field": {"cf_score": 3}}},
        {"emails": "bad", "data": {"city": "Linz"}},
        {"id": str(known["id"]), "data": {"owner_id": 5}},
        {"data": {"city": "Linz"}},
        "nonsense",
    ]
    data, polls = finished(suite, suite("POST", "/contacts/bulk_upsert", {"contacts": rows}))
    assert polls == 2
    assert data["record_status"] == {"succeeded": 2, "failed": 4}
    report = data["detailed_failure_report"]
    assert [failure["row"] for failure in report] == [2, 3, 4, 5]
    assert report[0]["emails"] == "bad"
    assert report[1]["message"] == ["Sales owner is invalid"]
    assert {each["city"] for each in suite.vendor.records("contacts")} == {"Graz", None}


def test_where_the_failed_rows_stand_is_a_switch(suite):
    suite.vendor.switches.failure_report = "inside"
    data, _ = finished(suite, suite("POST", "/contacts/bulk_upsert", {"contacts": [{"emails": "bad", "data": {}}]}))
    assert data["record_status"]["detailed_failure_report"][0]["row"] == 0


@pytest.mark.parametrize(
    ("plural", "row"),
    [
        ("sales_accounts", {"name": "Acme", "data": {"city": "Graz"}}),
        ("deals", {"name": "Gold", "data": {"amount": 5}}),
    ],
)
def test_accounts_and_deals_are_upserted_in_bulk_by_their_names(suite, plural, row):
    data, _ = finished(suite, suite("POST", f"/{plural}/bulk_upsert", {plural: [row, row]}))
    assert data["record_status"] == {"succeeded": 2, "failed": 0}
    assert [each["name"] for each in suite.vendor.records(plural)] == [row["name"]]


def test_more_than_100_rows_are_refused(suite):
    rows = [{"emails": f"a{place}@b.example", "data": {}} for place in range(101)]
    assert suite.messages("POST", "/contacts/bulk_upsert", {"contacts": rows})
    assert suite.vendor.count("contacts") == 0
    finished(suite, suite("POST", "/contacts/bulk_upsert", {"contacts": rows[:100]}))
    assert suite.vendor.count("contacts") == 100


def test_a_job_takes_as_long_as_the_switch_says(suite):
    suite.vendor.switches.job_seconds = 30.0
    suite.vendor.switches.job_polls = 0
    answer = suite("POST", "/contacts/bulk_upsert", {"contacts": [{"emails": "a@b.example", "data": {}}]})
    url = answer.json()["job_status_url"]
    assert suite.get(url)["status"] == "INPROGRESS"
    assert suite.vendor.count("contacts") == 0
    suite.vendor.clock.advance(31)
    assert suite.vendor.count("contacts") == 1
    assert suite.get(url)["status"] == "SUCCESS"


def test_a_job_whose_address_was_lost_is_carried_out_all_the_same(emulator, suite):
    emulator.script("POST /contacts/bulk_upsert", ["lost"])
    with pytest.raises(OSError, match=r"(?i)reset|closed|aborted"):
        suite("POST", "/contacts/bulk_upsert", {"contacts": [{"emails": "a@b.example", "data": {}}]})
    assert suite.vendor.count("contacts") == 1


def test_too_many_jobs_at_once_answer_405_by_switch(suite):
    suite.vendor.switches.concurrent_jobs = 1
    rows = {"contacts": [{"emails": "a@b.example", "data": {}}]}
    first = suite("POST", "/contacts/bulk_upsert", rows)
    assert suite("POST", "/contacts/bulk_upsert", rows).status_code == 405
    finished(suite, first)
    assert suite("POST", "/contacts/bulk_upsert", rows).status_code == 200


def test_an_unknown_job_answers_404(suite):
    suite.messages("GET", "/job_statuses/1", status=404)


def test_bulk_destroy_recycles_and_passes_over_what_is_gone(suite):
    ids = [suite.contact(last_name=name)["id"] for name in ("a", "b", "c")]
    answer = suite("POST", "/contacts/bulk_destroy", {"selected_ids": [*ids[:2], 7]})
    assert set(answer.json()) == {"message"}
    assert [each["id"] for each in suite.vendor.records("contacts")] == ids[2:]
    assert [each["id"] for each in suite.vendor.recycled("contacts")] == ids[:2]
    assert suite.messages("POST", "/contacts/bulk_destroy", {"selected_ids": []})


def test_bulk_assign_owner_gives_many_to_one(suite):
    owner = suite.get("/selector/owners")["users"][2]["id"]
    ids = [suite.contact(last_name=name)["id"] for name in ("a", "b")]
    suite("POST", "/contacts/bulk_assign_owner", {"selected_ids": ids, "owner_id": owner})
    assert {each["owner_id"] for each in suite.vendor.records("contacts")} == {owner}
    assert suite.messages("POST", "/contacts/bulk_assign_owner", {"selected_ids": ids, "owner_id": 5})


@pytest.mark.parametrize("plural", ["tasks", "notes", "appointments", "sales_activities"])
def test_there_is_no_bulk_for_activities(suite, plural):
    assert suite("POST", f"/{plural}/bulk_upsert", {plural: []}).status_code == 404
