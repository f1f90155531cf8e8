"""What a search is asked and what of its answer matters for the next question: plain values, no network."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

OVERLAP = 4  # records that the pages of one search share at least

Row = tuple[Hashable, int | None]
"""A record's id and its key: its replication value in seconds, negative where a stream is read newest first. None for a
record that has no replication value, such as the stub of a deleted activity."""


@dataclass(frozen=True)
class Limits:
    """What one search can do.

    Attributes:
        page_size: The largest page.
        ceiling: Records of one search that can be reached.
        concurrency: Windows that are read at once.
        fewest_pages: Pages that a window is not cut below.
        buffered_pages: Pages that all windows under way hold together, as far as totals tell: bounds what has to be
            buffered.
        repeats: The same record may be returned several times by one search (activities with ``full_result``).
    """

    page_size: int = 200
    ceiling: int = 100_000
    concurrency: int = 16
    fewest_pages: int = 8
    buffered_pages: int = 512
    repeats: bool = False

    @property
    def most_pages(self) -> int:
        """Pages that one window holds at most."""
        return max(self.buffered_pages // self.concurrency, self.fewest_pages)


@dataclass(frozen=True)
class PageQuery:
    """One page of one search.

    Attributes:
        minimum: Smallest key asked for, or None for no bound. Whether the CRM includes the bound is not relied upon.
        maximum: Largest key asked for, likewise.
        page: 1 for the first.
        size: Records to a page.
        tie: None to sort by key; else the number of the pass over a crowd, sorted by another column.
    """

    minimum: int | None
    maximum: int | None
    page: int
    size: int
    tie: int | None = None


def page_after(query: PageQuery, end: int, most: int, limits: Limits) -> PageQuery | None:
    """The page of the same search that begins shortly before a place, and of those the one that reaches furthest.

    Args:
        query: Any page of the search.
        end: The place, counted in records.
        most: How many records before the place the page may begin.
        limits: What one search can do.

    Returns:
        None if there is no such page, or none that can be reached.
    """
    best, reach = None, end
    for size in range(limits.page_size, limits.page_size // 2, -1):
        number = (end - min(OVERLAP, size - 1)) // size + 1
        if reach < number * size <= limits.ceiling and end - (number - 1) * size <= most:
            best, reach = PageQuery(query.minimum, query.maximum, number, size), number * size
    return best


class TieError(Exception):
    """Records with one key are too many, or too unsteady, to be read for certain.

    Attributes:
        key: The key they share.
        total: How many there are, as the CRM says.
        passes: How often they were read.
    """

    def __init__(self, key: int | None, total: int, passes: int) -> None:
        super().__init__(key, total, passes)
        self.key = key
        self.total = total
        self.passes = passes
