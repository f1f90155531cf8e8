"""A server of the snapshots that has stopped is not waited for without end."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from crm_api.transport import waits
from tap_copper.deletions.snapshots import Snapshots, SnapshotStoreError


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "TELL_SECONDS", 0.02)
    monkeypatch.setattr(waits.FOR_SNAPSHOT_SERVER, "give_up_seconds", 0.05)


@pytest.fixture
def snapshots(postgres: str) -> Iterator[Snapshots]:
    opened = Snapshots(postgres, "an account")
    yield opened
    opened._engine.dispose()


def process_of(connection: sa.Connection) -> int:
    return int(connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one())


@contextmanager
def stopped(process: int) -> Iterator[None]:
    """Stop a process of the server until the end of the block."""
    os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def test_one_that_stops_amid_a_write_ends_the_run_in_a_sentence(snapshots: Snapshots) -> None:
    with (
        pytest.raises(SnapshotStoreError, match="The store of the snapshots failed"),
        snapshots._write() as connection,
        stopped(process_of(connection)),
    ):
        connection.execute(sa.text("SELECT 1"))
    assert snapshots.begin(None) == 1


def test_one_that_stops_between_two_writes_is_asked_in_another_session(snapshots: Snapshots) -> None:
    with snapshots._read() as connection:
        process = process_of(connection)
    with stopped(process):  # of the session that is kept for the next time
        generation = snapshots.begin(None)
        snapshots.add(generation, "people", [1, 2])
        assert snapshots.count(generation, "people") == 2


def test_a_statement_that_takes_long_is_waited_for(snapshots: Snapshots) -> None:
    with snapshots._read() as connection:
        assert connection.execute(sa.text("SELECT 7 FROM pg_sleep(0.5)")).scalar_one() == 7
