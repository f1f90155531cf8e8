"""A search cut into windows: which may be asked now, where to cut, in which order they are handed on. Pure.

The first question is open-ended. If it does not bring everything, records older than the horizon are read in closed
windows, and the rest, the tail, after all of them: a record that is edited meanwhile moves into the tail and is met
there.

A search that can be sorted is cut by asking for a page further on: its records show where to cut and become the first
page of the window that begins there. One that is returned newest first must be handed on from its far end: there a
window that is too large is halved in time. Either way no request is a mere probe. Where fewer requests are under way
than may be, the window with most left is cut, or its next pages are asked for ahead, so that all windows end together.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from typing_extensions import override

from tap_copper.search.query import OVERLAP, Limits, PageQuery, Row, page_after
from tap_copper.search.window import SearchBehaviour, Taken, Window

FIRST_SHARE = 0.85  # of an equal share, for the first part of a window; the last part gets as much more
MOST_PAGES = 8  # asked for ahead: the further on, the smaller a page must be to begin where the one before it ends

Shares = list[tuple[Window, Taken]]
"""The windows that an answer belongs to, with its records that belong to each."""


class ReadAhead:
    """A question and the pages that are asked for before its answer has come.

    Args:
        window: The window.
        first: The question.
        holds: How many records it holds; None if that is not known, or further pages would not tell what comes next.

    Attributes:
        window: The window that it is for, or that is cut where it begins.
        first: The question.
        under_way: How many of its pages have not been answered.
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

    def take_next(self, limits: Limits) -> PageQuery | None:
        """Take the next page to ask for; None if there is none."""
        if not self.left:
            return None
        query = page_after(self.first, self._end, self.first.size, limits)
        if query is not None:
            self._pages += 1
            self._end = query.page * query.size
            self.under_way += 1
        return query

    def end_at(self, cut: PageQuery, beyond: int) -> None:
        """Ask for no page beyond a planned cut.

        Args:
            cut: The page at whose first record the window will be cut.
            beyond: Records of the search from there on.
        """
        if cut.maximum == self.first.maximum:
            self._holds = min(self._holds, self._total - beyond + 1)

    def reaches_beyond(self, cut: PageQuery, beyond: int | None) -> bool:
        """Whether pages are under way, or may be, that begin after the page at which the window is cut."""
        if not self.under_way:
            return False
        if beyond is None or cut.maximum != self.first.maximum:
            return True
        return self._end > self._total - beyond + self.first.size


@dataclass(frozen=True)
class InFlight:
    """A question that is under way, and the pages that it belongs to."""

    query: PageQuery
    read_ahead: ReadAhead


class Search(ABC):
    """The windows of one search and the order in which they are read and handed on.

    Args:
        start: The smallest key; None for no bound.
        stop: The largest key; None for no bound.
        limits: The limits of one search.

    Attributes:
        first_total: How many records the first question held; None before its answer.
    """

    def __init__(self, start: int | None, stop: int | None, limits: Limits) -> None:
        self.first_total: int | None = None
        self._limits = limits
        self._windows = [Window(start, stop, limits, SearchBehaviour())]
        self._tail: Window | None = self._windows[0]
        self._reading: dict[Window, ReadAhead] = {}

    @property
    def head(self) -> Window | None:
        """The window whose records are handed on next; None at the end."""
        return next(iter(self._closed()), self._tail)

    def drop_head(self) -> None:
        """Forget the head: it has been read and handed on."""
        head = self.head
        if head is None:
            return
        self._windows.remove(head)
        self._reading.pop(head, None)
        if head is self._tail:
            self._tail = None

    def ask(self, *, head_only: bool = False) -> InFlight | None:
        """Choose the next question; None if nothing may be asked until an answer has come.

        Args:
            head_only: Ask only for the window that is handed on next: the buffers are full.
        """
        unread = [window for window in self._closed() if not window.done]
        head = self.head
        chosen = [window for window in unread if window is head or not head_only]
        for window in chosen:
            if not self._is_under_way(window):
                return self._begin(window)
        if unread or self._is_cutting():
            return self._ask_ahead(unread, chosen, head_only=head_only)
        # The tail comes after everything else: until then, records that are edited move into it.
        tail = self._tail
        return None if tail is None or tail.done or self._is_under_way(tail) else self._begin(tail)

    def take(self, asked: InFlight, rows: Sequence[Row], total: int | None, horizon: int) -> Shares:
        """Take an answer and tell which of its records belong to which window.

        Args:
            asked: The question.
            rows: The ids and keys of the records.
            total: How many records the search holds, as the CRM says; None if it does not.
            horizon: The key of the last second before the tail; used with the first answer.

        Raises:
            TieError: A single key holds more records than can be read for certain.
        """
        asked.read_ahead.under_way -= 1
        if self.first_total is not None:
            return self._take(asked, rows, total)
        self.first_total = len(rows) if total is None else total
        window = asked.read_ahead.window
        taken = window.take(asked.query, rows, total, self._trusted(horizon))
        return [(window, taken)] if window.done else self._split_tail(window, rows, taken, horizon)

    @abstractmethod
    def _closed(self) -> list[Window]:
        """The closed windows, in the order in which they are handed on."""

    @abstractmethod
    def _begin(self, window: Window) -> InFlight:
        """Ask the next question of a window of which none is under way."""

    def _is_cutting(self) -> bool:
        """Whether a page is under way at which a window is to be cut."""
        return False

    @abstractmethod
    def _ask_ahead(self, unread: Sequence[Window], chosen: Sequence[Window], *, head_only: bool) -> InFlight | None:
        """Ask more of windows that are being read; None if nothing more may be asked.

        Args:
            unread: The closed windows that are being read.
            chosen: Those of them that may be asked for.
            head_only: The buffers are full.
        """

    def _take(self, asked: InFlight, rows: Sequence[Row], total: int | None) -> Shares:
        """Take an answer that is not the first."""
        window = asked.read_ahead.window
        return [(window, window.take(asked.query, rows, total))]

    @abstractmethod
    def _trusted(self, horizon: int) -> int | None:
        """The last key by which the first answer tells how far it reaches; None for any key."""

    @abstractmethod
    def _split_tail(self, window: Window, rows: Sequence[Row], taken: Taken, horizon: int) -> Shares:
        """Part the tail from the first window, which has not been read whole with the first answer."""

    def _cut_at(self, key: int, window: Window, rows: Sequence[Row], taken: Taken) -> tuple[Window, list[int], Taken]:
        """Cut the first window.

        Returns:
            The window beyond the cut, and the positions of the records this side of it and beyond it.
        """
        after = window.cut(key)
        self._windows.append(after)
        beyond = [place for place in taken.kept if (found := rows[place][1]) is not None and found > key]
        return after, [place for place in taken.kept if place not in set(beyond)], Taken(sorted(beyond), [])

    def _is_under_way(self, window: Window) -> bool:
        read_ahead = self._reading.get(window)
        return read_ahead is not None and read_ahead.under_way > 0


class NewestFirstSearch(Search):
    """A search that the CRM returns newest first, and cannot be asked to return otherwise.

    Keys are negative, so that they ascend. The windows are handed on from the last to the first: a large one is halved
    in time, and its older half is read first.
    """

    @override
    def _closed(self) -> list[Window]:
        return [window for window in reversed(self._windows) if window is not self._tail]

    @override
    def _begin(self, window: Window) -> InFlight:
        if window is not self._tail and self._is_large(window):
            window = self._halve(window)
        query = window.query()
        self._reading[window] = read_ahead = ReadAhead(window, query, None)
        return InFlight(query, read_ahead)

    @override
    def _ask_ahead(self, unread: Sequence[Window], chosen: Sequence[Window], *, head_only: bool) -> InFlight | None:
        return None  # what a further page shows shifts with every record that is logged meanwhile

    @override
    def _trusted(self, horizon: int) -> int | None:
        return None  # the newest come first: records that were just edited are where they belong

    @override
    def _split_tail(self, window: Window, rows: Sequence[Row], taken: Taken, horizon: int) -> Shares:
        key = horizon - 1
        if window.start is not None and key < window.start:
            self._tail = None  # nothing of it is newer than the horizon
            return [(window, taken)]
        if window.stop is not None and key >= window.stop:
            return [(window, taken)]  # all of it is the tail
        older, kept, beyond = self._cut_at(key, window, rows, taken)
        # What is logged from now on comes before all that has been read: the tail begins anew.
        window.restart(rows[position] for position in kept)
        return [(window, Taken(kept, taken.edited_meanwhile)), (older, beyond)]

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


def _far_end(window: Window) -> int:
    """The key at which a window ends that is read newest first: its oldest second, or 1970."""
    return 0 if window.stop is None else window.stop


@dataclass
class _Cuts:
    """Pages of one question, each of ``size`` records, at which a window is to be cut.

    Attributes:
        query: The question.
        total: Records that it holds.
        page: Number of the page at which the next cut is.
        step: Pages from there to the cut after it.
        growth: How many pages longer each step is than the one before it.
        longest: The longest step, in pages.
        size: Records on a page.
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

    def take_next(self) -> PageQuery:
        """Take the page at the next cut; the cut after it is the next one then."""
        query = PageQuery(self.query.minimum, self.query.maximum, self.page, self.size)
        self.page += round(self.step)
        self.step = min(self.step + self.growth, self.longest)
        return query


class AscendingSearch(Search):
    """A search that the CRM sorts by key, ascending: the windows are handed on from the first to the last.

    Args:
        start: The smallest key; None for no bound.
        stop: The largest key; None for no bound.
        limits: The limits of one search.
    """

    def __init__(self, start: int | None, stop: int | None, limits: Limits) -> None:
        super().__init__(start, stop, limits)
        self._cuts: dict[Window, _Cuts] = {}
        self._awaited: dict[ReadAhead, int] = {}  # those that begin with a cut, and how many records lie beyond it

    @override
    def drop_head(self) -> None:
        if (head := self.head) is not None:
            self._cuts.pop(head, None)
        super().drop_head()

    @override
    def _closed(self) -> list[Window]:
        return [window for window in self._windows if window is not self._tail]

    @override
    def _begin(self, window: Window) -> InFlight:
        query = window.query()
        is_by_key = query.page == 1 and query.tie is None
        self._reading[window] = read_ahead = ReadAhead(window, query, window.left if is_by_key else None)
        for cut, beyond in self._awaited.items():
            read_ahead.end_at(cut.first, beyond)
        return InFlight(query, read_ahead)

    @override
    def _is_cutting(self) -> bool:
        return bool(self._awaited)

    @override
    def _ask_ahead(self, unread: Sequence[Window], chosen: Sequence[Window], *, head_only: bool) -> InFlight | None:
        pages = [self._reading[window] for window in chosen]
        if head_only:
            return self._ask_page(pages)
        # A cut gives a thread work for long, further pages for a moment: cuts come first while threads are free.
        free = self._limits.concurrency - len(unread) - len(self._awaited)
        cut = self._ask_cut(unread, free) if free > 0 else None
        return cut or self._ask_page([*pages, *self._awaited])

    @override
    def _take(self, asked: InFlight, rows: Sequence[Row], total: int | None) -> Shares:
        if asked.query is not asked.read_ahead.first:
            return self._cut(asked, rows, total)
        if asked.read_ahead in self._awaited:
            return self._cut(asked, rows, total, self._awaited.pop(asked.read_ahead))
        return super()._take(asked, rows, total)

    @override
    def _trusted(self, horizon: int) -> int | None:
        # Beyond the horizon the index may lag: a record that was just edited may be shown in its old place.
        start = self._windows[0].start
        return horizon if start is None or start <= horizon else None

    @override
    def _split_tail(self, window: Window, rows: Sequence[Row], taken: Taken, horizon: int) -> Shares:
        if window.start is not None and horizon < window.start:
            return [(window, taken)]  # all of it is the tail
        if window.stop is not None and horizon >= window.stop:
            self._tail = None  # nothing of it is newer than the horizon
            return [(window, taken)]
        left = window.left
        self._tail, kept, beyond = self._cut_at(horizon, window, rows, taken)
        window.left = left  # the tail is hardly anything of it
        return [(window, Taken(kept, taken.edited_meanwhile)), (self._tail, beyond)]

    def _ask_cut(self, unread: Sequence[Window], free: int) -> InFlight | None:
        """Ask for a page at which a window is to be cut: the one with most left, so that all end together.

        Args:
            unread: The windows that are being read.
            free: How many more may be read at once.
        """
        for window in sorted(unread, key=lambda each: each.left or 0, reverse=True):
            cuts = self._cuts.get(window) or self._plan(window, free)
            if cuts is None:
                continue
            beyond = cuts.beyond
            is_reachable = cuts.total - beyond + cuts.size <= self._limits.ceiling
            if is_reachable and self._limits.page_size <= beyond:
                query = cuts.take_next()
                for read_ahead in (self._reading[window], *self._awaited):
                    read_ahead.end_at(query, beyond)
                self._cuts[window] = cuts
                read_ahead = ReadAhead(window, query, cuts.total)
                self._awaited[read_ahead] = beyond
                return InFlight(query, read_ahead)
            if not self._awaited:
                self._cuts.pop(window, None)  # cuts further on are planned from where the window is then
        return None

    def _plan(self, window: Window, free: int) -> _Cuts | None:
        """Plan where to cut a window, so that each part is no more than its pages hold for certain.

        Each page begins with records of the page before it, and those that are asked for ahead with more of them. A
        window ends with all that share its last key. The parts grow from the first to the last: they begin one after
        the other, and are to end together.
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

    def _ask_page(self, under_way: Iterable[ReadAhead]) -> InFlight | None:
        """Ask for one more page of what is under way: where most is left."""
        for read_ahead in sorted(under_way, key=lambda each: each.left, reverse=True):
            query = read_ahead.take_next(self._limits)
            if query is not None:
                return InFlight(query, read_ahead)
        return None

    def _cut(self, asked: InFlight, rows: Sequence[Row], total: int | None, beyond: int | None = None) -> Shares:
        """Cut the window in which the page begins. One that has been read that far is left alone.

        Args:
            asked: The question.
            rows: The ids and keys of the records.
            total: How many records the search holds, as the CRM says; None if it does not.
            beyond: Records from the page on, if the cut was planned.
        """
        query = asked.query
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
        # Pages that begin beyond the cut are the new window's: it counts as under way with them.
        for read_ahead in (self._reading.get(window), asked.read_ahead):
            if read_ahead is not None and read_ahead.reaches_beyond(query, beyond):
                self._reading[after] = read_ahead
        return [(after, after.take(query, rows, total))]


def _can_be_cut(window: Window, at: int) -> bool:
    if window.done or window.floor is None or window.floor >= at:
        return False
    return window.stop is None or at < window.stop
