"""The count of what lies within the bounds of a search, where it counts many in the second beside them, too. Pure.

No total tells it: whether a bound is included is not known for certain. A page of the very search that was counted
does. It is sorted by key: where a page shows the last record outside and the first one inside, their places tell how
many lie before.
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
            return self._page_at(self._guess, is_most=False)
        return None if self._up_to is not None else self._page_at(self._below + self._found, is_most=True)

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
            if self._start is None or (place := _place(query, rows, total, self._start)) is None:
                return False
            self._below = place
        elif self._stop is not None:
            self._up_to = _place(query, rows, total, self._stop + 1)
            if self._up_to is None:
                return False
        if self._up_to is None:
            return self.query() is not None
        self.inside = self._up_to - self._below
        return False

    def _page_at(self, place: int, *, is_most: bool) -> PageQuery | None:
        """Make the query for a page that shows the records before and after a place.

        Args:
            place: The place, counted in records.
            is_most: Where the place is not the right one, that lies before it; else after it.
        """
        largest = self._limits.page_size
        sizes = [size for size in range(largest, largest // 2, -1) if place % size or not place]
        pages = [PageQuery(*self._bounds, place // size + 1, size) for size in sizes]
        pages = [page for page in pages if page.page * page.size <= self._limits.ceiling]
        if is_most:
            return min(pages, key=lambda page: page.start, default=None)
        return max(pages, key=lambda page: page.start + page.size, default=None)


def _place(query: PageQuery, rows: Sequence[Row], total: int | None, key: int) -> int | None:
    """Count the records of a search whose keys are smaller than one; None if a page does not show where they end.

    A page that shows fewer records than it has places tells nothing: what is missing may be the very ones looked for.
    """
    keys = [each for _, each in rows if each is not None]
    if total is None or len(keys) != min(query.size, total - query.start) or len(rows) != len(keys):
        return None
    before = sum(each < key for each in keys)
    begins = before > 0 or query.page == 1
    ends = before < len(keys) or query.start + len(keys) == total
    return query.start + before if begins and ends and keys == sorted(keys) else None
