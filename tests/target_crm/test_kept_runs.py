"""Each run writes its line into the ledger, whatever ends it; singer-crm runs lists them."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa

from target_crm.ledger import tables
from target_crm.ledger.ledger import Ledger
from target_crm.ledger.runs import KeptRuns, RunLine
from target_crm.ledger.store import Store, open_engine
from target_crm.ledger.values import Intent, Source
from tests.commands import Command, run_command
from tests.target_crm.messages import as_lines, record_of, schema_of, state_of

PEOPLE = schema_of("people", "name", "email", "nickname", "_sdc_deleted_at")
DAY = 86_400.0
STYLE = re.compile(r"\x1b\[[0-9;]*m")
REFUSE = "CREATE TRIGGER refuse BEFORE {} ON ledger_runs BEGIN SELECT RAISE(ABORT, 'no lines'); END"


def person(number, **more):
    return record_of("people", **{"id": number, "name": f"P{number}", "email": f"p{number}@x.org"} | more)


@pytest.fixture
def kept(settings):
    """The runs that the ledger keeps, the newest first."""

    def kept():
        store = Store(settings["ledger_url"], "test")
        try:
            return list(KeptRuns(store).newest(100))
        finally:
            store.close()

    return kept


@pytest.fixture
def config(settings, tmp_path):
    file = tmp_path / "config.json"
    file.write_text(json.dumps(settings | {"batch_size_rows": 1}))
    return file


@pytest.mark.parametrize(
    ("messages", "given", "code"),
    [
        ([PEOPLE, person(1)], {}, 0),
        ([PEOPLE], {}, 0),
        ([PEOPLE, person(1), person(2)], {"limit": 1}, 0),
        ([PEOPLE, person(1, name=None)], {}, 1),
        ([PEOPLE, person(1), "}{"], {}, 1),
        ([PEOPLE, person(1, name=None), person(2)], {"stop_after_rejected": 1, "batch_size_rows": 1}, 1),
        ([PEOPLE, person(1)], {"report_path": "/dev/full"}, 1),
        ([PEOPLE | {"stream": "peeple"}, person(1) | {"stream": "peeple"}], {}, 2),
    ],
)
def test_each_run_writes_its_line_with_what_the_report_says(run, kept, messages, given, code):
    done = run(messages, **given)
    assert done.code == code, done.errors
    (line,) = kept()
    assert (line.exit_code, line.source.crm, line.source.name) == (code, "copper", "default")
    assert line.began_at <= line.ended_at
    if done.report is not None:
        assert line.report == done.report


def test_a_brake_and_a_refused_ledger_are_kept_too(run, kept):
    run([PEOPLE, person(1), person(2)])
    gone = [PEOPLE, person(1, _sdc_deleted_at="2026-01-01"), person(2, _sdc_deleted_at="2026-01-01")]
    done = run(gone, streams={"people": {"hard_delete": True, "max_deletes": 1}})
    assert [(each.exit_code, each.report) for each in kept()][:1] == [(3, done.report)]


def test_a_dry_run_leaves_no_line(run, kept):
    run([PEOPLE, person(1)])
    run([PEOPLE, person(2)], dry_run=True)
    assert len(kept()) == 1


def test_a_run_that_a_signal_ends_says_so_and_one_that_is_killed_stays_open(config, kept):
    for number, code in ((signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)):
        process = Command("target-crm", "--config", config)
        process.stdin.write(as_lines([PEOPLE, person(1), state_of(1), person(2)]))
        process.stdout.readline()
        process.send_signal(number)
        assert process.wait() == code
        process.communicate()
    killed, ended = kept()
    assert (killed.ended_at, killed.exit_code, killed.report) == (None, None, None)
    assert ended.exit_code == 143
    assert ended.report["ended"].startswith("Terminated by a signal")
    done = run_command("singer-crm", "runs", "--config", config, "--output", "json")
    assert [each["exit_code"] for each in json.loads(done.stdout)] == [None, 143]
    said = run_command("singer-crm", "runs", "--config", config).stdout
    assert "no end: killed, or still running" in said
    assert "exit 143: stopped" in said


def test_a_run_that_is_cut_short_keeps_its_line(config, settings, kept, emulator):
    emulator.script("POST /people", ["latency:seconds=60"])
    config.write_text(json.dumps(settings | {"shutdown_seconds": 0.1, "batch_size_rows": 1}))
    process = Command("target-crm", "--config", config)
    process.stdin.write(as_lines([PEOPLE, person(1)]))
    while not any(request.method == "POST" and "search" not in request.route for request in emulator.requests):
        pass
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 143
    process.communicate()
    (line,) = kept()
    assert line.exit_code == 143
    assert "shutdown_seconds" in line.report["ended"]


def test_runs_of_one_name_have_a_line_each(run, kept, monkeypatch):
    monkeypatch.setenv("SINGER_CRM_RUN_ID", "nightly")
    reports = [run([PEOPLE, person(number)]).report for number in (1, 2, 2)]
    lines = kept()
    assert [line.run_id for line in lines] == ["nightly"] * 3
    assert [line.report for line in lines] == reports[::-1]


@pytest.mark.parametrize("statement", ["INSERT", "UPDATE"])
def test_a_line_that_cannot_be_written_is_a_warning_and_no_more(run, settings, statement):
    run([PEOPLE, person(1)])
    engine = open_engine(settings["ledger_url"])
    with engine.begin() as connection:
        connection.exec_driver_sql(REFUSE.format(statement))
    engine.dispose()
    done = run([PEOPLE, person(2)])
    assert (done.code, done.report["exit_code"]) == (0, 0)
    assert "The line of this run could not be written into the ledger" in done.errors
    assert done.of("people") == {"input": 1, "created": 1}


def test_a_ledger_whose_runs_nobody_kept_goes_on(run, settings, kept):
    run([PEOPLE, person(1)])
    engine = open_engine(settings["ledger_url"])
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE ledger_runs")
        connection.exec_driver_sql("CREATE TABLE ledger_runs (run_id TEXT PRIMARY KEY, began_at FLOAT)")
        connection.exec_driver_sql("UPDATE ledger_version SET version = 3")
    engine.dispose()
    assert run([PEOPLE, person(1)]).of("people") == {"input": 1, "unchanged": 1}
    assert len(kept()) == 1


# Their list


def test_runs_are_listed_newest_first_as_programs_take_them(run, config):
    bad = {"people": {"hard_delete": True, "exclude": ["title"]}}
    first = run([PEOPLE, person(1, nickname="N"), person(2), person(3, name=None)], streams=bad)
    run([PEOPLE, person(1), person(2, _sdc_deleted_at="2026-01-01")], streams=bad, retry_rejected=False)
    done = run_command("singer-crm", "runs", "--config", config, "--output", "json")
    second, listed = json.loads(done.stdout)
    assert second["deleted"] == second["outcomes"]["deleted"] == 1
    assert set(listed) == {
        *("run_id", "began_at", "ended_at", "seconds", "crm", "account", "source_name", "exit_code", "dry_run"),
        *("kind", "plan", "undo_of", "ended"),
        *(
            "account_name",
            "requests",
            "refused_429",
            "outcomes",
            "streams",
            "rejected_kinds",
            "left_out",
            "deleted",
            "quota",
        ),
    }
    assert (listed["run_id"], listed["exit_code"], listed["dry_run"]) == (first.report["run_id"], 1, False)
    assert listed["streams"]["people"] == {
        name: count for name, count in first.report["streams"]["people"].items() if name != "input"
    }
    assert listed["outcomes"] == listed["streams"]["people"]
    assert listed["rejected_kinds"] == {"missing_required": 1}
    assert listed["left_out"] == {"people": {"nickname": 1}}
    assert listed["requests"] == first.report["requests"]["requests"]
    assert listed["quota"] == {"per_minute": None, "used_most": listed["requests"]}
    only = run_command("singer-crm", "runs", "--config", config, "--output", "json", "--last", "1")
    assert json.loads(only.stdout) == [second]


def on_a_terminal(columns, *command):
    """Return the lines that a command shows on a terminal of so many columns."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.DEVNULL) as process:
        os.close(theirs)
        seen = b""
        with suppress(OSError):  # the other end of the terminal is closed
            while part := os.read(ours, 65536):
                seen += part
        assert process.wait(timeout=240) == 0
    os.close(ours)
    return STYLE.sub("", seen.decode()).splitlines()


def test_the_table_of_runs_fits_a_terminal(run, config):
    run([PEOPLE, *map(person, range(30)), person(99, name=None)])
    run([PEOPLE, *map(person, range(30))], source_name="another-source")
    command = Path(sys.executable).with_name("singer-crm"), "runs", "--config", config
    first, *lines = on_a_terminal(80, *command)
    assert first.split() == ["began", "(UTC)", "took", "source", "records", "requests", "ended"]
    assert max(map(len, lines)) <= 80
    words = " ".join(" ".join(lines).split())
    assert "30 unchanged" in words
    assert "30 created, 1" in words
    assert "exit 1" in words
    assert "run" in run_command("singer-crm", "runs", "--config", config).stdout.splitlines()[0].split()


def test_of_several_accounts_one_can_be_named(run, config, settings):
    run([PEOPLE, person(1)])
    engine = open_engine(settings["ledger_url"])
    with engine.begin() as connection:
        row = dict(connection.execute(sa.select(tables.runs)).mappings().one())
        connection.execute(tables.runs.insert(), [row | {"run_id": "theirs", "account": "other", "number": 9}])
    engine.dispose()
    assert "into copper other" in run_command("singer-crm", "runs", "--config", config).stdout
    config.write_text(json.dumps(settings | {"account_name": "other"}))
    done = run_command("singer-crm", "runs", "--config", config, "--output", "json")
    assert [each["run_id"] for each in json.loads(done.stdout)] == ["theirs"]


def test_without_a_ledger_and_without_a_run_a_sentence_says_so(config, settings):
    done = run_command("singer-crm", "runs", "--config", config)
    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no ledger at" in done.stderr
    Store(settings["ledger_url"], "test").close()
    done = run_command("singer-crm", "runs", "--config", config)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "The ledger keeps no run yet\n")


# Their end


def test_runs_are_kept_for_the_days_of_the_history_and_as_long_as_their_values_and_intents(ledger_url):
    source, moment = Source("copper", "1", "s"), [0.0]

    def began(day):
        moment[0] = day * DAY
        store = Store(ledger_url, f"day {day}", clock=lambda: moment[0])
        RunLine(store, source, moment[0]).begin()
        return store

    def left(store):
        return [each.run_id for each in KeptRuns(store).newest(9)]

    open_store = began(1)
    ledger = Ledger(open_store)
    scope = ledger.scope(source, "tasks", "tasks")
    ledger.intend(scope, [Intent("open", "create", {"name": "T"}, {}, b"h", "d")])
    for day in (2, 399, 401):
        began(day).close()
    moment[0] = 410 * DAY
    ledger.prune_history(0)
    ledger.prune_history(400, 500)
    assert left(open_store) == ["day 401", "day 399", "day 2", "day 1"]
    ledger.prune_history(400)
    assert left(open_store) == ["day 401", "day 399", "day 1"]
    ledger.prune_history(1)
    assert left(open_store) == ["day 401", "day 1"]
    open_store.close()
