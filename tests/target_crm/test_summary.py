"""The words of a run about itself: the report as JSON, one line of the log, the table, the progress on a terminal."""

from __future__ import annotations

import io
import json
import logging
import os
import pty
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from rich.console import Console

from crm_api.transport.session import Traffic
from target_crm.report.books import Books
from target_crm.report.outcomes import Outcome
from target_crm.report.progress import Progress
from tests.target_crm.messages import as_lines, record_of, schema_of, state_of

PROGRAM = "from target_crm.target import TargetCrm; TargetCrm.cli()"
PEOPLE = schema_of("people", "email", "title", "tags", name={"type": ["string", "null"]})


def person(number, **more):
    return record_of("people", **{"id": number, "name": f"P{number}", "email": f"p{number}@x.org"} | more)


def test_the_report_tells_outcomes_reject_kinds_and_requests(run, tmp_path):
    done = run([PEOPLE, *map(person, range(30)), person(30, name=None), person(31, name=5), person(1)])
    report = done.report
    assert report["streams"]["people"] == {
        "input": 33,
        **dict.fromkeys(map(str, Outcome), 0),
        "created": 30,
        "superseded": 1,
        "rejected": 2,
    }
    assert report["reject_kinds"] == {"people": {"missing_required": 1, "schema": 1}}
    assert report["requests"]["saved"] == 2 * 31 - report["requests"]["requests"]
    assert len(report["run_id"]) == 32
    assert stat.S_IMODE((tmp_path / "report.json").stat().st_mode) == 0o600
    again = run([PEOPLE, *map(person, range(30))], max_rejected=2).report
    assert again["requests"]["saved"] == 60 - again["requests"]["requests"]


def test_the_log_holds_the_same_as_one_line_of_json(run, caplog):
    caplog.set_level(logging.INFO)
    done = run([PEOPLE, person(1)])
    (line,) = [line for line in done.errors.splitlines() if "Summary: " in line]
    assert json.loads(line.partition("Summary: ")[2]) == done.report


def test_fields_that_an_update_emptied_are_counted(run):
    streams = {"people": {"null_values": "send", "fields": {"tags": "replace"}}}
    run([PEOPLE, person(1, title="A", tags=["x"]), person(2, title="B")], streams=streams)
    done = run([PEOPLE, person(1, title=None, tags=[]), person(2, title=None)], streams=streams)
    assert done.report["fields_cleared"] == {"people": {"title": 2, "tags": 1}}
    assert run([PEOPLE, person(3)]).report["fields_cleared"] == {}


def test_the_table_is_told_at_the_end_also_of_a_run_that_stopped(run):
    done = run([PEOPLE, person(1), state_of(1), "no json"], batch_size_rows=1)
    assert done.code == 1
    assert "people      1" in done.errors
    assert done.report["ended"] != "done"
    assert done.report["closed"]


def test_a_setting_that_is_wrong_shows_no_table_of_outcomes(run):
    done = run([PEOPLE, person(1)], streams={"people": {"object": "peoples"}})
    assert done.code == 2
    assert "people" in done.errors
    assert "input" not in done.errors


def test_a_report_that_cannot_be_written_stops_the_run_before_it_begins(run, emulator, tmp_path):
    done = run([PEOPLE, person(1)], report_path=str(tmp_path / "no" / "folder.json"))
    assert done.code == 2
    assert "report_path" in done.errors
    assert emulator.copper.count("people") == 0


def test_the_pace_is_that_of_the_last_minute_against_the_quota(clock):
    traffic, books = Traffic(), Books()
    progress = Progress(books, traffic, 180, clock)
    books.arrived("people", 1200)
    books.ended("people", Outcome.CREATED, records=1000)
    traffic.requests = 100
    assert progress.pace() == "100 requests, 100 in the last minute of 180 allowed"
    clock.sleep(50)
    traffic.requests = 150
    progress.pace()
    clock.sleep(30)
    traffic.requests = 170
    assert progress.pace() == "170 requests, 20 in the last minute of 180 allowed"
    shown = Console(file=io.StringIO(), width=100)
    shown.print(progress.table())
    text = shown.file.getvalue()
    assert "1,200" in text
    assert "1,000" in text


@pytest.mark.parametrize("terminal", [True, False])
def test_a_person_at_a_terminal_sees_the_progress_and_the_table(settings, tmp_path, terminal):
    config = tmp_path / "config.json"
    config.write_text(json.dumps(settings | {"requests_per_minute": 6000}))
    ours, theirs = pty.openpty() if terminal else os.pipe()
    command = [sys.executable, "-c", PROGRAM, "--config", str(config)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=theirs)
    os.close(theirs)
    with ThreadPoolExecutor(1) as pool:  # a terminal holds little: a slow run would wait for somebody to read it
        reading = pool.submit(_read, ours)
        output, _ = process.communicate(as_lines([PEOPLE, *map(person, range(40)), state_of(1)]))
        seen = reading.result()
    assert process.returncode == 0, seen
    assert json.loads(output) == {"position": 1}
    assert ("in the last minute of 6,000 allowed" in seen) == terminal
    assert "ledger sqlite:///" in seen  # where it lies, also above the progress
    assert "created" in seen
    assert "fewer than a find and a write for each record" in seen


def _read(descriptor):
    parts = []
    try:
        while part := os.read(descriptor, 65536):
            parts.append(part)
    except OSError:
        pass  # the other end of a terminal is closed
    os.close(descriptor)
    return b"".join(parts).decode()
