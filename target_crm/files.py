"""Files that the target writes beside the ledger: one that fails ends the run in one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crm_api.errors import StopError


class FileError(StopError):
    """A file cannot be written any more: what it is to hold would be lost if STATE passed."""

    advice = "Nothing was lost: make room or choose another file, and run again."

    def __init__(self, setting: str, path: str | Path, why: str) -> None:
        super().__init__(happened=f"{setting} cannot be written: {why}: {path}")


@contextmanager
def file_errors(setting: str, path: str | Path) -> Iterator[None]:
    """Say what the system's errors mean for the run.

    Raises:
        FileError: In place of an ``OSError``.
    """
    try:
        yield
    except OSError as error:
        raise FileError(setting, path, error.strerror or str(error)) from error
