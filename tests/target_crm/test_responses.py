"""Outcomes of records can be captured as Singer messages, or posted to a webhook."""

from __future__ import annotations

import json
import stat
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.target_crm.messages import record_of, schema_of, state_of

PEOPLE = schema_of("people", "email", "_sdc_deleted_at", name={"type": ["string", "null"]})


def person(number, **more):
    return record_of("people", **{"id": number, "name": f"P{number}", "email": f"p{number}@x.org"} | more)


MESSAGES = [PEOPLE, person(1), person(1, name="New"), person(2), person(3, name=None)]


@pytest.fixture
def hook():
    """A web server that takes what is posted; ``hook.broken`` makes it refuse."""
    posted = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posted.append((dict(self.headers), json.loads(body)))
            server.asked.add(self.path)
            status = 500 if server.broken and len(posted) <= server.recovers_after else 204
            server.taken.append((status, json.loads(body)))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.broken, server.posted, server.taken, server.recovers_after = False, posted, [], 10**9
    server.asked = set()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_every_record_has_its_line_with_the_new_id_and_the_answer(run, emulator, tmp_path):
    file = tmp_path / "responses.singer"
    run(MESSAGES, responses_path=str(file))
    schema, *records = map(json.loads, file.read_text().splitlines())
    assert schema["stream"] == "outcomes"
    outcomes = sorted((line["record"]["source_id"], line["record"]["outcome"]) for line in records)
    assert outcomes == [("1", "created"), ("1", "superseded"), ("2", "created"), ("3", "rejected")]
    ids = {found["id"] for found in emulator.copper.records("people")}
    created = [line["record"] for line in records if line["record"]["outcome"] == "created"]
    assert {record["crm_id"] for record in created} == ids
    assert all(record["answer"]["date_created"] for record in created)
    (rejected,) = [line["record"] for line in records if line["record"]["outcome"] == "rejected"]
    assert rejected["kind"] == "missing_required"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_unchanged_and_deleted_records_have_their_lines_too(run, tmp_path):
    file = tmp_path / "responses.singer"
    run(MESSAGES, max_rejected=9)
    gone = person(2, _sdc_deleted_at="2026-01-01")
    run([PEOPLE, person(1, name="New"), gone], responses_path=str(file), streams={"people": {"hard_delete": True}})
    outcomes = [json.loads(line)["record"]["outcome"] for line in file.read_text().splitlines()[1:]]
    assert sorted(outcomes) == ["deleted", "rejected", "unchanged", "waiting"]


def test_a_webhook_gets_them_without_the_credentials_of_the_crm(run, hook, settings):
    address = f"http://127.0.0.1:{hook.server_port}/hook/token"
    done = run(MESSAGES, responses_url=address, headers={"X-Gateway": "crm-secret"})
    outcomes = [outcome["outcome"] for _, posted in hook.posted for outcome in posted]
    assert sorted(outcomes) == ["created", "created", "rejected", "superseded"]
    said = json.dumps([headers for headers, _ in hook.posted])
    assert settings["api_key"] not in said
    assert "crm-secret" not in said
    assert done.of("people")["created"] == 2


def test_a_query_in_the_address_of_a_webhook_goes_with_every_post_and_into_no_log(run, hook, monkeypatch):
    monkeypatch.setenv("TARGET_CRM_LOGLEVEL", "DEBUG")
    hook.broken = True
    done = run(MESSAGES, responses_url=f"http://127.0.0.1:{hook.server_port}/hook?v=2&sig=confidential%2Fone")
    assert hook.asked == {"/hook?v=2&sig=confidential%2Fone"}
    assert "confidential" not in done.errors
    assert done.of("people")["created"] == 2


def test_a_webhook_that_is_down_stops_nothing_and_is_asked_a_few_times_only(run, hook, emulator):
    hook.broken = True
    messages = [PEOPLE, *map(person, range(50))]
    address = f"http://127.0.0.1:{hook.server_port}/hook"
    done = run(messages, responses_url=address, batch_size_rows=5)
    assert done.code == 0
    assert "the webhook never took 50 outcomes" in done.errors.lower()
    assert "did not take 5 outcomes, kept for later: HTTP 500" in done.errors
    assert emulator.copper.count("people") == 50
    assert len(hook.posted) <= 6


def test_what_a_webhook_did_not_take_is_offered_again_when_it_is_back(run, hook):
    hook.broken = True
    hook.recovers_after = 4
    done = run([PEOPLE, *map(person, range(50))], responses_url=f"http://127.0.0.1:{hook.server_port}/hook")
    taken = [outcome["number"] for status, outcomes in hook.taken for outcome in outcomes if status == 204]
    assert sorted(taken) == list(range(1, 51))
    assert "never took" not in done.errors


def test_every_outcome_of_a_messy_run_has_its_line(run, emulator, tmp_path):
    """Each count of the report is found in the lines, the last one of a source id says how things stand."""
    theirs = emulator.copper.insert("people", {"name": "Theirs", "emails": [{"email": "p8@x.org", "category": "work"}]})
    schema = schema_of("people", "email", "company", "_sdc_deleted_at", name={"type": ["string", "null"]})
    reference = {"references": {"company_id": {"stream": "companies", "source_id": "company"}}}
    streams = {"people": {"hard_delete": True, **reference}}
    run([schema, person(1), person(2), person(3, name=None), person(4, company="late")], streams=streams)
    file = tmp_path / "responses.singer"
    emulator.script("POST /people/bulk_create", ["lost"])
    messages = [
        schema,
        person(1),
        person(2, _sdc_deleted_at="2026-01-01"),
        person(3, name=None),
        person(5),
        person(5, name="Last"),
        person(6, company="never"),
        person(7, _sdc_deleted_at="2026-01-01"),
        person(8),
        person(9),
        schema_of("companies", "name"),
        record_of("companies", id="late", name="Late"),
    ]
    done = run(messages, streams=streams, responses_path=str(file))
    lines = [json.loads(line)["record"] for line in file.read_text().splitlines()[1:]]
    assert [line["number"] for line in lines] == list(range(1, len(lines) + 1))
    last = {(line["stream"], line["source_id"]): line for line in lines}
    assert {source_id: line["outcome"] for (stream, source_id), line in last.items() if stream == "people"} == {
        "1": "unchanged",
        "2": "deleted",
        "3": "rejected",
        "4": "created",
        "5": "created",
        "6": "waiting",
        "7": "skipped",
        "8": "updated",
        "9": "created",
    }
    assert last["people", "8"]["crm_id"] == theirs["id"]
    assert last["people", "1"]["crm_id"]
    for stream in ("people", "companies"):
        for outcome, count in done.of(stream).items():
            told = [line for line in lines if (line["stream"], line["outcome"]) == (stream, outcome)]
            assert outcome == "input" or len(told) >= count, outcome
    assert len([line for line in lines if line["outcome"] == "superseded"]) == done.of("people")["superseded"]


def test_what_a_match_finds_is_told_with_its_id(run, emulator, tmp_path):
    theirs = emulator.copper.insert("people", {"name": "Theirs", "emails": [{"email": "p1@x.org", "category": "work"}]})
    file = tmp_path / "responses.singer"
    run([PEOPLE, person(1)], load_method="match", responses_path=str(file))
    (line,) = [json.loads(line)["record"] for line in file.read_text().splitlines()[1:]]
    assert (line["outcome"], line["crm_id"]) == ("unchanged", theirs["id"])


def test_deletes_by_absence_and_deletes_held_by_a_brake_have_their_lines(run, tmp_path):
    streams = {"people": {"load_method": "overwrite", "complete": "end_of_input", "max_delete_fraction": 1}}
    run([PEOPLE, person(1), person(2)], streams=streams)
    file = tmp_path / "responses.singer"
    run([PEOPLE, person(1)], streams=streams, responses_path=str(file))
    lines = [json.loads(line)["record"] for line in file.read_text().splitlines()[1:]]
    assert {line["source_id"]: line["outcome"] for line in lines} == {"1": "unchanged", "2": "deleted"}
    gone = person(1, _sdc_deleted_at="2026-01-01")
    braked = {"people": {"hard_delete": True, "max_deletes": 0}}
    run([PEOPLE, gone], streams=braked, responses_path=str(file))
    last = [json.loads(line)["record"] for line in file.read_text().splitlines()[1:]][-1]
    assert (last["outcome"], last["kind"]) == ("rejected", "brake")


@pytest.mark.parametrize("setting", ["responses_path", "rejected_path"])
def test_a_full_disk_ends_the_run_in_one_sentence_before_state_passes(run, setting):
    done = run([*MESSAGES, state_of(1)], **{setting: "/dev/full"})
    assert done.code == 1
    assert done.states == []
    assert f"{setting} cannot be written: No space left on device" in done.errors
    assert not Path("/dev/full").is_file()


def test_a_dry_run_captures_nothing(run, tmp_path):
    run(MESSAGES, dry_run=True, responses_path=str(tmp_path / "responses.singer"))
    assert not (tmp_path / "responses.singer").exists()


def test_a_delete_of_what_is_gone_has_the_status_that_says_so(run, emulator, tmp_path):
    streams = {"people": {"hard_delete": True}}
    run([PEOPLE, person(1)], streams=streams)
    emulator.script("DELETE /people/{id}", ["error:status=404"])
    file = tmp_path / "responses.singer"
    run([PEOPLE, person(1, _sdc_deleted_at="2026-01-01")], streams=streams, responses_path=str(file))
    *_, last = (json.loads(line)["record"] for line in file.read_text().splitlines()[1:])
    assert (last["outcome"], last["status"]) == ("deleted", 404)
