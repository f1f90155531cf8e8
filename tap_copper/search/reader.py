"""Reads a search: asks for several of its windows at once, and hands their pages on in order."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from operator import itemgetter
from typing import Any

from crm_api.copper.session import PAGE_SIZE, TOTAL_HEADER
from crm_api.transport import listing
from crm_api.transport.answer import Answer
from tap_copper.concurrency import NAP_SECONDS, WorkerPool
from tap_copper.search.chunks import Body, Chunk, WaitingChunks, is_in_order
from tap_copper.search.query import PageQuery, Row, SearchError
from tap_copper.search.read_ahead import InFlight, Search, Shares
from tap_copper.search.window import Window

MOST_IN_A_HURRY = 600 * PAGE_SIZE  # records: what some three minutes of quota can read
REQUESTS_A_SECOND = 80  # however long an answer takes: two waves of requests and a little use a minute's quota of 180
BUFFER_BYTES = 32 * 2**20  # answers that wait for earlier windows
PLAUSIBLE_YEARS = range(2000, 2038)  # of a server's clock: before lies what clocks begin with, and no filter reaches on
FASTEST = 1  # the level of compression that takes the least time: it already brings JSON to an eighth


@dataclass(frozen=True)
class Page:
    """Records in the order in which they are handed on.

    Attributes:
        records: The records as Copper sent them, or as a stream has made them.
        reached: Every record with a smaller replication value, in Unix seconds, has been handed on with this page or
            before it; None if the page tells nothing of the sort.
        extracted: When Copper sent them, in UTC.
    """

    records: list[dict[str, Any]]
    reached: int | None
    extracted: datetime


@dataclass(frozen=True)
class RunCalls:
    """The calls that a reader makes to the run.

    Attributes:
        now: Reads the clock of this machine, for answers without a Date.
        check: Called while pages are waited for; raises if the run must stop.
        wait_for_turn: Waits until the quota lets one more request leave; raises if the run must stop.
        pause: Waits so many seconds before a query that is asked again; raises if the run must stop.
        explain: Makes the error that says why the search cannot be read whole.
    """

    now: Callable[[], datetime]
    check: Callable[[], None]
    wait_for_turn: Callable[[], None]
    pause: Callable[[float], None]
    explain: Callable[[SearchError], Exception]


class Reader:
    """Reads one search, several queries at once.

    Threads of a pool send the queries and put the answers in; the thread that iterates over ``pages`` takes them out.
    One lock, ``_changed``, guards the search and all that waits.

    Args:
        search: The search; it decides what is asked.
        send: Sends a query; its answer's value is the rows.
        sign: The sign of the search's keys: -1 where it is read newest first.
        horizon: Makes of the clock of the first answer the last second before the tail, in Unix time.
        concurrency: Queries under way at once where the first answer comes soon.
        most_concurrent: Queries under way at once, however long it takes.
        run: The calls that it makes to the run.
        pack: Compress answers that wait for earlier windows.

    Attributes:
        began: The server's clock as of the first answer; None before it.
    """

    def __init__(
        self,
        search: Search,
        send: Callable[[PageQuery], Answer],
        *,
        sign: int,
        horizon: Callable[[datetime], int],
        concurrency: int,
        most_concurrent: int,
        run: RunCalls,
        pack: bool,
    ) -> None:
        self.began: datetime | None = None
        self._search = search
        self._send = send
        self._sign = sign
        self._horizon = horizon
        self._concurrency = concurrency
        self._most_concurrent = most_concurrent
        self._run = run
        self._pack = pack
        self._pool = WorkerPool(most_concurrent)
        self._changed = threading.Condition()
        self._waiting = WaitingChunks(ascending=sign > 0)
        self._edited_meanwhile: dict[Row, tuple[Body, int]] = {}
        self._under_way = 0
        self._is_asking = False  # a thread waits for a turn, or chooses a query
        self._error: BaseException | None = None

    @property
    def total(self) -> int | None:
        """The number of records that Copper said there are; None before the first answer."""
        return self._search.first_total

    @property
    def gap(self) -> int:
        """The number of records that Copper counted and did not show; 0 before the end."""
        return self._search.gap

    def open(self) -> None:
        """Ask the first query here and now, where the pages are handed on later.

        Raises:
            CrmError: It was not answered; there will be no pages.
        """
        with self._changed:
            asked = self._search.ask()
        if asked is not None:
            self._take(asked, self._send(asked.query))

    def pages(self) -> Iterator[Page]:
        """Hand on the pages, sorted by the replication value.

        Raises:
            CrmError: A query was not answered.
            StreamError: The search cannot be read whole.
        """
        for chunks in self._windows():
            is_sorted = self._sign > 0 and is_in_order(chunks)
            yield from map(_page, chunks) if is_sorted else _sorted(chunks)
        if self._edited_meanwhile:
            yield self._page_of_edited()

    def ids(self) -> Iterator[list[Any]]:
        """Hand on the ids alone, a page at a time; the id of a record that was edited meanwhile may come twice."""
        for chunks in self._windows():
            for chunk in chunks:
                yield [key for key, _ in chunk.rows()]
        yield [key for key, _ in self._edited_meanwhile]

    def _windows(self) -> Iterator[list[Chunk]]:
        """Hand on the answers in the order of the windows; queries are sent for as long as this is iterated over."""
        try:
            with self._changed:
                self._ask_next()
            while (chunks := self._wait()) is not None:
                yield chunks
        finally:
            self._pool.close()

    def _wait(self) -> list[Chunk] | None:
        """Wait for the chunks that are handed on next; None at the end."""
        self._run.check()
        with self._changed:
            while True:
                if isinstance(self._error, SearchError):
                    raise self._run.explain(self._error) from self._error
                if self._error is not None:
                    raise self._error
                if self._search.is_over:
                    return None
                head = self._search.head
                if head is None:  # the records are being counted again
                    self._ask_next()
                    self._nap()
                    continue
                if chunks := self._waiting.take(head):
                    self._ask_next()
                    return chunks
                if head.done:
                    self._search.drop_head()
                    self._waiting.pass_on(head, self._search.head)
                    self._ask_next()
                    continue
                self._nap()

    def _nap(self) -> None:
        """Wait until something has come, or a moment. The caller holds the lock."""
        self._changed.wait(NAP_SECONDS)
        self._run.check()

    def _ask_next(self) -> None:
        """Have one more query sent, if a thread is free and there is something to ask. The caller holds the lock."""
        if not self._is_asking and self._under_way < self._concurrency and self._error is None:
            self._is_asking = True
            self._pool.give(self._exchange)

    def _exchange(self) -> None:
        """Choose a query once it may leave, send it and take its answer, in a thread of the pool."""
        try:
            self._run.wait_for_turn()
            with self._changed:
                self._is_asking = False
                # As late as this: every answer that comes first makes for a better query.
                asked = self._search.ask(head_only=self._waiting.size > BUFFER_BYTES)
                if asked is None:
                    return
                self._under_way += 1
                self._ask_next()
            if asked.wait_seconds:
                self._run.pause(asked.wait_seconds)
            self._take(asked, self._send(asked.query))
            with self._changed:
                self._under_way -= 1
                self._ask_next()
        except BaseException as error:  # noqa: BLE001 - raised again by the thread that hands on
            with self._changed:
                self._error = self._error or error
                self._changed.notify_all()

    def _take(self, asked: InFlight, answer: Answer) -> None:
        body = self._body(answer)
        rows = body.rows
        if self._sign < 0:
            rows = [(key, None if second is None else -second) for key, second in rows]
        total = total_of(answer)
        extracted = self._run.now()
        with self._changed:
            if self.began is None:
                self.began = answer.date if answer.date and answer.date.year in PLAUSIBLE_YEARS else extracted
                self._adapt_to(answer.seconds, total)
            horizon = self._sign * self._horizon(self.began)
            for each, (its_body, its_rows, its_total, came) in self._search.in_turn(
                asked, (body, rows, total, extracted)
            ):
                shares = self._search.take(each, its_rows, its_total, horizon)
                self._keep(shares, its_body, its_rows, came)
            self._changed.notify_all()

    def _keep(self, shares: Shares, body: Body, rows: list[Row], extracted: datetime) -> None:
        """Keep what an answer brought to its windows, until it is handed on."""
        for window, taken in shares:
            if taken.kept or (window.done and self._sign > 0):
                reached = reached_by(window, rows, taken.kept)
                self._waiting.keep(window, Chunk(body, taken.kept, reached, extracted))
            for position in taken.edited_meanwhile:
                self._edited_meanwhile[rows[position]] = (body, position)

    def _adapt_to(self, seconds: float, total: int | None) -> None:
        """Have as many queries under way as make up for the time that an answer takes, where that time matters.

        More windows cost a few more queries. A long read takes many minutes of quota, and loses more by them than by
        the seconds that its last answers take.
        """
        if total is None or total > MOST_IN_A_HURRY:
            return
        concurrency = min(ceil(seconds * REQUESTS_A_SECOND), self._most_concurrent)
        if concurrency > self._concurrency:
            self._concurrency = concurrency
            self._search.read_in_order(concurrency)

    def _body(self, answer: Answer) -> Body:
        content = zlib.compress(answer.content, FASTEST) if self._pack else answer.content
        return Body(content, self._pack, answer.value or [])

    def _page_of_edited(self) -> Page:
        """Records that the index showed in their old place: as they were then, after everything else."""
        ordered = sorted(self._edited_meanwhile.items(), key=lambda each: self._sign * (each[0][1] or 0))
        records = [body.records()[position] for _, (body, position) in ordered]
        return Page(records, None, self._run.now())


def total_of(answer: Answer) -> int | None:
    """The total that an answer tells; None if it tells none, or something that is not a number."""
    return listing.total_of(answer.headers.get(TOTAL_HEADER))


def reached_by(window: Window, rows: Sequence[Row], kept: Sequence[int]) -> int | None:
    """The key below which every record of the search has been met."""
    if not window.done:
        return window.floor
    return max((key for position in kept if (key := rows[position][1]) is not None), default=window.floor)


def _page(chunk: Chunk) -> Page:
    return Page(chunk.records(), chunk.reached, chunk.extracted)


def _sorted(chunks: list[Chunk]) -> Iterator[Page]:
    """Sort what did not come in order: a whole window that was read newest first, or records that had to wait."""
    found = [
        (second or 0, record)
        for chunk in chunks
        for (_, second), record in zip(chunk.rows(), chunk.records(), strict=True)
    ]
    found.sort(key=itemgetter(0))
    for first in range(0, len(found), PAGE_SIZE):
        part = found[first : first + PAGE_SIZE]
        yield Page([record for _, record in part], part[-1][0], chunks[-1].extracted)
