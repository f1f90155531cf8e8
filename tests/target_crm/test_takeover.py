"""A run that stands still past the life of its lock, and wakes when another took over: it sends and writes no more."""

from __future__ import annotations

import json
import random
import signal
import threading
import time
from pathlib import Path

import pytest

from tests.commands import Command
from tests.machine import import_package
from tests.target_crm.hurried import main, until_all_is_read
from tests.target_crm.messages import as_lines, record_of, schema_of, state_of

TASKS = schema_of("tasks", "name")
RECORDS = 60
PERMIT_SECONDS = 1.1  # longer than half of the time in which a create can still turn up, in these settings
MESSAGES = [TASKS, *(record_of("tasks", id=n, name=f"T{n}") for n in range(RECORDS)), state_of(1)]


@pytest.fixture(params=["sqlite", "postgresql"])
def shared(settings, request):
    """Settings whose ledger is empty, of each kind; a create without an answer is decided on within seconds."""
    short = {"request_timeout_seconds": 2, "index_lag_seconds": 0, "batch_size_rows": 20, "max_attempts": 6}
    if request.param == "sqlite":
        return settings | short
    return settings | short | {"ledger_url": request.getfixturevalue("postgres")}


@pytest.fixture
def start(shared, tmp_path):
    """Start target-crm as a process; its input is given to ``communicate``."""

    def start(name, program=None, **config):
        file = tmp_path / f"{name}.json"
        own = {"report_path": str(tmp_path / f"{name}-report.json")}
        file.write_text(json.dumps({**shared, **own, **config}))
        return Command("target-crm", "--config", file, main=program)

    return start


def free_locks(ledger_url):
    """Free a run's locks under it: as the server does when it takes the run for lost, or as whoever tidies up."""
    if ledger_url.startswith("sqlite"):
        folder = Path(ledger_url.removeprefix("sqlite:///")).parent
        for file in folder.glob("*.lock"):
            file.unlink()
        return
    psycopg = import_package("psycopg")
    with psycopg.connect(ledger_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())"
        )


def stop_after(emulator, process, requests):
    """Stop a process when the emulator has read so many creates of it; wait until it stands still."""
    stopped = threading.Event()
    left = [requests]

    def count(request):
        if request.method == "POST" and request.route.startswith("/tasks") and "search" not in request.route:
            left[0] -= 1
            if left[0] == 0:
                process.send_signal(signal.SIGSTOP)
                stopped.set()

    return emulator.between_requests(count), stopped


def taken_over(emulator, start, shared, requests, **config):
    """Have a second run take over from one that stands still; returns how each ended and what they said."""
    first = start("first", **config)
    undo, stopped = stop_after(emulator, first, requests)
    first.stdin.write(as_lines(MESSAGES))  # and its input stays open
    assert stopped.wait(240)
    undo()
    still_since = time.monotonic()
    until_all_is_read(emulator.url)
    free_locks(shared["ledger_url"])
    second = start("second", main)
    said_second = second.communicate(as_lines(MESSAGES))
    # The second run takes no time to wait for what the first may still send: the first stands still for as long as it
    # may have been sending, at least.
    threading.Event().wait(max(PERMIT_SECONDS - (time.monotonic() - still_since), 0))
    first.send_signal(signal.SIGCONT)
    said_first = first.communicate(as_lines([record_of("tasks", id=RECORDS, name="late"), state_of(2)]))
    return (first, *said_first), (second, *said_second)


def names(emulator):
    return sorted(task["name"] for task in emulator.copper.records("tasks"))


def test_a_run_that_was_taken_over_while_it_stood_still_sends_no_more(start, shared, emulator, tmp_path):
    # One request at a time: while it is on its way, the run holds no transaction open.
    (first, output, errors), (second, _, said) = taken_over(emulator, start, shared, 3, max_concurrency=1)
    assert second.returncode == 0, said.decode()
    assert first.returncode == 4, errors.decode()
    assert names(emulator) == sorted(f"T{n}" for n in range(RECORDS))
    assert output == b""  # no STATE: others say what is done
    assert b"may be in the CRM twice" in errors, errors.decode()
    third = start("third")
    _, said = third.communicate(as_lines(MESSAGES))
    assert third.returncode == 0, said.decode()
    report = json.loads((tmp_path / "third-report.json").read_text())
    assert report["streams"]["tasks"]["unchanged"] == RECORDS
    assert names(emulator) == sorted(f"T{n}" for n in range(RECORDS))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(20))
def test_whenever_it_stood_still(start, shared, emulator, seed):
    requests = random.Random(seed).randrange(1, RECORDS)
    (first, _, errors), (second, _, said) = taken_over(emulator, start, shared, requests)
    if second.returncode != 0:  # it stood still in the midst of a transaction, for which nobody can take over a file
        assert shared["ledger_url"].startswith("sqlite"), said.decode()
        assert b"Another program has held the ledger" in said
        assert first.returncode == 0, errors.decode()
        assert names(emulator) == sorted([*(f"T{n}" for n in range(RECORDS)), "late"])
        return
    # Or the server ended the transaction in which it stood still.
    assert first.returncode == 4 or b"The ledger cannot be used" in errors, errors.decode()
    assert names(emulator) == sorted(f"T{n}" for n in range(RECORDS))
