"""The count of a whole search at its end: fewer records than the first answer counted need an explanation. Pure.

Records that are deleted before they are read explain it, and so does an index that still counts them. Where neither
does, records are missing that no answer has shown. The tail is not counted: records enter it all the while. Nothing
enters what lies before it, so at any later moment no more of it can exist than has been read. Records of the
second beside a bound are counted, too, and of many only a page has been shown: these are told apart where they may be
the reason.
"""

from __future__ import annotations

from array import array
from collections.abc import Hashable, Sequence

from tap_copper.search.count_inside import CountInside
from tap_copper.search.ending import EMPTY_TOLD, FEWEST_LEFT, WAITS
from tap_copper.search.query import Limits, PageQuery, Row, ShortReadError
from tap_copper.search.window_answer import Taken

AT_A_TIME = 100_000


class Recount:
    """Counts what has been read, and once more what exists if that falls short.

    Args:
        start: The smallest key of the search; None for no bound.
        stop: The largest key; None for no bound.
        limits: The limits of one search.

    Attributes:
        is_under_way: A query has been sent and not been answered.
        is_wanted: What has come is to be counted, and has not been found to be all.
    """

    def __init__(self, start: int | None, stop: int | None, limits: Limits) -> None:
        self.is_under_way = False
        self.is_wanted = False
        self._start = start
        self._stop = stop
        self._limits = limits
        self._is_off = limits.totals_are_hints or limits.repeats
        self._told: int | None = None
        self._without_total = 0  # answers in a row without a total
        self._counted: int | None = None  # by the last count that records beside a bound may explain
        self._bounds: tuple[int | None, int | None] = (None, None)
        self._closed = array("q")  # hashes of ids: 8 bytes a record, of which there may be millions
        self._later: set[Hashable] = set()  # ids of the tail, and of records that were edited meanwhile
        self._edges: tuple[set[Hashable], set[Hashable]] = set(), set()  # ids at the bounds that are counted once more
        self._meets_stop = False  # a record of the last second has come: more of these may hide others beyond it
        self._inside: CountInside | None = None  # it is being found out how much of a count lies inside
        self._outside: set[Hashable] = set()  # ids beside the bounds, which are asked for one second wider
        self._tries = 0
        self._agreeing = 0  # answers in a row that explain why fewer have come

    def begin(self, told: int | None, start: int | None, stop: int | None) -> None:
        """Count, since one answer has not brought everything.

        Args:
            told: How many records the first answer counted; None if its total was missing or impossible.
            start: The smallest key before the tail; None for no bound.
            stop: The largest key before the tail; None for no bound.
        """
        self._told = told
        self.is_wanted = not self._is_off
        # One second wider at both ends, where bounds may be excluded.
        self._bounds = None if start is None else start - 1, None if stop is None else stop + 1

    def add(self, rows: Sequence[Row], taken: Taken, *, is_tail: bool) -> None:
        """Count the records of an answer that belong to a window.

        Args:
            rows: The ids and keys of all its records.
            taken: Those that belong to the window.
            is_tail: It is the tail.
        """
        if self._is_off:
            return
        if is_tail:
            self._later.update(hash(rows[position][0]) for position in taken.kept)
        else:
            self._closed.extend([hash(rows[position][0]) for position in taken.kept])
        self._later.update(hash(rows[position][0]) for position in taken.edited_meanwhile)
        for edge, bound in zip(self._edges, self._bounds, strict=True):
            edge.update(row_id for row_id, key in rows if key is not None and key == bound)
        self._meets_stop = self._meets_stop or any(key is not None and key == self._stop for _, key in rows)
        if self._start is not None or self._stop is not None:
            self._outside.update(row_id for row_id, key in rows if key is not None and self._lies_outside(key))

    @property
    def wait_seconds(self) -> float:
        """Seconds to wait before ``query`` is sent."""
        return WAITS[self._tries - 1] if self._tries and self._inside is None else 0.0

    def query(self) -> PageQuery | None:
        """Make the query that counts what exists before the tail; None where that is known to have come."""
        if self.is_wanted and not self._tries and self._is_enough():
            self.is_wanted = False
        if not self.is_wanted:
            return None
        if self._inside is not None:
            return self._inside.query()
        return PageQuery(*self._bounds, 1, 1)

    def take(self, query: PageQuery, rows: Sequence[Row], total: int | None) -> None:
        """Take the answer to ``query``.

        Args:
            query: The query.
            rows: The ids and keys of the records.
            total: How many records it holds; None if its total was missing or impossible.

        Raises:
            ShortReadError: More records exist than have come, and asking again did not help.
        """
        self.is_under_way = False
        inside, found = self._inside, self._distinct(but=self._later)
        if inside is not None and inside.take(query, rows, total):
            return
        if inside is not None:
            self._inside = None
            self._judge(inside.inside, found, found)
            return
        most = found + sum(map(len, self._edges))
        if total is not None and total > most:
            inside = self._count_inside(total, found)
            if inside.query() is not None:
                self._counted, self._inside = total, inside
                return
        self._judge(total, found, most)

    def _judge(self, total: int | None, found: int, most: int) -> None:
        """Decide whether a total that may be ``most`` shows that everything has come."""
        self._without_total = self._without_total + 1 if total is None else 0
        if self._told is None and self._without_total == EMPTY_TOLD:
            self.is_wanted = False  # nothing is counted here, as far as can be seen
            return
        # Without a total of the first answer nothing says that any are missing, unless more are counted than have come.
        least = 0 if self._told is None else len(self._closed) * FEWEST_LEFT
        if total is not None and least <= total <= most:
            self._agreeing += 1
            # Fewer than have come: some of these are gone, too, or the answer is wrong. It is believed when told twice.
            is_plain = total == most and not self._tries
            self.is_wanted = not (is_plain or self._agreeing == EMPTY_TOLD)
            return
        self._agreeing = 0
        self._tries += 1
        if self._tries > len(WAITS):
            raise ShortReadError(
                total if total is not None and total > found else self._counted or self._told or 0, found
            )

    def _count_inside(self, total: int, found: int) -> CountInside:
        """Find out how much of a total lies inside, if many records may lie beside a bound of the whole search."""
        (low, high), (minimum, maximum) = self._edges, self._bounds
        is_start = self._start is not None and minimum == self._start - 1 and bool(low)
        is_stop = self._stop is not None and maximum == self._stop + 1 and (bool(high) or self._meets_stop)
        return CountInside(
            self._bounds,
            self._start if is_start else None,
            self._stop if is_stop else None,
            total=total,
            found=found,
            shown=(len(low), len(high)),
            limits=self._limits,
        )

    @property
    def has_all_told(self) -> bool:
        """Whether exactly as many distinct records have come as the first answer counted."""
        return self._told is not None and self.has_all(self._told)

    def has_all(self, total: int) -> bool:
        """Whether exactly as many distinct records have come as a total of the whole search counts."""
        count = len(self._closed) + len(self._later)
        return count >= total and not self._is_off and self._distinct(but=self._later) + len(self._later) == total

    def _is_enough(self) -> bool:
        told = self._told
        if told is None:
            return False
        count = len(self._closed) + len(self._later) + len(self._outside)
        if count < told:
            return False
        return self._distinct(but=self._later) + len(self._later) + len(self._outside) >= told

    def _distinct(self, *, but: set[Hashable]) -> int:
        """Count the distinct records before the tail, a part of them at a time: there may be millions."""
        parts = 1 + len(self._closed) // AT_A_TIME
        return sum(len({each for each in self._closed if each % parts == part} - but) for part in range(parts))

    def _lies_outside(self, key: int) -> bool:
        return (self._start is not None and key < self._start) or (self._stop is not None and key > self._stop)
