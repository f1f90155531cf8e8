"""Records as the CRM's latest answers showed them: searches may lag behind, and reading again costs a request."""

from __future__ import annotations

import pickle
import sqlite3
import threading
from collections.abc import Callable, Hashable

from crm_api.crm_objects import CrmRecord

IN_MEMORY = 1_000  # records of a few kilobytes; a fast run writes hundreds of thousands within the lag of a search
SPILLED_AT_ONCE = 500


class RecentRecords:
    """Remembers records for some time. Thread-safe.

    The newest are in memory, the others in a temporary file that nobody else can open and that goes away by itself.

    Args:
        seconds: How long a record is remembered.
        clock: Monotonic seconds.
        most: How many records are remembered at most; None for any number. The oldest are forgotten first.
    """

    def __init__(self, seconds: float, *, clock: Callable[[], float], most: int | None = None) -> None:
        self.seconds = seconds
        self._clock = clock
        self._most = most
        self._records: dict[Hashable, tuple[float, CrmRecord]] = {}
        self._spilled: sqlite3.Connection | None = None
        self._gone: set[Hashable] = set()
        self._lock = threading.Lock()

    def remember(self, key: Hashable, record: CrmRecord) -> None:
        """Note that an answer showed a record."""
        now = self._clock()
        with self._lock:
            self._records.pop(key, None)  # so that the oldest stand first
            self._records[key] = (now, record)
            while self._is_too_old(now - self._records[oldest := next(iter(self._records))][0]):
                del self._records[oldest]
            if len(self._records) >= IN_MEMORY + SPILLED_AT_ONCE and self._most is None:
                self._spill(now)

    def _is_too_old(self, age_seconds: float) -> bool:
        return age_seconds > self.seconds or (self._most is not None and len(self._records) > self._most)

    def get(self, key: Hashable, *, seconds: float | None = None) -> CrmRecord | None:
        """Look up a record that an answer showed within ``seconds``, by default as long as records are kept."""
        with self._lock:
            noted = self._records.get(key) or self._from_file(key)
        limit = self.seconds if seconds is None else seconds
        return noted[1] if noted and self._clock() - noted[0] <= limit else None

    def forget(self, key: Hashable) -> None:
        """Forget a record that was deleted or changed, or may have been."""
        with self._lock:
            self._drop(key)

    def lose(self, key: Hashable) -> None:
        """Note that the CRM has no such record, whatever its search still shows."""
        with self._lock:
            self._gone.add(key)
            self._drop(key)

    def is_gone(self, key: Hashable) -> bool:
        """Whether the CRM said that it has no such record."""
        return key in self._gone

    def close(self) -> None:
        """Let the temporary file go."""
        with self._lock:
            if self._spilled is not None:
                self._spilled.close()
                self._spilled = None

    def _drop(self, key: Hashable) -> None:
        self._records.pop(key, None)
        if self._spilled is not None:
            self._spilled.execute("DELETE FROM recent WHERE key = ?", (repr(key),))

    def _spill(self, now: float) -> None:
        """Move the oldest to the file, and forget there what is too old."""
        if self._spilled is None:
            # An empty name is a file that SQLite makes where temporary files are, and has removed already.
            self._spilled = sqlite3.connect("", isolation_level=None, check_same_thread=False)
            self._spilled.execute("PRAGMA journal_mode = OFF")
            self._spilled.execute("CREATE TABLE recent (key TEXT PRIMARY KEY, at REAL, record BLOB)")
            self._spilled.execute("CREATE INDEX recent_at ON recent (at)")
        oldest = [(key, *self._records.pop(key)) for key in list(self._records)[:SPILLED_AT_ONCE]]
        rows = [(repr(key), at, pickle.dumps(record)) for key, at, record in oldest]
        self._spilled.execute("BEGIN")
        self._spilled.executemany("INSERT OR REPLACE INTO recent VALUES (?, ?, ?)", rows)
        self._spilled.execute("DELETE FROM recent WHERE at < ?", (now - self.seconds,))
        self._spilled.execute("COMMIT")

    def _from_file(self, key: Hashable) -> tuple[float, CrmRecord] | None:
        if self._spilled is None:
            return None
        found = self._spilled.execute("SELECT at, record FROM recent WHERE key = ?", (repr(key),)).fetchone()
        return (found[0], pickle.loads(found[1])) if found else None  # noqa: S301 - our own, from a file that only we have open
