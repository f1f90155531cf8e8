"""Locks: one writer at a time per account and object. A second one would take the first one's intents for lost writes.

A lock is the operating system's or the database's own, so that a crash frees it. Those of an SQLite ledger are here:
files beside the file that the ledger's path leads to in the end, whichever path that was. They hold for as long as
their names stand for the files that are locked: a file that somebody removed or replaced is noticed before each commit.
"""

from __future__ import annotations

import fcntl
import logging
import os
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from urllib.parse import quote

from typing_extensions import override

from crm_api.errors import Exit, StopError
from target_crm.concurrency import Stopping
from target_crm.files import PRIVATE
from target_crm.ledger.tables import key_of
from target_crm.ledger.values import LedgerError, Source
from target_crm.partition import Share

RETRY_SECONDS = 0.5  # between two tries
TELL_SECONDS = 1.0  # of waiting, after which a run says what it waits for
LONGEST_NAME = 200  # bytes of a lock file's name: file systems take 255, some of them fewer
DIGEST_BYTES = 16
TRIES = 10  # to lock a file that somebody goes on removing
ENTRY_SECONDS = 10.0  # to wait for another share that enters, which takes a moment
ENTRY_NAP_SECONDS = 0.02
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

    def __init__(self, holder: str) -> None:
        StopError.__init__(self, happened=f"Another run is writing this account with another ledger: {holder}")


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
        self._in_the_way = ""

    def take(self, object_name: str, *, waits: bool = True, share: Share | None = None) -> None:
        """Become the only writer of an object, or of a share of it. A second call changes nothing.

        Args:
            object_name: The object.
            waits: Whether to wait for another run.
            share: The share; None: all of it.

        Raises:
            LockedError: Another run is the writer and does not end in time.
            LedgerError: The system that keeps the locks fails.
        """
        if object_name in self._taken:
            return
        self._in_the_way = object_name
        wait_for(
            lambda: self._try(object_name) if share is None else self._try_share(object_name, share),
            lambda: self._holder(self._in_the_way),
            self._stopping,
            what=f"the {object_name} of this account",
            refused=lambda holder: LockedError(object_name, holder),
            wait_seconds=self._wait_seconds if waits else 0.0,
            clock=self._clock,
        )
        self._taken.add(object_name)

    def _try_share(self, object_name: str, share: Share) -> bool:
        """Take a share if it is free, and nobody writes the whole object or divides it otherwise.

        All shares hold the object together, and so do those of one group their group's lock. Whoever enters finds out,
        behind a lock of the entry that lets one in at a time, whether all that hold the object are of his group.
        """
        entry, group, own = share_locks(object_name, share)
        if not self._pass(entry):
            return False
        try:
            self._in_the_way = object_name
            if self._is_free(group) and not self._is_free(object_name):
                return False
            if not self._try(object_name, shared=True):
                return False
            if self._try(group, shared=True):
                self._in_the_way = own
                if self._try(own):
                    return True
                self._release(group)
            self._release(object_name)
            return False
        finally:
            self._release(entry)

    def _pass(self, entry: str) -> bool:
        """Take the lock of the entry, which others hold for a moment only."""
        self._in_the_way = entry
        until = self._clock() + ENTRY_SECONDS
        while not self._try(entry):
            if self._clock() >= until:
                return False
            self._stopping.nap(ENTRY_NAP_SECONDS)
        return True

    def _is_free(self, name: str) -> bool:
        """Tell whether nobody holds a lock."""
        if not self._try(name):
            return False
        self._release(name)
        return True

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
    def _try(self, object_name: str, *, shared: bool = False) -> bool:
        """Take the lock if it is free, or held by others who share it, too; tell whether it was."""

    @abstractmethod
    def _release(self, object_name: str) -> None:
        """Release one lock."""

    @abstractmethod
    def _holder(self, object_name: str) -> str:
        """Name the holder of the lock, for people; empty if it is not known."""

    @abstractmethod
    def _free(self) -> None:
        """Release the locks at the system that keeps them."""


def wait_for(
    take: Callable[[], bool],
    holder: Callable[[], str],
    stopping: Stopping,
    *,
    what: str,
    refused: Callable[[str], LockedError],
    wait_seconds: float,
    clock: Callable[[], float],
) -> None:
    """Try again and again to become the writer of an object, or of an account.

    Args:
        take: Tries once; returns whether it succeeded.
        holder: Names whoever is the writer, for people.
        stopping: Waits, and stops waiting at a signal.
        what: What the other one writes, for people.
        refused: Makes the error of another writer, who is named.
        wait_seconds: How long to wait.
        clock: Returns monotonic seconds.

    Raises:
        LockedError: It did not succeed in time.
    """
    began, told = clock(), False
    while not take():
        waited = clock() - began
        if waited >= wait_seconds:
            raise refused(holder())
        if waited >= TELL_SECONDS and not told:
            told = True
            logger.info(
                "Waiting for the run that writes %s (%s), at most %g seconds (lock_wait_seconds)",
                what,
                holder() or "it does not say which",
                wait_seconds,
            )
        stopping.nap(min(RETRY_SECONDS, wait_seconds - waited))


class FileLocks(Locks):
    """Locks beside the ledger's file.

    Args:
        ledger: The ledger's file, by any of its paths.
        source: The CRM account and the source name.
        holder: Names this run, for those who find the lock taken.
        stopping: Waits, and stops waiting at a signal.
        wait_seconds: How long to wait for another run to end.
        clock: Returns monotonic seconds.
    """

    def __init__(
        self,
        ledger: Path,
        source: Source,
        holder: str,
        stopping: Stopping,
        *,
        wait_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        super().__init__(stopping, wait_seconds=wait_seconds, clock=clock)
        self._ledger = Path(os.path.realpath(ledger))
        self._source = source
        self._name = holder
        self._files: dict[str, Path] = {}
        self._open: dict[str, int] = {}
        self._shared: set[str] = set()
        weakref.finalize(self, _close, self._open)

    @override
    def check(self) -> None:
        for object_name, descriptor in list(self._open.items()):
            if not _is_at(descriptor, self._files[object_name]):
                self._take_again(object_name)

    def _take_again(self, object_name: str) -> None:
        """Lock the file that stands in place of the locked one, which nobody else can lock any more."""
        gone = self._open.pop(object_name)
        try:
            if not self._try(object_name, shared=object_name in self._shared):
                raise LockLostError(
                    happened=f"The lock file {self._files[object_name]} was removed or replaced while this run held "
                    f"it, and another run has locked the new one ({self._holder(object_name)})"
                )
        finally:
            os.close(gone)
        logger.warning(
            "The lock file %s was removed or replaced while this run held it. No other run has taken it: it is locked "
            "again. Leave the files *.lock alone: a run that ends frees them by itself",
            self._files[object_name],
        )

    @override
    def _try(self, object_name: str, *, shared: bool = False) -> bool:
        path = self._files.setdefault(object_name, lock_file(self._ledger, self._source, object_name))
        try:
            descriptor = _locked(path, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
            if descriptor is None:
                return False
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{self._name}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC".encode(), 0)
        except OSError as error:
            raise LedgerError(happened=f"The lock file {path} cannot be locked: {error.strerror}") from error
        self._open[object_name] = descriptor
        (self._shared.add if shared else self._shared.discard)(object_name)
        return True

    @override
    def _release(self, object_name: str) -> None:
        os.close(self._open.pop(object_name))

    @override
    def _holder(self, object_name: str) -> str:
        with suppress(OSError):  # whoever held it may have removed it
            return self._files[object_name].read_text("utf-8", "replace")
        return ""

    @override
    def _free(self) -> None:
        _close(self._open)


def lock_file(ledger: Path, source: Source, object_name: str) -> Path:
    """Return the path of the file whose lock is that of an object of an account; no file need be there."""
    beside = Path(os.path.realpath(ledger))
    key = f"{source.crm}-{source.account}-{object_name}"
    name = f"{beside.name}.{quote(key, safe='', errors='surrogatepass')}.lock"
    if len(os.fsencode(name)) > LONGEST_NAME:
        name = f"{blake2b(os.fsencode(name), digest_size=DIGEST_BYTES).hexdigest()}.lock"
    return beside.with_name(name)


def share_locks(object_name: str, share: Share) -> tuple[str, str, str]:
    """Return the names of the locks of a share beside the object's own: the entry, the group's, the share's."""
    return f"{object_name}#entry", f"{object_name}#{share.group}", f"{object_name}#{share}"


def lock_name(source: Source, object_name: str) -> str:
    """Return the text whose hash is the number of a lock in PostgreSQL."""
    return key_of(f"singer-crm {source.crm} {source.account} {object_name}")


def is_locked(path: Path) -> bool:
    """Tell whether a process has locked a file that is there; for a moment nobody else can lock it.

    Raises:
        OSError: It cannot be opened.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _locked(path: Path, mode: int) -> int | None:
    """Open and lock the file at a path, which is made if there is none; None if another process has locked it.

    Args:
        path: The file.
        mode: ``LOCK_EX``, or ``LOCK_SH`` for a lock that several processes hold together.

    Raises:
        OSError: It cannot be opened or locked.
    """
    for _ in range(TRIES):
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, PRIVATE)
        try:
            fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError:
            os.close(descriptor)
            raise
        if _is_at(descriptor, path):
            return descriptor
        os.close(descriptor)  # somebody removed it between our opening and locking it
    return None


def _is_at(descriptor: int, path: Path) -> bool:
    """Tell whether a path still leads to an open file."""
    try:
        found = path.stat()
    except OSError:
        return False
    return os.path.samestat(found, os.fstat(descriptor))


def _close(descriptors: dict[str, int]) -> None:
    for descriptor in descriptors.values():
        os.close(descriptor)
    descriptors.clear()
