"""Records that no key tells apart: one crowded second, or a list without filters. Pure.

Where the records of one second keep their order, further pages of a query simply continue it: ``TiePages``. Where
they do not, or reach further than a window, they are read by page number until certain: ``TieReader``.

Page numbers shift when a record leaves the search while it is read, and the CRM may order ties anew for every page. So
``TieReader`` reads the pages from the last to the first: a record that leaves moves the others towards pages that are
still to be read, and it is no loss, since it comes again where it went. If the order holds, one such pass shows every
record that stays: ``PageOrder`` tells. And it reads them again, sorted by another column each time, until two passes in
a row were in order and the second brought nothing new, or until a total that stays equals the distinct ids. Where
neither comes true, a second is read in parts: ``SecondInParts``.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from tap_copper.search.ending import FEWEST_LEFT, WAITS
from tap_copper.search.query import (
    Limits,
    PageQuery,
    Row,
    ShortReadError,
    StalledError,
    TieError,
    believed_total,
    shows_all,
)
from tap_copper.search.second_in_parts import SecondInParts

MOST_PASSES = 10
QUIET_PASSES = 2  # where the total cannot be compared, so many passes in a row must bring nothing new
QUIET_PASSES_WITHOUT_ORDER = 5  # each page shows other records by chance then
ORDERLY_PASSES = 2  # so many passes in a row must keep the order, all of them or those by one column
COLUMNS = 2  # by which passes are sorted in turn: records may be equal in one and told apart by the other
PASSES_BEFORE_PARTS = 3  # where records leave meanwhile and the order does not hold, more would not help
MOST_REPEATED_PAGES = 20  # so many pages in a row, each further on, that bring nothing new: the list does not page


class TieReader:
    """Reads the records between two bounds that no further bound tells apart.

    Args:
        key: The key that they share; None if they share none.
        bounds: Pairs of minimum and maximum, the narrowest first. The next is used when an answer to one shows fewer
            records than ``known``, or none with the key: the CRM then excludes a bound.
        known: How many records with this key are known to exist.
        limits: The limits of one search.
        created: The seconds of creation that they share; None if they are not known to.

    Attributes:
        done: Every record has been read.
        gap: Records that are counted and do not come, where totals are hints.
    """

    def __init__(
        self,
        key: int | None,
        bounds: Sequence[tuple[int | None, int | None]],
        known: int,
        limits: Limits,
        created: tuple[int, int] | None = None,
    ) -> None:
        self.done = False
        self.gap = 0
        self.key = key
        self._bounds = list(bounds)
        self._known = known
        self._limits = limits
        self._created = created
        self._parts: SecondInParts[TieReader] | None = None
        self._page = 1
        self._is_opening = True  # bounds are tried, and the records are counted
        self._repeated_pages = 0  # in a row, before the first pass
        self._met: set[Hashable] = set()
        # The last page is looked for: all that is known is a page that shows records and one that does not.
        self._is_seeking = True
        self._shown_page = 1
        self._empty_page: int | None = None
        self._ended_after: int | None = None  # a full page with nothing on the one after it
        self._passes = 0
        self._quiet_passes = 0  # in a row: nothing new, and nothing that entered
        self._orderly_passes = 0  # in a row
        self._orderly_by_column = [0] * COLUMNS  # in a row, of those sorted by each column
        self._tries = 0  # passes in order that fell short of the total
        self._is_falling_short = False  # the next query is one more try
        self._total: int | None = None
        self._is_changing = False  # the total has changed
        self._found: set[Hashable] = set()  # ids of whole passes since the total last changed
        self._order = PageOrder()

    @property
    def wait_seconds(self) -> float:
        """Seconds to wait before ``query`` is sent."""
        if self._parts is not None:
            return self._parts.wait_seconds
        return WAITS[self._tries - 1] if self._is_falling_short else 0.0

    def query(self) -> PageQuery:
        """Make the next query."""
        if self._parts is not None:
            return self._parts.query()
        minimum, maximum = self._bounds[0]
        return PageQuery(minimum, maximum, self._page, self._limits.page_size, self._passes, self._created)

    def take(self, rows: Sequence[Row], total: int | None, *, new: bool) -> None:
        """Take the answer to ``query``.

        Args:
            rows: The ids and keys of its records.
            total: How many records the search holds, as the CRM says; None if it does not.
            new: A record of the answer had not been seen before.

        Raises:
            SearchError: The records cannot be read for certain.
        """
        total = believed_total(self.query(), rows, total)
        self._is_falling_short = False
        if self._parts is not None:
            self._parts.take(rows, total, new=new)
            self.done, self.gap = self._parts.done, self._parts.gap
        elif self._is_opening:
            self._take_opening(rows, total)
        elif self._is_seeking:
            self._take_last(rows, total, new=new)
        else:
            self._take_page(rows, total, new=new)

    def _take_opening(self, rows: Sequence[Row], total: int | None) -> None:
        shown = len(rows) if total is None else total
        # A total may count too much, also where excluded bounds leave nothing to show, or what is beside the key.
        is_shown = any(key == self.key for _, key in rows)
        if self._page == 1 and len(self._bounds) > 1 and (shown < self._known or not is_shown):
            self._bounds.pop(0)
            return
        if total is None and rows:  # without a total, the last page is the one before an empty one
            ids = {row_id for row_id, _ in rows}
            if self._page > 1 and len(rows) < self._limits.page_size and ids == self._met:
                self.done = True  # the whole list again: it does not page
                return
            self._count_repeated(rows)
            self._page = self._reachable(self._page + 1)
            return
        self._is_opening = False
        self._met.update(row_id for row_id, _ in rows)
        if self._page > 1:
            total = None  # whatever it says, it was too low for the pages before
        self._total = total
        self.done = shows_all(self.query(), rows, total, is_first=True)
        if not self.done:
            self._begin_pass(total)

    def _count_repeated(self, rows: Sequence[Row]) -> None:
        ids = {row_id for row_id, _ in rows}
        self._repeated_pages = self._repeated_pages + 1 if ids <= self._met else 0
        self._met |= ids
        if self._repeated_pages == MOST_REPEATED_PAGES:
            raise StalledError(self._repeated_pages)

    def _begin_pass(self, total: int | None) -> None:
        self._order = PageOrder()
        self._is_seeking = True
        self._shown_page = 1
        if total is not None:
            self._page = self._last_page(total)
            if self._empty_page is not None:  # what fell short is looked at again from there
                self._page = max(min(self._page, self._empty_page - (0 if self._tries else 1)), 1)

    def _take_last(self, rows: Sequence[Row], total: int | None, *, new: bool) -> None:
        """Take a page that should be the last, and look on for the last one if it is not."""
        page = self._page
        if not rows and total is not None:
            self._empty_page = page
            if page - self._shown_page > 1:  # the total counts too much
                self._page = (page + self._shown_page) // 2
                return
        elif rows and self._empty_page is not None and self._empty_page - page > 1:
            self._shown_page = page
            self._page = (page + self._empty_page) // 2
            return
        elif len(rows) >= self._limits.page_size and self._may_follow(page):
            self._count_repeated(rows)
            self._ended_after = self._shown_page = page
            self._empty_page = None
            self._page = self._reachable(page + 1)
            return
        self._is_seeking = False
        self._take_page(rows, total, new=new)

    def _may_follow(self, page: int) -> bool:
        """Whether a page may follow a full one, which is never known to be the last."""
        return self._ended_after != page and page * self._limits.page_size < self._limits.ceiling

    def _take_page(self, rows: Sequence[Row], total: int | None, *, new: bool) -> None:
        self._order.take([row_id for row_id, _ in rows], self._total, total, new=new)
        self._total = total
        if self._page > 1:
            self._page -= 1
            return
        self._end_pass(total)

    def _end_pass(self, total: int | None) -> None:
        """Settle, or begin another pass: each is sorted by another column, so that no order hides a record twice."""
        order = self._order
        self._passes += 1
        self._is_changing |= order.is_unsteady
        self._quiet_passes = 0 if order.has_new or order.has_grown else self._quiet_passes + 1
        self._orderly_passes = self._orderly_passes + 1 if order.holds else 0
        column = self._passes % COLUMNS
        self._orderly_by_column[column] = self._orderly_by_column[column] + 1 if order.holds else 0
        self._found.update(order.ids)
        self._met |= order.ids
        if self._is_settled(total) or self._falls_short(total):
            self.done = True
            return
        if self._passes == MOST_PASSES and not self._tries:
            self._give_up(total)
            return
        if order.is_unsteady:
            self._found.clear()  # a total counts what is there now: ids of before may be of records that have left
        if self._is_changing and self._passes >= PASSES_BEFORE_PARTS and not self._orderly_passes and self._can_part():
            self._part()
        else:
            self._begin_pass(total)

    def _is_settled(self, total: int | None) -> bool:
        if total is None or self._limits.repeats or self._is_too_low(total):
            # There is no total that distinct ids could be held against.
            is_sure = self._limits.repeats or self._is_in_order() or self._quiet_passes >= QUIET_PASSES_WITHOUT_ORDER
            return is_sure and self._quiet_passes >= QUIET_PASSES
        if not self._order.is_unsteady and len(self._found) == total >= len(self._met) * FEWEST_LEFT:
            return True
        return self._is_in_order() and len(self._order.ids) >= max(total, len(self._met) * FEWEST_LEFT)

    def _is_too_low(self, total: int) -> bool:
        return not self._order.is_unsteady and total < len(self._order.ids)

    def _is_in_order(self) -> bool:
        most = max(self._orderly_passes, self._orderly_by_column[self._passes % COLUMNS])
        return most >= ORDERLY_PASSES and self._quiet_passes > 0

    def _falls_short(self, total: int | None) -> bool:
        """Whether fewer records come, in order, than are counted, and that is the end of it."""
        if total is None or not self._is_in_order():
            self._tries = 0
            return False
        if self._limits.totals_are_hints:
            self.gap = total - len(self._order.ids)
            return True
        self._tries += 1
        self._is_falling_short = True
        self._ended_after = None
        if self._tries > len(WAITS):
            raise ShortReadError(max(total, len(self._met)), len(self._order.ids), (self.key, self.key))
        return False

    def _give_up(self, total: int | None) -> None:
        """Read the second in parts, if it can be: passes over it do not agree."""
        found = len(self._found)
        if self._can_part():
            self._part()
            return
        is_steady = self._quiet_passes >= QUIET_PASSES and not self._order.is_unsteady
        if total is not None and total > found and is_steady and not self._limits.totals_are_hints:
            raise ShortReadError(total, found, (self.key, self.key))
        raise TieError(self.key, total or len(self._found), self._passes)

    def _can_part(self) -> bool:
        return self._limits.splits and self.key is not None and self._created is None

    def _part(self) -> None:
        limits, key, bounds = self._limits, self.key, self._bounds

        def ties(created: tuple[int, int]) -> TieReader:
            return TieReader(key, bounds[:1], 0, limits, created)

        self._parts = SecondInParts(key or 0, bounds[0], limits, ties)

    def _last_page(self, total: int) -> int:
        if total > self._limits.ceiling:
            if self._can_part():
                self._part()
                return 1
            raise TieError(self.key, total, self._passes)
        return self._reachable(max(-(-total // self._limits.page_size), 1))

    def _reachable(self, page: int) -> int:
        """The page, or the last that can be reached where a total did not tell that there are more."""
        if (page - 1) * self._limits.page_size >= self._limits.ceiling:
            raise TieError(self.key, self._total or len(self._found), self._passes)
        return page


class PageOrder:
    """One pass over the pages of a search, from the last to the first.

    A record that leaves the search moves all that follow it one place towards the first: the first record of a page
    that has been read then comes again, as the last of the page before it. Nothing else makes a record come twice, as
    long as the order holds.

    Attributes:
        ids: The ids of all records of the pass.
        holds: No record came twice that should not have, and none entered the search.
        has_new: A record came that had not been seen before this pass.
        has_grown: The total has risen.
        is_unsteady: The total has changed.
    """

    def __init__(self) -> None:
        self.ids: set[Hashable] = set()
        self.holds = True
        self.has_new = False
        self.has_grown = False
        self.is_unsteady = False
        self._page: Sequence[Hashable] = ()

    def take(self, ids: Sequence[Hashable], before: int | None, total: int | None, *, new: bool) -> None:
        """Take one page.

        Args:
            ids: The ids of its records, in their order.
            before: The total of the answer before it; None if there was none.
            total: Its total; None if there is none.
            new: A record of it had not been seen before.
        """
        self.has_new |= new
        self.is_unsteady |= total != before
        has_left = 0 if before is None or total is None else before - total
        self.has_grown |= has_left < 0
        again = sum(row_id in self.ids for row_id in ids)
        moved = list(ids[len(ids) - again :]) == list(self._page[:again])
        is_repeated = len(set(ids)) < len(ids)
        self.holds &= moved and not is_repeated and not self.has_grown and again <= max(has_left, 0)
        self.ids.update(ids)
        self._page = ids
