"""Records as the CRM's latest answers showed them: searches may lag behind, and reading again costs a request."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable

from crm_api.crm_objects import CrmRecord


class RecentRecords:
    """Remembers records for some time. Thread-safe.

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

    def _is_too_old(self, age_seconds: float) -> bool:
        return age_seconds > self.seconds or (self._most is not None and len(self._records) > self._most)

    def get(self, key: Hashable, *, seconds: float | None = None) -> CrmRecord | None:
        """Look up a record that an answer showed within ``seconds``, by default as long as records are kept."""
        with self._lock:
            noted = self._records.get(key)
        limit = self.seconds if seconds is None else seconds
        return noted[1] if noted and self._clock() - noted[0] <= limit else None

    def forget(self, key: Hashable) -> None:
        """Forget a record that was deleted or changed, or may have been."""
        with self._lock:
            self._records.pop(key, None)

    def lose(self, key: Hashable) -> None:
        """Note that the CRM has no such record, whatever its search still shows."""
        with self._lock:
            self._gone.add(key)
            self._records.pop(key, None)

    def is_gone(self, key: Hashable) -> bool:
        """Whether the CRM said that it has no such record."""
        return key in self._gone
