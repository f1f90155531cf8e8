"""One writer at a time per account and object: another would take this one's intents for doubt.

A lock is the operating system's or the database's own, so that a crash frees it.
"""

from __future__ import annotations

import fcntl
import os
import socket
import weakref
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from crm_api.errors import StopError
from target_crm.crew import Stopping
from target_crm.ledger_values import Source

PRIVATE = 0o600
SLICE_SECONDS = 0.5  # between two tries


class LockedError(StopError):
    """Another run writes the same kind of record of the same account."""

    advice = "Wait for it to end, or set lock_wait_seconds."

    def __init__(self, of: str, holder: str) -> None:
        who = f" ({holder})" if holder else ""
        super().__init__(happened=f"Another run is writing the {of} of this account{who}")


class FileLocks:
    """Locks beside the ledger's file.

    Args:
        ledger: The ledger's file.
        source: Whose account it is.
        run_id: Says who holds a lock.
        stopping: Waits, and gives up at a signal.
        wait_seconds: How long to wait for another run to end.
        clock: Monotonic seconds.
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
        self._ledger = ledger
        self._source = source
        self._holder = f"process {os.getpid()} on {socket.gethostname()}, run {run_id}"
        self._stopping = stopping
        self._wait_seconds = wait_seconds
        self._clock = clock
        self._held: dict[str, int] = {}
        weakref.finalize(self, _free, self._held)

    def take(self, of: str) -> None:
        """Become the only writer of a kind of record; once is enough.

        Raises:
            LockedError: Another run is, and does not end in time.
        """
        if of in self._held:
            return
        name = quote(f"{self._source.crm}-{self._source.account}-{of}", safe="")
        descriptor = os.open(f"{self._ledger}.{name}.lock", os.O_CREAT | os.O_RDWR, PRIVATE)
        until = self._clock() + self._wait_seconds
        while not _locked(descriptor):
            if self._clock() >= until:
                holder = os.pread(descriptor, 1000, 0).decode("utf-8", "replace")
                os.close(descriptor)
                raise LockedError(of, holder)
            self._stopping.nap(SLICE_SECONDS)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{self._holder}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC".encode(), 0)
        self._held[of] = descriptor

    def close(self) -> None:
        """Let others write."""
        _free(self._held)


def _free(held: dict[str, int]) -> None:
    for descriptor in held.values():
        os.close(descriptor)
    held.clear()


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
