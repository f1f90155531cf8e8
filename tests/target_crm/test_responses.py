"""What became of each record can be captured as Singer messages, or posted to a webhook."""

from __future__ import annotations

import json
import stat
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.target_crm.messages import record_of, schema_of

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
            self.send_response(500 if server.broken else 204)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.broken, server.posted = False, posted
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


def test_a_webhook_that_is_down_stops_nothing(run, hook, emulator):
    hook.broken = True
    done = run(MESSAGES, responses_url=f"http://127.0.0.1:{hook.server_port}/hook", max_rejected=9)
    assert done.code == 0
    assert "webhook did not take" in done.errors
    assert emulator.copper.count("people") == 2


def test_a_dry_run_captures_nothing(run, tmp_path):
    run(MESSAGES, dry_run=True, responses_path=str(tmp_path / "responses.singer"))
    assert not (tmp_path / "responses.singer").exists()
