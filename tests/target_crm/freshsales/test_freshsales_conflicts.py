"""Conflicts after a bulk call, whose answer shows no record: what Freshsales spells anew is nobody's edit."""

from __future__ import annotations

import pytest

from tests.target_crm.messages import record_of, schema_of

CONTACTS = schema_of("contacts", "last_name", "email", "job_title", "tags")
NUMBERS = range(5)
STREAMS = {policy: {"contacts": {"conflicts": policy}} for policy in ("source", "crm", "review")}


def contacts(title, **more):
    return [
        CONTACTS,
        *(
            record_of("contacts", id=n, last_name=f"N{n}", email=f"p{n}@x.org", job_title=f"{title} {n} ", **more)
            for n in NUMBERS
        ),
    ]


def titles(vendor):
    return sorted(each["job_title"] for each in vendor.records("contacts"))


@pytest.mark.parametrize("policy", ["crm", "review"])
def test_a_value_that_freshsales_spells_anew_is_no_conflict(run, vendor, policy):
    vendor.switches.text_ends = "trim"
    for title in ("one", "two", "three", "four"):
        done = run(contacts(title), streams=STREAMS[policy])
        assert (done.code, done.report["conflicts"]) == (0, {}), done.errors
    assert titles(vendor) == [f"four {n}" for n in NUMBERS]


@pytest.mark.parametrize("policy", ["crm", "review"])
def test_what_a_person_types_after_a_bulk_call_stays(run, vendor, policy):
    vendor.switches.text_ends = "trim"
    run(contacts("one"), streams=STREAMS[policy])
    run(contacts("two"), streams=STREAMS[policy])
    first = min(vendor.records("contacts"), key=lambda each: each["last_name"])
    vendor.change("contacts", first["id"], {"job_title": "typed"})
    run(contacts("three"), streams=STREAMS[policy])
    assert titles(vendor) == sorted(["typed", *(f"three {n}" for n in NUMBERS[1:])])


@pytest.mark.parametrize(("policy", "views"), [("source", 0), ("crm", 1)])
def test_what_a_bulk_call_left_costs_a_page_where_edits_are_protected(run, asked, policy, views):
    run(contacts("one"), streams=STREAMS[policy])
    asked()
    assert run(contacts("two"), streams=STREAMS[policy]).of("contacts") == {"input": 5, "updated": 5}
    assert asked().get("GET /contacts/view/{view_id}", 0) == views
