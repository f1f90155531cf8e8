"""The end of a search, where its total does not say that everything has come. Pure.

A total is an upper bound: it may count what the key does not see, and it moves with every edit. But where an index
fails, it is also the one sign that records are missing. So what fell short of its total is asked for again, with waits
that are longer than the index lags; a total that then equals the records ends the search, and new records go on with
it. Where the total stays too high, the read is not whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tap_copper.search.query import Limits, PageQuery, Row, ShortReadError, shows_all

WAITS = (5.0, 15.0, 40.0)
"""Seconds before each further try; together more than the 40 s that Copper's index has been seen to lag."""
MOST_IDLE = 60
"""Queries in a row that bring nothing new: pages that were asked for ahead and overtaken are a third of it at most."""
FEWEST_LEFT = 0.75  # of what has been read: an answer that says that more of it is gone is not believed
EMPTY_TOLD = 2  # where totals say nothing, so many answers in a row must show that nothing follows


class EndCheck:
    """Makes sure that nothing follows an answer that brought nothing new and was not full.

    Args:
        query: The query of that answer: a first page.
        rows: The ids and keys of the records that it showed.
        total: How many it counted; None if its total was missing or impossible.
        limits: The limits of one search.

    Attributes:
        gap: Records that are counted and do not come.
    """

    def __init__(self, query: PageQuery, rows: Sequence[Row], total: int | None, limits: Limits) -> None:
        found = len(rows)
        self.gap = 0 if total is None else total - found
        self._first = query
        self._rows = list(rows)
        self._found = found
        self._told = total or 0
        self._must_come_true = total is not None and not (limits.totals_are_hints or limits.repeats)
        self._asks_further = found > 0
        self._empty_told = 0 if found else 1
        self._tries = 0

    def is_repeated_by(self, rows: Sequence[Row]) -> bool:
        """Whether a page that should follow shows the same records again: the list does not page."""
        return list(rows) == self._rows

    @property
    def wait_seconds(self) -> float:
        """Seconds to wait before the next query."""
        return WAITS[self._tries] if self._must_come_true and not self._asks_further else 0.0

    def query(self) -> PageQuery:
        """Make the next query: the page that would follow, or the one that fell short again."""
        return replace(self._first, page=2) if self._asks_further else self._first

    def take_nothing_new(self, query: PageQuery, rows: Sequence[Row], total: int | None) -> bool:
        """Take the answer to ``query``, which brought nothing new.

        Args:
            query: The query.
            rows: The ids and keys of the records.
            total: How many records the search holds; None if its total was missing or impossible.

        Returns:
            Whether the search has ended.

        Raises:
            ShortReadError: More records are counted than come, and asking again did not help.
        """
        if query.page == 1 and total is not None:
            self._told, self._found = total, len(rows)
        if self._is_all(query, rows, total):
            self.gap = 0
            return True
        if not self._must_come_true:
            self._empty_told += 1
            return self._empty_told >= EMPTY_TOLD
        if self._asks_further:
            self._asks_further = False
            return False
        self._tries += 1
        if self._tries == len(WAITS):
            raise ShortReadError(self._told, self._found, (self._first.minimum, self._first.maximum))
        return False

    def _is_all(self, query: PageQuery, rows: Sequence[Row], total: int | None) -> bool:
        if query.page > 1:
            return not rows and total is not None and total <= self._found
        return shows_all(query, rows, total, is_first=False)
