"""A dry run into Freshsales writes nothing and says what the run that follows does."""

from __future__ import annotations

import json
import re

import pytest

from tests.target_crm.messages import record_of, schema_of

CONTACTS = schema_of("contacts", "last_name", "email", "job_title", "_sdc_deleted_at")
ID = re.compile(r"-\d+|\d{7,}")
LINE = re.compile(r"^(POST|PUT|DELETE) (/\S+?)(?:\?\S*)?(?: (.*))?$")
OLD = {"created_at": "2026-01-01T00:00:00+00:00"}


def contact(number, **more):
    return record_of("contacts", **{"id": number, "last_name": f"N{number}", "email": f"p{number}@x.org"} | more)


def plain(text):
    return json.dumps(json.loads(text), sort_keys=True) if text else ""


def foretold(errors):
    found = [LINE.match(line) for line in errors.splitlines()]
    return sorted(ID.sub("ID", f"{m[1]} {m[2]} {plain(m[3])}") for m in found if m)


def sent(emulator, since):
    writes = [each for each in emulator.requests[since:] if each.method != "GET" and "search" not in each.route]
    prefix = "/freshsales/crm/sales/api"
    return sorted(ID.sub("ID", f"{e.method} {e.path.removeprefix(prefix)} {plain(e.body)}") for e in writes)


def test_the_run_that_follows_sends_what_the_dry_run_into_freshsales_said(run, vendor, emulator):
    run([CONTACTS, *map(contact, range(10))])
    vendor.insert("contacts", {"last_name": "Theirs", "emails": "p20@x.org", "job_title": "Typed"} | OLD)
    messages = [
        CONTACTS,
        *(contact(n, job_title="Boss") for n in range(4)),
        *(contact(n, job_title="New") for n in range(20, 25)),
        *(contact(n, _sdc_deleted_at="2026-01-01T00:00:00Z") for n in range(5, 10)),
    ]
    before = sorted(each["id"] for each in vendor.records("contacts"))
    settings = {"streams": {"contacts": {"hard_delete": True}}}
    since = len(emulator.requests)
    rehearsal = run(messages, dry_run=True, **settings)
    assert rehearsal.code == 0, rehearsal.errors
    assert sorted(each["id"] for each in vendor.records("contacts")) == before
    assert sent(emulator, since) == []
    assert "contacts 21: create" in rehearsal.errors
    assert re.search(r'contacts 20: update \d+: .*job_title: "Typed" -> "New"', rehearsal.errors)
    since = len(emulator.requests)
    done = run(messages, **settings)
    assert done.code == 0, done.errors
    assert rehearsal.of("contacts") == done.of("contacts")
    assert done.of("contacts") == {"input": 14, "created": 4, "updated": 5, "deleted": 5}
    assert foretold(rehearsal.errors) == sent(emulator, since)


def test_a_dry_run_that_protects_edits_reads_nothing_that_the_run_does_not(run, asked):
    streams = {"contacts": {"conflicts": "crm"}}
    run([CONTACTS, *(contact(n, job_title="Boss") for n in range(15))], streams=streams)
    messages = [CONTACTS, *(contact(n, job_title="New") for n in range(30))]
    asked()
    rehearsal = run(messages, streams=streams, dry_run=True)
    foretold = asked()
    assert rehearsal.of("contacts") == run(messages, streams=streams).of("contacts")
    done = asked()
    assert {route: count for route, count in foretold.items() if count > done.get(route, 0)} == {}


@pytest.mark.long
def test_the_forecast_knows_the_hourly_quota(run):
    tasks = schema_of("tasks", "title", "due_date")
    records = [record_of("tasks", id=n, title=f"T{n}", due_date="2026-01-01") for n in range(2100)]
    streams = {"tasks": {"match_on": []}}
    done = run([tasks, *records], dry_run=True, streams=streams, requests_per_hour=None, requests_per_minute=None)
    assert done.report["dry_run"]["seconds"] == 2 * 3600
