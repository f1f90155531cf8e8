"""Further pages of one query, where the records of one second keep their order. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from tap_copper.search.query import OVERLAP, Limits, PageQuery, Row, page_after


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
