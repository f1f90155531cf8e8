"""Updates send what the source changed and nothing else: what people typed in the CRM meanwhile stays."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

from target_crm.cli.main import main
from tests.target_crm.messages import record_of, schema_of

PEOPLE = schema_of("people", "email", "title", "details", "city", "street", "tags", "name", "company")


def person(number=1, **more):
    return record_of("people", **{"id": number, "name": f"P{number}", "title": "A", "details": "one"} | more)


@pytest.fixture
def sent(emulator):
    """The bodies of updates since the last call, in order."""
    seen = [0]

    def sent():
        updates = [json.loads(each.body) for each in emulator.requests[seen[0] :] if each.method in {"PUT", "PATCH"}]
        seen[0] = len(emulator.requests)
        return updates

    return sent


def only(emulator, stream="people"):
    (found,) = emulator.copper.records(stream)
    return found


def edit(emulator, **change):
    emulator.copper.change("people", only(emulator)["id"], change)


def test_an_update_sends_what_the_source_changed_and_nothing_else(run, emulator, sent):
    run([PEOPLE, person()])
    edit(emulator, title="typed")
    done = run([PEOPLE, person(details="two")])
    assert done.of("people") == {"input": 1, "updated": 1}
    assert sent() == [{"details": "two"}]
    assert only(emulator)["title"] == "typed"


def test_what_is_missing_from_a_record_is_no_change_and_no_null(run, emulator, sent):
    run([PEOPLE, person()])
    edit(emulator, details="typed")
    record = person()
    del record["record"]["title"]
    assert run([PEOPLE, record]).of("people") == {"input": 1, "unchanged": 1}
    assert run([PEOPLE, person()]).of("people") == {"input": 1, "unchanged": 1}
    assert sent() == []
    assert (only(emulator)["title"], only(emulator)["details"]) == ("A", "typed")


def test_a_record_that_differs_in_what_no_digest_tells_is_sent_whole(run, sent):
    whole = {"streams": {"people": {"fields": {"tags": "replace"}}}}
    run([PEOPLE, person(tags=["a", "b"])], **whole)
    sent()
    run([PEOPLE, person(tags=["b", "a"], title="A")], **whole)
    assert sent() == [{"name": "P1", "title": "A", "details": "one", "tags": ["b", "a"]}]


def test_update_with_whole_sends_everything(run, emulator, sent):
    streams = {"people": {"update_with": "whole"}}
    run([PEOPLE, person()], streams=streams)
    edit(emulator, title="typed")
    run([PEOPLE, person(details="two")], streams=streams)
    assert sent() == [{"name": "P1", "title": "A", "details": "two"}]


def test_the_first_update_after_a_ledger_without_digests_is_whole_and_the_next_is_not(run, sent, tmp_path):
    run([PEOPLE, person()])
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as ledger, ledger:
        ledger.execute("DELETE FROM ledger_attribute_digests")
    run([PEOPLE, person(details="two")])
    run([PEOPLE, person(details="three")])
    assert sent() == [{"name": "P1", "title": "A", "details": "two"}, {"details": "three"}]


def test_a_compound_attribute_goes_whole_and_only_if_the_source_changed_it(run, emulator, sent):
    run([PEOPLE, person(street="Main 1", city="Bonn")])
    edit(emulator, address=only(emulator)["address"] | {"country": "DE"})
    run([PEOPLE, person(street="Main 1", city="Bonn", title="B")])
    run([PEOPLE, person(street="Main 2", city="Bonn", title="B")])
    first, second = sent()
    assert first == {"title": "B"}
    assert second["address"]["street"] == "Main 2"
    assert second["address"]["country"] == "DE"


@pytest.mark.parametrize(("null_values", "stays"), [("leave_out", True), ("send", False)])
def test_a_null_that_was_a_value_when_last_sent_is_told_and_sent_if_nulls_are(run, emulator, null_values, stays):
    streams = {"people": {"null_values": null_values}}
    run([PEOPLE, person()], streams=streams)
    done = run([PEOPLE, person(title=None, details="two")], streams=streams)
    assert done.report["became_null"] == {"people": {"title": 1}}
    assert "title became null at the source in 1 record" in done.errors
    assert only(emulator)["title"] == ("A" if stays else None)
    assert done.report["fields_cleared"] == ({} if stays else {"people": {"title": 1}})
    assert run([PEOPLE, person(title=None, details="two")], streams=streams).report["became_null"] == {}


@pytest.mark.parametrize("empty", [None, []])
def test_a_list_is_emptied_once_its_mode_is_replace_though_the_source_said_null_before(run, emulator, empty):
    adds, replaces = {"null_values": "send"}, {"null_values": "send", "fields": {"tags": "replace"}}
    run([PEOPLE, person(tags=["a"])], streams={"people": adds})
    done = run([PEOPLE, person(tags=empty)], streams={"people": adds})
    assert "would empty it; a list, in mode replace" in done.errors
    assert only(emulator)["tags"] == ["a"]
    done = run([PEOPLE, person(tags=empty)], streams={"people": replaces})
    assert done.of("people") == {"input": 1, "updated": 1}
    assert only(emulator)["tags"] == []
    edit(emulator, tags=["typed"])
    assert run([PEOPLE, person(tags=empty)], streams={"people": replaces}).of("people") == {"input": 1, "unchanged": 1}
    assert only(emulator)["tags"] == ["typed"]


def test_digests_follow_a_lost_answer(run, emulator):
    run([PEOPLE, person()])
    emulator.trouble("error_after:status=500,route=PUT /people/*,every=1")
    run([PEOPLE, person(title="B")])
    emulator.no_trouble()
    edit(emulator, details="typed")
    run([PEOPLE, person(title="C")])
    assert (only(emulator)["title"], only(emulator)["details"]) == ("C", "typed")


def test_a_ledger_that_forgets_a_record_forgets_its_digests(run, tmp_path, settings):
    run([PEOPLE, person(), person(2)])
    file = tmp_path / "config.json"
    file.write_text(json.dumps(settings))
    CliRunner().invoke(main, ["ledger", "forget", "--stream", "people", "1", "--config", str(file)])
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as ledger:
        assert ledger.execute("SELECT source_id FROM ledger_attribute_digests").fetchall() == [("2",)]


@pytest.mark.parametrize("policy", ["source", "crm", "review"])
@pytest.mark.parametrize("value", ["A", "B", "C"])
def test_a_write_of_ours_without_an_answer_is_nobodys_edit(run, emulator, policy, value):
    streams = {"people": {"conflicts": policy}}
    run([PEOPLE, person()], streams=streams)
    # The answer is lost, and so is what is asked about it: only the next run knows.
    emulator.trouble(
        "error_after:status=500,route=PUT /people/*,every=1", "error:status=500,route=GET /people/*,every=2"
    )
    run([PEOPLE, person(title="B")], streams=streams, max_attempts=1)
    assert only(emulator)["title"] == "B"
    emulator.no_trouble()
    assert run([PEOPLE, person(title=value)], streams=streams).code == 0
    assert only(emulator)["title"] == value


@pytest.mark.parametrize("policy", ["crm", "review"])
def test_policies_read_many_records_a_request(run, emulator, policy):
    streams = {"people": {"conflicts": policy}}
    people = [person(number) for number in range(50)]
    run([PEOPLE, *people], streams=streams)
    before = len(emulator.requests)
    done = run([PEOPLE, *(person(number, title="B") for number in range(50))], streams=streams)
    assert done.of("people") == {"input": 50, "updated": 50}
    reads = [
        each for each in emulator.requests[before:] if each.route.startswith(("POST /people/search", "/people/search"))
    ]
    assert len(emulator.requests) - before - 2 - 5 == len(reads) == 1


@pytest.mark.parametrize("edited", [True, False], ids=["edited", "left alone"])
def test_an_edit_before_a_lost_create_is_found_is_no_value_of_ours(run, emulator, edited):
    streams = {"people": {"conflicts": "crm", "fields": {"tags": "replace"}}}
    emulator.trouble(
        "error_after:status=500,route=POST /people,every=1", "error:status=500,route=POST /people/search,every=1"
    )
    run([PEOPLE, person(tags=["a"], street="Main 1")], streams=streams, max_attempts=1)
    emulator.no_trouble()
    if edited:
        edit(emulator, tags=["typed"], address=only(emulator)["address"] | {"street": "typed"})
    run([PEOPLE, person(tags=["a"], street="Main 1")], streams=streams)
    done = run([PEOPLE, person(tags=["b"], street="Main 2")], streams=streams)
    has = only(emulator)["tags"], only(emulator)["address"]["street"]
    assert has == ((["typed"], "typed") if edited else (["b"], "Main 2"))
    assert done.report["conflicts"] == ({"people": {"tags": 1, "address": 1}} if edited else {})


def test_a_null_that_takes_away_no_edit_is_not_told_to_need_a_setting_that_is_there(run, emulator):
    streams = {"people": {"null_values": "send", "conflicts": "crm"}}
    run([PEOPLE, person()], streams=streams)
    edit(emulator, title="typed")
    done = run([PEOPLE, person(title=None)], streams=streams)
    assert only(emulator)["title"] == "typed"
    assert "title became null at the source in 1 record; the CRM's value stays" in done.errors
    assert "null_values" not in done.errors


@pytest.mark.parametrize("policy", ["crm", "review"])
def test_a_lost_create_is_not_settled_by_an_upsert_over_an_edit(run, emulator, policy):
    streams = {"leads": {"conflicts": policy, "match_on": ["email"]}}
    leads = schema_of("leads", "name", "email", "title")
    lead = {"id": 1, "name": "L", "email": "l@x.org"}
    emulator.trouble(
        "error_after:status=500,route=POST /leads,every=1",
        "error:status=500,route=POST /leads/search,every=2",
        "error:status=500,route=PUT /leads/upsert,every=1",
    )
    run([leads, record_of("leads", **lead, title="A")], streams=streams, max_attempts=1)
    emulator.no_trouble()
    emulator.copper.change("leads", only(emulator, "leads")["id"], {"title": "typed"})
    for title in "AB":
        run([leads, record_of("leads", **lead, title=title)], streams=streams)
        assert only(emulator, "leads")["title"] == "typed"
