"""How many requests a run costs: an hour has a thousand of them."""

from __future__ import annotations

from tests.target_crm.messages import record_of, schema_of, state_of

CONTACTS = schema_of("contacts", "first_name", "last_name", "email", "job_title", "tags", "account")
START = {"GET /selector/owners": 1}


def contact(number, **more):
    person = {"id": number, "first_name": "Ann", "last_name": f"N{number}", "email": f"p{number}@example.org"}
    return record_of("contacts", **person | more)


def test_a_thousand_new_contacts_cost_ten_jobs_their_polls_and_about_ten_pages(run, vendor, asked):
    done = run([CONTACTS, *map(contact, range(1000)), state_of(1000)])
    assert done.code == 0, done.errors
    assert done.of("contacts") == {"input": 1000, "created": 1000}
    assert vendor.count("contacts") == 1000
    assert done.states == [{"position": 1000}]
    counts = asked()
    pages = counts.pop("GET /contacts/view/{view_id}")
    assert 10 <= pages <= 20, "several calls at once share the pages that they read"
    assert counts == START | {
        "POST /contacts/bulk_upsert": 10,
        "GET /job_statuses/{id}": 20,
        "GET /contacts/filters": 1,
    }


def test_what_has_not_changed_costs_nothing(run, asked):
    messages = [CONTACTS, *map(contact, range(250))]
    run(messages)
    asked()
    done = run(messages)
    assert done.of("contacts") == {"input": 250, "unchanged": 250}
    assert asked() == START


def test_changes_are_sent_a_hundred_a_request(run, vendor, asked):
    run([CONTACTS, *map(contact, range(250))])
    asked()
    done = run([CONTACTS, *(contact(number, job_title="Boss") for number in range(250))])
    assert done.of("contacts") == {"input": 250, "updated": 250}
    counts = asked()
    assert counts["POST /contacts/bulk_upsert"] == 3
    assert sum(counts.values()) <= 1 + 3 + 6 + 4, counts
    assert {each["job_title"] for each in vendor.records("contacts")} == {"Boss"}
