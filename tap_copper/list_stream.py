"""Streams without a filter: a list that comes in one answer, or a search that is read page by page."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Any

from typing_extensions import override

from crm_api.copper.session import PAGE_SIZE, SEARCH_CEILING, TOTAL_HEADER
from crm_api.transport.answer import Answer
from tap_copper.client import CopperStream
from tap_copper.records import records_in
from tap_copper.search.query import Limits
from tap_copper.search.reader import Page
from tap_copper.search.same_second import TieReader

Record = dict[str, Any]


class ListStream(CopperStream):
    """A settings list: one GET brings all of it."""

    _opened: Any = None

    @override
    def open(self) -> bool:
        self._opened = self._ask()
        return True

    @override
    def pages(self) -> Iterator[Page]:
        yield Page(list(self.records(self._value())), None, self.account.time.now())

    def _value(self) -> Any:
        return self._ask() if self._opened is None else self._opened

    def _ask(self) -> Any:
        return self.account.ask("GET", self.path, read=self._read).value

    def _read(self, content: bytes) -> Any:
        return records_in(content, self.primary_keys)

    def records(self, value: Any) -> Iterator[dict[str, Any]]:
        """The records in an answer's value."""
        yield from value


class UnfilteredStream(CopperStream):
    """A search without filters."""

    _first: Answer | None = None

    @override
    def open(self) -> bool:
        self._first = self._send(1, PAGE_SIZE)
        return True

    @override
    def pages(self) -> Iterator[Page]:
        def send(number: int, size: int) -> Answer:
            first, self._first = self._first, None
            return self.send_in_a_thread(lambda: self._send(number, size)) if first is None else first

        for records in read_pages(send, lambda answer: answer.value, lambda record: record["id"]):
            yield Page(records, None, self.account.time.now())

    def _send(self, number: int, size: int) -> Answer:
        body = {"page_number": number, "page_size": size}
        return self.account.ask(
            "POST", self.path, body=body, read=lambda content: records_in(content, self.primary_keys)
        )


def read_pages(
    send: Callable[[int, int], Answer],
    records_in: Callable[[Answer], list[Record]],
    identify: Callable[[Record], Hashable],
) -> Iterator[list[Record]]:
    """Read the pages of a list without filters until no record can have been missed.

    Args:
        send: Asks for a page, given its number (1 is the first) and how many records it is to hold.
        records_in: Takes the records out of an answer.
        identify: Makes of a record the key that tells it from all others.

    Yields:
        The records of a page that have not come before.
    """
    ties = TieReader(None, [(None, None)], 0, Limits(PAGE_SIZE, SEARCH_CEILING))
    seen: set[Hashable] = set()
    while not ties.done:
        query = ties.query()
        answer = send(query.page, query.size)
        records = records_in(answer)
        new = [record for record in records if identify(record) not in seen]
        seen.update(map(identify, new))
        total = answer.headers.get(TOTAL_HEADER, "")
        ties.take([(identify(each), None) for each in records], int(total) if total.isdigit() else None, new=bool(new))
        yield new
