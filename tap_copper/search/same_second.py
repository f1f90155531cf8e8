"""Records that no key tells apart (one crowded second, or a list without filters), read by page number until certain.

Page numbers shift when a record leaves the search while it is read, and the CRM may order ties anew for every page. So
the pages are read from the last to the first: what leaves moves the others towards pages that are still to be read. And
they are read again, sorted by another column each time, until the total stays the same and equals the number of
distinct ids that have come since it did. Totals may also count records that nobody may see: then two passes in a row in
which no record came twice show that the order holds and that every place has been read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence

from tap_copper.search.query import Limits, PageQuery, Row, TieError

MOST_PASSES = 10
QUIET_PASSES = 2  # where the total cannot be compared, so many passes in a row must bring nothing new
ORDERED_PASSES = 2


class TieReader:
    """The records between two bounds that no further bound tells apart.

    Args:
        key: What they share; None if nothing.
        bounds: Pairs of minimum and maximum, the narrowest first. The next is used when an answer to one shows fewer
            records than ``known``, or none with the key: the CRM then excludes a bound.
        known: Records with this key that are known to exist.
        limits: What one search can do.
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
        self._opening = True
        self._passes = 0
        self._quiet = 0
        self._ordered = 0
        self._times: Counter[Hashable] = Counter()
        self._total: int | None = None
        self._found: set[Hashable] = set()
        self._fresh = False
        self._unsteady = False

    def query(self) -> PageQuery:
        """What to ask next."""
        minimum, maximum = self._bounds[0]
        return PageQuery(minimum, maximum, self._page, self._limits.page_size, self._passes)

    def take(self, rows: Sequence[Row], total: int | None, *, new: bool) -> None:
        """Take the answer to ``query``.

        Args:
            rows: What it holds.
            total: What the CRM says the search holds.
            new: A record of the answer had not been seen before.

        Raises:
            CrowdError: The records cannot be read for certain.
        """
        if self._opening:
            self._open(rows, total)
            return
        self._times.update(row[0] for row in rows)
        self._fresh |= new
        self._unsteady |= total != self._total
        self._total = total
        if self._page > 1:
            self._page -= 1
            return
        self._passes += 1
        self._quiet = 0 if self._fresh or self._unsteady else self._quiet + 1
        self._ordered = 0 if self._unsteady or self._times.total() > len(self._times) else self._ordered + 1
        self._found.update(self._times)
        if self._settled():
            self.done = True
            return
        if self._passes == MOST_PASSES:
            raise TieError(self.key, total or len(self._found), self._passes)
        if self._unsteady:
            self._found.clear()
        self._times.clear()
        self._fresh = self._unsteady = False
        self._page = self._last_page(total)

    def _open(self, rows: Sequence[Row], total: int | None) -> None:
        shown = len(rows) if total is None else total
        # A total may count too much, also where excluded bounds leave nothing to show, or what is beside the key.
        is_shown = any(key == self.key for _, key in rows)
        if self._page == 1 and len(self._bounds) > 1 and (shown < self._known or not is_shown):
            self._bounds.pop(0)
            return
        if total is None and rows:  # without a total, the last page is the one before an empty one
            self._page = self._reachable(self._page + 1)
            return
        self._opening = False
        self._total = total
        self.done = total is not None and len(rows) >= total
        self._page = self._last_page(total)

    def _settled(self) -> bool:
        if self._total is None or self._limits.repeats:
            return self._quiet >= QUIET_PASSES
        if self._unsteady:
            return False
        return len(self._found) == self._total or (self._quiet > 0 and self._ordered >= ORDERED_PASSES)

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
