"""One second that will not hold still, read in parts by date of creation: each fits one answer. Pure.

What one answer shows whole is certain, whatever happens in the account between two of them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Generic, Protocol, TypeVar

from tap_copper.search.query import Limits, PageQuery, Row, ShortReadError, StalledError, TieError, shows_all

LATEST = 2_147_483_647  # the largest date that a filter takes (5.3 of the reference)
MOST_IDLE = 200  # halvings in a row that bring nothing new: one creation is reached after 31 of them, and 31 beside it


class Ties(Protocol):
    """Reads what no date of creation tells apart; see ``TieReader``."""

    done: bool
    gap: int

    @property
    def wait_seconds(self) -> float:
        """Seconds to wait before ``query`` is sent."""

    def query(self) -> PageQuery:
        """Make the next query."""

    def take(self, rows: Sequence[Row], total: int | None, *, new: bool) -> None:
        """Take the answer to ``query``."""


T = TypeVar("T", bound=Ties)


class SecondInParts(Generic[T]):
    """Reads the records of one second in parts: halves the time of their creation until each part fits one answer.

    Args:
        key: The key that the records share.
        bounds: The minimum and the maximum that find them.
        limits: The limits of one search.
        ties: Makes the reader of records that were also created between two given seconds.

    Attributes:
        done: Every record has been read.
        gap: Records that are counted and do not come, where totals are hints.
    """

    def __init__(
        self, key: int, bounds: tuple[int | None, int | None], limits: Limits, ties: Callable[[tuple[int, int]], T]
    ) -> None:
        self.done = False
        self.gap = 0
        self._key = key
        self._bounds = bounds
        self._limits = limits
        self._make_ties = ties
        self._parts = [(0, LATEST)]  # those that are still to be read, the next one last
        self._ties: T | None = None
        self._found: set[Hashable] = set()
        self._idle = 0

    @property
    def wait_seconds(self) -> float:
        """Seconds to wait before ``query`` is sent."""
        return 0.0 if self._ties is None else self._ties.wait_seconds

    def query(self) -> PageQuery:
        """Make the next query: a part of the second, and at the end its first page, for the total."""
        if self._ties is not None:
            return self._ties.query()
        return PageQuery(*self._bounds, 1, self._limits.page_size, 0, self._parts[-1] if self._parts else None)

    def take(self, rows: Sequence[Row], total: int | None, *, new: bool) -> None:
        """Take the answer to ``query``.

        Args:
            rows: The ids and keys of its records.
            total: How many records the part holds; None if its total was missing or impossible.
            new: A record of the answer had not been seen before.

        Raises:
            SearchError: The records cannot be read for certain.
        """
        self._found.update(row_id for row_id, _ in rows)
        if self._ties is not None:
            self._ties.take(rows, total, new=new)
            if self._ties.done:
                self.gap += self._ties.gap
                self._ties = None
            return
        if not self._parts:
            self._close(total)
            return
        if total is None:
            raise TieError(self._key, len(self._found), 1)
        self._idle = 0 if new else self._idle + 1
        if self._idle > MOST_IDLE:
            raise StalledError(self._idle)
        self._take_part(self._parts.pop(), rows, total)

    def _take_part(self, part: tuple[int, int], rows: Sequence[Row], total: int) -> None:
        low, high = part
        if shows_all(PageQuery(*self._bounds, 1, self._limits.page_size), rows, total, is_first=True):
            return
        if low < high:
            middle = (low + high) // 2
            self._parts += [(middle + 1, high), (low, middle)]
        else:
            self._ties = self._make_ties(part)

    def _close(self, total: int | None) -> None:
        """End, unless the second holds more than its parts: a record without a date of creation is in none."""
        short = (total or 0) - len(self._found)
        if short > 0 and not self._limits.totals_are_hints:
            raise ShortReadError(total or 0, len(self._found))
        self.gap = max(self.gap, short, 0)
        self.done = True
