"""Finds the ids of records that a bulk call wrote: the reports of its jobs do not hold them.

The records that were updated last are read, a hundred a page, and shared by all calls in progress: a thousand rows cost
ten pages, however many calls carried them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from crm_api.crm_objects import CrmId, CrmRecord
from crm_api.errors import RefusedError, SettingError
from crm_api.freshsales.declaration import FreshsalesObject
from crm_api.freshsales.views import Views, is_before
from crm_api.transport.session import CrmSession

REMEMBERED = 5000  # records of one object, the latest
MOST_PAGES = 30
WAITS_SECONDS = (0.0, 3.0, 10.0)  # a view may lag a little behind the writes


class BulkIdFinder:
    """Looks for records that were just written.

    Args:
        session: Returns the account's session.
        views: Lists records.
        sleep: Waits so many seconds.
    """

    def __init__(self, session: Callable[[], CrmSession], views: Views, sleep: Callable[[float], None]) -> None:
        self._session = session
        self._views = views
        self._sleep = sleep
        self._lock = threading.Lock()
        self._seen: dict[str, dict[CrmId, _Seen]] = {}

    def find(
        self,
        crm_object: FreshsalesObject,
        wanted: Collection[str],
        values_of: Callable[[CrmRecord], Iterable[str]],
        since: datetime | None,
    ) -> dict[str, CrmRecord]:
        """Find records as they are since a write, by the values that identify them; records not found are left out.

        Args:
            crm_object: The kind of record.
            wanted: Values to find records for.
            values_of: Reads the values that identify a record.
            since: When the CRM took the write, by its clock: records seen before that do not count. None: all count.
        """
        return self._found(crm_object, _IdSearch(set(wanted), values_of, since), WAITS_SECONDS, asked_at=0.0)

    def look(
        self,
        crm_object: FreshsalesObject,
        wanted: Collection[str],
        values_of: Callable[[CrmRecord], Iterable[str]],
        since: datetime | None,
    ) -> dict[str, CrmRecord]:
        """Find records as ``find`` does, as they are now or later, without waiting for a view that lags."""
        search = _IdSearch(set(wanted), values_of, since)
        return self._found(crm_object, search, WAITS_SECONDS[:1], asked_at=time.monotonic())

    def _found(
        self, crm_object: FreshsalesObject, search: _IdSearch, waits: Iterable[float], asked_at: float
    ) -> dict[str, CrmRecord]:
        """Find what a search is for, in answers to requests that were sent at ``asked_at`` (monotonic) or later."""
        with self._lock:
            seen = self._seen.setdefault(crm_object.name, {})
            search.take(each.record for each in seen.values() if each.asked_at >= asked_at)
            for wait_seconds in waits:
                if search.missing and wait_seconds:
                    self._sleep(wait_seconds)
                try:
                    for page_asked_at, records in self._pages(crm_object, search.since) if search.missing else ():
                        _note(seen, records, page_asked_at)
                        search.take(records)
                        if not search.missing:
                            break
                except (RefusedError, SettingError):
                    break  # there is no view to find them in: the caller asks for them one by one
        return search.found

    def _pages(self, crm_object: FreshsalesObject, since: datetime | None) -> Iterable[tuple[float, list[CrmRecord]]]:
        """Read pages, each with the time (monotonic) before it was asked for."""
        session = self._session()
        listing = self._views.all_of(session, crm_object)[0]
        asked_at = time.monotonic()
        for number, records in enumerate(self._views.latest(session, crm_object, listing, "updated_at"), 1):
            yield asked_at, records
            past = since is not None and records and all(is_before(each.get("updated_at"), since) for each in records)
            if past or number == MOST_PAGES:
                return
            asked_at = time.monotonic()


class _Seen(NamedTuple):
    """A record of a page, and when that was asked for (monotonic seconds)."""

    record: CrmRecord
    asked_at: float


@dataclass
class _IdSearch:
    """The values that are looked for, and the records that were found for them."""

    missing: set[str]
    values_of: Callable[[CrmRecord], Iterable[str]]
    since: datetime | None
    found: dict[str, CrmRecord] = field(default_factory=dict)

    def take(self, records: Iterable[CrmRecord]) -> None:
        for record in records:
            if self.since is None or not is_before(record.get("updated_at"), self.since):
                for value in self.missing.intersection(self.values_of(record)):
                    self.found[value] = record
        self.missing.difference_update(self.found)


def _note(seen: dict[CrmId, _Seen], records: Iterable[CrmRecord], asked_at: float) -> None:
    for record in records:
        seen.pop(record["id"], None)
        seen[record["id"]] = _Seen(record, asked_at)
    while len(seen) > REMEMBERED:
        del seen[next(iter(seen))]
