"""The count of what lies within the bounds of a search, where it counts many in the second beside them, too. Pure.

No total tells it: whether a bound is included is not known for certain. A page that is sorted by key does: where it
shows the last record outside and the first one inside, their places tell how many lie before. Below, it is a page of
the very search that was counted. Above, where its pages may lie further on than can be reached, it is one of a search
that has the same maximum and begins at the last second inside.
"""

from __future__ import annotations

from collections.abc import Sequence

from tap_copper.search.query import Limits, PageQuery, Row


class CountInside:
    """Looks for the two places of a search at which its bounds lie.

    Args:
        bounds: The bounds of the search that was counted.
        start: The smallest key that belongs to it, if more records than were shown may lie below; else None.
        stop: The largest key that belongs to it, if more records than were shown may lie above; else None.
        total: How many records the search holds.
        found: How many of those inside have come.
        shown: How many have come that lie below, and above.
        limits: The limits of one search.

    Attributes:
        inside: How many records lie inside; None as long as that is not known.
    """

    def __init__(
        self,
        bounds: tuple[int | None, int | None],
        start: int | None,
        stop: int | None,
        *,
        total: int,
        found: int,
        shown: tuple[int, int],
        limits: Limits,
    ) -> None:
        self.inside: int | None = None
        self._bounds = bounds
        self._start = start
        self._stop = stop
        self._found = found
        self._limits = limits
        self._total = total
        self._page_above = 1
        self._below = shown[0] if start is None else None
        self._up_to = total - shown[1] if stop is None else None
        # Where many may lie at both ends, the total of the second below says where to look. It is believed no further.
        self._guess = None if self._up_to is None else self._up_to - found
        self._otherwise = total - shown[1] - found

    def query(self) -> PageQuery | None:
        """Make the next query; None if everything is known, or cannot be found out."""
        if self._below is None:
            if self._guess is None:
                return PageQuery(self._bounds[0], self._bounds[0], 1, 1)
            return self._page_at(self._guess)
        if self._up_to is not None or self._page_above * self._limits.page_size > self._limits.ceiling:
            return None
        return PageQuery(self._stop, self._bounds[1], self._page_above, self._limits.page_size)

    def take(self, query: PageQuery, rows: Sequence[Row], total: int | None) -> bool:
        """Take the answer to ``query``.

        Args:
            query: The query.
            rows: The ids and keys of the records.
            total: How many records it holds; None if its total was missing or impossible.

        Returns:
            Whether there is more to ask.
        """
        if self._below is None and self._guess is None:
            self._guess = total or self._otherwise
            return self.query() is not None
        if self._below is None:
            before = None if self._start is None else _keys_before(query, rows, total, self._start)
            if before is None or not (before or query.page == 1) or not _shows_end(query, rows, total, before):
                return False
            self._below = query.start + before
        elif self._stop is not None:
            before = _keys_before(query, rows, total, self._stop + 1)
            if before is None or total is None:
                return False
            if _shows_end(query, rows, total, before):  # all pages before this one lie inside
                self._up_to = self._total - (total - query.start - before)
            else:
                self._page_above += 1
        if self._up_to is None:
            return self.query() is not None
        self.inside = self._up_to - self._below
        return False

    def _page_at(self, place: int) -> PageQuery | None:
        """Make the query for a page that shows the records before and after a place, or else after it."""
        largest = self._limits.page_size
        sizes = [size for size in range(largest, largest // 2, -1) if place % size or not place]
        pages = [PageQuery(*self._bounds, place // size + 1, size) for size in sizes]
        pages = [page for page in pages if page.page * page.size <= self._limits.ceiling]
        return max(pages, key=lambda page: page.start + page.size, default=None)


def _keys_before(query: PageQuery, rows: Sequence[Row], total: int | None, key: int) -> int | None:
    """Count the records of a page whose keys are smaller than one; None if it is not sorted, or not whole.

    A page that shows fewer records than it has places tells nothing: what is missing may be the very ones looked for.
    """
    keys = [each for _, each in rows if each is not None]
    if total is None or len(keys) != min(query.size, total - query.start) or len(rows) != len(keys):
        return None
    return sum(each < key for each in keys) if keys == sorted(keys) else None


def _shows_end(query: PageQuery, rows: Sequence[Row], total: int | None, before: int) -> bool:
    """Whether a page shows the end of the records of which it has so many: one that follows, or that none does."""
    return before < len(rows) or query.start + len(rows) == total
