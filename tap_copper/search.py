"""A search cut into windows: which may be asked now, where to cut, in which order they are handed on. Pure.

The first question is open-ended. If it does not bring everything, what is older than the horizon is read in closed
windows, and the rest, the tail, after all of them: a record that is edited meanwhile moves into the tail and is met
there.

A search that can be sorted is cut by asking for a page further on: its records show where to cut and become the first
page of the window that begins there. One that is returned newest first must be handed on from its far end: there a
window that is too large is halved in time. Either way no request is a mere probe. Where fewer requests are under way
than may be, the window with most left is cut, or its next pages are asked for ahead, so that all windows end together.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from tap_copper.flights import MOST_PAGES, Flight
from tap_copper.questions import OVERLAP, Limits, Question, Row
from tap_copper.windows import Habits, Taken, Window

FIRST_SHARE = 0.85  # what the first part of a window gets of an equal share; the last gets as much more


@dataclass(frozen=True)
class Ask:
    """A question and the pages that it is under way with."""

    question: Question
    flight: Flight


@dataclass
class _Cuts:
    """Pages of one question, each of ``size`` records, at which a window is to be cut.

    Attributes:
        question: The question.
        total: Records that it holds.
        page: Where the next cut is.
        step: Pages from there to the cut after it.
        growth: How much longer each step is than the one before it.
        longest: The longest step.
        size: Records to a page.
    """

    question: Question
    total: int
    page: int
    step: float
    growth: float
    longest: int
    size: int

    @property
    def beyond(self) -> int:
        """Records from the next cut on."""
        return self.total - (self.page - 1) * self.size

    def advance(self) -> Question:
        """The page at the next cut; the one after it is next then."""
        question = Question(self.question.minimum, self.question.maximum, self.page, self.size)
        self.page += round(self.step)
        self.step = min(self.step + self.growth, self.longest)
        return question


class Search:
    """The windows of one search and the order in which they are read and handed on.

    Args:
        start: Smallest key; None for all.
        stop: Largest key; None for all.
        limits: What one search can do.
        newest_first: The CRM returns the newest first and cannot be asked otherwise. Keys are negative then, and the
            windows are handed on from the last to the first.
    """

    def __init__(self, start: int | None, stop: int | None, limits: Limits, *, newest_first: bool = False) -> None:
        self.first_total: int | None = None
        self._limits = limits
        self._newest_first = newest_first
        self._windows = [Window(start, stop, limits, Habits())]
        self._tail: Window | None = self._windows[0]
        self._cuts: dict[Window, _Cuts] = {}
        self._flights: dict[Window, Flight] = {}
        self._awaited: dict[Flight, int] = {}  # those that begin with a cut, and how many records lie beyond it

    @property
    def head(self) -> Window | None:
        """The window whose records are handed on next; None at the end."""
        return next(iter(self._closed()), self._tail)

    def drop_head(self) -> None:
        """The head has been read and handed on."""
        head = self.head
        if head is None:
            return
        self._windows.remove(head)
        self._cuts.pop(head, None)
        self._flights.pop(head, None)
        if head is self._tail:
            self._tail = None

    def ask(self, *, head_only: bool = False) -> Ask | None:
        """Choose what may be asked now; None if nothing until an answer in flight has come.

        Args:
            head_only: Ask only for the window that is handed on next: the buffers are full.
        """
        head = self.head
        reading = [window for window in self._closed() if not window.done]
        chosen = [window for window in reading if window is head or not head_only]
        for window in chosen:
            if not self._is_under_way(window):
                return self._send(self._halve(window) if self._newest_first and self._is_large(window) else window)
        if reading or self._awaited:
            free = self._limits.concurrency - len(reading) - len(self._awaited)
            flights = [self._flights[window] for window in chosen]
            if head_only:
                return self._ask_further(flights)
            cut = self._ask_cut(reading, free) if free > 0 else None
            return cut or self._ask_further([*flights, *self._awaited])
        tail = self._tail
        return None if tail is None or tail.done or self._is_under_way(tail) else self._send(tail)

    def take(self, ask: Ask, rows: Sequence[Row], total: int | None, horizon: int) -> list[tuple[Window, Taken]]:
        """Take an answer and tell which of its records belong to which window.

        Args:
            ask: What was asked.
            rows: The ids and keys of the records.
            total: What the CRM says the search holds.
            horizon: The key of the last second before the tail; used with the first answer.

        Raises:
            CrowdError: A single key holds more records than can be read for certain.
        """
        ask.flight.under_way -= 1
        if ask.question is not ask.flight.first:
            return self._cut(ask, rows, total)
        if ask.flight in self._awaited:
            return self._cut(ask, rows, total, self._awaited.pop(ask.flight))
        window = ask.flight.window
        if self.first_total is not None:
            return [(window, window.take(ask.question, rows, total))]
        self.first_total = len(rows) if total is None else total
        taken = window.take(ask.question, rows, total, None if self._newest_first else self._trusted(horizon))
        if window.done:
            return [(window, taken)]
        return self._split_tail(window, rows, taken, horizon)

    def _closed(self) -> list[Window]:
        """The closed windows, in the order in which they are handed on."""
        closed = [window for window in self._windows if window is not self._tail]
        return closed[::-1] if self._newest_first else closed

    def _send(self, window: Window) -> Ask:
        question = window.question()
        tells = question.page == 1 and question.tie is None and not self._newest_first
        self._flights[window] = flight = Flight(window, question, window.left if tells else None)
        for cut, beyond in self._awaited.items():
            flight.end_at(cut.first, beyond)
        return Ask(question, flight)

    def _is_under_way(self, window: Window) -> bool:
        flight = self._flights.get(window)
        return flight is not None and flight.under_way > 0

    def _trusted(self, horizon: int) -> int | None:
        start = self._windows[0].start
        return horizon if start is None or start <= horizon else None

    def _split_tail(
        self, window: Window, rows: Sequence[Row], taken: Taken, horizon: int
    ) -> list[tuple[Window, Taken]]:
        cut = horizon - 1 if self._newest_first else horizon
        if window.start is not None and cut < window.start:
            self._tail = None if self._newest_first else window
            return [(window, taken)]
        if window.stop is not None and cut >= window.stop:
            self._tail = window if self._newest_first else None
            return [(window, taken)]
        records = window.left
        after = window.cut(cut)
        window.left = records  # the tail is hardly anything of it
        self._windows.append(after)
        self._tail = after
        beyond = {position for position in taken.kept if (key := rows[position][1]) is not None and key > cut}
        left = [position for position in taken.kept if position not in beyond]
        if self._newest_first:
            self._tail = window
            window.restart(rows[position] for position in left)
        return [(window, Taken(left, taken.strays)), (after, Taken(sorted(beyond), []))]

    def _is_large(self, window: Window) -> bool:
        if window.total is None or window.floor is None:
            return False
        return window.total > self._limits.most_pages * self._limits.page_size and window.floor < _far_end(window)

    def _halve(self, window: Window) -> Window:
        """Cut a window in the middle of what is left of it; return the part that is handed on first."""
        floor = window.floor or 0
        older = window.cut((floor + _far_end(window)) // 2)
        window.total = None
        self._windows.insert(self._windows.index(window) + 1, older)
        return older

    def _ask_cut(self, reading: Sequence[Window], free: int) -> Ask | None:
        """Ask for a page at which a window is to be cut: the one with most left, so that all end together.

        Args:
            reading: The windows that are being read.
            free: How many more may be read at once.
        """
        if self._newest_first:
            return None
        for window in sorted(reading, key=lambda each: each.left or 0, reverse=True):
            cuts = self._cuts.get(window) or self._plan(window, free)
            if cuts is None:
                continue
            offset = cuts.total - cuts.beyond
            if offset + cuts.size <= self._limits.ceiling and self._limits.page_size <= cuts.beyond:
                beyond = cuts.beyond
                question = cuts.advance()
                for flight in (self._flights[window], *self._awaited):
                    flight.end_at(question, beyond)
                self._cuts[window] = cuts
                flight = Flight(window, question, cuts.total)
                self._awaited[flight] = beyond
                return Ask(question, flight)
            if not self._awaited:
                self._cuts.pop(window, None)  # what lies further on is planned from where the window is then
        return None

    def _plan(self, window: Window, free: int) -> _Cuts | None:
        """Where to cut a window: so that each part is no more than its pages hold for certain.

        Each page begins with records of the page before it, and those of a flight with more of them. A window ends with
        all that share its last key.
        """
        question = window.question()
        if window.left is None or question.page > 1 or question.tie is not None:
            return None
        share = window.left / (self._limits.page_size * (free + 1))
        longest = self._limits.most_pages
        first = min(max(share * FIRST_SHARE, self._limits.fewest_pages), longest)
        growth = max(share - first, 0) * 2 / free
        step = min(ceil(first), longest)
        overlap = window.ties if window.ties <= OVERLAP else OVERLAP + ceil(window.ties / step)
        spare = min(overlap + (2 if step > MOST_PAGES else 2 * OVERLAP), self._limits.page_size // 4)
        size = self._limits.page_size - spare
        return _Cuts(question, window.left, 1 + step, min(first + growth, longest), growth, longest, size)

    def _ask_further(self, flights: Iterable[Flight]) -> Ask | None:
        """Ask for one more page of what is under way: where most is left."""
        for flight in sorted(flights, key=lambda each: each.left, reverse=True):
            question = flight.further(self._limits)
            if question is not None:
                return Ask(question, flight)
        return None

    def _cut(
        self, ask: Ask, rows: Sequence[Row], total: int | None, beyond: int | None = None
    ) -> list[tuple[Window, Taken]]:
        """Cut the window in which the page begins. One that has been read that far is left alone.

        Args:
            ask: What was asked.
            rows: The ids and keys of the records.
            total: What the CRM says the search holds.
            beyond: Records from the page on, if the cut was planned.
        """
        question = ask.question
        at = next((key for _, key in rows if key is not None), None)
        if at is None:
            return []
        begun = next((each for each in self._closed() if each.is_continued_by(question, rows, at)), None)
        if begun is not None:
            return [(begun, begun.take(question, rows, total))]
        window = next((each for each in self._closed() if _can_be_cut(each, at)), None)
        if window is None:
            return []
        after = window.cut(at)
        self._windows.insert(self._windows.index(window) + 1, after)
        if window in self._cuts:
            self._cuts[after] = self._cuts.pop(window)
        for flight in (self._flights.get(window), ask.flight):
            if flight is not None and flight.reaches_beyond(question, beyond):
                self._flights[after] = flight
        return [(after, after.take(question, rows, total))]


def _far_end(window: Window) -> int:
    """Where a window ends that is read newest first: at its oldest second, or in 1970."""
    return 0 if window.stop is None else window.stop


def _can_be_cut(window: Window, at: int) -> bool:
    if window.done or window.floor is None or window.floor >= at:
        return False
    return window.stop is None or at < window.stop
