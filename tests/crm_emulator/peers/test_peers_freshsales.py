"""python-freshworks-crm works in the emulated Suite account; tap-freshsales and freshsalessdk read the Classic one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from crm_emulator import Emulator

pytestmark = pytest.mark.peer

SESSION = Path(__file__).parent / "freshworks_session.py"
SUITE = "https://acme.myfreshworks.com/crm/sales/api"
CLASSIC = "https://acme.freshsales.io/api"


def test_python_freshworks_crm_can_do_all_that_it_offers(peer):
    with Emulator(empty=True) as emulator:
        library = peer("python-freshworks-crm", {SUITE: emulator.freshsales.base_url})
        domain = SUITE.removeprefix("https://").removesuffix("/api")
        done = library.run("python", str(SESSION), domain, emulator.freshsales.api_key)
        assert done.returncode == 0, done.stderr
        seen = json.loads(done.stdout)
        picklists = seen.pop("picklists")
        assert seen == {
            "accounts of the contact": ["Acme"],
            "contact updated": "CEO",
            "contact upserted": True,
            "contacts listed": ["Ada", "Twin"],
            "contact fields": ["first_name", "last_name"],
            "list filled": "1 contacts updated.",
            "list read": True,
            "list emptied": "Updating now... we'll let you know once this is done.",
            "lists": ["Fans"],
            "contacts found": True,
            "account upserted": "Linz",
            "deal": ["5600.0", ["new"]],
            "deal upserted": "7.0",
            "note": ["ho", True],
            "task due": "2099-06-21T11:00:00+00:00",
            "task with people": ["contacts", "task", "users"],
            "task list": ["users", "contacts", "tasks", "meta"],
            "task done": [1, True],
            "appointment": [1, "Meet again", True],
            "activity": ["2017-12-04T11:30:00+00:00", True],
            "price changed": [5],
            "prices deleted": [],
            "products of the deal": [2],
            "products changed": [4],
            "products cleared": [],
            "product restored": [True, "Widget"],
            "quote": [[4], ["Widget"], True],
            "gone": [True, True, True, True],
            "refused": [True, True, True],
        }
        assert len(picklists) == 18
        assert all(picklists.values())
        assert {request.status for request in emulator.requests} == {200, 201, 400, 401, 404}


# tap-freshsales calls sales_activities sale_activities in its records.
STREAMS = {
    "contacts": "contacts",
    "leads": "leads",
    "accounts": "sales_accounts",
    "deals": "deals",
    "tasks": "tasks",
    "appointments": "appointments",
    "sale_activities": "sales_activities",
}


def test_tap_freshsales_reads_every_stream_of_a_classic_account(peer, messages):
    sizes = {"contacts": 130, "leads": 20, "sales_accounts": 10, "deals": 8, "tasks": 12, "appointments": 6}
    with Emulator(empty=True, sizes={"freshsales_classic": {**sizes, "sales_activities": 4}}) as emulator:
        vendor = emulator.freshsales_classic
        tap = peer("tap-freshsales", {CLASSIC: vendor.base_url})
        settings = {"api_key": vendor.api_key, "domain": "acme", "start_date": "2000-01-01T00:00:00Z"}
        done = tap.run("tap-freshsales", "--config", tap.file("config.json", settings))
        assert done.returncode == 0, done.stderr
        read: dict[str, set[Any]] = {}
        for message in messages(done.stdout, "RECORD"):
            read.setdefault(message["stream"], set()).add(message["record"]["id"])
        assert read == {
            stream: {record["id"] for record in vendor.records(object_name)} for stream, object_name in STREAMS.items()
        }
        assert emulator.journal.count(status=200) == emulator.journal.total


def test_tap_freshsales_waits_as_long_as_a_429_tells_it_to(peer, messages):
    with Emulator(empty=True, sizes={"freshsales_classic": {"contacts": 3}}) as emulator:
        vendor = emulator.freshsales_classic
        emulator.script("GET /contacts/view/{view_id}", ["ok", "error:status=429,retry_after=7", "ok"])
        tap = peer("tap-freshsales", {CLASSIC: vendor.base_url})
        settings = {"api_key": vendor.api_key, "domain": "acme", "start_date": "2000-01-01T00:00:00Z"}
        done = tap.run("tap-freshsales", "--config", tap.file("config.json", settings))
        assert done.returncode == 0, done.stderr
        assert "Sleeping for 7 seconds" in done.stderr
        assert {message["record"]["id"] for message in messages(done.stdout, "RECORD")} == {
            record["id"] for record in vendor.records("contacts")
        }


def test_freshsalessdk_reads_a_classic_account_and_what_stands_beside_its_records(peer):
    sizes = {"contacts": 60, "sales_accounts": 30, "deals": 30, "appointments": 6}
    with Emulator(empty=True, sizes={"freshsales_classic": sizes}) as emulator:
        vendor = emulator.freshsales_classic
        vendor.switches.read_ids = "included"  # it looks for owners and stages by the ids in the record
        sdk = peer("freshsalessdk", {CLASSIC.removesuffix("/api"): vendor.base_url})  # it leaves /api out
        seen = sdk.session("freshsalessdk_session.py", "acme", vendor.api_key)
        for name, object_name in (("contacts", "contacts"), ("accounts", "sales_accounts"), ("deals", "deals")):
            assert seen.pop(name) == {
                "ids": sorted(record["id"] for record in vendor.records(object_name)),
                "owned": True,
                "newest first": True,
                "limited": 3,
                "alone": True,
            }
        assert seen == {"beside": [True, True, True], "of a contact": ["list", "list"], "stranger": 401}


def test_airbytes_source_reads_its_streams_of_a_suite_account(peer, messages):
    sizes = {"contacts": 130, "sales_accounts": 10, "deals": 8, "tasks": 12, "appointments": 6}
    with Emulator(empty=True, sizes={"freshsales": sizes}) as emulator:
        vendor = emulator.freshsales
        source = peer("airbyte-source-freshsales", {SUITE: vendor.base_url}, DATACLASSES_OF_3_10="1")
        settings = {"api_key": vendor.api_key, "domain_name": "acme.myfreshworks.com"}
        config = source.file("config.json", settings)
        found = source.run("source-freshsales", "discover", "--config", config)
        modes = {"sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
        streams = messages(found.stdout, "CATALOG")[0]["catalog"]["streams"]
        chosen = source.file("catalog.json", {"streams": [{"stream": stream, **modes} for stream in streams]})
        done = source.run("source-freshsales", "read", "--config", config, "--catalog", chosen)
        assert done.returncode == 0, done.stderr
        read: dict[str, set[Any]] = {}
        for message in messages(done.stdout, "RECORD"):
            read.setdefault(message["record"]["stream"], set()).add(message["record"]["data"]["id"])
        for stream, name in {"contacts": "contacts", "accounts": "sales_accounts", "open_deals": "deals"}.items():
            assert read[stream] == {record["id"] for record in vendor.records(name)}, stream
        assert len(read["open_tasks"] | read["completed_tasks"]) == sizes["tasks"]
        assert emulator.journal.count(status=200) == emulator.journal.total
