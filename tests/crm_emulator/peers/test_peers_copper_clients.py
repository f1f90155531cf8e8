"""prospyr, prosperworks, cuapi-wrapper and dc-copper-cli, which others wrote, work in the emulated Copper."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crm_emulator import Emulator

pytestmark = pytest.mark.peer

COPPER = "https://api.copper.com/developer_api/v1"
PROSPERWORKS = "https://api.prosperworks.com/developer_api/v1"
NOT_FOUND = 'HTTP 404: {"success":false,"status":404,"message":"Resource not found"}'


@pytest.fixture
def emulator():
    with Emulator(empty=True) as running:
        yield running


def keys(emulator) -> tuple[str, str]:
    return emulator.copper.user_email, emulator.copper.api_key


def test_prospyr_makes_changes_finds_and_deletes_each_object(emulator, peer):
    emails = [{"email": "kofi@b.example", "category": "work"}]
    emulator.copper.insert("people", {"name": "Kofi Mensah", "emails": emails})
    seen = peer("prospyr", {PROSPERWORKS: emulator.copper.base_url}).session("prospyr_session.py", *keys(emulator))
    lists = {name: [each["name"] for each in emulator.copper.records(name)] for name in ("pipelines", "loss_reasons")}
    settings = seen.pop("settings")
    assert (settings["Pipeline"], settings["LossReason"]) == (lists["pipelines"], lists["loss_reasons"])
    assert all(settings.values())
    assert seen == {
        "account": "Emulated Copper",
        "stages": [each["name"] for each in emulator.copper.records("pipelines")[0]["stages"]],
        "webhooks": [],
        "users listed": 'HTTP 404: {"error":"not_found"}',
        "company made": True,
        "company updated": True,
        "company read": "Makes them.",
        "person made": True,
        "person found": ["Kofi Mensah", "work", True],
        "person updated": True,
        "people": ["CEO"],
        "sorted": ["Widgets"],
        "lead made": [True, "New"],
        "opportunity made": [True, 5, "Ada Rivera"],
        "task made": [True, "Ada Rivera", "2096-10-02T07:06:40+00:00"],
        "activity made": [True, "Ada Rivera", "user"],
        "activities": ["Met her."],
        "gone": [True] * 6,
        "refused": [
            NOT_FOUND,
            "Invalid input: Validation errors: Name: can't be blank",
            "Invalid input: Validation errors: Emails: must be objects of email and category",
        ],
        "stranger": 'HTTP 401: {"success":false,"status":401,"message":"Authentication failed"}',
    }


def test_prosperworks_sends_back_whole_records_and_converts_a_lead(emulator, peer):
    library = peer("prosperworks", {PROSPERWORKS: emulator.copper.base_url})
    seen = library.session("prosperworks_session.py", *keys(emulator))
    assert min(seen.pop("settings").values()) > 0
    assert seen == {
        "account": "Emulated Copper",
        "of the person": ["Widgets", True],
        "by e-mail": True,
        "of the opportunity": "Ada Rivera",
        **{name: ["Changed.", ["Changed."]] for name in ("Company", "Person", "Opportunity", "Task", "Project")},
        "narrow": ["Widgets"],
        "gone": [True] * 4,
        "converted": ["Grace Adeyemi", True],
        "refused": [True] * 3,
        "stranger": True,
    }


def test_cuapi_wrapper_makes_a_table_of_companies_with_a_column_for_each_custom_field(peer):
    with Emulator(sizes={"copper": {"companies": 130}}) as emulator:
        emulator.copper.insert("companies", {"name": "Widgets", "address": {"city": "Graz", "state": "Styria"}})
        wrapper = peer("cuapi-wrapper", {COPPER: emulator.copper.base_url})
        assert wrapper.session("cuapi_session.py", *keys(emulator)) == {
            "companies": sorted(record["id"] for record in emulator.copper.records("companies")),
            "table": [True, True],
            "chosen": [True, True],
            "narrow": ["Widgets"],
        }


def test_dc_copper_cli_does_all_that_it_offers(emulator, peer):
    user_email, api_key = keys(emulator)
    command = peer("dc-copper-cli", {COPPER: emulator.copper.base_url}, COPPER_API_KEY=api_key, COPPER_EMAIL=user_email)

    def copper(*arguments: str) -> Any:
        done = command.run("copper", "--json", "--quiet", *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout or "null")

    assert copper("auth")["authenticated"] is True
    definition = copper("field", "list")[0]
    assert copper("field", "get", str(definition["id"])) == definition
    company = copper("company", "create", "--name", "Widgets")
    linked = ("--company", str(company["id"]), "--owner", str(emulator.copper.records("users")[0]["id"]))
    person = copper("person", "create", "--name", "Ada", "--email", "a@b.example", "--phone", "123", *linked)
    assert (person["company_name"], person["emails"][0]["email"]) == ("Widgets", "a@b.example")
    assert copper("lead", "create", "--name", "Grace", "--email", "g@b.example")["email"]["category"] == "work"
    assert copper("opportunity", "create", "--name", "Gold")["name"] == "Gold"
    assert copper("person", "update", str(person["id"]), "--name", "Bea")["name"] == "Bea"
    for number in range(4):
        emulator.copper.insert("people", {"name": f"Carl {number}"})
    listed = copper("person", "list", "--all", "--limit", "2", "--sort", "name", "--order", "asc")
    assert [each["name"] for each in listed] == ["Bea", "Carl 0", "Carl 1", "Carl 2", "Carl 3"]
    assert copper("person", "list", "--filter", "name=Bea") == [copper("person", "get", str(person["id"]))]
    copper("person", "delete", str(person["id"]), "--force")
    assert emulator.copper.get("people", person["id"]) is None
