"""Locks of an SQLite ledger: files beside it, locked by the operating system.

They lie beside the file that the ledger's path leads to in the end, whichever path that was, and hold for as long as
their names stand for the files that are locked: a file that somebody removed or replaced is noticed before each commit.
"""

from __future__ import annotations

import fcntl
import os
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from urllib.parse import quote

from typing_extensions import override

from crm_api.errors import SettingError
from target_crm.concurrency import Stopping
from target_crm.ledger.locks import LockLostError, Locks, logger
from target_crm.ledger.values import LedgerError, Source

PRIVATE = 0o600
LONGEST_NAME = 200  # bytes of a lock file's name: file systems take 255, some of them fewer
DIGEST_BYTES = 16
MOUNTS = Path("/proc/self/mountinfo")  # Linux: a line a mount, its fifth column the place
TRIES = 10  # to lock a file that somebody goes on removing


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
            if not self._try(object_name):
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

    def _path(self, object_name: str) -> Path:
        name = f"{self._ledger.name}.{quote(self._key(object_name), safe='', errors='surrogatepass')}.lock"
        if len(os.fsencode(name)) > LONGEST_NAME:
            name = f"{blake2b(os.fsencode(name), digest_size=DIGEST_BYTES).hexdigest()}.lock"
        return self._ledger.with_name(name)

    def _key(self, object_name: str) -> str:
        return f"{self._source.crm}-{self._source.account}-{object_name}"

    @override
    def _try(self, object_name: str) -> bool:
        path = self._files.setdefault(object_name, self._path(object_name))
        try:
            descriptor = _locked(path)
            if descriptor is None:
                return False
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, f"{self._name}, since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC".encode(), 0)
        except OSError as error:
            raise LedgerError(happened=f"The lock file {path} cannot be locked: {error.strerror}") from error
        self._open[object_name] = descriptor
        return True

    @override
    def _holder(self, object_name: str) -> str:
        with suppress(OSError):  # whoever held it may have removed it
            return self._files[object_name].read_text("utf-8", "replace")
        return ""

    @override
    def _free(self) -> None:
        _close(self._open)


def _locked(path: Path) -> int | None:
    """Open and lock the file at a path, which is made if there is none; None if another process has locked it.

    Raises:
        OSError: It cannot be opened or locked.
    """
    for _ in range(TRIES):
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, PRIVATE)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
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


def check_ledger_file(file: Path) -> None:
    """Refuse a ledger that can be reached by two names: SQLite keeps its journal beside each, and no lock joins them.

    Raises:
        SettingError: The file has a second name (a hard link), or it is mounted by itself.
    """
    real = Path(os.path.realpath(file))
    if not real.is_file():
        return
    if (names := real.stat().st_nlink) > 1:
        raise SettingError(
            f"ledger_url: the file {real} has {names} names (hard links), and SQLite would keep a journal beside each, "
            "which spoils the ledger. Remove the other names: find / -samefile names them"
        )
    if str(real) in _mounts():
        raise SettingError(
            f"ledger_url: the file {real} is mounted by itself, so that SQLite's journal and the locks beside it stay "
            "behind in this container. Mount its folder instead"
        )


def _mounts() -> Iterator[str]:
    """Yield the places where something is mounted, as far as the system tells."""
    with suppress(OSError):
        for line in MOUNTS.read_text("utf-8", "surrogateescape").splitlines():
            place = line.split(" ")[4]  # spaces and the like are written as octal numbers
            yield (
                place.encode("utf-8", "surrogateescape")
                .decode("unicode_escape")
                .encode("latin-1")
                .decode("utf-8", "surrogateescape")
            )
