"""Asks for several windows of a search at once and hands their pages on in order."""

from __future__ import annotations

import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Any

import msgspec

from crm_api.copper.session import PAGE_SIZE
from crm_api.transport.answer import Answer
from tap_copper.search.query import PageQuery, Row
from tap_copper.search.read_ahead import InFlight, Search
from tap_copper.search.window import Window

BUFFER_BYTES = 32 * 2**20  # answers that wait for earlier windows
FASTEST = 1  # the level of compression that takes least: it already brings JSON to an eighth
NAP_SECONDS = 0.2  # how often a wait looks whether the run is to stop

_decode = msgspec.json.Decoder(list[dict[str, Any]]).decode


@dataclass(frozen=True)
class Page:
    """Records in the order in which they are handed on.

    Attributes:
        records: As Copper sent them.
        reached: Every record with a smaller replication value, in seconds, has been handed on, this page included; None
            if the page tells nothing.
        extracted: When Copper sent them.
    """

    records: list[dict[str, Any]]
    reached: int | None
    extracted: datetime

    def parts(self, size: int) -> Iterator[Page]:
        """The same in pages of no more records; what it tells, the last one tells."""
        for first in range(0, len(self.records) - size, size):
            yield Page(self.records[first : first + size], None, self.extracted)
        rest = (len(self.records) - 1) // size * size if self.records else 0
        yield Page(self.records[rest:], self.reached, self.extracted)


@dataclass(frozen=True)
class _Body:
    """What an answer brought, as it waits for its turn."""

    content: bytes
    is_packed: bool
    rows: list[Row]

    def records(self) -> list[dict[str, Any]]:
        return _decode(zlib.decompress(self.content) if self.is_packed else self.content)


@dataclass(frozen=True)
class _Chunk:
    body: _Body
    positions: list[int]
    reached: int | None
    extracted: datetime

    def records(self) -> list[dict[str, Any]]:
        records = self.body.records() if self.positions else []
        return records if len(self.positions) == len(records) else [records[place] for place in self.positions]

    def rows(self) -> list[Row]:
        return [self.body.rows[place] for place in self.positions]


class Reader:
    """Reads one search with threads of its own.

    Args:
        search: What is read.
        send: Sends a question; its answer's value is the rows.
        sign: -1 where keys are negative.
        horizon: The key of the last second before the tail, given the clock of the first answer.
        concurrency: Threads.
        now: The clock of this machine, for answers without a Date.
        check: Raises if the run is to stop.
        pack: Compress what waits for earlier windows.
    """

    def __init__(
        self,
        search: Search,
        send: Callable[[PageQuery], Answer],
        *,
        sign: int,
        horizon: Callable[[datetime], int],
        concurrency: int,
        now: Callable[[], datetime],
        check: Callable[[], None],
        pack: bool,
    ) -> None:
        self.began: datetime | None = None
        self._search = search
        self._send = send
        self._sign = sign
        self._horizon = horizon
        self._concurrency = concurrency
        self._now = now
        self._check = check
        self._pack = pack
        self._changed = threading.Condition()
        self._chunks: dict[Window, deque[_Chunk]] = {}
        self._strays: dict[Row, tuple[_Body, int]] = {}
        self._buffered = 0
        self._threads = 0
        self._idle = 0
        self._over = False
        self._error: BaseException | None = None

    @property
    def total(self) -> int | None:
        """How many records Copper said there are; None before the first answer."""
        return self._search.first_total

    def open(self) -> None:
        """Ask the first question here and now, where the pages are handed on later.

        Raises:
            CrmError: It was not answered; there will be no pages.
        """
        ask = self._next()
        if ask is not None:
            self._take(ask, self._send(ask.query))

    def pages(self) -> Iterator[Page]:
        """Hand on the pages, sorted by the replication value.

        Raises:
            CrmError: A question failed.
            CrowdError: A single second holds more records than can be read for certain.
        """
        for chunks in self._windows():
            yield from map(_page, chunks) if self._sign > 0 else _sorted(chunks)
        if self._strays:
            yield self._late()

    def ids(self) -> Iterator[list[Any]]:
        """Hand on the ids alone, a page at a time; what was edited meanwhile may come twice."""
        for chunks in self._windows():
            for chunk in chunks:
                yield [key for key, _ in chunk.rows()]
        yield [key for key, _ in self._strays]

    def _windows(self) -> Iterator[list[_Chunk]]:
        """What has come, in the order of the windows; the threads live as long as this is read."""
        try:
            self._hire()
            while (chunks := self._wait()) is not None:
                yield chunks
        finally:
            with self._changed:
                self._over = True
                self._changed.notify_all()

    def _wait(self) -> list[_Chunk] | None:
        """Wait for what is handed on next; None at the end."""
        with self._changed:
            while True:
                self._check()
                if self._error is not None:
                    raise self._error
                head = self._search.head
                if head is None:
                    return None
                waiting = self._chunks.get(head)
                if waiting and (self._sign > 0 or head.done):
                    chunks = list(waiting)
                    waiting.clear()
                    self._buffered -= sum(len(chunk.body.content) for chunk in chunks)
                    self._changed.notify_all()
                    return chunks
                if head.done:
                    self._search.drop_head()
                    self._chunks.pop(head, None)
                    self._changed.notify_all()
                    continue
                self._changed.wait(NAP_SECONDS)

    def _hire(self) -> None:
        self._threads += 1
        threading.Thread(target=self._work, name=f"reader-{self._threads}", daemon=True).start()

    def _work(self) -> None:
        try:
            while (ask := self._next()) is not None:
                self._take(ask, self._send(ask.query))
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that hands on
            with self._changed:
                self._error = self._error or error
                self._changed.notify_all()

    def _next(self) -> InFlight | None:
        """Wait for something to ask; where there is, another thread is to look whether there is more."""
        with self._changed:
            while not self._over and self._error is None and self._search.head is not None:
                ask = self._search.ask(head_only=self._buffered > BUFFER_BYTES)
                if ask is not None:
                    if self._idle == 0 and self._threads < self._concurrency and self._search.first_total is not None:
                        self._hire()
                    return ask
                self._idle += 1
                self._changed.wait()
                self._idle -= 1
        return None

    def _take(self, ask: InFlight, answer: Answer) -> None:
        body = self._body(answer)
        rows = body.rows
        if self._sign < 0:
            rows = [(key, None if second is None else -second) for key, second in rows]
        total = answer.headers.get("x-pw-total", "")
        extracted = self._now()
        with self._changed:
            if self.began is None:
                self.began = answer.date or extracted
            horizon = self._sign * self._horizon(self.began)
            places = self._search.take(ask, rows, int(total) if total.isdigit() else None, horizon)
            for window, taken in places:
                if taken.kept or (window.done and self._sign > 0):
                    chunk = _Chunk(body, taken.kept, _reached(window, rows, taken.kept), extracted)
                    self._chunks.setdefault(window, deque()).append(chunk)
                    self._buffered += len(body.content)
                for position in taken.strays:
                    self._strays[rows[position]] = (body, position)
            self._changed.notify_all()

    def _body(self, answer: Answer) -> _Body:
        content = zlib.compress(answer.content, FASTEST) if self._pack else answer.content
        return _Body(content, self._pack, answer.value or [])

    def _late(self) -> Page:
        """Records that the index showed in their old place: as they were then, after everything else."""
        ordered = sorted(self._strays.items(), key=lambda each: self._sign * (each[0][1] or 0))
        records = [body.records()[position] for _, (body, position) in ordered]
        return Page(records, None, self._now())


def _reached(window: Window, rows: list[Row], kept: list[int]) -> int | None:
    """The key below which everything has been met."""
    if not window.done:
        return window.floor
    return max((key for position in kept if (key := rows[position][1]) is not None), default=window.floor)


def _page(chunk: _Chunk) -> Page:
    return Page(chunk.records(), chunk.reached, chunk.extracted)


def _sorted(chunks: list[_Chunk]) -> Iterator[Page]:
    """All of a window that was read newest first, turned round."""
    found = [
        (second or 0, record)
        for chunk in chunks
        for (_, second), record in zip(chunk.rows(), chunk.records(), strict=True)
    ]
    found.sort(key=itemgetter(0))
    for first in range(0, len(found), PAGE_SIZE):
        part = found[first : first + PAGE_SIZE]
        yield Page([record for _, record in part], part[-1][0], chunks[-1].extracted)
