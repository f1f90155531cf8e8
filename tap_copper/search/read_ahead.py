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

from tap_copper.search.query import OVERLAP, Limits, PageQuery, Row, page_after
from tap_copper.search.window import SearchBehaviour, Taken, Window

FIRST_SHARE = 0.85  # what the first part of a window gets of an equal share; the last gets as much more


@dataclass(frozen=True)
class InFlight:
    """A question and the pages that it is under way with."""

    query: PageQuery
    read_ahead: ReadAhead


@dataclass
class _Cuts:
    """Pages of one question, each of ``size`` records, at which a window is to be cut.

    Attributes:
        query: The question.
        total: Records that it holds.
        page: Where the next cut is.
        step: Pages from there to the cut after it.
        growth: How much longer each step is than the one before it.
        longest: The longest step.
        size: Records to a page.
    """

    query: PageQuery
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

    def advance(self) -> PageQuery:
        """The page at the next cut; the one after it is next then."""
        query = PageQuery(self.query.minimum, self.query.maximum, self.page, self.size)
        self.page += round(self.step)
        self.step = min(self.step + self.growth, self.longest)
        return query


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
        self._windows = [Window(start, stop, limits, SearchBehaviour())]
        self._tail: Window | None = self._windows[0]
        self._cuts: dict[Window, _Cuts] = {}
        self._flights: dict[Window, ReadAhead] = {}
        self._awaited: dict[ReadAhead, int] = {}  # those that begin with a cut, and how many records lie beyond it

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

    def ask(self, *, head_only: bool = False) -> InFlight | None:
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
            read_ahead_windows = [self._flights[window] for window in chosen]
            if head_only:
                return self._ask_further(read_ahead_windows)
            cut = self._ask_cut(reading, free) if free > 0 else None
            return cut or self._ask_further([*read_ahead_windows, *self._awaited])
        tail = self._tail
        return None if tail is None or tail.done or self._is_under_way(tail) else self._send(tail)

    def take(self, ask: InFlight, rows: Sequence[Row], total: int | None, horizon: int) -> list[tuple[Window, Taken]]:
        """Take an answer and tell which of its records belong to which window.

        Args:
            ask: What was asked.
            rows: The ids and keys of the records.
            total: What the CRM says the search holds.
            horizon: The key of the last second before the tail; used with the first answer.

        Raises:
            CrowdError: A single key holds more records than can be read for certain.
        """
        ask.read_ahead.under_way -= 1
        if ask.query is not ask.read_ahead.first:
            return self._cut(ask, rows, total)
        if ask.read_ahead in self._awaited:
            return self._cut(ask, rows, total, self._awaited.pop(ask.read_ahead))
        window = ask.read_ahead.window
        if self.first_total is not None:
            return [(window, window.take(ask.query, rows, total))]
        self.first_total = len(rows) if total is None else total
        taken = window.take(ask.query, rows, total, None if self._newest_first else self._trusted(horizon))
        if window.done:
            return [(window, taken)]
        return self._split_tail(window, rows, taken, horizon)

    def _closed(self) -> list[Window]:
        """The closed windows, in the order in which they are handed on."""
        closed = [window for window in self._windows if window is not self._tail]
        return closed[::-1] if self._newest_first else closed

    def _send(self, window: Window) -> InFlight:
        query = window.query()
        tells = query.page == 1 and query.tie is None and not self._newest_first
        self._flights[window] = read_ahead = ReadAhead(window, query, window.left if tells else None)
        for cut, beyond in self._awaited.items():
            read_ahead.end_at(cut.first, beyond)
        return InFlight(query, read_ahead)

    def _is_under_way(self, window: Window) -> bool:
        read_ahead = self._flights.get(window)
        return read_ahead is not None and read_ahead.under_way > 0

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
        return [(window, Taken(left, taken.edited_meanwhile)), (after, Taken(sorted(beyond), []))]

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

    def _ask_cut(self, reading: Sequence[Window], free: int) -> InFlight | None:
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
                query = cuts.advance()
                for read_ahead in (self._flights[window], *self._awaited):
                    read_ahead.end_at(query, beyond)
                self._cuts[window] = cuts
                read_ahead = ReadAhead(window, query, cuts.total)
                self._awaited[read_ahead] = beyond
                return InFlight(query, read_ahead)
            if not self._awaited:
                self._cuts.pop(window, None)  # what lies further on is planned from where the window is then
        return None

    def _plan(self, window: Window, free: int) -> _Cuts | None:
        """Where to cut a window: so that each part is no more than its pages hold for certain.

        Each page begins with records of the page before it, and those of a flight with more of them. A window ends with
        all that share its last key.
        """
        query = window.query()
        if window.left is None or query.page > 1 or query.tie is not None:
            return None
        share = window.left / (self._limits.page_size * (free + 1))
        longest = self._limits.most_pages
        first = min(max(share * FIRST_SHARE, self._limits.fewest_pages), longest)
        growth = max(share - first, 0) * 2 / free
        step = min(ceil(first), longest)
        overlap = window.most_ties if window.most_ties <= OVERLAP else OVERLAP + ceil(window.most_ties / step)
        spare = min(overlap + (2 if step > MOST_PAGES else 2 * OVERLAP), self._limits.page_size // 4)
        size = self._limits.page_size - spare
        return _Cuts(query, window.left, 1 + step, min(first + growth, longest), growth, longest, size)

    def _ask_further(self, read_ahead_windows: Iterable[ReadAhead]) -> InFlight | None:
        """Ask for one more page of what is under way: where most is left."""
        for read_ahead in sorted(read_ahead_windows, key=lambda each: each.left, reverse=True):
            query = read_ahead.further(self._limits)
            if query is not None:
                return InFlight(query, read_ahead)
        return None

    def _cut(
        self, ask: InFlight, rows: Sequence[Row], total: int | None, beyond: int | None = None
    ) -> list[tuple[Window, Taken]]:
        """Cut the window in which the page begins. One that has been read that far is left alone.

        Args:
            ask: What was asked.
            rows: The ids and keys of the records.
            total: What the CRM says the search holds.
            beyond: Records from the page on, if the cut was planned.
        """
        query = ask.query
        at = next((key for _, key in rows if key is not None), None)
        if at is None:
            return []
        begun = next((each for each in self._closed() if each.is_continued_by(query, rows, at)), None)
        if begun is not None:
            return [(begun, begun.take(query, rows, total))]
        window = next((each for each in self._closed() if _can_be_cut(each, at)), None)
        if window is None:
            return []
        after = window.cut(at)
        self._windows.insert(self._windows.index(window) + 1, after)
        if window in self._cuts:
            self._cuts[after] = self._cuts.pop(window)
        for read_ahead in (self._flights.get(window), ask.read_ahead):
            if read_ahead is not None and read_ahead.reaches_beyond(query, beyond):
                self._flights[after] = read_ahead
        return [(after, after.take(query, rows, total))]


def _far_end(window: Window) -> int:
    """Where a window ends that is read newest first: at its oldest second, or in 1970."""
    return 0 if window.stop is None else window.stop


def _can_be_cut(window: Window, at: int) -> bool:
    if window.done or window.floor is None or window.floor >= at:
        return False
    return window.stop is None or at < window.stop


MOST_PAGES = 8  # the further on, the smaller a page must be to begin where the one before it ends


class ReadAhead:
    """A question and the pages that are asked for before its answer has come.

    Attributes:
        window: The window that it is for, or that is to be cut where it begins.
        first: The question.
        under_way: How many pages have not been answered.

    Args:
        window: The window.
        first: The question.
        holds: How many records it holds; None if that is not known, or further pages would not tell what comes next.
    """

    def __init__(self, window: Window, first: PageQuery, holds: int | None) -> None:
        self.window = window
        self.first = first
        self.under_way = 1
        self._total = self._holds = holds or 0
        self._pages = 1
        self._end = first.page * first.size

    @property
    def left(self) -> int:
        """Records that no page has been asked for and one may be, as far as is known; 0 if nothing is."""
        return max(self._holds - self._end, 0) if self._pages < MOST_PAGES else 0

    def further(self, limits: Limits) -> PageQuery | None:
        """Take the next page; None if there is none."""
        if not self.left:
            return None
        query = page_after(self.first, self._end, self.first.size, limits)
        if query is not None:
            self._pages += 1
            self._end = query.page * query.size
            self.under_way += 1
        return query

    def end_at(self, cut: PageQuery, beyond: int) -> None:
        """The window is to be cut where another page of the search begins, with so many records from there on."""
        if cut.maximum == self.first.maximum:
            self._holds = min(self._holds, self._total - beyond + 1)

    def reaches_beyond(self, cut: PageQuery, beyond: int | None) -> bool:
        """Whether pages are under way, or may be, that begin after the page at which the window is cut."""
        if not self.under_way:
            return False
        if beyond is None or cut.maximum != self.first.maximum:
            return True
        return self._end > self._total - beyond + self.first.size
