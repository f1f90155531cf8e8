"""Locks: one writer at a time per account and object. A second one would take the first one's intents for lost writes.

A lock is the operating system's or the database's own, so that a crash frees it.
"""

from __future__ import annotations

import logging
import os
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable

from crm_api.errors import StopError
from crm_api.exit_codes import Exit
from target_crm.concurrency import Stopping

RETRY_SECONDS = 0.5  # between two tries
TELL_SECONDS = 1.0  # of waiting, after which a run says what it waits for
logger = logging.getLogger("target-crm")


class LockedError(StopError):
    """Another run writes the same object of the same account."""

    exit = Exit.BUSY
    advice = "Wait for it to end, or set lock_wait_seconds."

    def __init__(self, object_name: str, holder: str) -> None:
        who = f" ({holder})" if holder else ""
        super().__init__(happened=f"Another run is writing the {object_name} of this account{who}")


class OtherLedgerError(LockedError):
    """A run with another ledger writes the same account."""

    advice = (
        "Two ledgers of one account do not know of each other's records: give both runs the same ledger_url, or wait "
        "with lock_wait_seconds."
    )


class LockLostError(StopError):
    """This run is not the only writer any more: another one may have begun, and nothing more may be sent or written."""

    exit = Exit.UNREACHABLE
    happened = "This run lost its lock, so that another run may have begun"
    advice = "Nothing more was sent, and nothing more was written into the ledger. Run again."


class Locks(ABC):
    """The locks of one run.

    Args:
        stopping: Waits, and stops waiting at a signal.
        wait_seconds: How long to wait for another run to end.
        clock: Returns monotonic seconds.
    """

    def __init__(self, stopping: Stopping, *, wait_seconds: float, clock: Callable[[], float]) -> None:
        self._stopping = stopping
        self._wait_seconds = wait_seconds
        self._clock = clock
        self._taken: set[str] = set()

    def take(self, object_name: str, *, waits: bool = True) -> None:
        """Become the only writer of an object. A second call changes nothing.

        Args:
            object_name: The object.
            waits: Whether to wait for another run.

        Raises:
            LockedError: Another run is the writer and does not end in time.
            LedgerError: The system that keeps the locks fails.
        """
        if object_name in self._taken:
            return
        wait_for(
            lambda: self._try(object_name),
            lambda: self._holder(object_name),
            object_name,
            self._stopping,
            wait_seconds=self._wait_seconds if waits else 0.0,
            clock=self._clock,
        )
        self._taken.add(object_name)

    @abstractmethod
    def check(self) -> None:
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
        """Name the holder of the lock, for people; empty if it is not known."""

    @abstractmethod
    def _free(self) -> None:
        """Release the locks at the system that keeps them."""


def wait_for(
    take: Callable[[], bool],
    holder: Callable[[], str],
    object_name: str,
    stopping: Stopping,
    *,
    wait_seconds: float,
    clock: Callable[[], float],
) -> None:
    """Try again and again to become the writer of an object.

    Args:
        take: Tries once; returns whether it succeeded.
        holder: Names whoever is the writer, for people.
        object_name: The object.
        stopping: Waits, and stops waiting at a signal.
        wait_seconds: How long to wait.
        clock: Returns monotonic seconds.

    Raises:
        LockedError: It did not succeed in time.
    """
    began, told = clock(), False
    while not take():
        waited = clock() - began
        if waited >= wait_seconds:
            raise LockedError(object_name, holder())
        if waited >= TELL_SECONDS and not told:
            told = True
            logger.info(
                "Waiting for the run that writes the %s of this account (%s), at most %g seconds (lock_wait_seconds)",
                object_name,
                holder() or "it does not say which",
                wait_seconds,
            )
        stopping.nap(min(RETRY_SECONDS, wait_seconds - waited))


def holder_name(run_id: str) -> str:
    """Name this process and its run, for people who look for the holder of a lock."""
    return f"process {os.getpid()} on {socket.gethostname()}, run {run_id}"
