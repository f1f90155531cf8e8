"""A search cut into windows: which may be asked now, where to cut, in which order they are handed on. Pure.

The first query is open-ended. If it does not bring everything, records older than the horizon are read in closed
windows, and the rest, the tail, after all of them: a record that is edited meanwhile moves into the tail and is met
there. The tail may be asked for ahead, and is asked for again unless nothing can have moved.

Where a window is cut depends on the order of the search (``orders``). Either way no request is a mere probe.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeVar

from tap_copper.search.query import Limits, PageQuery, Row, believed_total, page_after
from tap_copper.search.recount import Recount
from tap_copper.search.window import Window
from tap_copper.search.window_answer import SearchBehaviour, Taken

MOST_PAGES = 10  # asked for ahead: the further on, the smaller a page must be to begin where the one before it ends

Held = TypeVar("Held")

Shares = list[tuple[Window, Taken]]
"""The windows that an answer belongs to, with its records that belong to each."""


class ReadAhead:
    """A query and the pages that are asked for before its answer has come.

    Args:
        window: The window.
        first: The query.
        holds: How many records it holds; None if that is not known, or further pages would not tell what comes next.
        width: Records from there to the next planned cut, if the window is to be cut where the query begins.

    Attributes:
        window: The window that it is for, or that is cut where it begins.
        first: The query.
        under_way: How many of its pages have not been answered.
        width: Records up to the next planned cut; 0 if none is planned.
    """

    def __init__(self, window: Window, first: PageQuery, holds: int | None, *, width: int = 0) -> None:
        self.window = window
        self.first = first
        self.under_way = 1
        self.width = width
        self._asked = deque([first])
        self._held: dict[PageQuery, Any] = {}
        self._total = self._holds = holds or 0
        self._pages = 1
        self._end = first.page * first.size

    @property
    def left(self) -> int:
        """Records that no page has been asked for and one may be, as far as is known; 0 if nothing is."""
        return max(self._holds - self._end, 0) if self._pages < MOST_PAGES else 0

    def learn(self, total: int | None) -> None:
        """Take from the first answer how many records the query holds, which may be more than was planned.

        A window that holds more pages than are asked for ahead is left to be cut.
        """
        if total is not None and self._holds == self._total and total < MOST_PAGES * self.first.size:
            self._holds = self._total = total

    def take_next(self, limits: Limits) -> PageQuery | None:
        """Take the next page to ask for; None if there is none."""
        if not self.left:
            return None
        query = page_after(self.first, self._end, self.first.size, limits)
        if query is not None:
            self._pages += 1
            self._end = query.page * query.size
            self.under_way += 1
            self._asked.append(query)
        return query

    def in_turn(self, query: PageQuery, answer: Held) -> list[tuple[PageQuery, Held]]:
        """Hold an answer until all pages that were asked for before have been answered.

        Returns:
            Answers whose turn has come, in the order of their pages.
        """
        self._held[query] = answer
        ready = []
        while self._asked and self._asked[0] in self._held:
            first = self._asked.popleft()
            ready.append((first, self._held.pop(first)))
        return ready

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
    """A query that is under way.

    Attributes:
        query: The query.
        read_ahead: The pages that it belongs to; None for the recount of all records.
        wait_seconds: Seconds to wait before it is sent.
    """

    query: PageQuery
    read_ahead: ReadAhead | None
    wait_seconds: float = 0.0


class Search(ABC):
    """The windows of one search and the order in which they are read and handed on.

    Args:
        start: The smallest key; None for no bound.
        stop: The largest key; None for no bound.
        limits: The limits of one search.

    Attributes:
        first_total: How many records the first query held; None before its answer.
        newest_first: The windows are handed on from the last to the first.
    """

    newest_first: ClassVar[bool] = False

    def __init__(self, start: int | None, stop: int | None, limits: Limits) -> None:
        self.first_total: int | None = None
        self._gaps = 0
        self._largest_gap = 0
        self._brought = 0  # records, of which one may be counted twice that was edited meanwhile
        self._recount = Recount(start, stop, limits)
        self._tail_brought: list[Row] = []
        self._is_tail_confirmed = False
        self._is_tail_ahead = False  # it was asked for before all that comes before it had come
        self._limits = limits
        self._windows = [Window(start, stop, limits, SearchBehaviour())]
        self._tail: Window | None = self._windows[0]
        self._reading: dict[Window, ReadAhead] = {}
        self._awaited: dict[ReadAhead, int] = {}  # those that begin with a cut, and how many records lie beyond it

    def read_in_order(self, concurrency: int) -> None:
        """Read so many windows at once, and of these the first to its end before the others."""
        self._limits = replace(self._limits, concurrency=concurrency, in_order=True)

    def in_turn(self, asked: InFlight, answer: Held) -> list[tuple[InFlight, Held]]:
        """Find the answers that may be taken now that one has come.

        Where the search is read in order, the pages of a window are taken in theirs: none shows records beyond others
        that are still to come.
        """
        if asked.read_ahead is None or not self._limits.in_order:
            return [(asked, answer)]
        ready = asked.read_ahead.in_turn(asked.query, answer)
        return [(InFlight(query, asked.read_ahead), each) for query, each in ready]

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
        self._gaps += head.gap
        self._largest_gap = max(self._largest_gap, head.gap)
        self._reading.pop(head, None)
        self._forget(head)
        if head is self._tail:
            self._tail = None

    @property
    def gap(self) -> int:
        """The number of records that the CRM counts and does not show, where totals are hints.

        A record that no window shows may be counted in each of them: the first total says how many are at most.
        """
        return min(self._gaps, max((self.first_total or 0) - self._brought, self._largest_gap))

    @property
    def is_over(self) -> bool:
        """Whether everything has been read, handed on and counted."""
        return self.head is None and self._count_once_more() is None

    def ask(self, *, head_only: bool = False) -> InFlight | None:
        """Choose the next query; None if nothing may be asked until an answer has come.

        Args:
            head_only: Ask only for the window that is handed on next: the buffers are full.
        """
        closed = self._closed()
        unread = [window for window in closed if not window.done]
        head = closed[0] if closed else self._tail
        chosen = [window for window in unread if window is head or not head_only]
        for window in chosen:
            if not self._is_under_way(window):
                return self._begin(window)
        if unread or self._awaited:
            return self._ask_ahead(unread, chosen, head_only=head_only)
        # The tail comes after everything else: until then, records that are edited move into it.
        tail = self._tail
        if tail is None or tail.done:
            return self._ask_recount()
        return None if self._is_under_way(tail) else self._begin(tail)

    def _count_once_more(self) -> PageQuery | None:
        """Make the query that counts what exists; None where that is known to have come."""
        return self._recount.query() if self._recount.is_wanted else None

    def _ask_recount(self) -> InFlight | None:
        """Count once more, if fewer records have come than the first answer counted."""
        query = None if self._recount.is_under_way else self._count_once_more()
        if query is None:
            return None
        self._recount.is_under_way = True
        return InFlight(query, None, self._recount.wait_seconds)

    def take(self, asked: InFlight, rows: Sequence[Row], total: int | None, horizon: int) -> Shares:
        """Take an answer and tell which of its records belong to which window.

        Args:
            asked: The query that was sent.
            rows: The ids and keys of the records.
            total: How many records the search holds, as the CRM says; None if it does not.
            horizon: The key of the last second before the tail; used with the first answer.

        Raises:
            SearchError: The search cannot be read whole.
        """
        if asked.read_ahead is None:
            counted = believed_total(asked.query, rows, total)
            self._recount.take(asked.query, rows, counted if len(rows) <= asked.query.size else None)
            return []
        asked.read_ahead.under_way -= 1
        if self.first_total is not None:
            shares = self._take(asked, asked.read_ahead, rows, total)
        else:
            shares = self._take_first(asked.query, asked.read_ahead.window, rows, total, horizon)
        for window, taken in shares:
            self._brought += len(taken.kept)
            self._recount.add(rows, taken, is_tail=window is self._tail)
            if window is self._tail:
                self._tail_brought += [rows[position] for position in taken.kept]
        self._end_by_first_total(total)
        self._confirm_tail()
        return shares

    def _end_by_first_total(self, total: int | None) -> None:
        """End a window where each answer tells the total of the whole search, and exactly so many records have come."""
        checking = [window for window in self._windows if window.is_checking_end]
        if checking and total is not None and total == self.first_total and self._recount.has_all(total):
            for window in checking:
                window.end()

    def _confirm_tail(self) -> None:
        """Read the tail twice where fewer records have come than the first answer counted.

        A tail that was asked for ahead is read once more, too, unless it was empty and exactly so many records have
        come: then none can have moved into it from a page that was read later.
        """
        tail = self._tail
        if tail is None or self._is_tail_confirmed or not all(each.done for each in self._windows):
            return
        if self._is_tail_ahead:
            self._is_tail_ahead = False
            if self._tail_brought or not self._recount.has_all_told:
                tail.restart(self._tail_brought)
                return
        self._is_tail_confirmed = True
        if self._count_once_more() is not None:
            tail.restart(self._tail_brought)

    def _take_first(
        self, query: PageQuery, window: Window, rows: Sequence[Row], total: int | None, horizon: int
    ) -> Shares:
        counted = believed_total(query, rows, total)
        self.first_total = len(rows) if counted is None else counted
        taken = window.take(query, rows, total, self._trusted(horizon))
        if window.done:
            return [(window, taken)]
        shares = self._split_tail(window, rows, taken, horizon)
        closed = [each for each in self._windows if each is not self._tail]
        if closed:
            self._recount.begin(counted, closed[0].start, closed[-1].stop)
        return shares

    def _closed(self) -> list[Window]:
        """The closed windows, in the order in which they are handed on."""
        closed = [window for window in self._windows if window is not self._tail]
        return closed[::-1] if self.newest_first else closed

    @abstractmethod
    def _forget(self, window: Window) -> None:
        """Forget what else is known of a window that has been handed on."""

    @abstractmethod
    def _begin(self, window: Window) -> InFlight:
        """Ask the next query of a window of which none is under way."""

    @abstractmethod
    def _ask_ahead(self, unread: Sequence[Window], chosen: Sequence[Window], *, head_only: bool) -> InFlight | None:
        """Ask more of windows that are being read; None if nothing more may be asked.

        Args:
            unread: The closed windows that are being read.
            chosen: The windows of ``unread`` that may be asked for.
            head_only: The buffers are full.
        """

    def _take(self, asked: InFlight, read_ahead: ReadAhead, rows: Sequence[Row], total: int | None) -> Shares:
        """Take an answer that is not the first."""
        window = read_ahead.window
        if window not in self._windows:
            return []  # it has been handed on: what this brought would be lost, and must not count as read
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
