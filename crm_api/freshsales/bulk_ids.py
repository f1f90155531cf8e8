"""Finds the ids of records that a bulk call wrote: the reports of its jobs do not hold them.

The records that were updated last are read, a hundred a page, and shared by all calls in progress: a thousand rows cost
ten pages, however many calls carried them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

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
        self._seen: dict[str, dict[CrmId, CrmRecord]] = {}

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
        with self._lock:
            seen = self._seen.setdefault(crm_object.name, {})
            look = _IdSearch(set(wanted), values_of, since)
            look.take(seen.values())
            for wait_seconds in WAITS_SECONDS:
                if look.missing and wait_seconds:
                    self._sleep(wait_seconds)
                try:
                    for records in self._pages(crm_object, since) if look.missing else ():
                        _note(seen, records)
                        look.take(records)
                        if not look.missing:
                            break
                except (RefusedError, SettingError):
                    break  # there is no view to find them in: the caller asks for them one by one
        return look.found

    def _pages(self, crm_object: FreshsalesObject, since: datetime | None) -> Iterable[list[CrmRecord]]:
        session = self._session()
        listing = self._views.all_of(session, crm_object)[0]
        for number, records in enumerate(self._views.latest(session, crm_object, listing, "updated_at"), 1):
            yield records
            past = since is not None and records and all(is_before(each.get("updated_at"), since) for each in records)
            if past or number == MOST_PAGES:
                return


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


def _note(seen: dict[CrmId, CrmRecord], records: Iterable[CrmRecord]) -> None:
    for record in records:
        seen.pop(record["id"], None)
        seen[record["id"]] = record
    while len(seen) > REMEMBERED:
        del seen[next(iter(seen))]
