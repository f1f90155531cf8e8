"""Disks that are full, servers that go away, pipes that nobody reads: one sentence, and the next run makes it good."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from target_crm.files import FileError
from target_crm.singer.stdio import emit
from tests.chaos.story import author
from tests.chaos.world import World, assert_told
from tests.machine import import_package
from tests.target_crm.messages import as_lines, record_of, schema_of, state_of

TARGET = Path(sys.executable).parent / "target-crm"
LIMITED = """
import resource, signal, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sys.argv = ["target-crm", "--config", sys.argv[2]]
from target_crm.target import TargetCrm
TargetCrm.cli()
"""


@pytest.fixture
def world(tmp_path):
    made = World(tmp_path, 1)
    with made.running():
        yield made


def run_limited(world, messages, most_bytes, **config):
    """Run the target where no file may grow beyond so many bytes."""
    file = world.folder / "config.json"
    file.write_text(json.dumps(world.settings(**config)))
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(most_bytes), file],
        input=as_lines(messages),
        capture_output=True,
        check=False,
        env={**os.environ, "TARGET_CRM_LOGLEVEL": "WARNING"},
    )
    states = done.stdout.decode().splitlines()
    errors = done.stderr.decode()
    assert "Traceback" not in errors, errors
    return done.returncode, json.loads(states[-1])["position"] if states else 0, errors


def test_a_ledger_that_cannot_grow_stops_the_run_before_anything_is_sent_that_it_cannot_remember(world):
    source = author(world.dice, world.emulator)
    world.tell(source.chapter(20))
    size = (world.folder / "ledger.sqlite").stat().st_size
    story = source.chapter(300)
    code, place, errors = run_limited(world, story.after(0), size + 12_000)
    assert code == 4
    assert "ledger" in errors
    assert json.loads((world.folder / "report.json").read_text())["closed"]
    world.tell(story, place)


def test_a_reject_file_that_cannot_grow_stops_the_run_before_state_passes(world):
    rejected = world.folder / "rejected.singer"
    tasks = schema_of("tasks", name={"type": "string"})
    messages = [tasks, record_of("tasks", id=1, name="a"), state_of(1)]
    world.run(messages)
    size = 10_000_000
    rejected.write_bytes(b"\n" * size)
    bad = [record_of("tasks", id=number, name=number) for number in range(2, 40)]
    code, place, errors = run_limited(
        world, [*messages, *bad, state_of(40)], size + 100, rejected_path=str(rejected), batch_size_rows=1
    )
    assert code == 1
    assert "rejected_path cannot be written" in errors
    assert place == 1
    done = world.run([tasks, *bad, state_of(40)], rejected_path=str(rejected), max_rejected=100)
    assert (done.code, done.place) == (0, 40)
    assert len(rejected.read_bytes().splitlines()) == 1 + 38


def test_a_postgresql_server_that_ends_every_connection_stops_the_run_and_the_next_goes_on(world, postgres):
    psycopg = import_package("psycopg")
    source = author(random.Random(5), world.emulator)
    story = source.chapter(120)
    struck = threading.Event()

    def strike(_):
        if world.emulator.journal.total > 40 and not struck.is_set():
            struck.set()
            with psycopg.connect(postgres, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
                )

    world.emulator.between_requests(strike)
    first = world.run(story.after(0), ledger_url=postgres, batch_size_rows=20)
    assert struck.is_set()
    assert first.code in {1, 4}  # as the session of the ledger ended first, or that of the locks
    assert (
        "The ledger" in first.report["ended"] or "closed the connection that holds the locks" in first.report["ended"]
    )
    assert first.report["closed"]
    world.tell(story, first.place or 0, ledger_url=postgres)


def test_a_run_that_lost_its_locks_sends_nothing_more(world, postgres):
    psycopg = import_package("psycopg")
    struck = threading.Event()

    def strike(request):
        if request.route == "/tasks" and not struck.is_set():
            struck.set()
            with psycopg.connect(postgres, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'process %'"
                )

    world.emulator.between_requests(strike)
    tasks = [record_of("tasks", id=number, name=f"T{number}") for number in range(100)]
    messages = [schema_of("tasks", "name"), *tasks, state_of(100)]
    done = world.run(messages, ledger_url=postgres, source_name="other", max_concurrency=2)
    assert done.code == 4
    assert "closed the connection that holds the locks" in done.report["ended"]
    assert world.emulator.copper.count("tasks") < 10
    assert world.run(messages, ledger_url=postgres, source_name="other").code == 0
    assert world.emulator.copper.count("tasks") == 100


def test_a_ledger_server_that_is_not_there_is_one_sentence(world):
    done = world.run([schema_of("tasks", "name")], ledger_url="postgresql://somebody:secret@127.0.0.1:9/x")
    assert done.code == 4
    assert world.emulator.copper.count("tasks") == 0


def test_a_pipe_that_nobody_reads_ends_the_run_in_one_sentence(world):
    file = world.folder / "config.json"
    file.write_text(json.dumps(world.settings(batch_size_rows=5)))
    process = subprocess.Popen(
        [TARGET, "--config", file],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TARGET_CRM_LOGLEVEL": "WARNING"},
    )
    process.stdout.close()
    source = author(world.dice, world.emulator)
    story = source.chapter(30)
    process.stdin.write(as_lines(story.after(0)))
    process.stdin.close()
    errors = process.stderr.read().decode()
    process.stderr.close()
    assert process.wait() == 1
    assert "Broken pipe" in errors
    assert "Traceback" not in errors
    assert "Exception ignored" not in errors
    world.run(story.after(0))
    assert_told(world.emulator, story)


def test_an_output_that_is_full_is_an_error_of_its_own(monkeypatch):
    with open("/dev/full", "w", encoding="utf-8") as full:  # noqa: PTH123 - a device
        monkeypatch.setattr(sys, "stdout", full)
        with pytest.raises(FileError, match="No space left"):
            emit("{}\n")
        emit("{}\n")


def test_a_device_can_take_the_rejected_and_stays_a_device(world):
    done = world.run(
        [schema_of("tasks", name={"type": "string"}), record_of("tasks", id=1, name=1)], rejected_path="/dev/null"
    )
    assert done.code == 1
    assert Path("/dev/null").is_char_device()
