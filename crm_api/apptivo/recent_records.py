"""Records as Apptivo last showed them, for updates, which send the whole record: saves reading them twice."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from crm_api.crm_objects import CrmId

SECONDS = 1800.0  # as long as a batch of records takes at one request a second
MOST = 2_000


class RecentRecords:
    """Remembers for half an hour what answers showed.

    Only attributes that an update lists are applied: an older one beside them does no harm.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._records: dict[tuple[str, CrmId], tuple[float, Mapping[str, Any]]] = {}

    def note(self, object_name: str, crm_id: CrmId, record: Mapping[str, Any]) -> None:
        """An answer showed the record."""
        with self._lock:
            self._records.pop((object_name, crm_id), None)
            self._records[object_name, crm_id] = (self._clock(), record)
            while len(self._records) > MOST:
                del self._records[next(iter(self._records))]

    def get(self, object_name: str, crm_id: CrmId, *, seconds: float = SECONDS) -> Mapping[str, Any] | None:
        """The record, if an answer showed it within so many seconds."""
        with self._lock:
            noted = self._records.get((object_name, crm_id))
        return noted[1] if noted and self._clock() - noted[0] <= seconds else None

    def forget(self, object_name: str, crm_id: CrmId) -> None:
        """It was deleted, or may have been."""
        with self._lock:
            self._records.pop((object_name, crm_id), None)
