"""Searches Copper's collections: by values, by ids, and from end to end.

Facts: introduction/responses (pages, X-PW-TOTAL) and each ``list-…-search`` page: 200 records a page, only the first
100,000 of one search can be reached, totals are upper bounds, pages can be short.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm_api.copper.objects import FILTERS
from crm_api.copper.session import PAGE_SIZE, TOTAL_HEADER
from crm_api.crm_objects import CrmObject, CrmRecord
from crm_api.errors import InDoubtError
from crm_api.transport.listing import OddAnswerError, Progress, is_identified, total_of
from crm_api.transport.request import Request
from crm_api.transport.session import CrmSession


@dataclass(frozen=True)
class Page:
    """One answer of a search.

    Attributes:
        records: The records, without the stubs of deleted activities.
        size: Number of records in the answer, stubs included.
        total: An upper bound of how many records match; None if the CRM does not say.
    """

    records: list[CrmRecord]
    size: int
    total: int | None

    def may_continue(self, number: int) -> bool:
        """Whether a page after this one, the ``number``-th, can hold more; a short page is no proof that none does."""
        return self.size > 0 and (self.total is None or self.total > number * PAGE_SIZE)


def search(session: CrmSession, crm_object: CrmObject, body: Mapping[str, Any]) -> Page:
    """Request one page of a search.

    Raises:
        InDoubtError: The answer is not a list of records.
    """
    path = f"/{crm_object.name}/search"
    answer = session.exchange(Request("POST", path, body=body, read_only=True))
    if not isinstance(answer.value, list):
        raise InDoubtError(f"POST {path}", status=answer.status, happened="The CRM's answer is not a list of records")
    records = [record for record in answer.value if is_identified(record) and not record.get("is_deleted")]
    if answer.value and not any(map(is_identified, answer.value)):  # it is the answer that is odd
        raise OddAnswerError(f"POST {path}")
    return Page(records, len(answer.value), total_of(answer.headers.get(TOTAL_HEADER)))


def filter_for(crm_object: CrmObject, attribute: str, values: Sequence[str]) -> dict[str, Any]:
    """Make the filter of a search for records with any of the values."""
    if attribute == "parent":
        singular, _, crm_id = values[0].partition(":")
        return {"parent": {"id": int(crm_id), "type": singular}}
    known = FILTERS[crm_object.name, attribute]
    wanted: list[Any] = [int(value) for value in values] if known.ids else list(values)
    return {known.name: wanted if known.listed else wanted[0]}


@dataclass(frozen=True)
class _Edge:
    """The attribute along which a collection is walked, and the filter that moves a search along it."""

    attribute: str
    moved: str
    step: int
    sort: Mapping[str, str]


_OLDEST_FIRST = _Edge("date_created", "minimum_created_date", -1, {"sort_by": "date_created", "sort_direction": "asc"})
# activities/list-activities-search: newest first, and no other date can be filtered.
_NEWEST_FIRST = _Edge("activity_date", "maximum_activity_date", 1, {})


class Walk:
    """Reads every record that a search matches, past the ceiling of one search, while records come and go.

    Pages shift, so a walk moves along a date that does not change: it reads page 1 from the last second seen (and one
    second more, in case the bound is exclusive), and drops the records that were seen there. Only a second that fills a
    page is read page by page, again and again until a pass brings nothing new.
    """

    def __init__(self, session: CrmSession, crm_object: CrmObject, filters: Mapping[str, Any] | None = None) -> None:
        self._session = session
        self._crm_object = crm_object
        self._filters = filters or {}
        self._edge = _NEWEST_FIRST if crm_object.name == "activities" else _OLDEST_FIRST

    def __iter__(self) -> Iterator[CrmRecord]:
        """Read every record once."""
        second: int | None = None
        number = 1
        seen: dict[Any, int] = {}
        brought = False
        progress = Progress(f"POST /{self._crm_object.name}/search")
        while True:
            page = self._page(second, number)
            progress.look(record["id"] for record in page.records)
            for record in page.records:
                if record["id"] not in seen:
                    seen[record["id"]] = self._at(record) or 0
                    brought = True
                    yield record
            dated = [moment for moment in map(self._at, page.records) if moment is not None]
            last = dated[-1] if dated else second
            more = page.may_continue(number)
            if more and not self._is_beyond(last, second):
                number += 1
            elif number > 1 and brought:
                number, brought = 1, False  # a deletion may have shifted a record onto a page already read
            elif more and last is not None:
                second, number, brought = last, 1, False
                seen = {key: moment for key, moment in seen.items() if abs(moment - last) <= 1}
            else:
                return

    def _at(self, record: CrmRecord) -> int | None:
        moment = record.get(self._edge.attribute)
        return moment if type(moment) is int else None

    def _is_beyond(self, last: int | None, second: int | None) -> bool:
        return last is not None and (second is None or (last - second) * self._edge.step < 0)

    def _page(self, second: int | None, number: int) -> Page:
        moved = {} if second is None else {self._edge.moved: second + self._edge.step}
        body = {**self._filters, **self._edge.sort, **moved, "page_size": PAGE_SIZE, "page_number": number}
        return search(self._session, self._crm_object, body)
