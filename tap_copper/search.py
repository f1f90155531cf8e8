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

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from tap_copper.flights import MOST_PAGES, Flight
from tap_copper.questions import OVERLAP, Limits, Question, Row
from tap_copper.windows import Taken, Window


@dataclass(frozen=True)
class Ask:
    """A question and the window it belongs to.

    Attributes:
        flight: The pages that it is under way with; None if its answer is to tell where to cut the window.
    """

    window: Window
    question: Question
    flight: Flight | None = None


@dataclass
class _Cuts:
    """Pages of one question, ``step`` apart and each of ``size`` records, at which a window is to be cut."""

    question: Question
    total: int
    page: int
    step: int
    size: int


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
        self._windows = [Window(start, stop, limits)]
        self._tail: Window | None = self._windows[0]
        self._cuts: dict[Window, _Cuts] = {}
        self._flights: dict[Window, Flight] = {}
        self._cuts_in_flight = 0

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
        if reading or self._cuts_in_flight:
            free = self._limits.concurrency - len(reading) - self._cuts_in_flight
            cut = self._ask_cut(reading, free) if free > 0 and not head_only else None
            return cut or self._ask_further(chosen)
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
        if ask.flight is None:
            self._cuts_in_flight -= 1
            return self._cut(ask.question, rows, total)
        ask.flight.under_way -= 1
        if ask.question is not ask.flight.first:
            return self._cut(ask.question, rows, total)
        if self.first_total is not None:
            return [(ask.window, ask.window.take(ask.question, rows, total))]
        self.first_total = len(rows) if total is None else total
        taken = ask.window.take(ask.question, rows, total, None if self._newest_first else self._trusted(horizon))
        if ask.window.done:
            return [(ask.window, taken)]
        return self._split_tail(ask.window, rows, taken, horizon)

    def _closed(self) -> list[Window]:
        """The closed windows, in the order in which they are handed on."""
        closed = [window for window in self._windows if window is not self._tail]
        return closed[::-1] if self._newest_first else closed

    def _send(self, window: Window) -> Ask:
        question = window.question()
        tells = question.page == 1 and question.tie is None and not self._newest_first
        self._flights[window] = flight = Flight(question, window.left if tells else None)
        return Ask(window, question, flight)

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
            offset = (cuts.page - 1) * cuts.size
            if offset + cuts.size <= self._limits.ceiling and offset + self._limits.page_size <= cuts.total:
                question = Question(cuts.question.minimum, cuts.question.maximum, cuts.page, cuts.size)
                self._flights[window].end_at(question)
                self._cuts[window] = cuts
                self._cuts_in_flight += 1
                cuts.page += cuts.step
                return Ask(window, question)
            if not self._cuts_in_flight:
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
        share = ceil(window.left / (self._limits.page_size * (free + 1)))
        step = min(max(share, self._limits.fewest_pages), self._limits.most_pages)
        overlap = window.ties if window.ties <= OVERLAP else OVERLAP + ceil(window.ties / step)
        spare = min(overlap + (2 if step > MOST_PAGES else 1 + OVERLAP), self._limits.page_size // 4)
        return _Cuts(question, window.left, 1 + step, step, self._limits.page_size - spare)

    def _ask_further(self, reading: Sequence[Window]) -> Ask | None:
        """Ask for one more page of what is under way: where most is left."""
        under_way = [window for window in reading if window in self._flights]
        window = max(under_way, key=lambda each: self._flights[each].left, default=None)
        if window is None:
            return None
        flight = self._flights[window]
        question = flight.further(self._limits)
        return None if question is None else Ask(window, question, flight)

    def _cut(self, question: Question, rows: Sequence[Row], total: int | None) -> list[tuple[Window, Taken]]:
        """Cut the window in which the page begins. One that has been read that far is left alone."""
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
        if window in self._flights:
            self._flights[after] = self._flights[window]
        return [(after, after.take(question, rows, total))]


def _far_end(window: Window) -> int:
    """Where a window ends that is read newest first: at its oldest second, or in 1970."""
    return 0 if window.stop is None else window.stop


def _can_be_cut(window: Window, at: int) -> bool:
    if window.done or window.floor is None or window.floor >= at:
        return False
    return window.stop is None or at < window.stop
