"""The files that the target writes: only their owner can read them, and one that fails ends the run in one sentence.

A ledger is a file that has one name.
"""

from __future__ import annotations

import io
import os
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from crm_api.errors import Retry, SettingError, StopError

PRIVATE = 0o600
MOUNTS = Path("/proc/self/mountinfo")  # Linux: a line a mount, its fifth column the place


class FileError(StopError):
    """A file cannot be written any more, and what belongs into it would be lost if STATE passed."""

    retry = Retry.LATER  # a full disk may have room by then
    advice = "Nothing was lost: make room or choose another file, and run again."

    def __init__(self, setting: str, path: str | Path, why: str) -> None:
        super().__init__(happened=f"{setting} cannot be written: {why}: {path}")


@contextmanager
def file_errors(setting: str, path: str | Path) -> Iterator[None]:
    """Turn the system's errors with a file into one that ends the run.

    Args:
        setting: The setting that names the file, for the sentence.
        path: The file's path, for the sentence.

    Raises:
        FileError: In place of an ``OSError``.
    """
    try:
        yield
    except OSError as error:
        raise FileError(setting, path, error.strerror or str(error)) from error


def open_private(path: str | Path, setting: str, flags: int) -> io.FileIO:
    """Open a file for writing that only its owner can read, also if others could until now; create it if need be.

    Args:
        path: The file's path.
        setting: The setting that names the file, for the sentence.
        flags: Flags of ``os.open`` beside those for writing and creating.

    Raises:
        SettingError: It cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | flags, PRIVATE)
        make_private(descriptor)
    except OSError as error:
        raise SettingError(f"{setting} cannot be written: {error.strerror}: {path}") from error
    return io.FileIO(descriptor, "w")


def make_private(descriptor: int) -> None:
    """Let nobody but its owner read an open file that is ours; a device stays as it is."""
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_uid == os.geteuid():
        os.fchmod(descriptor, PRIVATE)


def write_through(file: io.FileIO, text: bytes) -> None:
    """Write the whole text and have it on the disk when this returns.

    Nothing is buffered: a buffer that could not be written would be tried again when the file is closed.

    Raises:
        OSError: It could not be written.
    """
    left = memoryview(text)
    while left:
        left = left[file.write(left) :]
    if stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        os.fsync(file.fileno())


def replace_file(path: Path, parts: Iterable[bytes], mode: int = PRIVATE) -> None:
    """Put a file in place of another: whoever reads it finds the old one or the new one.

    Args:
        path: The file; where it is a link, what it leads to.
        parts: The text.
        mode: Who may read it: by default only its owner.

    Raises:
        OSError: Nothing was changed.
    """
    path = Path(os.path.realpath(path))
    descriptor, beside = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(parts)
            file.flush()
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


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
