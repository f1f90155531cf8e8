"""Copper's ready endpoints: relations, conversions, connect fields, webhooks; users are refused with the reason."""

from __future__ import annotations

import pytest

from tests.target_crm.messages import record_of, schema_of


@pytest.fixture
def copper(emulator):
    return emulator.copper


@pytest.fixture
def settings(copper, tmp_path):
    return {
        "crm": "copper",
        "base_url": copper.base_url,
        "api_key": copper.api_key,
        "user_email": copper.user_email,
        "ledger_url": f"sqlite:///{tmp_path / 'ledger.sqlite'}",
        "report_path": str(tmp_path / "report.json"),
        "index_lag_seconds": 0,
        "bulk_requests_per_second": 0,
        "max_attempts": 2,
    }


def test_related_items_are_made_once_and_taken_away(run, copper, emulator):
    person = copper.insert("people", {"name": "Ann"})
    task = copper.insert("tasks", {"name": "Call"})
    schema = schema_of("related_items", keys=("parent_type", "parent_id", "type", "id"))
    link = {"parent_type": "people", "parent_id": person["id"], "type": "task", "id": task["id"]}
    emulator.trouble("lost:route=POST /people/{id}/related,times=1")
    done = run([schema, record_of("related_items", **link)])
    assert done.code == 0, done.errors
    assert done.of("related_items") == {"input": 1, "created": 1}
    assert copper.get("tasks", task["id"])["related_resource"] == {"id": person["id"], "type": "person"}
    assert run([schema, record_of("related_items", **link)]).of("related_items") == {"input": 1, "unchanged": 1}
    gone = record_of("related_items", **link, _sdc_deleted_at="2026-01-01T00:00:00Z")
    done = run([schema, gone], streams={"related_items": {"hard_delete": True}})
    assert done.of("related_items") == {"input": 1, "deleted": 1}, done.errors
    assert copper.get("tasks", task["id"])["related_resource"]["id"] is None


def test_leads_are_converted_with_the_details_that_are_given(run, copper):
    lead = copper.insert("leads", {"name": "Ann Lee", "email": {"email": "ann@x.org", "category": "work"}})
    streams = {"won": {"object": "lead_conversions"}}
    details = {"person": {"name": "Ann Lee"}, "opportunity": {"name": "Big deal"}}
    done = run([schema_of("won"), record_of("won", id=1, lead_id=lead["id"], details=details)], streams=streams)
    assert done.code == 2
    assert "the create endpoint needs {lead_id}, and the stream has no such field" in done.errors
    schema = schema_of("won", "lead_id", "details")
    done = run([schema, record_of("won", id=1, lead_id=lead["id"], details=details)], streams=streams)
    assert done.code == 0, done.errors
    assert copper.count("leads") == 0
    assert [person["name"] for person in copper.records("people")] == ["Ann Lee"]
    assert [deal["name"] for deal in copper.records("opportunities")] == ["Big deal"]
    again = run([schema, record_of("won", id=1, lead_id=lead["id"], details=details)], streams=streams)
    assert again.of("won") == {"input": 1, "unchanged": 1}


@pytest.mark.parametrize("trouble", [None, "lost", "error_after"])
def test_connect_fields_are_linked_once(run, copper, emulator, trouble):
    person, company = copper.insert("people", {"name": "Ann"}), copper.insert("companies", {"name": "C"})
    field = copper.insert(
        "custom_field_definitions", {"name": "Owns", "data_type": "Connect", "available_on": ["person", "company"]}
    )
    link = {
        "custom_field_definition_id": field["id"],
        "source": {"id": person["id"], "entity_type": "people"},
        "target": {"id": company["id"], "entity_type": "organization"},
    }
    schema = schema_of("connect_fields", *link)
    if trouble:
        emulator.trouble(f"{trouble}:route=POST /related_links,times=1")
    done = run([schema, record_of("connect_fields", id=1, **link)])
    assert done.code == 0, done.errors
    assert done.of("connect_fields") == {"input": 1, "created": 1}
    assert len(copper.records("related_links")) == 2, "one link, from both ends"
    other = run([schema, record_of("connect_fields", id=2, **link)])
    assert other.of("connect_fields") == {"input": 1, "unchanged": 1}


def test_webhooks_are_subscribed_found_changed_and_deleted(run, copper):
    hook = {"target": "https://example.org/h", "type": "person", "event": "new", "secret": {"key": "abc"}}
    copper.insert("webhooks", {**hook, "target": "https://example.org/other"})
    hook["id"] = "ours"
    streams = {"webhooks": {"hard_delete": True}}
    schema = schema_of("webhooks", *hook, "_sdc_deleted_at")
    assert run([schema, record_of("webhooks", **hook)], streams=streams).of("webhooks") == {"input": 1, "created": 1}
    changed = record_of("webhooks", **{**hook, "secret": {"key": "def"}})
    assert run([schema, changed], streams=streams).of("webhooks") == {"input": 1, "updated": 1}
    assert [each["secret"] for each in copper.records("webhooks")] == [{"key": "abc"}, {"key": "def"}]
    gone = record_of("webhooks", **hook, _sdc_deleted_at="2026-01-01T00:00:00Z")
    assert run([schema, gone], streams=streams).of("webhooks") == {"input": 1, "deleted": 1}
    assert [each["target"] for each in copper.records("webhooks")] == ["https://example.org/other"]


def test_users_are_refused_with_the_reason(run):
    done = run([schema_of("users", "name"), record_of("users", id=1, name="Ann")])
    assert done.code == 2
    assert "Copper's users are read-only in its API" in done.errors


def test_a_ready_endpoint_understands_its_names_in_any_spelling_and_counts_what_it_does_not_take(run, copper):
    person = copper.insert("people", {"name": "Ann"})
    task = copper.insert("tasks", {"name": "Call"})
    link = {"PARENT_TYPE": "people", "Parent Id": person["id"], "Type": "task", "ID": task["id"]}
    schema = schema_of("related_items", *link, "remark", keys=tuple(link))
    done = run([schema, record_of("related_items", **link, remark="by hand")])
    assert done.of("related_items") == {"input": 1, "created": 1}, done.errors
    assert copper.get("tasks", task["id"])["related_resource"] == {"id": person["id"], "type": "person"}
    reason = "the endpoint takes only id, type, parent_type, parent_id"
    assert done.report["left_out"] == {"related_items": {"remark": {"records": 1, "reason": reason, "nearest": None}}}
