"""A write whose answer was lost is found, sent again where that is safe, or rejected as in doubt: never doubled."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from tests.commands import run_command

LOST = pytest.mark.parametrize("trouble", ["lost", "error_after:status=500", "cut", "reset", "error:status=503"])
KEYED = {"path": "/people", "idempotency_header": "Idempotency-Key"}
FOUND = {
    "create": {"path": "/people", "answer": {"id": "$.id"}},
    "find": {"path": "/people", "query": {"email": "{email}"}, "answer": {"items": "$.data", "id": "$.id"}},
    "update": {"method": "PUT", "path": "/people/{crm_id}"},
}


def people(count):
    return [{"id": n, "name": f"P{n}", "email": f"p{n}@example.org"} for n in range(count)]


def names(api):
    return sorted(record["body"]["name"] for record in api.records("records"))


def every_third(emulator, trouble, route="POST /people"):
    emulator.trouble(f"{trouble}{',' if ':' in trouble else ':'}route={route},every=3")


@LOST
def test_with_an_idempotency_header_each_is_there_once(send, api, emulator, trouble):
    every_third(emulator, trouble)
    done = send(people(20), KEYED)
    assert done.code == 0, done.errors
    assert done.of("links") == {"input": 20, "created": 20}
    assert names(api) == sorted(f"P{n}" for n in range(20))


@LOST
def test_with_a_find_endpoint_each_is_there_once(send, api, emulator, trouble):
    every_third(emulator, trouble)
    done = send(people(20), streams={"links": {"endpoints": FOUND}})
    assert done.code == 0, done.errors
    assert done.of("links") == {"input": 20, "created": 20}
    assert names(api) == sorted(f"P{n}" for n in range(20))


@pytest.mark.parametrize("trouble", ["lost", "error_after:status=500", "cut", "reset"])
def test_with_neither_it_is_rejected_as_in_doubt_and_not_sent_again(send, api, emulator, trouble):
    every_third(emulator, trouble)
    done = send(people(20), {"path": "/people"})
    assert done.code == 1
    assert done.report["reasons"]["links"] == {"rejected: in_doubt": 6}
    assert "idempotency_header or endpoints.find spares the doubt" in " ".join(done.errors.split())
    sent = len(api.received("POST"))
    emulator.no_trouble()
    again = send(people(20), {"path": "/people"})
    assert len(api.received("POST")) == sent
    assert again.of("links") == {"input": 26, "unchanged": 14, "superseded": 6, "rejected": 6}
    assert len(names(api)) == len(set(names(api)))


def test_a_put_is_simply_repeated(send, api, emulator):
    every_third(emulator, "lost", "PUT /people/*")
    done = send(people(9), {"method": "PUT", "path": "/people/{id}"})
    assert done.code == 0, done.errors
    assert names(api) == sorted(f"P{n}" for n in range(9))


def test_what_is_declared_repeatable_is_repeated(send, emulator):
    every_third(emulator, "error:status=500")
    done = send(people(9), {"path": "/people", "repeatable": True})
    assert done.of("links") == {"input": 9, "created": 9}


def test_an_update_that_cannot_be_repeated_is_in_doubt_until_the_record_changes(send, api, emulator):
    endpoint = {"path": "/people"}
    send(people(1), endpoint)
    emulator.trouble("lost:route=POST /people,times=1")
    changed = [{**people(1)[0], "name": "New"}]
    assert send(changed, endpoint).report["reasons"]["links"] == {"rejected: in_doubt": 1}
    assert send(changed, endpoint).report["reasons"]["links"] == {"rejected: in_doubt": 1}
    assert names(api) == ["New", "P0"]
    done = send([{**people(1)[0], "name": "Newer"}], endpoint)
    assert done.of("links")["updated"] == 1
    assert names(api) == ["New", "Newer", "P0"]


def test_the_same_content_sent_again_later_has_another_key(send, api):
    for name in ("A", "B", "A"):
        done = send([{"id": 1, "name": name}], KEYED)
        assert done.code == 0, done.errors
    assert [request["body"]["name"] for request in api.received("POST")] == ["A", "B", "A"]
    assert names(api) == ["A", "A", "B"]


def unanswered(send, emulator, endpoint, records, **config):
    """Leave writes without an answer, as an API that is down would."""
    emulator.trouble("lost:route=POST /people")
    send(records, endpoint, **config)
    emulator.no_trouble()


def days_pass(tmp_path, emulator, days):
    """Let intents become so old, and the API forget which keys it has seen."""
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as ledger, ledger:
        assert ledger.execute("update intents set sent_at = sent_at - ?", [days * 86400]).rowcount > 0
    emulator.anything.switches.idempotency_header = ""


@pytest.mark.parametrize("days", [1, 3, -1])  # or the clock was put back
def test_a_key_that_the_api_may_have_forgotten_is_not_trusted(send, api, emulator, tmp_path, days):
    unanswered(send, emulator, KEYED, people(2))
    sent = len(api.received("POST"))
    days_pass(tmp_path, emulator, days)
    done = send(people(2), KEYED)
    assert done.report["reasons"]["links"]["rejected: in_doubt"] == 2
    assert len(api.received("POST")) == sent
    assert names(api) == ["P0", "P1"]


def test_a_key_is_trusted_for_as_long_as_the_settings_say(send, api, emulator, tmp_path):
    endpoint = {**KEYED, "idempotency_seconds": 7 * 86400}
    unanswered(send, emulator, endpoint, people(2))
    sent = len(api.received("POST"))
    days_pass(tmp_path, emulator, 3)
    assert send(people(2), endpoint).code == 0
    assert len(api.received("POST")) == sent + 2


def test_a_create_whose_key_is_too_old_is_looked_for_where_there_is_a_find_endpoint(send, api, emulator, tmp_path):
    streams = {"links": {"endpoints": {**FOUND, "create": {**FOUND["create"], **KEYED}}}}
    unanswered(send, emulator, None, people(2), streams=streams)
    sent = len(api.received("POST"))
    days_pass(tmp_path, emulator, 3)
    assert send(people(2), streams=streams).code == 0
    assert len(api.received("POST")) == sent
    assert names(api) == ["P0", "P1"]


def test_an_update_whose_key_is_too_old_is_in_doubt_until_the_record_changes(send, api, emulator, tmp_path):
    send(people(1), KEYED)
    changed = [{**people(1)[0], "name": "New"}]
    unanswered(send, emulator, KEYED, changed)
    days_pass(tmp_path, emulator, 3)
    assert send(changed, KEYED).report["reasons"]["links"]["rejected: in_doubt"] > 0
    assert names(api) == ["New", "P0"]


def test_a_lost_ledger_repeats_the_first_key(send, api, tmp_path):
    send(people(3), KEYED)
    for file in tmp_path.glob("ledger.sqlite*"):
        file.unlink()
    assert send(people(3), KEYED).code == 0
    assert names(api) == ["P0", "P1", "P2"]


def test_an_endpoint_that_answers_nothing_any_more_stops_the_run(send, api, emulator):
    emulator.trouble("error:status=503,route=POST /people")
    done = send(people(500), {"path": "/people"}, max_concurrency=2)
    assert done.code == 4
    assert "gave no answer to 10 requests in a row" in done.errors
    assert len(api.received()) == 0
    assert len(emulator.requests) < 20
    emulator.no_trouble()
    assert send(people(500), {"path": "/people"}).of("links")["created"] >= 480


def test_the_operator_ends_a_doubt_with_import_or_forget(send, api, emulator, settings, tmp_path):
    emulator.trouble("lost:route=POST /people,times=1")
    emulator.script("POST /people", ["lost", "reset"])
    endpoint = {"path": "/people"}
    done = send(people(2), endpoint, max_concurrency=1)
    assert done.of("links") == {"input": 2, "rejected": 2}
    config = tmp_path / "config.json"
    config.write_text(json.dumps({**settings, "streams": {"links": {"endpoint": endpoint}}}))
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("source_id,crm_id\n0,0\n")
    for command in (["import", "--stream", "links", pairs], ["forget", "--stream", "links", "1"]):
        assert run_command("singer-crm", "ledger", *command, "--config", config).returncode == 0
    done = send(people(2), endpoint)
    assert done.of("links") == {"input": 2, "created": 1, "unchanged": 1}
    assert names(api) == ["P0", "P1"]
