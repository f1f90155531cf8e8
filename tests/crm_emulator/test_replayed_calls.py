"""Calls of clients that no registry of Python or Node serves, as their code and recordings have them, are understood.

Each test names whose calls they are and where they stand. Only the shapes are theirs: the values are invented.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from crm_emulator import Emulator

LEAD = {"lastName": "Rivera", "firstName": "Ada", "companyName": "Widgets"}


@pytest.fixture(scope="module")
def emulator():
    sizes = {"copper": {"leads": 5, "people": 12, "activities": 15}, "apptivo": {"customers": 120}}
    with Emulator(empty=True, sizes=sizes) as running:
        yield running


class Asking:
    """An account at its base URL, with what signs in."""

    def __init__(self, url: str, headers: dict[str, str] | None = None, keys: dict[str, str] | None = None) -> None:
        self.url, self.headers, self.keys = url, headers, keys or {}

    def __call__(self, method: str, path: str, body: Any = None, form: Any = None, **query: Any) -> Any:
        """Return what the answer holds, which must be a success."""
        parameters = {name: each if isinstance(each, str) else json.dumps(each) for name, each in query.items()}
        answer = requests.request(
            method,
            self.url + path,
            params={**parameters, **self.keys},
            json=body,
            data=form,
            headers=self.headers,
            timeout=120,
        )
        assert answer.ok, answer.text
        assert not isinstance(answer.json(), dict) or answer.json().get("status") != "FAILURE", answer.text
        return answer.json()


# Copper


def test_the_recorded_searches_of_copper_sdk_find_what_they_found(emulator):
    """ClaimerApp/copper-sdk, the cassettes of its tests (June 2019)."""
    names = ("X-PW-AccessToken", "X-PW-Application", "X-PW-UserEmail")
    values = (emulator.copper.api_key, "developer_api", emulator.copper.user_email)
    ask = Asking(emulator.copper.base_url, dict(zip(names, values, strict=True)))
    page = {"page_number": 1, "page_size": 2, "sort_by": "name", "sort_direction": "asc"}
    empty = {"name": "", "phone_number": "", "emails": "", "assignee_ids": [], "status_ids": []}
    leads = ask("POST", "/leads/search", {**page, **empty})
    assert len(leads) == 2
    assert isinstance(ask("POST", f"/leads/{leads[0]['id']}/activities", {}), list)
    assert len(ask("POST", "/people/search", {"page_size": 10})) == 10
    activities = ask("POST", "/activities/search", {"page_number": 1, "page_size": 10, "full_result": False})
    assert [each["activity_date"] for each in activities] == sorted(
        (each["activity_date"] for each in activities), reverse=True
    )


# Freshsales


def suite(emulator) -> Asking:
    return Asking(emulator.freshsales.base_url, {"Authorization": f"Token token={emulator.freshsales.api_key}"})


def test_the_calls_of_rudderstacks_transformer_lead_from_an_event_to_its_activity(emulator):
    """rudderlabs/rudder-transformer, src/v0/destinations/freshsales (August 2022)."""
    ask = suite(emulator)
    email = {"emails": "ada@b.example"}
    contact = ask("POST", "/contacts/upsert", {"unique_identifier": email, "contact": {**email, "first_name": "Ada"}})
    name = {"name": "Widgets"}
    account = ask("POST", "/sales_accounts/upsert", {"unique_identifier": name, "sales_account": name})
    accounts = {"sales_accounts": [{"id": account["sales_account"]["id"], "is_primary": False}]}
    ask("POST", "/contacts/upsert", {"unique_identifier": email, "contact": {**email, **accounts}})
    again = ask("POST", "/contacts/upsert", {"unique_identifier": email, "contact": email}, include="sales_accounts")
    assert again["contact"]["id"] == contact["contact"]["id"]
    assert [each["name"] for each in again["contact"]["sales_accounts"]] == ["Widgets"]
    kind = ask("GET", "/selector/sales_activity_types")["sales_activity_types"][0]
    owner = ask("GET", "/selector/owners")["users"][0]
    activity = {
        "sales_activity_type_id": kind["id"],
        "title": "Product viewed",
        "start_date": "2021-05-04T17:00:00+05:30",
        "end_date": "2022-05-04T17:00:00+05:30",
        "owner_id": owner["id"],
        "targetable_type": "Contact",
        "targetable_id": contact["contact"]["id"],
    }
    assert ask("POST", "/sales_activities", {"sales_activity": activity})["sales_activity"]["title"] == "Product viewed"


def test_the_calls_of_a_go_client_make_find_and_annotate_a_lead(emulator):
    """gomodules/freshsales-client-go, lib.go (2021), of a Classic account."""
    vendor = emulator.freshsales_classic
    ask = Asking(vendor.base_url, {"Authorization": f"Token token={vendor.api_key}", "Accept": "application/json"})
    lead = ask("POST", "/leads", {"lead": {"last_name": "Adeyemi", "email": "g@b.example"}})["lead"]
    assert ask("GET", f"/leads/{lead['id']}")["lead"] == lead
    changed = ask("PUT", f"/leads/{lead['id']}", {"lead": {**lead, "city": "Graz"}})["lead"]  # the whole lead
    assert changed["city"] == "Graz"
    found = ask("GET", "/search", q="Adeyemi", include="lead")
    assert [each["id"] for each in found] == [str(lead["id"])]
    looked_up = ask("GET", "/lookup", q="g@b.example", f="email", entities="lead")
    assert [each["id"] for each in looked_up["leads"]["leads"]] == [lead["id"]]
    note = {"description": "hi", "targetable_type": "Lead", "targetable_id": lead["id"]}
    assert ask("POST", "/notes", {"note": note})["note"]["description"] == "hi"


# Apptivo


def firm(emulator) -> Asking:
    keys = {"apiKey": emulator.apptivo.api_key, "accessKey": emulator.apptivo.access_key}
    return Asking(emulator.apptivo.base_url, keys=keys)


def test_the_calls_of_apptivos_own_library_work_with_everything_in_the_url(emulator):
    """Apptivo/phplibv6, inc/class.apptivo.php."""
    ask = firm(emulator)
    root = Asking(emulator.apptivo.base_url.removesuffix("/app/dao/v6"), keys=ask.keys)
    assert "leadSources" in ask("GET", "/leads", a="getConfigData", objectId="4")
    lead = ask("GET", "/leads", a="save", leadData=LEAD)["lead"]
    one = {"leadId": str(lead["leadId"])}
    changed = {"leadData": json.dumps({"leadId": lead["leadId"], "jobTitle": "CEO"})}
    ask("POST", "/leads", form=changed, a="update", attributeName=["jobTitle"], **one)
    assert ask("GET", "/leads", a="getById", **one)["jobTitle"] == "CEO"
    customer = ask("GET", "/customers", a="save", customerData={"customerName": "Widgets Graz"})["customer"]
    by_text = ask("GET", "/customers", a="getAllBySearchText", searchText="Widgets Graz")
    by_name = ask("GET", "/customers", a="getAllByAdvancedSearch", searchData={"customerName": "Widgets Graz"})
    assert {each["customerId"] for each in (*by_text["data"], *by_name["data"])} == {customer["customerId"]}
    assert ask("GET", "/customers", a="getCustomerContacts", customerId=str(customer["customerId"]))["data"] == []
    view = root(
        "GET",
        "/app/dao/v5/appsettings",
        a="getAllByCustomView",
        objectId="3",
        viewCode="x",
        startIndex="0",
        numRecords="5",
    )
    assert len(view["data"]) == 5
    note = {"noteText": "hi", "objectId": 3, "objectRefId": customer["customerId"], "associations": []}
    assert "noteId" in root("GET", "/app/dao/note", a="createNote", noteDetails=note)


def test_the_calls_of_an_integrators_library_send_whole_records_and_their_lists(emulator):
    """Todd-Miner/apptivo-php-mt, src/ObjectCrud.php and SearchUtils.php."""
    ask = firm(emulator)
    made = {"contactData": json.dumps({"firstName": "Ada", "lastName": "Rivera"})}
    contact = ask("POST", "/contacts", form=made, a="save", objectId="2", appId="2")["contact"]
    whole = ask("GET", "/contacts", a="getById", contactId=str(contact["contactId"]))
    changed = {"contactData": json.dumps({**whole, "jobTitle": "CEO"})}
    flags = {"attributeNames": ["jobTitle"], "attributeIds": [], "isCustomAttributesUpdate": ""}
    ask("POST", "/contacts", form=changed, a="update", objectId="2", contactId=whole["id"], **flags)
    assert ask("GET", "/contacts", a="getById", contactId=whole["id"])["jobTitle"] == "CEO"
    employees = ask("GET", "/employees", a="getAllBySearchText", searchText="Ada Lovelace")["data"]
    assert "Ada Lovelace" in {each["fullName"] for each in employees}


def test_the_pages_that_airbytes_connector_reads_hold_every_customer_once(emulator):
    """airbytehq/airbyte, source-apptivo/manifest.yaml, tested by its authors against a real firm."""
    ask = firm(emulator)
    first = ask("GET", "/customers", a="getAll", numRecords="100")["data"]
    second = ask("GET", "/customers", a="getAll", startIndex="100", numRecords="100")["data"]
    found = [each["customerId"] for each in (*first, *second)]
    assert len(first) == 100
    assert sorted(found) == sorted(set(found)) == [each["customerId"] for each in emulator.apptivo.records("customers")]
    assert "statuses" in ask("GET", "/cases", a="getConfigData")
