"""The two orders of a search: sorted by key, ascending, or returned newest first. Pure.

An ascending search is cut at pages further on, and read ahead: the records of such a page show where to cut, and
become the first page of the window that begins there. Where fewer requests are under way than may be, the window with
most left is cut, or its next pages are asked for ahead, so that all windows end together. Where the quota makes pauses,
the first windows are read to their end before the others: the pauses then do for handing their records on, and hardly
anything is left to hand on at the end. A search that is returned newest first is halved in time, and handed on from
its far end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import ceil

from typing_extensions import override

from tap_copper.search.query import OVERLAP, Limits, PageQuery, Row, believed_total
from tap_copper.search.read_ahead import MOST_PAGES, InFlight, ReadAhead, Search, Shares
from tap_copper.search.window import Window
from tap_copper.search.window_answer import Taken

FIRST_SHARE = 0.85  # of an equal share, for the first part of a window; the last part gets as much more


@dataclass
class _Cuts:
    """Pages of one query, each of ``size`` records, at which a window is to be cut.

    Attributes:
        query: The query that was sent.
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


@dataclass
class _Planned:
    """The records of a window that begins at a planned cut.

    Attributes:
        bounds: The bounds of the query with whose page it begins.
        left: Records up to the next cut that have not come.
        before: Records of that page that share their key with the one before it: they belong to the window before.
    """

    bounds: tuple[int | None, int | None]
    left: int
    before: int


class AscendingSearch(Search):
    """A search that the CRM sorts by key, ascending: the windows are handed on from the first to the last.

    Args:
        start: The smallest key; None for no bound.
        stop: The largest key; None for no bound.
        limits: The limits of one search.
    """

    def __init__(self, start: int | None, stop: int | None, limits: Limits) -> None:
        super().__init__(start, stop, limits)
        self._overcounts = False  # a page that should be there, as a total says, was empty: nothing is asked ahead
        self._cuts: dict[Window, _Cuts] = {}
        self._planned: dict[Window, _Planned] = {}

    @override
    def _forget(self, window: Window) -> None:
        self._cuts.pop(window, None)
        self._planned.pop(window, None)

    @override
    def ask(self, *, head_only: bool = False) -> InFlight | None:
        unread = [window for window in self._closed() if not window.done]
        if self._limits.in_order and (unread or self._awaited):
            return self._ask_in_order(unread, head_only=head_only)
        return super().ask(head_only=head_only)

    def _ask_in_order(self, unread: Sequence[Window], *, head_only: bool) -> InFlight | None:
        """Cut as many windows as may be read at once; then ask for all pages of the first, of the next, and so on.

        Before these come windows that stand among records of one second. Their pages are asked for one after the other,
        and would still be to come when all others have.
        """
        free = self._limits.concurrency - len(unread) - len(self._awaited)
        if free > 0 and not (head_only or self._overcounts) and (cut := self._ask_cut(unread, free)):
            return cut
        for window in unread if head_only else sorted(unread, key=self._is_slow, reverse=True):
            if head_only and window is not self.head:
                return None
            if not self._is_under_way(window):
                return self._begin(window)
            if not self._overcounts and (page := self._ask_page([self._reading[window]])):
                return page
        if head_only or self._overcounts:
            return None
        page = next(filter(None, (self._ask_page([cut]) for cut in self._awaited)), None)
        return page or self._ask_tail_ahead()

    def _ask_tail_ahead(self) -> InFlight | None:
        """Ask for the tail while the last pages before it are under way: an answer may take seconds."""
        tail = self._tail
        if not self._limits.tail_ahead or self._awaited or tail is None or tail.done or self._is_under_way(tail):
            return None
        if self._is_tail_ahead:  # its further pages are asked for after all that comes before them
            return None
        self._is_tail_ahead = True
        return self._begin(tail)

    def _is_slow(self, window: Window) -> bool:
        """Whether a window waits to be asked for further pages of one second."""
        return not self._is_under_way(window) and not window.query().is_by_key

    @override
    def _begin(self, window: Window) -> InFlight:
        query = window.query()
        holds = self._planned_left(window) if self._limits.in_order and window.left is None else window.left
        self._reading[window] = read_ahead = ReadAhead(window, query, holds if query.is_by_key else None)
        for cut, beyond in self._awaited.items():
            read_ahead.end_at(cut.first, beyond)
        return InFlight(query, read_ahead, window.wait_seconds)

    def _planned_left(self, window: Window) -> int | None:
        """Records of a window that are still to come, as its cuts were planned; None if it begins or ends otherwise."""
        planned = self._planned.get(window)
        if planned is None:
            return None
        place = self._windows.index(window) + 1
        after = self._planned.get(self._windows[place]) if place < len(self._windows) else None
        return planned.left + (after.before if after is not None and after.bounds == planned.bounds else 0)

    @override
    def _ask_ahead(self, unread: Sequence[Window], chosen: Sequence[Window], *, head_only: bool) -> InFlight | None:
        if self._overcounts:
            return None
        pages = [self._reading[window] for window in chosen]
        if head_only:
            return self._ask_page(pages)
        # A cut gives a thread work for long, further pages for a moment: cuts come first while threads are free.
        free = self._limits.concurrency - len(unread) - len(self._awaited)
        cut = self._ask_cut(unread, free) if free > 0 else None
        return cut or self._ask_page([*pages, *self._awaited])

    @override
    def _take(self, asked: InFlight, read_ahead: ReadAhead, rows: Sequence[Row], total: int | None) -> Shares:
        beyond = self._awaited.pop(read_ahead, None) if asked.query is read_ahead.first else None
        if asked.query is read_ahead.first and beyond is None:
            shares = super()._take(asked, read_ahead, rows, total)
            read_ahead.learn(believed_total(asked.query, rows, total))
        else:
            self._overcounts |= not rows and (total or 0) > asked.query.start
            shares = self._cut(asked.query, read_ahead, rows, total, beyond)
        for window, taken in shares:
            if window in self._planned:
                self._planned[window].left = max(self._planned[window].left - len(taken.kept), 0)
        return shares

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
        begun = [window for window in unread if window in self._reading]
        for window in sorted(begun, key=lambda each: each.left or 0, reverse=True):
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
                read_ahead = ReadAhead(window, query, cuts.total, width=beyond - max(cuts.beyond, 0))
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
        if window.left is None or not query.is_by_key:
            return None
        share = window.left / (self._limits.page_size * (free + 1))
        longest = self._limits.most_pages
        first = min(max(share * FIRST_SHARE, self._limits.fewest_pages), longest)
        growth = max(share - first, 0) * 2 / free
        step = min(ceil(first), longest)
        overlap = window.most_ties if window.most_ties <= OVERLAP else OVERLAP + ceil(window.most_ties / step)
        of_ahead = (3 if self._limits.in_order else 2) * OVERLAP  # in order, all of a window's pages are asked ahead
        spare = min(overlap + (2 if step > MOST_PAGES else of_ahead), self._limits.page_size // 4)
        size = self._limits.page_size - spare
        return _Cuts(query, window.left, 1 + step, min(first + growth, longest), growth, longest, size)

    def _ask_page(self, under_way: Iterable[ReadAhead]) -> InFlight | None:
        """Ask for one more page of what is under way: where most is left."""
        for read_ahead in sorted(under_way, key=lambda each: each.left, reverse=True):
            query = read_ahead.take_next(self._limits)
            if query is not None:
                return InFlight(query, read_ahead)
        return None

    def _cut(
        self, query: PageQuery, read_ahead: ReadAhead, rows: Sequence[Row], total: int | None, beyond: int | None
    ) -> Shares:
        """Cut the window in which the page begins. One that has been read that far is left alone.

        Args:
            query: The query that was sent.
            read_ahead: The pages that it belongs to.
            rows: The ids and keys of the records.
            total: How many records the search holds, as the CRM says; None if it does not.
            beyond: Records from the page on, if the cut was planned.
        """
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
        planned = self._planned.pop(window, None)
        if window in self._cuts:
            self._cuts[after] = self._cuts.pop(window)
        # Pages that begin beyond the cut are the new window's: it counts as under way with them.
        for each in (self._reading.get(window), read_ahead):
            if each is not None and each.reaches_beyond(query, beyond):
                self._reading[after] = each
        taken = after.take(query, rows, total)
        if beyond is not None:
            passed = len(rows) - len(taken.kept)
            # Of a page that lies before the cut as a whole: as many again, rather than to ask for them one by one.
            before = passed if taken.kept else passed + query.size
            bounds = (query.minimum, query.maximum)
            self._planned[after] = _Planned(bounds, max(read_ahead.width - passed, 0), before)
            if planned is not None and planned.bounds == bounds:
                self._planned[window] = planned
        return [(after, taken)]


def _can_be_cut(window: Window, at: int) -> bool:
    if window.done or window.floor is None or window.floor >= at:
        return False
    return window.stop is None or at < window.stop


class NewestFirstSearch(Search):
    """A search that the CRM returns newest first, and cannot be asked to return otherwise.

    Keys are negative, so that they ascend. The windows are handed on from the last to the first: a large one is halved
    in time, and its older half is read first.
    """

    newest_first = True

    def __init__(self, start: int | None, stop: int | None, limits: Limits) -> None:
        super().__init__(start, stop, limits)
        self._halved: dict[Window, int] = {}  # the totals of windows that they are the older halves of
        self._overcounts = False  # a half counted as much as the whole: nothing is halved

    @override
    def _forget(self, window: Window) -> None:
        self._halved.pop(window, None)

    @override
    def _begin(self, window: Window) -> InFlight:
        if window is not self._tail and self._is_large(window):
            window = self._halve(window)
        query = window.query()
        self._reading[window] = read_ahead = ReadAhead(window, query, None)
        return InFlight(query, read_ahead, window.wait_seconds)

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
        self._overcounts |= window.total >= self._halved.get(window, window.total + 1)
        if self._overcounts:
            return False
        return window.total > self._limits.most_pages * self._limits.page_size and window.floor < _far_end(window)

    def _halve(self, window: Window) -> Window:
        """Cut a window in the middle of what is left of it; return the part that is handed on first."""
        floor = window.floor or 0
        whole = window.total or 0
        older = window.cut((floor + _far_end(window)) // 2)
        window.total = None
        self._halved[older] = self._halved[window] = whole
        self._windows.insert(self._windows.index(window) + 1, older)
        return older


def _far_end(window: Window) -> int:
    """The key at which a window ends that is read newest first: its oldest second, or 1970."""
    return 0 if window.stop is None else window.stop
