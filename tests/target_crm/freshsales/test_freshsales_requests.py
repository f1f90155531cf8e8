"""How many requests a run costs: an hour has a thousand of them."""

from __future__ import annotations

import pytest

from tests.target_crm.messages import record_of, schema_of, state_of

CONTACTS = schema_of("contacts", "first_name", "last_name", "email", "job_title", "tags", "account")
START = {"GET /selector/owners": 1}


def contact(number, **more):
    person = {"id": number, "first_name": "Ann", "last_name": f"N{number}", "email": f"p{number}@example.org"}
    return record_of("contacts", **person | more)


# Several calls share the pages that each reads down to its own rows: the luckiest first, all ten; the unluckiest last.
@pytest.mark.parametrize(("at_once", "pages"), [(1, 10), (8, sum(range(1, 11)))])
def test_a_thousand_new_contacts_cost_ten_jobs_their_polls_and_the_pages_that_they_fill(
    run, vendor, asked, at_once, pages
):
    done = run([CONTACTS, *map(contact, range(1000)), state_of(1000)], max_concurrency=at_once)
    assert done.code == 0, done.errors
    assert done.of("contacts") == {"input": 1000, "created": 1000}
    assert vendor.count("contacts") == 1000
    assert done.states == [{"position": 1000}]
    counts = asked()
    assert counts.pop("GET /contacts/view/{view_id}") <= pages, counts
    polls = {"GET /job_statuses/{id}": 10 * 2}
    assert counts == START | polls | {"POST /contacts/bulk_upsert": 10, "GET /contacts/filters": 1}


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
    assert sum(counts.values()) <= 24, counts
    assert {each["job_title"] for each in vendor.records("contacts")} == {"Boss"}


def test_many_look_ups_share_a_request_and_whether_they_may_is_tried_once(run, asked):
    run([CONTACTS, *map(contact, range(300))])
    asked()
    done = run([CONTACTS, *map(contact, range(100, 500))], load_method="match", source_name="another")
    assert done.of("contacts") == {"input": 400, "unchanged": 200, "skipped": 200}
    counts = asked()
    assert counts.pop("GET /contacts/view/{view_id}") <= 5  # one to count, one to try with, or all of them
    assert counts == START | {"GET /contacts/filters": 1} | (
        {"POST /filtered_search/contact": 5} if "POST /filtered_search/contact" in counts else {}
    )


def test_where_a_filter_takes_no_list_each_value_is_looked_up(run, emulator, asked):
    run([CONTACTS, *map(contact, range(30))])
    emulator.trouble("error:status=422,route=POST /filtered_search/contact")
    asked()
    done = run([CONTACTS, *map(contact, range(25, 33))], load_method="match", source_name="another")
    assert done.of("contacts") == {"input": 8, "unchanged": 5, "skipped": 3}
    assert asked()["GET /lookup"] == 8


def test_many_records_are_read_in_pages_where_that_is_cheaper_than_one_by_one(run, asked):
    messages = [CONTACTS, *map(contact, range(250))]
    run(messages)
    asked()
    done = run(messages, compare_with="crm")
    assert done.of("contacts") == {"input": 250, "unchanged": 250}
    assert sum(asked().values()) <= 8


def test_a_second_source_matches_what_the_first_made_without_looking_for_it(run, vendor, asked):
    run([CONTACTS, *map(contact, range(150))])
    asked()
    done = run([CONTACTS, *(contact(n, job_title="Boss") for n in range(150))], source_name="another")
    assert done.of("contacts")["input"] == 150
    assert vendor.count("contacts") == 150
    assert not {name for name in asked() if "search" in name or "lookup" in name}
