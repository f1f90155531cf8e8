"""A bulk job is followed to its end, whatever it says on the way, and each failed row is told of."""

from __future__ import annotations

import json

import pytest

from crm_api.freshsales.jobs import read_report
from tests.target_crm.messages import record_of, schema_of

CONTACTS = schema_of("contacts", "last_name", "email", "mobile", "job_title", "cf_customer_number")


def contact(number, **more):
    return record_of("contacts", **{"id": number, "last_name": f"N{number}", "email": f"p{number}@x.org"} | more)


@pytest.mark.parametrize("report", ["beside", "inside"])
def test_each_failed_row_is_rejected_with_its_own_reason_and_the_others_are_written(run, vendor, tmp_path, report):
    vendor.switches.failure_report = report
    vendor.insert("contacts", {"last_name": "There", "mobile_number": "0150"})
    path = tmp_path / "rejected.singer"
    bad = [contact(3, mobile="0150"), contact(4, email="nowhere")]
    done = run([CONTACTS, contact(1), *bad, contact(2)], rejected_path=str(path))
    assert done.code == 1
    assert done.of("contacts") == {"input": 4, "created": 2, "rejected": 2}
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    told = {line["record"]["id"]: line["rejected"]["reason"] for line in lines if line["type"] == "RECORD"}
    assert told == {3: "MobileNumber is not unique", 4: "Emails is invalid"}
    assert vendor.count("contacts") == 3


def test_a_changed_record_that_is_refused_is_rejected_alone(run, vendor):
    run([CONTACTS, *map(contact, range(3))])
    vendor.insert("contacts", {"last_name": "There", "mobile_number": "0150"})
    done = run([CONTACTS, *(contact(n, job_title="Boss", **({"mobile": "0150"} if n == 1 else {})) for n in range(3))])
    assert done.of("contacts") == {"input": 3, "updated": 2, "rejected": 1}
    assert "MobileNumber is not unique" in done.errors


def test_changed_records_that_freshsales_has_lost_are_made_again(run, vendor):
    run([CONTACTS, *map(contact, range(4))])
    lost = vendor.records("contacts")[1]
    vendor.delete("contacts", lost["id"])
    done = run([CONTACTS, *(contact(n, job_title="Boss") for n in range(4))])
    assert done.of("contacts") == {"input": 4, "updated": 3, "created": 1}
    assert vendor.count("contacts") == 4


def test_too_many_jobs_at_once_are_waited_for(run, vendor, asked):
    vendor.switches.concurrent_jobs = 1
    done = run([CONTACTS, *map(contact, range(500))])
    assert done.code == 0, done.errors
    assert done.of("contacts") == {"input": 500, "created": 500}
    assert asked()["POST /contacts/bulk_upsert"] >= 5


def test_a_job_that_takes_long_is_asked_less_and_less_often(run, vendor, clock, asked):
    vendor.switches.job_polls = 7
    began = clock()
    assert run([CONTACTS, *map(contact, range(20))]).code == 0
    assert asked()["GET /job_statuses/{id}"] == 8
    assert clock() - began > 60


def test_a_job_that_never_ends_is_in_doubt_and_the_next_run_leaves_one_copy(run, vendor):
    vendor.switches.job_polls = 10_000
    done = run([CONTACTS, *map(contact, range(3))])
    assert done.code == 1
    assert done.of("contacts") == {"input": 3, "rejected": 3}
    assert done.report["reasons"]["contacts"] == {"rejected: in_doubt": 3}
    vendor.switches.job_polls = 0
    again = run([CONTACTS, *map(contact, range(3))])
    assert again.code == 0, again.errors
    assert vendor.count("contacts") == 3


def test_what_an_unanswered_try_made_counts_as_created(run, vendor, emulator):
    vendor.insert("contacts", {"last_name": "There", "emails": "p1@x.org", "created_at": "2026-01-01T00:00:00+00:00"})
    emulator.trouble("cut:route=POST /contacts/bulk_upsert,times=1")
    vendor.switches.job_polls = 0
    emulator.between_requests(lambda _: emulator.clock.advance(5))
    done = run([CONTACTS, *map(contact, range(3))])
    assert done.code == 0, done.errors
    assert done.of("contacts") == {"input": 3, "created": 2, "updated": 1}
    assert vendor.count("contacts") == 3


def test_a_view_that_lags_costs_a_request_each_but_no_record(run, vendor):
    vendor.switches.index_delay_seconds = 3600
    done = run([CONTACTS, *map(contact, range(5))])
    assert done.code == 0, done.errors
    assert done.of("contacts") == {"input": 5, "created": 5}
    assert vendor.count("contacts") == 5
    changed = run([CONTACTS, *(contact(n, job_title="Boss", email=f"more{n}@x.org") for n in range(5))])
    assert changed.of("contacts") == {"input": 5, "updated": 5}
    assert {len(each["emails"]) for each in vendor.records("contacts")} == {2}


def test_a_unique_custom_field_is_what_records_are_upserted_by(run, vendor, asked):
    vendor.define_field("deals", "Order no", "text", unique=True)
    deals = schema_of("deals", "name", "amount", "cf_order_no")
    streams = {"deals": {"match_on": ["cf_order_no"]}}
    old = {"name": "Old", "amount": 1, "custom_field": {"cf_order_no": "A-7"}}
    vendor.insert("deals", old | {"created_at": "2026-01-01T00:00:00+00:00"})
    records = [record_of("deals", id=n, name=f"D{n}", amount=n, cf_order_no=f"A-{n}") for n in range(120)]
    done = run([deals, *records], streams=streams)
    assert done.code == 0, done.errors
    assert done.of("deals") == {"input": 120, "created": 119, "updated": 1}
    assert vendor.count("deals") == 120
    assert asked()["POST /deals/bulk_upsert"] == 2


def test_a_field_that_is_not_unique_after_all_is_told(run, vendor):
    vendor.define_field("deals", "Order no", "text")
    deals = schema_of("deals", "name", "amount", "cf_order_no")
    records = [record_of("deals", id=n, name=f"D{n}", amount=n, cf_order_no=f"A-{n}") for n in range(3)]
    done = run([deals, *records], streams={"deals": {"match_on": ["cf_order_no"]}})
    assert done.of("deals") == {"input": 3, "rejected": 3}
    assert "cf_order_no is not a unique identifier" in done.errors


def test_what_is_only_appended_is_never_upserted(run, vendor, asked):
    vendor.insert("contacts", {"last_name": "There", "emails": "p1@x.org"})
    done = run([CONTACTS, contact(1), contact(2)], load_method="append-only")
    assert done.of("contacts") == {"input": 2, "created": 1, "rejected": 1}
    assert "Email is not unique" in done.errors
    counts = asked()
    assert "POST /contacts/upsert" not in counts
    assert "POST /contacts/bulk_upsert" not in counts


@pytest.mark.classic
def test_leads_are_written_one_by_one_where_their_bulk_form_is_refused(run, vendor, emulator):
    emulator.trouble("error:status=422,route=POST /leads/bulk_upsert")
    leads = schema_of("leads", "last_name", "email")
    done = run([leads, *(record_of("leads", id=n, last_name=f"N{n}", email=f"p{n}@x.org") for n in range(5))])
    assert done.code == 0, done.errors
    assert done.of("leads") == {"input": 5, "created": 5}
    assert vendor.count("leads") == 5


ROWS = [{"emails": f"P{n}@x.org", "data": {}} for n in range(3)]


@pytest.mark.parametrize(
    "data",
    [
        {
            "record_status": {"succeeded": 2, "failed": 1},
            "detailed_failure_report": [{"emails": "p1@x.org", "message": "no"}],
        },
        {"record_status": {"succeeded": 2, "failed": 1, "detailed_failure_report": [{"row": 1, "errors": ["no"]}]}},
        {"record_status": {"failed": 1}, "detailed_failure_report": {"p1@x.org": "no"}},
        {
            "record_status": {"failed": 1},
            "detailed_failure_report": [{"record": {"emails": ["p1@x.org"]}, "error": "no"}],
        },
    ],
)
@pytest.mark.parametrize("as_text", [True, False])
def test_a_report_is_understood_in_many_forms(data, as_text):
    report = read_report({"status": "SUCCESS", "data": json.dumps(data) if as_text else data}, ROWS)
    assert {place: failure.reason for place, failure in report.failures.items()} == {1: "no"}
    assert report.complete


@pytest.mark.parametrize(
    "data",
    [
        None,
        "done",
        "{",
        {"record_status": {"succeeded": 1, "failed": 2}},
        {"record_status": {"succeeded": 2, "failed": 0}},
    ],
)
def test_a_report_that_does_not_tell_of_every_row_is_not_taken_for_success(data):
    assert not read_report({"status": "SUCCESS", "data": data}, ROWS).complete


def test_a_job_that_cannot_be_asked_any_more_is_in_doubt_and_its_rows_are_sent_again(run, vendor, emulator):
    emulator.trouble("error:status=404,times=1,route=GET /job_statuses/{id}")
    done = run([CONTACTS, *map(contact, range(3))])
    assert done.code == 0, done.errors
    assert done.of("contacts") == {"input": 3, "created": 3}
    assert vendor.count("contacts") == 3


@pytest.mark.parametrize("kind", ["views", "pages"])
def test_a_key_that_may_not_see_views_writes_all_the_same(run, vendor, kind):
    vendor.switches.forbidden = "GET /contacts/filters" if kind == "views" else "GET /contacts/view/*"
    done = run([CONTACTS, *map(contact, range(5))])
    assert done.code == 0, done.errors
    assert done.of("contacts") == {"input": 5, "created": 5}
    changed = run([CONTACTS, *(contact(n, job_title="Boss", email=f"more{n}@x.org") for n in range(5))])
    assert changed.code == 0, changed.errors
    assert changed.of("contacts") == {"input": 5, "updated": 5}
    assert {len(each["emails"]) for each in vendor.records("contacts")} == {2}
    gone = {"_sdc_deleted_at": "2026-01-01T00:00:00Z"}
    deleted = run([CONTACTS, *(contact(n, **gone) for n in range(5))], streams={"contacts": {"hard_delete": True}})
    assert deleted.of("contacts") == {"input": 5, "deleted": 5}
