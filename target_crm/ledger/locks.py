"""Locks: one writer at a time per account and object. A second one would take the first one's intents for lost writes.

A lock is the operating system's or the database's own, so that a crash frees it.
"""

from __future__ import annotations

import fcntl
import os
import socket
import threading
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from typing_extensions import override

from crm_api.errors import StopError
from crm_api.exit_codes import Exit
from target_crm.concurrency import Stopping
from target_crm.ledger.values import Source

PRIVATE = 0o600
RETRY_SECONDS = 0.5  # between two tries
SHOWN_CHARACTERS = 63  # of the holder's name that PostgreSQL keeps


class LockedError(StopError):
    """Another run writes the same object of the same account."""

    exit = Exit.BUSY
    advice = "Wait for it to end, or set lock_wait_seconds."

    def __init__(self, object_name: str, holder: str) -> None:
        who = f" ({holder})" if holder else ""
        super().__init__(happened=f"Another run is writing the {object_name} of this account{who}")


class LockLostError(StopError):
    """The database ended the connection that held the locks. Another run may have begun."""

    exit = Exit.UNREACHABLE
    happened = "The ledger's database closed the connection that holds the locks"
    advice = "Nothing was lost: run again."


class Locks(ABC):
    """The locks of one run.

    Args:
        source: The CRM account and the source name.
        stopping: Waits, and stops waiting at a signal.
        wait_seconds: How long to wait for another run to end.
        clock: Returns monotonic seconds.
    """

    def __init__(self, source: Source, stopping: Stopping, *, wait_seconds: float, clock: Callable[[], float]) -> None:
        self._source = source
        self._stopping = stopping
        self._wait_seconds = wait_seconds
        self._clock = clock
        self._taken: set[str] = set()

    def take(self, object_name: str) -> None:
        """Become the only writer of an object. A second call changes nothing.

        Raises:
            LockedError: Another run is the writer and does not end in time.
        """
        if object_name in self._taken:
            return
        until = self._clock() + self._wait_seconds
        while not self._try(object_name):
            if self._clock() >= until:
                raise LockedError(object_name, self._holder(object_name))
            self._stopping.nap(RETRY_SECONDS)
        self._taken.add(object_name)

    def check(self) -> None:  # noqa: B027 - a lock of the operating system lasts as long as the process
        """Check that the locks are still held.

        Raises:
            LockLostError: They are not held any more.
        """

    def close(self) -> None:
        """Release all locks."""
        self._free()
        self._taken.clear()

    @abstractmethod
    def _try(self, object_name: str) -> bool:
        """Take the lock if it is free; tell whether it was."""

    @abstractmethod
    def _holder(self, object_name: str) -> str:
        """Name the holder of the lock, for people."""

    @abstractmethod
    def _free(self) -> None:
        """Release the locks at the system that keeps them."""


class FileLocks(Locks):
    """Locks beside the ledger's file.

    Args:
        ledger: The ledger's file.
        source: The CRM account and the source name.
        run_id: The run's id, which names the holder of a lock.
        stopping: Waits, and stops waiting at a signal.
        wait_seconds: How long to wait for another run to end.
        clock: Returns monotonic seconds.
    """

    def __init__(
        self,
        ledger: Path,
        source: Source,
        run_id: str,
        stopping: Stopping,
        *,
        wait_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        super().__init__(source, stopping, wait_seconds=wait_seconds, clock=clock)
        self._ledger = ledger
        self._name = f"process {os.getpid()} on {socket.gethostname()}, run {run_id}"
        self._open: dict[str, int] = {}
        weakref.finalize(self, _close, self._open)

    def _path(self, object_name: str) -> Path:
        name = quote(f"{self._source.crm}-{self._source.account}-{object_name}", safe="")
        return self._ledger.with_name(f"{self._ledger.name}.{name}.lock")

    @override
    def _try(self, object_name: str) -> bool:
        descriptor = os.open(self._path(object_name), os.O_CREAT | os.O_RDWR, PRIVATE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{self._name}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC".encode(), 0)
        self._open[object_name] = descriptor
        return True

    @override
    def _holder(self, object_name: str) -> str:
        return self._path(object_name).read_text("utf-8", "replace")

    @override
    def _free(self) -> None:
        _close(self._open)


class DatabaseLocks(Locks):
    """Advisory locks of the PostgreSQL server that holds the ledger, held by a connection of their own.

    Args:
        engine: The ledger's engine.
        source: The CRM account and the source name.
        run_id: The run's id, which names the holder of a lock.
        stopping: Waits, and stops waiting at a signal.
        wait_seconds: How long to wait for another run to end.
        clock: Returns monotonic seconds.
    """

    def __init__(
        self,
        engine: sa.Engine,
        source: Source,
        run_id: str,
        stopping: Stopping,
        *,
        wait_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        super().__init__(source, stopping, wait_seconds=wait_seconds, clock=clock)
        self._engine = engine
        self._name = f"process {os.getpid()} on {socket.gethostname()}, run {run_id}"[:SHOWN_CHARACTERS]
        self._opened: sa.Connection | None = None
        self._turn = threading.Lock()

    @override
    def check(self) -> None:
        with self._turn:
            if self._opened is None:
                return
            try:
                self._opened.execute(sa.select(1))
            except sa.exc.SQLAlchemyError as error:
                raise LockLostError from error

    @property
    def _connection(self) -> sa.Connection:
        if self._opened is None:
            self._opened = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            named = sa.func.set_config("application_name", self._name, sa.false())
            self._opened.execute(sa.select(named))
        return self._opened

    def _key(self, object_name: str) -> sa.Function[int]:
        name = f"singer-crm {self._source.crm} {self._source.account} {object_name}"
        return sa.func.hashtextextended(name, 0)

    @override
    def _try(self, object_name: str) -> bool:
        return bool(
            self._connection.execute(sa.select(sa.func.pg_try_advisory_lock(self._key(object_name)))).scalar_one()
        )

    @override
    def _holder(self, object_name: str) -> str:
        query = sa.text(
            "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' "
            "AND granted AND ((classid::bigint << 32) | objid::bigint) = :key"
        )
        key = self._connection.execute(sa.select(self._key(object_name))).scalar_one()
        return str(self._connection.execute(query, {"key": key}).scalar() or "")

    @override
    def _free(self) -> None:
        if self._opened is None:
            return
        with suppress(sa.exc.SQLAlchemyError):  # a session that is gone holds no lock
            for object_name in sorted(self._taken):
                # The server ends a session some time after its client has: nobody is to wait for that.
                self._opened.execute(sa.select(sa.func.pg_advisory_unlock(self._key(object_name))))
        self._opened.invalidate()
        self._opened.close()
        self._opened = None


def _close(descriptors: dict[str, int]) -> None:
    for descriptor in descriptors.values():
        os.close(descriptor)
    descriptors.clear()
