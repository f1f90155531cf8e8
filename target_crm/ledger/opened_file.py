"""The files of an open SQLite ledger: whether they are still the ones that were opened.

SQLite goes on with files that were removed or replaced. What is committed then is in no file that the next run opens.
"""

from __future__ import annotations

import os
from contextlib import suppress

from target_crm.ledger.values import LedgerReplacedError

JOURNAL = ("-wal", "-shm")  # SQLite's journal and the index of it, beside the file


class OpenedFile:
    """A ledger's file that is open, and its journal.

    Args:
        path: The file's path.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._opened = {path: _inode(path)}
        self._size = 0
        self._has_journal = False

    def check(self) -> None:
        """Check that the paths still lead to the files that were opened.

        Raises:
            LedgerReplacedError: They do not, or the file was overwritten.
        """
        for path, inode in self._opened.items():
            if _inode(path) != inode:
                raise LedgerReplacedError
        size = os.stat(self._path).st_size  # noqa: PTH116 - asked at each statement; a Path takes thrice as long
        if size < self._size:  # emptied, or overwritten with an older copy: a ledger only grows
            raise LedgerReplacedError
        self._size = size

    def written(self) -> None:
        """Check the journal from now on, too: what is committed may be there alone.

        It is there from the first transaction that writes until the last connection of any process is closed.
        """
        if self._has_journal:
            return
        self._has_journal = True
        paths = [f"{self._path}{ending}" for ending in JOURNAL]
        # In one step: another thread may be checking.
        self._opened = self._opened | {path: inode for path in paths if (inode := _inode(path)) is not None}


def _inode(path: str) -> tuple[int, int] | None:
    """Return the device and the inode that a path leads to; None if there is no file."""
    with suppress(OSError):
        found = os.stat(path)  # noqa: PTH116 - as above
        return found.st_dev, found.st_ino
    return None
