"""Two runs never write the same kind of record of one account at a time."""

from __future__ import annotations

import subprocess
import sys

import pytest

from target_crm.concurrency import Stopping
from target_crm.ledger.locks import FileLocks, LockedError
from target_crm.ledger.values import Source
from tests.target_crm.messages import record_of, schema_of

TASKS = schema_of("tasks", "name")
HOLD = """
import sys
from pathlib import Path
from target_crm.concurrency import Stopping
from target_crm.ledger.values import Source
from target_crm.ledger.locks import FileLocks
source = Source("copper", sys.argv[2], "x")
locks = FileLocks(Path(sys.argv[1]), source, "r1", Stopping(), wait_seconds=0, clock=float)
locks.take("tasks")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other_run(tmp_path, emulator):
    """Another process that writes the account's tasks until it is killed."""
    account = str(emulator.copper.records("account")[0]["id"])
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path / "ledger.sqlite", account], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def test_the_second_run_stops_and_names_the_first(run, other_run, emulator):
    done = run([TASKS, record_of("tasks", id=1, name="T")])
    assert done.code == 5
    assert f"process {other_run.pid}" in done.errors
    assert emulator.copper.count("tasks") == 0


@pytest.mark.usefixtures("other_run")
def test_another_kind_of_record_can_be_written_meanwhile(run):
    assert run([schema_of("projects", "name"), record_of("projects", id=1, name="P")]).code == 0


def test_a_crash_frees_the_lock(run, other_run):
    other_run.kill()
    other_run.wait()
    assert run([TASKS, record_of("tasks", id=1, name="T")]).code == 0


def test_a_run_waits_as_long_as_it_is_told(tmp_path, clock):
    ledger, source = tmp_path / "ledger.sqlite", Source("copper", "1", "x")
    stopping = Stopping(clock=clock, sleep=clock.sleep)
    first = FileLocks(ledger, source, "r1", stopping, wait_seconds=0, clock=clock)
    first.take("people")
    second = FileLocks(ledger, source, "r2", stopping, wait_seconds=60, clock=clock)
    began = clock()
    with pytest.raises(LockedError):
        second.take("people")
    assert clock() - began >= 60
    first.close()
    second.take("people")
    second.close()


def test_names_that_files_cannot_have_are_no_trouble(tmp_path, clock):
    stopping = Stopping(clock=clock, sleep=clock.sleep)
    locks = FileLocks(tmp_path / "l", Source("http", "../../a b", "x"), "r", stopping, wait_seconds=0, clock=clock)
    locks.take("a/b")
    locks.close()
    assert len(list(tmp_path.iterdir())) == 1
