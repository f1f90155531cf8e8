"""The file that report_path names: it tells of this run from the first moment on, and is never half written."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from crm_api.errors import Retry
from target_crm.files import FileError, file_errors, open_private, replace_file, write_through

SETTING = "report_path"
RUNNING = "running"
_ONLY_IN_PLACE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EBUSY, errno.ENOENT)
"""The folder takes no second file, such as one of which a container is given a single file; or there is none."""


class ReportFile:
    """Replaces the file as a whole, so that two runs that name one file do not disturb each other.

    Args:
        path: The file; None: no report is wanted, and nothing is written.
    """

    def __init__(self, path: str | None) -> None:
        self._path = None if path is None else Path(path)
        # Passed on by runs that end before they open the ledger: it tells the next one of an older copy.
        self._ledger = _ledger_in(self._path)

    def begin(self, run_id: str, ledger: Any = None) -> None:
        """Say that the run goes on. A run that is killed leaves this, and no run leaves the report of an earlier one.

        Args:
            run_id: Names the run.
            ledger: What the ledger is; None before it is opened.

        Raises:
            SettingError: The file cannot be written.
            FileError: The disk is full.
        """
        self._ledger = ledger or self._ledger
        if self._path is None:
            return
        if not _is_replaceable(self._path):
            open_private(self._path, SETTING, 0).close()
            return
        self.write({"run_id": run_id, "ended": RUNNING, "exit_code": None, "retry": Retry.NOW, "closed": False})

    def whole(self, report: Mapping[str, Any]) -> dict[str, Any]:
        """Return a report as the file holds it: one that knows of no ledger passes on what the file said of it."""
        return {**report, "ledger": report.get("ledger") or self._ledger}

    def write(self, report: Mapping[str, Any]) -> None:
        """Write a report in place of what the file holds.

        Raises:
            SettingError: The file cannot be opened.
            FileError: The disk is full.
        """
        if self._path is None:
            return
        text = json.dumps(self.whole(report), indent=2).encode() + b"\n"
        if _is_replaceable(self._path):
            try:
                replace_file(self._path, [text])
            except OSError as error:
                if error.errno not in _ONLY_IN_PLACE:
                    raise FileError(SETTING, self._path, error.strerror or str(error)) from error
            else:
                return
        with file_errors(SETTING, self._path), open_private(self._path, SETTING, os.O_TRUNC) as file:
            write_through(file, text)


def _ledger_in(path: Path | None) -> Any:
    """Return what an earlier report says of the ledger; None if there is no report that does."""
    if path is None or not path.is_file():
        return None
    with suppress(OSError, ValueError):
        report = json.loads(path.read_bytes())
        return report.get("ledger") if isinstance(report, dict) else None
    return None


def _is_replaceable(path: Path) -> bool:
    """Tell whether it is a file, or may become one; not a device, a pipe or a folder."""
    try:
        return stat.S_ISREG(path.stat().st_mode)
    except OSError:
        return True
