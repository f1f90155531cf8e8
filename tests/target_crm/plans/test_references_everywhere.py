"""References within a plan, in every CRM and at declared endpoints: real ids stand where the plan made some up."""

from __future__ import annotations

import pytest

from target_crm.plans.plan_file import read_plan
from tests.target_crm.messages import record_of, schema_of

ACCOUNT = {"stream": "accounts", "source_id": "account"}
PERSON = {"stream": "people", "source_id": "person"}


def copper(emulator):
    vendor = emulator.copper
    settings = {"base_url": vendor.base_url, "api_key": vendor.api_key, "user_email": vendor.user_email}
    streams = {
        "accounts": {"object": "companies"},
        "people": {"references": {"company_id": ACCOUNT}},
        "deals": {
            "object": "opportunities",
            "references": {"primary_contact_id": PERSON, "company_id": ACCOUNT},
            "missing_reference": "link_later",
        },
    }
    messages = [
        schema_of("deals", "name", "account", "person"),
        record_of("deals", id=1, name="Big", account="A", person=7),
        schema_of("people", "name", "email", "account"),
        record_of("people", id=7, name="Bo Li", email="bo@x.org", account="A"),
        schema_of("accounts", "name"),
        record_of("accounts", id="A", name="Acme"),
    ]
    return settings | {"streams": streams, "crm": "copper"}, messages


def freshsales(emulator):
    vendor = emulator.freshsales
    settings = {"base_url": vendor.base_url, "api_key": vendor.api_key, "requests_per_hour": 0, "user_email": None}
    streams = {
        "people": {
            "object": "contacts",
            "references": {"sales_accounts": ACCOUNT},
            "missing_reference": "link_later",
        },
        "deals": {
            "match_on": ["cf_external_ref"],
            "references": {"sales_account_id": ACCOUNT, "contacts_added_list": PERSON},
        },
        "notes": {"references": {"targetable": PERSON}},
    }
    messages = [
        schema_of("people", "last_name", "email", "account"),
        record_of("people", id=7, last_name="Li", email="bo@x.org", account="A"),
        schema_of("notes", "description", "person"),
        record_of("notes", id=1, description="Talked", person=7),
        schema_of("deals", "name", "amount", "account", "person", "cf_external_ref"),
        record_of("deals", id=1, name="Big", amount=3, account="A", person=7, cf_external_ref="E"),
        schema_of("accounts", "name"),
        record_of("accounts", id="A", name="Acme"),
    ]
    return settings | {"streams": streams, "crm": "freshsales"}, messages


def apptivo(emulator):
    firm = emulator.apptivo
    settings = {"base_url": firm.base_url, "api_key": firm.api_key, "access_key": firm.access_key, "user_email": None}
    streams = {
        "accounts": {"object": "customers"},
        "people": {"object": "contacts", "references": {"accountId": ACCOUNT}},
        "cases": {"references": {"caseCustomerId": ACCOUNT}},
    }
    messages = [
        schema_of("cases", "subject", "account"),
        record_of("cases", id=1, subject="It broke", account="A"),
        schema_of("people", "first", "last", "mail", "account"),
        record_of("people", id=7, first="Bo", last="Li", mail="bo@x.org", account="A"),
        schema_of("accounts", "name"),
        record_of("accounts", id="A", name="Acme"),
    ]
    maps = {"people": {"firstName": "first", "lastName": "last", "email": "mail"}}
    return settings | {"streams": streams, "stream_maps": maps, "crm": "apptivo"}, messages


def http(emulator):
    api = emulator.anything
    settings = {"base_url": api.base_url, "api_key": None, "user_email": None}
    streams = {
        "people": {"endpoint": {"path": "/people", "answer": {"id": "$.id"}}},
        "links": {
            "endpoint": {"path": "/people/{person_id}/related", "attributes": ["title", "person_id"]},
            "references": {"person_id": PERSON},
        },
    }
    messages = [
        schema_of("links", "person", "title"),
        record_of("links", id=1, person="ann", title="T"),
        schema_of("people", "name"),
        record_of("people", id="ann", name="Ann"),
    ]
    return settings | {"streams": streams, "crm": "http"}, messages


OTHERS = {"A": "B", "Acme": "Byte", "ann": "bob", "Ann": "Bob"}


def moved(messages):
    """Return the messages with new records in place of those that the others refer to."""
    return [
        message
        if message["type"] == "SCHEMA"
        else message | {"record": {name: OTHERS.get(value, value) for name, value in message["record"].items()}}
        for message in messages
    ]


@pytest.mark.daily(one_of=2)
@pytest.mark.parametrize("vendor", [copper, freshsales, apptivo, http])
def test_a_plan_of_records_that_refer_to_each_other_is_carried_out_like_a_run(vendor, emulator, run, plan, apply):
    config, messages = vendor(emulator)
    for given in (messages, moved(messages)):
        path = plan(*given, **config)
        lines = read_plan(path).lines
        assert any(line.waits_on for line in lines)
        done = apply(path, **config)
        assert done.code == 0, done.errors
        assert f"Done of the plan's {len(lines)} lines: {len(lines)}." in done.errors
        again = run(given, **config).report["streams"]
        assert all(counts["unchanged"] == counts["input"] for counts in again.values()), again
        assert apply(path, **config).code == 2
