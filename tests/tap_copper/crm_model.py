"""A search that behaves as badly as Copper's may: for the tests of the pure reading logic."""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import itemgetter

from tap_copper.search.chunks import Body, Chunk, WaitingChunks, is_in_order
from tap_copper.search.orders import AscendingSearch, NewestFirstSearch
from tap_copper.search.query import Limits, PageQuery, Row
from tap_copper.search.read_ahead import InFlight
from tap_copper.search.reader import reached_by

LOOKBACK = 20
EPOCH = datetime.fromtimestamp(0, UTC)

Twisted = tuple[list[Row], int | None]


def dice(seed: int) -> random.Random:
    return random.Random(seed)


@dataclass
class CrmModel:
    """Records by id with the second of their last change, and a search over them.

    Attributes:
        includes_minimum: The search includes its minimum; likewise ``includes_maximum``.
        ghost_every: Every n-th place of a result is counted and stays empty, so that pages come short.
        overcount: Added to the total.
        random_ties: Records of one second are ordered anew for every page.
        index_lag: Seconds until a change is found; never more than ``LOOKBACK``.
        shows_current: Returns records as they are now, however old the index is.
        twist: Makes of an honest answer the one that is given; called with the question, the rows and the total.
        gap: Records that reads told of as counted and not shown.
        reached: The keys below which reads said that all had come, and how many records they had handed on by then.
    """

    includes_minimum: bool = True
    includes_maximum: bool = True
    ghost_every: int = 0
    overcount: int = 0
    random_ties: bool = False
    index_lag: int = 0
    shows_current: bool = False
    twist: Callable[[PageQuery, list[Row], int], Twisted] = lambda _, rows, total: (rows, total)
    random: random.Random = field(default_factory=lambda: dice(0))
    now: int = 1000
    records: dict[int, int] = field(default_factory=dict)
    index: dict[int, int] = field(default_factory=dict)
    waiting: deque[tuple[int, int, int | None]] = field(default_factory=deque)
    questions: int = 0
    gap: int = 0
    reached: list[tuple[int, int]] = field(default_factory=list)
    _sorted: list[tuple[int, int]] | None = None
    _mirrored: list[tuple[int, int]] = field(default_factory=list)

    def fill(self, seconds: list[int]) -> None:
        self.records = dict(enumerate(seconds))
        self.index = dict(self.records)

    def write(self, record: int, second: int | None) -> None:
        """Change a record (or delete it, with None)."""
        if second is None:
            self.records.pop(record, None)
        else:
            self.records[record] = second
        self.waiting.append((self.now + self.index_lag, record, second))

    def refresh(self) -> None:
        while self.waiting and self.waiting[0][0] <= self.now:
            _, record, second = self.waiting.popleft()
            self._sorted = None
            if second is None:
                self.index.pop(record, None)
            else:
                self.index[record] = second

    def answer(self, question: PageQuery, limits: Limits, sign: int = 1) -> Twisted:
        self.questions += 1
        assert self.questions < 20_000, "the search has no end"
        self.refresh()
        assert question.size <= limits.page_size
        found, first, last = self._found(question, sign)
        places = self._places(last - first)
        page = places[: limits.ceiling][(question.page - 1) * question.size : question.page * question.size]
        shown = [found[first + place] for place in page if place is not None]
        if self.shows_current:
            shown = [(record, sign * self.records[record]) for record, _ in shown if record in self.records]
        return self.twist(question, shown, len(places) + self.overcount)

    def _found(self, question: PageQuery, sign: int) -> tuple[list[tuple[int, int]], int, int]:
        """The records in order, and where those that a question asks for begin and end."""
        if self._sorted is None:
            rows = [(second, self.random.random(), record) for record, second in self.index.items()]
            self._sorted = [(record, second) for second, _, record in sorted(rows)]
            self._mirrored = [(record, -second) for record, second in reversed(self._sorted)]
        found = self._mirrored if sign < 0 else self._sorted
        includes_low, includes_high = self.includes_minimum, self.includes_maximum
        if sign < 0:
            includes_low, includes_high = includes_high, includes_low
        first, last = 0, len(found)
        if question.minimum is not None:
            first = (bisect_left if includes_low else bisect_right)(found, question.minimum, key=itemgetter(1))
        if question.maximum is not None:
            last = (bisect_right if includes_high else bisect_left)(found, question.maximum, key=itemgetter(1))
        last = max(first, last)
        if not self.random_ties and (question.tie is None or sign < 0):
            return found, first, last
        found = found[first:last]
        if self.random_ties:
            self.random.shuffle(found)
            found.sort(key=itemgetter(1))
        if question.tie is not None and sign > 0:
            found.sort(key=itemgetter(0), reverse=bool(question.tie % 2))
        return found, 0, len(found)

    def _places(self, count: int) -> Sequence[int | None]:
        """Which record stands at which place of the result: every n-th place is counted and stays empty."""
        if not self.ghost_every:
            return range(count)
        places: list[int | None] = []
        for number in range(count):
            places.append(number)
            if (len(places) + 1) % self.ghost_every == 0:
                places.append(None)
        return places


def read(
    crm: CrmModel,
    limits: Limits,
    *,
    start: int | None = None,
    stop: int | None = None,
    newest_first: bool = False,
    meanwhile: Callable[[], None] = lambda: None,
) -> list[Row]:
    """Run a search to its end, several questions at once, with ``meanwhile`` between any two answers.

    Returns:
        What is handed on, in order: (id, second). Records that were edited meanwhile come last.
    """
    sign = -1 if newest_first else 1
    bounds = (start, stop) if sign > 0 else (_negative(stop), _negative(start))
    search = (NewestFirstSearch if newest_first else AscendingSearch)(*bounds, limits)
    in_flight: list[InFlight] = []
    waiting = WaitingChunks(ascending=sign > 0)
    handed_on: list[Row] = []
    edited: list[Row] = []
    horizon = sign * (crm.now - LOOKBACK)
    while not search.is_over:
        while len(in_flight) < limits.concurrency and (ask := search.ask()) is not None:
            in_flight.append(ask)
        if in_flight:
            ask = in_flight.pop(crm.random.randrange(len(in_flight)))
            crm.now += int(ask.wait_seconds)
            rows, total = crm.answer(ask.query, limits, sign)
            for each, (its_rows, its_total) in search.in_turn(ask, (rows, total)):
                for window, taken in search.take(each, its_rows, its_total, horizon):
                    reached = reached_by(window, its_rows, taken.kept)
                    waiting.keep(window, Chunk(Body(b"", is_packed=False, rows=its_rows), taken.kept, reached, EPOCH))
                    edited += [its_rows[position] for position in taken.edited_meanwhile]
            meanwhile()
        while (head := search.head) is not None:
            chunks = waiting.take(head)
            brought = [
                (record, None if key is None else sign * key) for chunk in chunks for record, key in chunk.rows()
            ]
            is_sorted = sign > 0 and is_in_order(chunks)
            handed_on += brought if is_sorted else sorted(brought, key=lambda row: row[1] or 0)
            if sign > 0:
                crm.reached += [(chunk.reached, len(handed_on)) for chunk in chunks if chunk.reached is not None]
            if not chunks and not head.done:
                break
            if not chunks:
                search.drop_head()
                waiting.pass_on(head, search.head)
    crm.gap += search.gap
    return handed_on + [(record, sign * (key or 0)) for record, key in edited]


def _negative(second: int | None) -> int | None:
    return None if second is None else -second
