"""Whichever standard stream is closed, full or read by nobody, a command ends in a sentence and the right exit code."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from functools import partial

import pytest

from crm_emulator import Emulator
from tests.commands import ENTRY_POINTS, Command

NAMES = ("stdin", "stdout", "stderr")
SCHEMA = {
    "type": "SCHEMA",
    "stream": "people",
    "schema": {"type": "object", "properties": {"id": {}, "name": {}}},
    "key_properties": ["id"],
}


def begin(name, closed, full, hangup=signal.SIG_DFL):
    """Run a command as a shell does that has closed some of its streams (``>&-``) or sent them to /dev/full."""
    for number in closed:
        os.close(number)
        setattr(sys, NAMES[number], None)
    for number in full:
        os.dup2(os.open("/dev/full", os.O_WRONLY), number)
    signal.signal(signal.SIGHUP, hangup)
    ENTRY_POINTS[name].load()()


@pytest.fixture
def start(tmp_path, copper_account, empty_emulator):
    """Run a command with such streams; returns its exit code, output and what it said."""
    own = {"crm": "copper", "report_path": str(tmp_path / "report.json"), "index_lag_seconds": 0}
    own["ledger_url"] = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    settings = {**copper_account(empty_emulator), "requests_per_minute": 0}
    (tmp_path / "tap-copper.json").write_text(json.dumps(settings))
    (tmp_path / "target-crm.json").write_text(json.dumps({**settings, **own}))
    (tmp_path / "singer-crm.json").write_text(json.dumps({**settings, **own}))
    messages = [SCHEMA, {"type": "RECORD", "stream": "people", "record": {"id": 1, "name": tmp_path.name}}]
    given = "".join(f"{json.dumps(each)}\n" for each in [*messages, {"type": "STATE", "value": {"a": 1}}]).encode()

    def start(name, *arguments, closed=(), full=()):
        config = ("--config", tmp_path / f"{name}.json")
        if name == "crm-emulator" or "--help" in arguments:
            config = ()
        main = partial(begin, name, closed, full)
        process = Command(name, *arguments, *config, env={"TAP_COPPER_LOGLEVEL": "WARNING"}, main=main)
        output, said = process.communicate(given if name == "target-crm" else b"")
        assert b"Traceback" not in said
        assert b"Exception ignored" not in said
        return process.wait(), output.decode(), said.decode()

    return start


@pytest.mark.parametrize(
    ("streams", "code", "says", "written"),
    [
        ({"closed": [1]}, 1, "stdout", False),
        ({"closed": [0]}, 1, "stdin is closed", False),
        ({"closed": [2]}, 0, "", True),
        ({"closed": [0, 1]}, 1, "stdout", False),
        ({"closed": [0, 2]}, 1, "", False),
        ({"closed": [1, 2]}, 1, "", False),
        ({"closed": [0, 1, 2]}, 1, "", False),
        ({"full": [1]}, 1, "No space left on device", True),
        ({"full": [2]}, 0, "", True),
        ({"full": [1, 2]}, 1, "", True),
    ],
)
def test_target_crm(start, empty_emulator, tmp_path, streams, code, says, written):
    ended, _, said = start("target-crm", **streams)
    assert ended == code
    assert says in said
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["exit_code"] == code
    assert any(each["name"] == tmp_path.name for each in empty_emulator.copper.records("people")) == written
    ledger = tmp_path / "ledger.sqlite"
    assert not ledger.exists() or ledger.read_bytes().startswith(b"SQLite format 3")


@pytest.mark.parametrize(
    ("streams", "code", "says"),
    [
        ({"closed": [1]}, 1, "output"),
        ({"closed": [0]}, 0, ""),
        ({"closed": [2]}, 0, ""),
        ({"closed": [0, 2]}, 0, ""),
        ({"closed": [0, 1, 2]}, 1, ""),
        ({"full": [1]}, 1, "No space left on device"),
        ({"full": [2]}, 0, ""),
        ({"full": [1, 2]}, 1, ""),
    ],
)
def test_tap_copper(start, streams, code, says):
    ended, output, said = start("tap-copper", **streams)
    assert ended == code
    assert says in said
    assert bool(output) == (code == 0)


@pytest.mark.parametrize("command", [["check"], ["ledger", "list"], ["rejected", "list"]])
@pytest.mark.parametrize(
    ("streams", "code", "says"),
    [
        ({"closed": [1]}, 1, "stdout is closed"),
        ({"closed": [0]}, 0, ""),
        ({"closed": [2]}, 0, ""),
        ({"full": [1]}, 1, "No space left on device"),
        ({"full": [2]}, 0, ""),
    ],
)
def test_singer_crm(start, command, streams, code, says):
    assert start("target-crm")[0] == 0  # which makes the ledger
    ended, _, said = start("singer-crm", *command, **streams)
    assert ended == code
    assert says in said


@pytest.mark.parametrize("streams", [{"closed": [1]}, {"full": [1]}])
def test_singer_crm_try_that_cannot_show_what_it_does(start, tmp_path, streams):
    record = tmp_path / "record.json"
    record.write_text('{"id": 1, "name": "Ada"}')
    ended, _, said = start("singer-crm", "try", "--stream", "people", record, **streams)
    assert ended == 1
    assert "cannot be written" in said


@pytest.mark.parametrize("name", ["target-crm", "tap-copper", "singer-crm"])
def test_help_that_cannot_be_shown(start, name):
    ended, _, said = start(name, "--help", full=[1])
    assert ended == 1
    assert "The output cannot be written: No space left on device" in said


@pytest.mark.parametrize(("streams", "says"), [({"closed": [1]}, "stdout is closed"), ({"full": [1]}, "No space left")])
def test_crm_emulator_that_cannot_say_where_it_listens(start, streams, says):
    ended, _, said = start("crm-emulator", "--port", "0", "--empty", **streams)
    assert ended == 1
    assert says in said


@pytest.mark.parametrize("streams", [{}, {"closed": [0, 2]}, {"full": [2]}])
@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_crm_emulator_serves_until_it_is_stopped(streams, number):
    main = partial(begin, "crm-emulator", streams.get("closed", ()), streams.get("full", ()))
    process = Command("crm-emulator", "--port", "0", "--empty", main=main)
    assert b"listening on" in process.stdout.readline()
    process.send_signal(number)
    assert process.wait() == 0
    process.communicate()


@pytest.mark.usefixtures("start")
@pytest.mark.parametrize("name", ["target-crm", "tap-copper"])
def test_a_reader_that_goes_away_is_said(tmp_path, name):
    process = Command(name, "--config", tmp_path / f"{name}.json", env={"TAP_COPPER_LOGLEVEL": "WARNING"})
    process.stdout.close()
    process.stdin.write(b'{"type": "STATE", "value": {"a": 1}}\n')
    process.stdin.close()
    with process.stderr:
        said = process.stderr.read().decode()
    assert process.wait() == 1
    assert "output" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("ignored", [False, True])
def test_tap_copper_ends_orderly_at_a_hangup_unless_it_is_told_to_outlive_it(tmp_path, copper_account, ignored):
    with Emulator(empty=True) as own:
        own.script("GET /account", ["latency:seconds=60"])
        (tmp_path / "config.json").write_text(json.dumps(copper_account(own)))
        main = partial(begin, "tap-copper", (), (), signal.SIG_IGN if ignored else signal.SIG_DFL)
        process = Command("tap-copper", "--config", tmp_path / "config.json", main=main)
        while not own.requests:
            threading.Event().wait(0.01)
        process.send_signal(signal.SIGHUP)
        if ignored:
            process.send_signal(signal.SIGTERM)
        number = signal.SIGTERM if ignored else signal.SIGHUP
        assert process.wait() == 128 + number
        output, said = process.communicate()
    assert f"Stopped by signal {number:d}".encode() in said
    assert "STATE" in [json.loads(line)["type"] for line in output.splitlines()]
