"""Accounts, e-mails, tags and a deal's contacts are added to those that are there; references fill them."""

from __future__ import annotations

import pytest

from tests.target_crm.messages import record_of, schema_of

ACCOUNTS = schema_of("companies", "name")
CONTACTS = schema_of("contacts", "last_name", "email", "account", "tags", "job_title")
STREAMS = {"contacts": {"references": {"sales_accounts": {"stream": "companies", "source_id": "account"}}}}


def company(number):
    return record_of("companies", id=number, name=f"Company {number}")


def contact(number, account, **more):
    person = {"id": number, "last_name": f"N{number}", "email": f"p{number}@example.org", "account": account}
    return record_of("contacts", **person | more)


def accounts_of(vendor):
    names = {each["id"]: each["name"] for each in vendor.records("sales_accounts")}
    return {
        person["last_name"]: [(names[each["id"]], each["is_primary"]) for each in person["sales_accounts"]]
        for person in vendor.records("contacts")
    }


@pytest.mark.parametrize("count", [1, 250])
def test_contacts_belong_to_the_account_that_their_source_names(run, vendor, asked, count):
    done = run(
        [ACCOUNTS, *map(company, range(5)), CONTACTS, *(contact(n, n % 5) for n in range(count))], streams=STREAMS
    )
    assert done.code == 0, done.errors
    assert done.of("contacts") == {"input": count, "created": count}
    assert accounts_of(vendor) == {f"N{n}": [(f"Company {n % 5}", True)] for n in range(count)}
    assert sum(asked().values()) < 45


@pytest.mark.parametrize("count", [1, 30])
@pytest.mark.parametrize("known", [True, False])
def test_the_accounts_that_people_gave_a_contact_stay_and_the_first_stays_primary(run, vendor, count, known):
    """Whether the ledger knows the contacts, or Freshsales alone does."""
    theirs = vendor.insert("sales_accounts", {"name": "Theirs"})["id"]
    if known:
        assert run([CONTACTS, *(contact(n, None) for n in range(count))], streams=STREAMS).code == 0
    for number in range(count):
        attributes = {"last_name": f"N{number}", "emails": [f"p{number}@example.org", f"second{number}@example.org"]}
        if known:
            (there,) = [each for each in vendor.records("contacts") if each["last_name"] == f"N{number}"]
            vendor.change("contacts", there["id"], {"sales_accounts": [{"id": theirs}], "tags": ["vip"]})
        else:
            old = {"created_at": "2026-01-01T00:00:00+00:00", "sales_accounts": [{"id": theirs}], "tags": ["vip"]}
            vendor.insert("contacts", attributes | old)
    messages = [ACCOUNTS, company(1), CONTACTS, *(contact(n, 1, tags=["new"], job_title="Boss") for n in range(count))]
    done = run(messages, streams=STREAMS)
    assert done.code == 0, done.errors
    assert done.of("contacts") == {"input": count, "updated": count}
    assert accounts_of(vendor) == {f"N{n}": [("Theirs", True), ("Company 1", False)] for n in range(count)}
    assert {tuple(each["tags"]) for each in vendor.records("contacts")} == {("vip", "new")}
    assert {each["job_title"] for each in vendor.records("contacts")} == {"Boss"}
    assert {len(each["emails"]) for each in vendor.records("contacts")} == {1 if known else 2}


@pytest.mark.parametrize("kept", ["merge", "replace"])
@pytest.mark.parametrize("count", [1, 3])
def test_a_new_address_is_added_whatever_freshsales_makes_of_those_sent(run, vendor, kept, count):
    vendor.switches.emails_on_write = kept
    assert run([CONTACTS, *(contact(n, None) for n in range(count))]).code == 0
    for each in vendor.records("contacts"):
        vendor.change(
            "contacts", each["id"], {"emails": [*each["emails"], {"value": f"typed{each['id']}@example.org"}]}
        )
    changed = [contact(n, None, email=f"new{n}@example.org", job_title="Boss") for n in range(count)]
    done = run([CONTACTS, *changed])
    assert done.code == 0, done.errors
    assert done.of("contacts") == {"input": count, "updated": count}
    for each in vendor.records("contacts"):
        addresses = [email["value"] for email in each["emails"]]
        number = each["last_name"][1:]
        assert addresses == [f"p{number}@example.org", f"typed{each['id']}@example.org", f"new{number}@example.org"]


def test_tags_can_be_replaced_and_fields_protected(run, vendor):
    vendor.insert("contacts", {"last_name": "Old", "emails": "p1@example.org", "tags": ["vip"], "job_title": "Typed"})
    rules = {"contacts": {"fields": {"tags": "replace", "job_title": "fill_empty", "last_name": "create_only"}}}
    done = run(
        [CONTACTS, contact(1, None, tags=["new"], job_title="Boss"), contact(2, None, tags=["new"])], streams=rules
    )
    assert done.code == 0, done.errors
    assert done.of("contacts") == {"input": 2, "created": 1, "updated": 1}
    held = [(each["last_name"], each["tags"], each["job_title"]) for each in vendor.records("contacts")]
    assert held == [("Old", ["new"], "Typed"), ("N2", ["new"], None)]


def test_a_company_by_its_name_is_made_where_it_is_new(run, vendor):
    vendor.insert("sales_accounts", {"name": "Acme"})
    people = schema_of("contacts", "last_name", "email", "company")
    records = [
        record_of("contacts", id=n, last_name=f"N{n}", email=f"p{n}@x.org", company=name)
        for n, name in enumerate(["Acme", "Byte", "Byte"])
    ]
    assert run([people, *records]).code == 0
    assert accounts_of(vendor) == {"N0": [("Acme", True)], "N1": [("Byte", True)], "N2": [("Byte", True)]}
    assert vendor.count("sales_accounts") == 2
    again = run([people, *records], compare_with="crm", source_name="another")
    assert again.of("contacts") == {"input": 3, "unchanged": 3}


def test_a_deals_contacts_are_added(run, vendor):
    theirs = vendor.insert("contacts", {"last_name": "Theirs"})["id"]
    streams = {
        "deals": {"references": {"contacts_added_list": {"object": "contacts", "match": {"email": "buyer"}}}},
    }
    people = [record_of("contacts", id=n, last_name=f"N{n}", email=f"p{n}@x.org") for n in range(2)]
    schema = schema_of("contacts", "last_name", "email")
    deals = schema_of("deals", "name", "amount", "buyer")
    assert run([schema, *people]).code == 0
    done = run([deals, record_of("deals", id=1, name="D", amount=1, buyer="p0@x.org")], streams=streams)
    assert done.code == 0, done.errors
    (deal,) = vendor.records("deals")
    vendor.change("deals", deal["id"], {"contacts_added_list": [theirs]})
    changed = run([deals, record_of("deals", id=1, name="D", amount=2, buyer="p1@x.org")], streams=streams)
    assert changed.of("deals") == {"input": 1, "updated": 1}
    names = {each["id"]: each["last_name"] for each in vendor.records("contacts")}
    assert sorted(names[each] for each in vendor.records("deals")[0]["contact_ids"]) == ["N0", "N1", "Theirs"]


def test_notes_are_about_the_record_that_a_reference_finds(run, vendor):
    streams = {"notes": {"references": {"targetable": {"stream": "companies", "source_id": "of"}}}}
    notes = schema_of("notes", "description", "of")
    done = run([ACCOUNTS, company(1), notes, record_of("notes", id=1, description="Talked", of=1)], streams=streams)
    assert done.code == 0, done.errors
    (account,) = vendor.records("sales_accounts")
    assert vendor.records("notes")[0]["targetables"] == [{"id": account["id"], "type": "SalesAccount"}]


@pytest.mark.parametrize("count", [1, 4])
def test_a_contact_written_before_its_account_is_linked_when_that_comes(run, vendor, count):
    theirs = vendor.insert("sales_accounts", {"name": "Theirs"})["id"]
    streams = {"contacts": STREAMS["contacts"] | {"missing_reference": "link_later"}}
    first = run([CONTACTS, *(contact(n, 1) for n in range(count))], streams=streams)
    assert first.of("contacts") == {"input": count, "created": count}
    for each in vendor.records("contacts"):
        vendor.change("contacts", each["id"], {"sales_accounts": [{"id": theirs}]})
    done = run([CONTACTS, ACCOUNTS, company(1)], streams=streams)
    assert done.code == 0, done.errors
    assert accounts_of(vendor) == {f"N{n}": [("Theirs", True), ("Company 1", False)] for n in range(count)}
