"""Exact counts of a range of a column in logarithmic time, for totals such as X-PW-TOTAL at a million records."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable

from crm_emulator.query import Range


class RangeCounts:
    """The values of one integer column, in order.

    Args:
        values: The values, ascending, without nulls.
    """

    def __init__(self, values: Iterable[int]) -> None:
        self._values = array("q", values)

    def count(self, span: Range) -> int:
        """Count the values in a range."""
        low = 0 if span.low is None else bisect_left(self._values, span.low)
        high = len(self._values) if span.high is None else bisect_right(self._values, span.high)
        return max(0, high - low)

    def change(self, value: int | None, *, present: bool) -> None:
        """Add or take out one value; nulls lie in no range."""
        if value is None:
            return
        if present:
            insort(self._values, value)
        else:
            del self._values[bisect_left(self._values, value)]
