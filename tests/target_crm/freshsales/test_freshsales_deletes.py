"""Deletes: a hundred a request into the recycle bin, or one by one for good."""

from __future__ import annotations

import pytest

from tests.target_crm.messages import record_of, schema_of

CONTACTS = schema_of("contacts", "last_name", "email", "_sdc_deleted_at")
STREAMS = {"contacts": {"hard_delete": True, "max_deletes": 1000}}


def contact(number, **more):
    return record_of("contacts", **{"id": number, "last_name": f"N{number}", "email": f"p{number}@x.org"} | more)


def gone(number):
    return contact(number, _sdc_deleted_at="2026-01-01T00:00:00Z")


def test_many_deletes_are_few_requests_and_fill_the_recycle_bin(run, vendor, asked):
    run([CONTACTS, *map(contact, range(260))])
    asked()
    done = run([CONTACTS, *map(gone, range(250))], streams=STREAMS)
    assert done.code == 0, done.errors
    assert done.of("contacts") == {"input": 250, "deleted": 250}
    assert vendor.count("contacts") == 10
    assert len(vendor.recycled("contacts")) == 250
    counts = asked()
    assert counts["POST /contacts/bulk_destroy"] == 3
    assert "DELETE /contacts/{id}" not in counts
    assert sum(counts.values()) < 20, counts


def test_few_deletes_go_one_by_one(run, vendor, asked):
    run([CONTACTS, *map(contact, range(4))])
    asked()
    done = run([CONTACTS, gone(1), gone(2)], streams=STREAMS)
    assert done.of("contacts") == {"input": 2, "deleted": 2}
    assert asked()["DELETE /contacts/{id}"] == 2
    assert len(vendor.recycled("contacts")) == 2


@pytest.mark.parametrize("status", [200, 204])
def test_a_delete_is_understood_whatever_it_is_answered(run, vendor, status):
    vendor.switches.delete_status = status
    run([CONTACTS, contact(1)])
    assert run([CONTACTS, gone(1)], streams=STREAMS).of("contacts") == {"input": 1, "deleted": 1}
    assert vendor.count("contacts") == 0


def test_what_is_to_be_forgotten_is_gone_for_good(run, vendor):
    run([CONTACTS, *map(contact, range(6))])
    streams = {"contacts": {"hard_delete": True, "forget": True}}
    done = run([CONTACTS, *map(gone, range(5))], streams=streams)
    assert done.of("contacts") == {"input": 5, "deleted": 5}
    assert vendor.count("contacts") == 1
    assert vendor.recycled("contacts") == []


def test_what_is_gone_already_counts_as_deleted_and_a_record_that_returns_is_made_again(run, vendor):
    run([CONTACTS, *map(contact, range(6))])
    for each in vendor.records("contacts")[:2]:
        vendor.delete("contacts", each["id"])
    done = run([CONTACTS, *map(gone, range(6))], streams=STREAMS)
    assert done.of("contacts") == {"input": 6, "deleted": 6}
    back = run([CONTACTS, contact(1)])
    assert back.of("contacts") == {"input": 1, "created": 1}


def test_what_bulk_destroy_leaves_is_deleted_one_by_one_and_refusals_are_told(run, vendor, emulator):
    run([CONTACTS, *map(contact, range(6))])
    emulator.trouble("error:status=422,route=POST /contacts/bulk_destroy")
    vendor.switches.forbidden = "DELETE /contacts/{id}"
    done = run([CONTACTS, *map(gone, range(6))], streams=STREAMS)
    assert done.of("contacts") == {"input": 6, "rejected": 6}
    assert "not authorised" in done.errors
    vendor.switches.forbidden = ""
    again = run([CONTACTS, *map(gone, range(6))], streams=STREAMS)
    assert again.code == 0, again.errors
    assert again.of("contacts")["deleted"] == 6


@pytest.mark.parametrize("stream", ["notes", "tasks", "products"])
def test_other_kinds_are_deleted_too(run, vendor, stream):
    about = vendor.insert("contacts", {"last_name": "About"})["id"]
    record = {
        "notes": {"description": "x", "targetable_type": "Contact", "targetable_id": about},
        "tasks": {"title": "x", "due_date": "2026-01-01"},
        "products": {"name": "x"},
    }[stream]
    schema = schema_of(stream, *record, "_sdc_deleted_at")
    run([schema, record_of(stream, id=1, **record)])
    deleted = record_of(stream, id=1, **record, _sdc_deleted_at="2026-01-01T00:00:00Z")
    done = run([schema, deleted], streams={stream: {"hard_delete": True}})
    assert done.code == 0, done.errors
    assert done.of(stream) == {"input": 1, "deleted": 1}
    assert vendor.count(stream) == 0


def test_a_dry_run_of_deletes_sends_none(run, vendor, asked):
    run([CONTACTS, *map(contact, range(6))])
    asked()
    done = run([CONTACTS, *map(gone, range(6))], streams=STREAMS, dry_run=True)
    assert "POST /contacts/bulk_destroy" in done.errors
    assert done.errors.count(": delete ") == 6
    assert vendor.count("contacts") == 6
    assert not {name for name in asked() if not name.startswith("GET")}


def test_a_mirror_deletes_what_its_source_no_longer_holds_and_leaves_what_people_made(run, vendor, asked):
    vendor.insert("contacts", {"last_name": "Typed", "emails": "typed@x.org"})
    mirror = {
        "load_method": "overwrite",
        "streams": {"contacts": {"complete": "end_of_input", "max_delete_fraction": 1}},
    }
    run([CONTACTS, *map(contact, range(30))], **mirror)
    asked()
    done = run([CONTACTS, *map(contact, range(10))], **mirror)
    assert done.code == 0, done.errors
    assert done.report["removed"] == {"contacts": 20}
    assert sorted(each["last_name"] for each in vendor.records("contacts")) == sorted(
        ["Typed", *(f"N{n}" for n in range(10))]
    )
    assert asked()["POST /contacts/bulk_destroy"] == 1
