"""Streams without a filter: a list that comes in one answer, or a search that is read page by page."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Any

from typing_extensions import override

from crm_api.copper.session import PAGE_SIZE, SEARCH_CEILING
from crm_api.transport.answer import Answer
from tap_copper.answers import records_in
from tap_copper.client import CopperStream
from tap_copper.errors import explain
from tap_copper.progress import log_event
from tap_copper.search.ending import WAITS
from tap_copper.search.query import Limits, SearchError, ShortReadError
from tap_copper.search.reader import Page, total_of
from tap_copper.search.same_second import TieReader
from tap_copper.settings import totals_are_hints

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
        return whole_list(
            lambda: self.account.ask("GET", self.path, read=self._read),
            lambda answer: len(list(self.records(answer.value))),
            self.account.pause,
            self.name,
            is_hint=totals_are_hints(self.config, self.name),
        ).value

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

        for records in read_pages(self, send, lambda answer: answer.value, lambda record: record["id"]):
            yield Page(records, None, self.account.time.now())

    def _send(self, number: int, size: int) -> Answer:
        body = {"page_number": number, "page_size": size}
        return self.account.ask(
            "POST", self.path, body=body, read=lambda content: records_in(content, self.primary_keys)
        )


def whole_list(
    send: Callable[[], Answer],
    count: Callable[[Answer], int],
    pause: Callable[[float], None],
    stream: str,
    *,
    is_hint: bool,
) -> Answer:
    """Ask for a list that comes in one answer, and again while it holds fewer records than it says.

    Args:
        send: Asks for it.
        count: Counts the records of an answer.
        pause: Waits so many seconds.
        stream: Name of the stream, for the error.
        is_hint: Totals count more than the key sees: believe the list.

    Raises:
        NotWholeError: It stays short.
    """
    answer = send()
    for seconds in WAITS:
        if is_hint or (total_of(answer) or 0) <= count(answer):
            return answer
        pause(seconds)
        answer = send()
    told, found = total_of(answer) or 0, count(answer)
    if told > found:
        raise explain(ShortReadError(told, found), stream)
    return answer


def read_pages(
    stream: CopperStream,
    send: Callable[[int, int], Answer],
    records_in: Callable[[Answer], list[Record]],
    identify: Callable[[Record], Hashable],
) -> Iterator[list[Record]]:
    """Read the pages of a list without filters until no record can have been missed.

    Args:
        stream: The stream that is read.
        send: Asks for a page, given its number (1 is the first) and how many records it is to hold.
        records_in: Takes the records out of an answer.
        identify: Makes of a record the key that tells it from all others.

    Yields:
        The records of a page that have not come before.

    Raises:
        StreamError: The list cannot be read whole.
    """
    limits = Limits(PAGE_SIZE, SEARCH_CEILING, totals_are_hints=totals_are_hints(stream.config, stream.name))
    ties = TieReader(None, [(None, None)], 0, limits)
    seen: set[Hashable] = set()
    while not ties.done:
        query = ties.query()
        if ties.wait_seconds:
            stream.account.pause(ties.wait_seconds)
        answer = send(query.page, query.size)
        records = records_in(answer)
        new = [record for record in records if identify(record) not in seen]
        seen.update(map(identify, new))
        try:
            ties.take([(identify(each), None) for each in records], total_of(answer), new=bool(new))
        except SearchError as error:
            yield new
            raise explain(error, stream.name) from error
        yield new
    if ties.gap:
        log_event(stream.logger, "records_not_shown", level="WARNING", stream=stream.name, records=ties.gap)
