"""Trouble of every kind at once, run after run: in the end one copy of each record, with everything it was given."""

from __future__ import annotations

import random

import pytest

from tests.target_crm.messages import record_of, schema_of, state_of

TROUBLE = ("lost", "error_after:status=502", "error:status=500", "error:status=429", "cut", "reset", "malformed")
STREAMS = {
    "contacts": {"references": {"sales_accounts": {"stream": "accounts", "source_id": "account"}}},
    "deals": {
        "match_on": ["cf_external_ref"],
        "references": {
            "sales_account_id": {"stream": "accounts", "source_id": "account"},
            "contacts_added_list": {"stream": "contacts", "source_id": "contact"},
        },
    },
    "notes": {"references": {"targetable": {"stream": "contacts", "source_id": "contact"}}},
}


def messages(count, version):
    yield schema_of("accounts", "name", "city")
    yield schema_of("contacts", "last_name", "email", "account", "tags", "job_title")
    yield schema_of("deals", "name", "amount", "account", "contact", "cf_external_ref")
    yield schema_of("notes", "description", "contact")
    for n in range(count):
        yield record_of("accounts", id=n, name=f"Account {n}", city=f"City {version}")
        email = f"p{n}@x.org" if n % 5 else None
        person = {"id": n, "last_name": f"N{n}", "email": email, "account": n, "tags": ["a", f"v{version}"]}
        yield record_of("contacts", **person, job_title=f"Title {version}")
        yield record_of("deals", id=n, name="Deal", amount=n + version, account=n, contact=n, cf_external_ref=f"E{n}")
        yield record_of("notes", id=n, description=f"Note {n}", contact=n)
        if n % 20 == 19:
            yield state_of(n)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_goes_wrong_each_record_is_there_once_with_its_links(run, vendor, emulator, seed):
    dice = random.Random(seed)
    print(f"seed {seed}")
    vendor.switches.emails_on_write = dice.choice(["merge", "replace"])
    vendor.switches.failure_report = dice.choice(["beside", "inside"])
    vendor.switches.retry_after = dice.random() < 0.5
    for version in (1, 2):
        for _ in range(6):
            emulator.no_trouble()
            for kind in dice.sample(TROUBLE, 4):
                emulator.trouble(f"{kind}{',' if ':' in kind else ':'}rate=0.06")
            # A run may end early, when every attempt of one request was unlucky: the next one goes on.
            if run(list(messages(60, version)), streams=STREAMS, max_attempts=5).code == 0:
                break
        emulator.no_trouble()
        done = run(list(messages(60, version)), streams=STREAMS)
        assert done.code == 0, done.errors
        assert done.report["closed"]
        assert [vendor.count(each) for each in ("sales_accounts", "contacts", "deals", "notes")] == [60] * 4
    accounts = {each["id"]: each["name"] for each in vendor.records("sales_accounts")}
    contacts = {each["id"]: each for each in vendor.records("contacts")}
    assert sorted(accounts.values()) == sorted(f"Account {n}" for n in range(60))
    for each in contacts.values():
        number = each["last_name"][1:]
        assert [accounts[link["id"]] for link in each["sales_accounts"]] == [f"Account {number}"]
        assert each["tags"] == ["a", "v1", "v2"]
        assert each["job_title"] == "Title 2"
    for each in vendor.records("deals"):
        number = each["custom_field"]["cf_external_ref"][1:]
        assert accounts[each["sales_account_id"]] == f"Account {number}"
        assert [contacts[link]["last_name"] for link in each["contact_ids"]] == [f"N{number}"]
        assert float(each["amount"]) == int(number) + 2
    for each in vendor.records("notes"):
        assert contacts[each["targetables"][0]["id"]]["last_name"] == f"N{each['description'].removeprefix('Note ')}"
