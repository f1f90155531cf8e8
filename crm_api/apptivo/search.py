"""Reads Apptivo's lists: page by page, past the ceiling of one search, or the newest records first.

Facts: ``getAll`` and ``getAllByAdvancedSearch`` with ``startIndex`` (an offset), ``numRecords``, ``sortColumn``,
``sortDir``; ``{"data": […], "countOfRecords": N}``. One search reaches some 5,000 to 10,000 records; a library in
production reads on from the other end. Pages may be smaller than asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from crm_api.apptivo.declaration import ApptivoObject
from crm_api.apptivo.records import crm_id_of
from crm_api.apptivo.values import stamped
from crm_api.crm_objects import CrmId
from crm_api.errors import BusyError, SettingError
from crm_api.transport.listing import Progress, total_of
from crm_api.transport.request import Request
from crm_api.transport.session import CrmSession

PAGE_SIZE = 250  # what a library in production asks for; up to 1,000 was seen
LARGEST_OFFSET = timedelta(hours=14)  # from UTC, of any zone: stamps do not tell theirs
_ASCENDING = {"sortColumn": "creationDate", "sortDir": "asc"}
_DESCENDING = {"sortColumn": "creationDate", "sortDir": "desc"}


@dataclass(frozen=True)
class Page:
    """One answer of a list.

    Attributes:
        records: Records as they were answered, by id.
        total: Number of records over all pages; None if the answer does not say.
    """

    records: Mapping[CrmId, Mapping[str, Any]]
    total: int | None


def ask(session: CrmSession, path: str, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
    """Call an action that changes nothing, with a form: in either style, keys and values stay out of URLs.

    Raises:
        BusyError: The answer is not a JSON object.
    """
    form = {name: str(value) for name, value in parameters.items()}
    answer = session.exchange(Request("POST", path, form=form, read_only=True))
    if not isinstance(answer.value, Mapping):
        raise BusyError(path, status=answer.status, happened="The CRM gave an answer without content")
    return answer.value


class Lists:
    """The lists of one kind of record.

    Args:
        session: Sends the account's requests.
        declaration: The kind of record.
    """

    def __init__(self, session: CrmSession, declaration: ApptivoObject) -> None:
        self._session = session
        self._declaration = declaration
        self._total = 0

    def count(self) -> int:
        """Count the records, by one request."""
        page = self._page("getAll", {"startIndex": 0, "numRecords": 1})
        return len(page.records) if page.total is None else page.total

    def found(self, criteria: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """Search by attributes; searches are fuzzy, so the caller must compare."""
        search = {"searchData": msgspec.json.encode(criteria).decode(), "multiSelectData": "{}"}
        return self._walk("getAllByAdvancedSearch", search, set())

    def all(self) -> Iterator[Mapping[str, Any]]:
        """Read every record, the oldest first; those beyond the ceiling of one search, from the other end.

        Raises:
            SettingError: Some records are beyond the reach of both.
        """
        seen: set[CrmId] = set()
        yield from self._walk("getAll", _ASCENDING, seen)
        missing = self._missing(seen)
        if missing:
            yield from self._walk("getAll", _DESCENDING, seen)
            missing = self._missing(seen)
        if missing:
            raise SettingError(
                f"Apptivo lists only {len(seen)} of its {len(seen) + missing} {self._declaration.crm_object.name}, too "
                "few to know whether a record is there. Set match_on to an attribute that can be searched by: "
                f"{', '.join(self._declaration.crm_object.finds)}"
            )

    def since(self, moment: datetime) -> Iterator[Mapping[str, Any]]:
        """Read at least the records that were created since an instant, the newest first.

        Stamps have no zone, so half a day more is read. A list that is not sorted is read whole.
        """
        earliest = (moment.astimezone(UTC) - LARGEST_OFFSET).replace(tzinfo=None)
        last: datetime | None = None
        is_sorted = True
        for record in self._walk("getAll", _DESCENDING, set()):
            created = stamped(record.get("creationDate"))
            is_sorted = is_sorted and created is not None and (last is None or created <= last)
            last = created
            if is_sorted and created is not None and created < earliest:
                return
            yield record

    def _missing(self, seen: set[CrmId]) -> int:
        return max(self._total - len(seen), 0)

    def _walk(self, action: str, parameters: Mapping[str, Any], seen: set[CrmId]) -> Iterator[Mapping[str, Any]]:
        """Read pages, each beginning with the last record of the one before, because a deletion shifts the rest."""
        start = 0
        last: CrmId | None = None
        progress = Progress(f"/{self._declaration.crm_object.name}?a={action}")
        while True:
            page = self._page(action, {**parameters, "startIndex": start, "numRecords": PAGE_SIZE})
            progress.look(page.records)
            if start and page.records and last not in page.records:
                start = max(start - PAGE_SIZE // 2, 0)
                continue
            yield from (record for crm_id, record in page.records.items() if crm_id not in seen)
            seen.update(page.records)
            reached = start + len(page.records)
            ends_with = next(reversed(list(page.records)), None)
            if ends_with is None or ends_with == last or (page.total is not None and reached >= page.total):
                return
            start, last = reached - 1, ends_with

    def _page(self, action: str, parameters: Mapping[str, Any]) -> Page:
        path = f"/{self._declaration.crm_object.name}?a={action}"
        answer = ask(self._session, path, {"objectId": self._declaration.object_id, **parameters})
        places = (answer.get(key) for key in ("data", "responseObject"))
        listed: list[Any] = next((place for place in places if isinstance(place, list)), [])
        records = {
            crm_id: record
            for record in listed
            if isinstance(record, Mapping) and (crm_id := crm_id_of(self._declaration, record)) is not None
        }
        total = total_of(answer.get("countOfRecords"))
        self._total = len(records) if total is None else total
        return Page(records, total)
