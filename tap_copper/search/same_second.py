"""Records that no key tells apart: one crowded second, or a list without filters. Pure.

Where the records of one second keep their order, further pages of a query simply continue it: ``TiePages``. Where
they do not, or reach further than a window, they are read by page number until certain: ``TieReader``.

Page numbers shift when a record leaves the search while it is read, and the CRM may order ties anew for every page. So
``TieReader`` reads the pages from the last to the first: a record that leaves moves the others towards pages that are
still to be read. And it reads them again, sorted by another column each time, until the total stays the same and equals
the number of distinct ids that have come since it did. Totals may also count records that nobody may see: then two
passes in a row in which no record came twice show that the order holds and that every place has been read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from tap_copper.search.query import OVERLAP, Limits, PageQuery, Row, TieError, page_after

MOST_PASSES = 10
QUIET_PASSES = 2  # where the total cannot be compared, so many passes in a row must bring nothing new
ORDERED_PASSES = 2  # where the total counts too much, so many passes in a row must show no record twice


@dataclass(frozen=True)
class TiePages:
    """Further pages of one query, where many records share its last key.

    Each page begins with records that the page before it ended with. If they come again in the same order, and nothing
    that follows them has come before, then nothing before them has left the search and every place of it has shown a
    record of its own: what follows them is what comes next.

    Attributes:
        query: The last of the pages that has been read.
        end: Places of the search that have been read.
        last: The ids of that page, in its order.
    """

    query: PageQuery
    end: int
    last: tuple[Hashable, ...]

    def next_query(self, limits: Limits) -> PageQuery | None:
        """The page that continues these; None if none can."""
        return page_after(self.query, self.end, len(self.last), limits)

    def is_before(self, query: PageQuery) -> bool:
        """Whether a page is of the same search, begins far enough back in the last, and reaches further."""
        is_same = (query.minimum, query.maximum) == (self.query.minimum, self.query.maximum)
        return is_same and OVERLAP <= self.overlap(query) <= len(self.last) and query.page * query.size > self.end

    def overlap(self, query: PageQuery) -> int:
        """Count the records of a page that have come before."""
        return self.end - (query.page - 1) * query.size

    def goes_on(self, query: PageQuery, rows: Sequence[Row], seen: AbstractSet[Row]) -> bool:
        """Whether a page continues these, given the records that had come before it."""
        overlap = self.overlap(query)
        is_same = [row_id for row_id, _ in rows[:overlap]] == list(self.last[-overlap:])
        return is_same and seen.isdisjoint(rows[overlap:])

    def is_reordered_by(self, rows: Sequence[Row]) -> bool:
        """Whether a page shows records of the last page in another order."""
        ids = [row_id for row_id, _ in rows]
        return [each for each in ids if each in self.last] != [each for each in self.last if each in ids]


class TieReader:
    """Reads the records between two bounds that no further bound tells apart.

    Args:
        key: The key that they share; None if they share none.
        bounds: Pairs of minimum and maximum, the narrowest first. The next is used when an answer to one shows fewer
            records than ``known``, or none with the key: the CRM then excludes a bound.
        known: How many records with this key are known to exist.
        limits: The limits of one search.

    Attributes:
        done: Every record has been read.
    """

    def __init__(
        self, key: int | None, bounds: Sequence[tuple[int | None, int | None]], known: int, limits: Limits
    ) -> None:
        self.done = False
        self.key = key
        self._bounds = list(bounds)
        self._known = known
        self._limits = limits
        self._page = 1
        self._is_opening = True  # bounds are tried, and the last page is looked for
        self._passes = 0
        self._quiet_passes = 0  # in a row: nothing new, and a steady total
        self._ordered_passes = 0  # in a row: no record twice, and a steady total
        self._total: int | None = None
        self._found: set[Hashable] = set()  # ids of whole passes since the total last changed
        # Of the pass that is being read:
        self._times: Counter[Hashable] = Counter()
        self._has_new = False
        self._is_unsteady = False

    def query(self) -> PageQuery:
        """Make the next query."""
        minimum, maximum = self._bounds[0]
        return PageQuery(minimum, maximum, self._page, self._limits.page_size, self._passes)

    def take(self, rows: Sequence[Row], total: int | None, *, new: bool) -> None:
        """Take the answer to ``query``.

        Args:
            rows: The ids and keys of its records.
            total: How many records the search holds, as the CRM says; None if it does not.
            new: A record of the answer had not been seen before.

        Raises:
            TieError: The records cannot be read for certain.
        """
        if self._is_opening:
            self._take_opening(rows, total)
            return
        self._times.update(row[0] for row in rows)
        self._has_new |= new
        self._is_unsteady |= total != self._total
        self._total = total
        if self._page > 1:
            self._page -= 1
            return
        self._end_pass(total)

    def _end_pass(self, total: int | None) -> None:
        """Settle, or begin another pass: each is sorted by another column, so that no order hides a record twice."""
        self._passes += 1
        self._quiet_passes = 0 if self._has_new or self._is_unsteady else self._quiet_passes + 1
        has_repeated = self._times.total() > len(self._times)
        self._ordered_passes = 0 if has_repeated or self._is_unsteady else self._ordered_passes + 1
        self._found.update(self._times)
        if self._is_settled():
            self.done = True
            return
        if self._passes == MOST_PASSES:
            raise TieError(self.key, total or len(self._found), self._passes)
        if self._is_unsteady:
            self._found.clear()  # a total counts what is there now: ids of before may be of records that have left
        self._times.clear()
        self._has_new = self._is_unsteady = False
        self._page = self._last_page(total)

    def _take_opening(self, rows: Sequence[Row], total: int | None) -> None:
        shown = len(rows) if total is None else total
        # A total may count too much, also where excluded bounds leave nothing to show, or what is beside the key.
        is_shown = any(key == self.key for _, key in rows)
        if self._page == 1 and len(self._bounds) > 1 and (shown < self._known or not is_shown):
            self._bounds.pop(0)
            return
        if total is None and rows:  # without a total, the last page is the one before an empty one
            self._page = self._reachable(self._page + 1)
            return
        self._is_opening = False
        self._total = total
        self.done = total is not None and len(rows) >= total
        self._page = self._last_page(total)

    def _is_settled(self) -> bool:
        if self._total is None or self._limits.repeats:
            return self._quiet_passes >= QUIET_PASSES  # there is no total that distinct ids could be held against
        if self._is_unsteady:
            return False
        return len(self._found) == self._total or (self._quiet_passes > 0 and self._ordered_passes >= ORDERED_PASSES)

    def _last_page(self, total: int | None) -> int:
        if total is None:
            return self._page
        if total > self._limits.ceiling:
            raise TieError(self.key, total, self._passes)
        return self._reachable(max(-(-total // self._limits.page_size), 1))

    def _reachable(self, page: int) -> int:
        if (page - 1) * self._limits.page_size >= self._limits.ceiling:
            raise TieError(self.key, self._total or len(self._found), self._passes)
        return page
