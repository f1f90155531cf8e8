from __future__ import annotations

import json
from importlib.resources import files

import pytest

from crm_emulator import Emulator
from tap_copper.client import CopperStream
from tap_copper.deletions.deleted_records import DeletedRecordsStream
from tap_copper.records import moment
from tap_copper.streams import STREAMS
from tap_copper.tap import TapCopper
from tests.tap_copper.running import run, settings_of

DOCUMENTED = {
    "account": (["id"], None),
    "contact_types": (["id"], None),
    "custom_field_definitions": (["id"], None),
    "customer_sources": (["id"], None),
    "lead_statuses": (["id"], None),
    "loss_reasons": (["id"], None),
    "pipeline_stages": (["id"], None),
    "pipelines": (["id"], None),
    "users": (["id"], None),
    "tags": (["name"], None),
    "activities_search": (["id"], "activity_date"),
    "companies": (["id"], "date_modified"),
    "leads": (["id"], "date_modified"),
    "opportunities": (["id"], "date_modified"),
    "people": (["id"], "date_modified"),
    "projects": (["id"], "date_modified"),
    "tasks": (["id"], "date_modified"),
}
OBJECTS = {"activities_search": "activities"}


# Section 4 of the reference on Copper's API: the fields of each object.
NAMES = "prefix first_name middle_name last_name suffix"
REFERENCE = {
    "account": "id name primary_timezone logo_mini_url settings",
    "users": "id name email groups",
    "leads": f"id name {NAMES} address assignee_id company_name customer_source_id details email interaction_count "
    "monetary_unit monetary_value converted_unit converted_value socials websites phone_numbers status status_id tags "
    "title custom_fields date_created date_modified date_last_contacted converted_contact_id "
    "converted_opportunity_id converted_at",
    "people": f"id name {NAMES} address assignee_id company_id company_name contact_type_id details emails "
    "phone_numbers socials websites tags title custom_fields date_created date_modified date_last_contacted "
    "interaction_count leads_converted_from date_lead_created",
    "companies": "id name address assignee_id contact_type_id details email_domain phone_numbers socials websites "
    "primary_contact_id tags custom_fields interaction_count date_created date_modified",
    "opportunities": "id name assignee_id close_date company_id company_name customer_source_id details loss_reason_id "
    "pipeline_id pipeline_stage_id pipeline_is_revenue pipeline_type primary_contact_id priority status tags "
    "custom_fields interaction_count monetary_unit monetary_value converted_unit converted_value win_probability "
    "date_stage_changed date_last_contacted leads_converted_from date_lead_created date_created date_modified",
    "projects": "id name related_resource assignee_id status details tags custom_fields date_created date_modified "
    "company_id company_name",
    "tasks": "id name related_resource assignee_id due_date reminder_date completed_date priority status details tags "
    "custom_fields custom_activity_type_id date_created date_modified",
    "activities_search": "id parent type details user_id activity_date old_value new_value date_created date_modified "
    "is_deleted",
    "activity_types": "id category name is_disabled count_as_interaction",
    "custom_activity_types": "id company_id icon_type is_disabled is_interaction name is_default_task_type",
    "contact_types": "id name",
    "customer_sources": "id name",
    "loss_reasons": "id name",
    "lead_statuses": "id name order is_default",
    "pipelines": "id name stages type is_revenue",
    "pipeline_stages": "id name pipeline_id win_probability",
    "tags": "name count count_people count_leads count_companies count_opportunities count_projects count_tasks",
    "custom_field_definitions": "id name canonical_name data_type available_on is_filterable currency "
    "options connected_id",
    "files": "id is_deleted file_name file_size content_type creator_id date_created date_modified",
    "webhooks": "id target type event secret headers custom_field_computed_values created_at",
    "related_items": "id type",
}


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_a_schema_holds_every_field_of_the_reference(stream: type[CopperStream]) -> None:
    schema = json.loads((files("tap_copper") / "schemas" / f"{stream.name}.json").read_bytes())
    assert set(REFERENCE[stream.name].split()) <= set(schema["properties"])


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_a_stream_has_a_schema_that_describes_every_property(stream: type[CopperStream]) -> None:
    file = files("tap_copper") / "schemas" / f"{stream.name}.json"
    assert file.is_file(), f"add tap_copper/schemas/{stream.name}.json"
    schema = json.loads(file.read_bytes())
    assert schema["title"] == stream.name
    assert schema["additionalProperties"] is True
    assert all(each.get("description") for each in schema["properties"].values())
    assert set(stream.primary_keys) <= set(schema["properties"])
    if stream.replication_key:
        assert schema["properties"][stream.replication_key]["format"] == "date-time"


def test_every_schema_belongs_to_a_stream() -> None:
    files_there = {file.name for file in (files("tap_copper") / "schemas").iterdir() if file.name.endswith(".json")}
    assert files_there == {f"{stream.name}.json" for stream in (*STREAMS, DeletedRecordsStream)}


def test_discovery_without_credentials_gives_the_documented_streams() -> None:
    catalog = TapCopper(config={}, setup_mapper=False).catalog_dict
    found = {
        entry["tap_stream_id"]: (list(entry["key_properties"]), entry.get("replication_key"))
        for entry in catalog["streams"]
    }
    assert {name: found.get(name) for name in DOCUMENTED} == DOCUMENTED


@pytest.mark.parametrize("stream", [name for name in DOCUMENTED if name != "tags"])
def test_every_record_of_a_stream_is_emitted_once(account: Emulator, stream: str) -> None:
    emitted = run(account, stream).records(stream)
    expected = account.copper.records(OBJECTS.get(stream, stream))
    assert sorted(record["id"] for record in emitted) == sorted(record["id"] for record in expected)


def test_every_tag_that_a_record_bears_is_emitted_once(account: Emulator) -> None:
    borne = [
        name
        for kind in ("people", "companies", "leads", "opportunities", "projects", "tasks")
        for record in account.copper.records(kind)
        for name in record["tags"]
    ]
    emitted = [tag["name"] for tag in run(account, "tags").records("tags")]
    assert sorted(emitted) == sorted(set(borne))


@pytest.mark.parametrize("stream", ["companies", "leads", "opportunities", "people", "projects", "tasks"])
def test_nothing_that_copper_sends_is_dropped(account: Emulator, stream: str) -> None:
    kept = {record["id"]: record for record in run(account, stream).records(stream)}
    for sent in account.copper.records(stream):
        for name, value in sent.items():
            is_moment = isinstance(value, int) and (name.endswith(("_date", "_at")) or name.startswith("date_"))
            is_amount = name == "converted_value" and value is not None
            assert kept[sent["id"]][name] == (moment(value) if is_moment else float(value) if is_amount else value)


def test_a_property_that_no_schema_knows_passes_through(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    emulator.copper.insert("people", {"name": "Ann Lee", "title": "CTO"})
    schema = json.loads((files("tap_copper") / "schemas" / "people.json").read_bytes())
    del schema["properties"]["title"]
    monkeypatch.setattr("tap_copper.client._schema", lambda _name: schema)
    assert TapCopper(config=settings_of(emulator)).streams["people"].schema["properties"].get("title") is None
    assert run(emulator).records("people")[0]["title"] == "CTO"


def test_activity_types_are_told_apart_by_category(account: Emulator) -> None:
    keys = [(each["category"], each["id"]) for each in run(account, "activity_types").records("activity_types")]
    assert len(keys) == len(set(keys))
    assert {category for category, _ in keys} == {"user", "system"}
    kinds = ("user_activity_types", "system_activity_types")
    assert len(keys) == sum(len(account.copper.records(kind)) for kind in kinds)


def test_types_of_activities_that_the_account_has_made_and_its_webhooks_come_whole(emulator: Emulator) -> None:
    for number in range(3):
        emulator.copper.insert("custom_activity_types", {"name": f"Visit {number}"})
        target = f"https://example.com/{number}"
        emulator.copper.insert("webhooks", {"target": target, "type": "lead", "event": "new"})
    output = run(emulator, "custom_activity_types", "webhooks")
    for stream in ("custom_activity_types", "webhooks"):
        expected = {record["id"]: record for record in emulator.copper.records(stream)}
        assert {record["id"] for record in output.records(stream)} == set(expected)
        name = "target" if stream == "webhooks" else "name"
        assert all(record[name] == expected[record["id"]][name] for record in output.records(stream))


def test_what_a_webhook_holds_in_secret_is_not_selected_by_default(emulator: Emulator) -> None:
    webhook = {"target": "https://example.com/x", "type": "lead", "event": "new", "secret": {"secret": "s3cret"}}
    emulator.copper.insert("webhooks", webhook)
    output = run(emulator)
    assert len(output.records("webhooks")) == 1
    assert "s3cret" not in str(output.messages)


@pytest.mark.parametrize("names_it", [False, True])
def test_nor_by_a_catalog_that_does_not_ask_for_it(emulator: Emulator, *, names_it: bool) -> None:
    webhook = {"target": "https://example.com/x", "type": "lead", "event": "new", "secret": {"secret": "s3cret"}}
    emulator.copper.insert("webhooks", webhook)
    metadata = [{"breadcrumb": [], "metadata": {"selected": True}}]
    if names_it:
        metadata.append({"breadcrumb": ["properties", "secret"], "metadata": {"selected": True}})
    catalog = {"streams": [{"tap_stream_id": "webhooks", "metadata": metadata}]}
    (record,) = run(emulator, catalog=catalog).records("webhooks")
    assert record["target"] == "https://example.com/x"
    assert "headers" not in record
    assert ("secret" in record) == names_it


def test_a_stream_that_copper_does_not_offer_is_skipped_while_it_has_no_bookmark(emulator: Emulator) -> None:
    emulator.copper.switches.leads_enabled = False
    output = run(emulator, "leads", "people", "lead_statuses")
    assert output.error is None
    assert output.records("leads") == []


def test_a_stream_that_copper_no_longer_offers_fails_after_the_others_have_run(emulator: Emulator) -> None:
    emulator.copper.insert("people", {"name": "Ann Lee"})
    emulator.copper.switches.leads_enabled = False
    state = {
        "bookmarks": {"leads": {"replication_key": "date_modified", "replication_key_value": "2026-01-01T00:00:00Z"}}
    }
    output = run(emulator, "leads", "people", state=state)
    assert "leads: The account does not have this feature" in str(output.error)
    assert len(output.records("people")) == 1
    assert output.bookmark("leads") == "2026-01-01T00:00:00Z"


def test_an_access_token_reads_as_well_as_a_key(account: Emulator) -> None:
    given = {"api_key": None, "user_email": None, "access_token": account.copper.access_token}
    assert len(run(account, "people", **given).records("people")) == 250
