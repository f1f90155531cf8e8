"""singer-io's tap-copper 0.1.2 and airbyte-source-copper 0.3.16 read the emulated Copper."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crm_emulator import Emulator

pytestmark = pytest.mark.peer

COPPER = "https://api.copper.com/developer_api/v1"
SIZES = {
    "people": 430,
    "companies": 60,
    "leads": 30,
    "opportunities": 40,
    "projects": 10,
    "tasks": 20,
    "activities": 90,
}
# singer-io's streams, and the objects that they hold; it searches /pipeline_stages/search too, which does not exist.
STREAMS = {
    "account": "account",
    "activities_search": "activities",
    "companies": "companies",
    "contact_types": "contact_types",
    "custom_field_definitions": "custom_field_definitions",
    "customer_sources": "customer_sources",
    "lead_statuses": "lead_statuses",
    "leads": "leads",
    "loss_reasons": "loss_reasons",
    "opportunities": "opportunities",
    "people": "people",
    "pipelines": "pipelines",
    "projects": "projects",
    "tasks": "tasks",
    "users": "users",
}


@pytest.fixture
def emulator():
    with Emulator(sizes={"copper": SIZES}, quota=True) as running:
        running.copper.switches.query_paging = True  # both rely on it for some of their streams
        yield running


def ids(emulator, object_name: str) -> set[int]:
    return {record["id"] for record in emulator.copper.records(object_name)}


# singer-io


@pytest.fixture
def tap(peer, emulator):
    return peer("tap-copper", {COPPER: emulator.copper.base_url})


def settings(emulator, **more: str) -> dict[str, str]:
    keys = {"api_key": emulator.copper.api_key, "user_email": emulator.copper.user_email}
    return {**keys, "start_date": "2000-01-01T00:00:00Z", **more}


def catalog(tap, config: str, *streams: str) -> str:
    """Return the catalog that it discovers, with these streams selected."""
    found = tap.run("tap-copper", "--config", config, "--discover")
    assert found.returncode == 0, found.stderr
    discovered = json.loads(found.stdout)
    for stream in discovered["streams"]:
        for each in stream["metadata"]:
            if not each["breadcrumb"]:
                each["metadata"]["selected"] = stream["stream"] in streams
    return tap.file("catalog.json", discovered)


def test_singer_ios_tap_reads_every_stream_into_its_own_schemas(emulator, tap, messages):
    config = tap.file("config.json", settings(emulator))
    done = tap.run("tap-copper", "--config", config, "--catalog", catalog(tap, config, *STREAMS, "tags"))
    assert done.returncode == 0, done.stderr
    read: dict[str, set[Any]] = {}
    for message in messages(done.stdout, "RECORD"):
        read.setdefault(message["stream"], set()).add(message["record"].get("id", message["record"].get("name")))
    assert {stream: read[stream] for stream in STREAMS} == {
        stream: ids(emulator, object_name) for stream, object_name in STREAMS.items()
    }
    assert (
        read["tags"] == {tag for person in emulator.copper.records("people") for tag in person["tags"]} | read["tags"]
    )
    assert emulator.journal.count("POST", "/people/search", 200) > 5  # it pages through them
    assert emulator.journal.count(status=422) == emulator.journal.count(status=429) == 0


def test_singer_ios_tap_meets_the_401_that_it_is_known_for(emulator, tap):
    config = tap.file("config.json", settings(emulator))
    done = tap.run("tap-copper", "--config", config, "--catalog", catalog(tap, config, "pipeline_stages"))
    assert done.returncode == 1
    assert "pipeline_stages: unauthorized to access 'pipeline_stages/search' (HTTP 401)" in done.stderr


def test_singer_ios_tap_understands_trouble_and_goes_on(emulator, tap, messages):
    config = tap.file("config.json", settings(emulator))
    people = catalog(tap, config, "people")
    steps = ["ok", "error:status=429,retry_after=2", "ok", "reset", "ok", "error:status=503", "error:status=500"]
    emulator.script("POST /people/search", steps)
    done = tap.run("tap-copper", "--config", config, "--catalog", people)
    assert done.returncode == 0, done.stderr
    assert {message["record"]["id"] for message in messages(done.stdout, "RECORD")} == ids(emulator, "people")


def test_singer_ios_tap_understands_that_its_key_is_wrong(emulator, tap):
    config = tap.file("config.json", settings(emulator))
    people = catalog(tap, config, "people")
    wrong = tap.file("wrong.json", settings(emulator, api_key="wrong"))
    done = tap.run("tap-copper", "--config", wrong, "--catalog", people)
    assert done.returncode == 1
    assert "401" in done.stderr


def test_singer_ios_tap_reads_only_the_first_hundred_of_what_it_does_not_page(peer, messages):
    with Emulator(sizes={"copper": {"companies": 230}}) as emulator:
        emulator.copper.switches.query_paging = True
        tap = peer("tap-copper", {COPPER: emulator.copper.base_url})
        config = tap.file("config.json", settings(emulator))
        done = tap.run("tap-copper", "--config", config, "--catalog", catalog(tap, config, "companies"))
        assert len({message["record"]["id"] for message in messages(done.stdout, "RECORD")}) == 100


# Airbyte


@pytest.fixture
def source(peer, emulator):
    return peer("airbyte-source-copper", {COPPER: emulator.copper.base_url}, DATACLASSES_OF_3_10="1")


def test_airbytes_source_reads_every_record_as_it_is(emulator, source, messages):
    config = source.file("config.json", settings(emulator))
    found = source.run("source-copper", "discover", "--config", config)
    streams = messages(found.stdout, "CATALOG")[0]["catalog"]["streams"]
    modes = {"sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
    chosen = source.file("catalog.json", {"streams": [{"stream": stream, **modes} for stream in streams]})
    done = source.run("source-copper", "read", "--config", config, "--catalog", chosen)
    assert done.returncode == 0, done.stderr
    read: dict[str, dict[int, Any]] = {}
    for message in messages(done.stdout, "RECORD"):
        record = message["record"]
        read.setdefault(record["stream"], {})[record["data"]["id"]] = record["data"]
    assert read == {
        name: {record["id"]: record for record in emulator.copper.records(name)}
        for name in ("people", "projects", "companies", "opportunities")
    }


def test_airbytes_source_checks_the_key(emulator, source, messages):
    def status(**more: str) -> str:
        config = source.file("config.json", settings(emulator, **more))
        answer = messages(source.run("source-copper", "check", "--config", config).stdout, "CONNECTION_STATUS")
        return str(answer[0]["connectionStatus"]["status"])

    assert status() == "SUCCEEDED"
    assert status(api_key="wrong") == "FAILED"
