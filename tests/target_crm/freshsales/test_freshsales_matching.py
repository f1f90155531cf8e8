"""By what records are found, and what becomes of those that several match."""

from __future__ import annotations

import pytest

from tests.target_crm.messages import record_of, schema_of

CONTACTS = schema_of("contacts", "last_name", "emails", "external_id", "mobile", "job_title")
OLD = {"created_at": "2026-01-01T00:00:00+00:00"}


def contact(number, **more):
    return record_of("contacts", **{"id": number, "last_name": f"N{number}"} | more)


def addresses(vendor):
    return {each["last_name"]: [email["value"] for email in each["emails"]] for each in vendor.records("contacts")}


def test_a_contact_with_several_addresses_keeps_them_all_and_is_found_by_any(run, vendor):
    vendor.insert("contacts", {"last_name": "There", "emails": ["first@x.org", "second@x.org"]} | OLD)
    both = contact(1, emails=["New@x.org", "Other@x.org"])
    one = contact(2, emails="SECOND@x.org, third@x.org", last_name="There")
    done = run([CONTACTS, both, one])
    assert done.code == 0, done.errors
    assert done.of("contacts") == {"input": 2, "created": 1, "updated": 1}
    assert addresses(vendor) == {
        "N1": ["New@x.org", "Other@x.org"],
        "There": ["first@x.org", "second@x.org", "third@x.org"],
    }


def test_addresses_of_two_contacts_are_ambiguous(run, vendor, asked):
    for name in ("a", "b"):
        vendor.insert("contacts", {"last_name": name, "emails": f"{name}@x.org"})
    done = run([CONTACTS, contact(1, emails=["a@x.org", "b@x.org"])])
    assert done.report["reasons"]["contacts"] == {"rejected: ambiguous": 1}
    assert not {name for name in asked() if name.startswith(("PUT", "POST /contacts"))}


def test_match_keys_are_tried_in_order(run, vendor):
    vendor.insert("contacts", {"last_name": "By id", "external_id": "X-1"} | OLD)
    vendor.insert("contacts", {"last_name": "By mail", "emails": "m@x.org"} | OLD)
    streams = {"contacts": {"match_on": ["emails", "external_id"], "fields": {"last_name": "create_only"}}}
    rows = [
        contact(1, emails="m@x.org", external_id="X-9", job_title="a"),
        contact(2, emails="new@x.org", external_id="X-1", job_title="b"),
        contact(3, emails="third@x.org", external_id="X-3", job_title="c"),
    ]
    done = run([CONTACTS, *rows], streams=streams)
    assert done.code == 0, done.errors
    assert done.of("contacts") == {"input": 3, "created": 1, "updated": 2}
    titles = {each["last_name"]: each["job_title"] for each in vendor.records("contacts")}
    assert titles == {"By mail": "a", "By id": "b", "N3": "c"}


def test_an_external_id_is_upserted_by(run, vendor, asked):
    vendor.insert("contacts", {"last_name": "There", "external_id": "X-1"} | OLD)
    rows = [contact(n, external_id=f"X-{n}", emails=f"p{n}@x.org") for n in range(5)]
    done = run([CONTACTS, *rows], streams={"contacts": {"match_on": ["external_id"]}})
    assert done.code == 0, done.errors
    assert done.of("contacts") == {"input": 5, "created": 4, "updated": 1}
    assert asked()["POST /contacts/bulk_upsert"] == 2  # the addresses are added to those that are there
    assert addresses(vendor) == {f"N{n}": [f"p{n}@x.org"] for n in range(5)}


def test_the_ledger_knows_a_contact_whose_address_changes_and_the_old_one_is_free_for_another(run, vendor):
    run([CONTACTS, contact(1, emails="one@x.org")])
    done = run([CONTACTS, contact(1, emails="new@x.org", job_title="a"), contact(2, emails="two@x.org")])
    assert done.of("contacts") == {"input": 2, "created": 1, "updated": 1}
    assert addresses(vendor) == {"N1": ["one@x.org", "new@x.org"], "N2": ["two@x.org"]}


def test_two_records_with_one_address_become_one_contact(run, vendor):
    done = run([CONTACTS, contact(1, emails="a@x.org"), contact(2, emails="A@x.org"), contact(3, emails="b@x.org")])
    assert done.of("contacts") == {"input": 3, "created": 2, "updated": 1}
    assert [each["last_name"] for each in vendor.records("contacts")] == ["N2", "N3"]


def test_accounts_keep_the_spelling_of_their_name_and_are_found_whatever_its_letters(run, vendor):
    vendor.insert("sales_accounts", {"name": "ACME  Inc"} | OLD)
    accounts = schema_of("accounts", "name", "city")
    rows = [record_of("accounts", id=n, name=name, city="Bonn") for n, name in enumerate(["Acme  inc", "BYTE gmbh"])]
    done = run([accounts, *rows])
    assert done.code == 0, done.errors
    assert done.of("accounts") == {"input": 2, "created": 1, "updated": 1}
    assert sorted(each["name"] for each in vendor.records("sales_accounts")) == ["Acme  inc", "BYTE gmbh"]
    found = run([accounts, record_of("accounts", id=9, name="byte GMBH")], load_method="match", source_name="another")
    assert found.of("accounts") == {"input": 1, "unchanged": 1}


@pytest.mark.parametrize("count", [1, 5])
def test_where_an_address_is_required_new_contacts_are_made_with_it(run, vendor, count):
    vendor.switches.contact_requires = "email"
    vendor.insert("contacts", {"last_name": "There", "external_id": "X-0", "emails": "theirs@x.org"} | OLD)
    rows = [contact(n, external_id=f"X-{n}", emails=f"p{n}@x.org") for n in range(count + 1)]
    rows.append(contact(9, external_id="X-9"))
    done = run([CONTACTS, *rows], streams={"contacts": {"match_on": ["external_id"]}})
    assert done.of("contacts") == {"input": count + 2, "created": count, "updated": 1, "rejected": 1}
    assert addresses(vendor) == {"N0": ["theirs@x.org", "p0@x.org"]} | {
        f"N{n}": [f"p{n}@x.org"] for n in range(1, count + 1)
    }


@pytest.mark.parametrize("count", [1, 3])
def test_nulls_that_are_to_be_sent_empty_what_an_upsert_finds(run, vendor, count):
    vendor.define_field("contacts", "Hobby")
    account = vendor.insert("sales_accounts", {"name": "Acme"})["id"]
    typed = {"city": "Ulm", "tags": ["old"], "custom_field": {"cf_hobby": "Chess"}, "sales_accounts": [{"id": account}]}
    for number in range(count):
        vendor.insert("contacts", {"last_name": "There", "emails": f"p{number}@x.org", **typed, **OLD})
    emptied = {"city": None, "tags": None, "cf_hobby": "", "sales_account_id": None}
    names = ("last_name", "email", *emptied)
    records = [record_of("contacts", id=n, last_name="L", email=f"p{n}@x.org", **emptied) for n in range(count + 1)]
    lists = {"tags": "replace", "sales_accounts": "replace"}
    streams = {"contacts": {"null_values": "send", "fields": lists}}
    done = run([schema_of("contacts", *names), *records], streams=streams)
    assert done.code == 0, done.errors
    assert done.of("contacts") == {"input": count + 1, "created": 1, "updated": count}
    for held in vendor.records("contacts"):
        assert (held["last_name"], held["city"], held["tags"], held["sales_accounts"]) == ("L", None, [], [])
        assert held["custom_field"]["cf_hobby"] is None
    left = {"contacts": {"null_values": "leave_out"}}
    vendor.change("contacts", vendor.records("contacts")[0]["id"], {"city": "Bonn"})
    assert run([schema_of("contacts", *names), *records], streams=left, source_name="another").code == 0
    assert vendor.records("contacts")[0]["city"] == "Bonn"


@pytest.mark.parametrize("count", [1, 3])
def test_a_null_takes_nothing_from_a_list_that_is_added_to(run, vendor, count):
    for number in range(count):
        vendor.insert("contacts", {"last_name": "There", "emails": f"p{number}@x.org", "tags": ["typed"], **OLD})
    schema = schema_of("contacts", "last_name", "email", "tags")
    streams = {"contacts": {"null_values": "send"}}
    for tags in (None, ["ours"], None):
        rows = [record_of("contacts", id=n, last_name="L", email=f"p{n}@x.org", tags=tags) for n in range(count)]
        done = run([schema, *rows], streams=streams)
        assert done.code == 0, done.errors
    assert done.report["became_null"] == {"contacts": {"tags": count}}
    assert done.report["fields_cleared"] == {}
    assert all(held["tags"] == ["typed", "ours"] for held in vendor.records("contacts"))


@pytest.mark.parametrize("status", [200, 201])
def test_an_upsert_is_a_create_if_it_creates_whatever_its_status(run, vendor, status):
    vendor.switches.create_status = status
    vendor.insert("contacts", {"last_name": "Old", "emails": "p2@x.org"} | OLD)
    done = run([CONTACTS, contact(1, emails="p1@x.org")])
    assert done.of("contacts") == {"input": 1, "created": 1}
    done = run([CONTACTS, contact(2, emails="p2@x.org")])
    assert done.of("contacts") == {"input": 1, "updated": 1}
