"""The values that a search is made of: a query for a page, the rows of its answer, and the limits. No network."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

OVERLAP = 4  # records that the pages of one search share at least: so many in the same order are hardly chance

Row = tuple[Hashable, int | None]
"""A record's id and its key: its replication value in seconds, negative where a stream is read newest first. None for a
record that has no replication value, such as the stub of a deleted activity."""


@dataclass(frozen=True)
class Limits:
    """The limits of one search.

    Attributes:
        page_size: Records on the largest page.
        ceiling: Records of one search that can be reached.
        concurrency: Windows that are read at once.
        fewest_pages: No window is cut so that a part has fewer pages.
        buffered_pages: Pages that all windows under way hold together, as far as totals tell; it bounds the memory for
            answers that wait for earlier windows.
        repeats: One record may be returned several times by one search (activities with ``full_result``).
        totals_are_hints: Totals count records that the key does not see: a search ends where no more records come,
            whatever its total says.
        splits: The search also has a filter on the date of creation, by which one second can be read in parts.
        in_order: Read the first windows to their end before the others, so that hardly any answer waits for its turn.
        tail_ahead: Where the search is read in order, ask for the tail together with the last pages before it. What is
            edited between the two may then be left to the next run, which a read that infers deletions must not do.
    """

    page_size: int = 200
    ceiling: int = 100_000
    concurrency: int = 16
    fewest_pages: int = 8
    buffered_pages: int = 512
    repeats: bool = False
    totals_are_hints: bool = False
    splits: bool = False
    in_order: bool = False
    tail_ahead: bool = False

    @property
    def most_pages(self) -> int:
        """The most pages that one window holds."""
        return max(self.buffered_pages // self.concurrency, self.fewest_pages)


@dataclass(frozen=True)
class PageQuery:
    """A query: one page of one search.

    Whether the CRM includes its bounds is not relied upon.

    Attributes:
        minimum: The smallest key asked for; None for no bound.
        maximum: The largest key asked for; None for no bound.
        page: Number of the page; 1 is the first.
        size: Records on a page.
        tie: None to sort by key; else the number of the pass over records that share one, sorted by another column.
        created: The first and the last second of creation asked for; None for any.
    """

    minimum: int | None
    maximum: int | None
    page: int
    size: int
    tie: int | None = None
    created: tuple[int, int] | None = None

    @property
    def is_by_key(self) -> bool:
        """Whether the search goes on by key, and not among records that share one."""
        return self.page == 1 and self.tie is None

    @property
    def start(self) -> int:
        """Places of the search before the page."""
        return (self.page - 1) * self.size


def believed_total(query: PageQuery, rows: Sequence[Row], total: int | None) -> int | None:
    """The total of an answer, if it can be true: one that counts fewer records than have come is believed by nobody."""
    if total is None or total < 0:
        return None
    return None if rows and total < query.start + len({row_id for row_id, _ in rows}) else total


def shows_all(query: PageQuery, rows: Sequence[Row], total: int | None, *, is_first: bool) -> bool:
    """Whether a page is the last of its search, as its total says.

    A full page never is: its total may lie low. The one exception saves small lists a request: the first page of all,
    where the total is exactly its size.

    Args:
        query: The query for the page.
        rows: Its records.
        total: The total that is believed; None if none is.
        is_first: Nothing has come before this page.
    """
    if total is None or query.start + len(rows) < total:
        return False
    return len(rows) < query.size or (is_first and query.page == 1 and total == query.size)


def page_after(query: PageQuery, end: int, most: int, limits: Limits) -> PageQuery | None:
    """Find the page of a search that begins shortly before a place; of several, the one that reaches furthest.

    Page numbers count in multiples of the page's size: a page that begins where another ended must have another size.

    Args:
        query: Any page of the search.
        end: The place, counted in records.
        most: How many records before the place the page may begin at most.
        limits: The limits of one search.

    Returns:
        None if there is no such page, or none that can be reached.
    """
    best, reach = None, end
    for size in range(limits.page_size, limits.page_size // 2, -1):
        number = (end - min(OVERLAP, size - 1)) // size + 1
        if reach < number * size <= limits.ceiling and end - (number - 1) * size <= most:
            best, reach = PageQuery(query.minimum, query.maximum, number, size), number * size
    return best


class SearchError(Exception):
    """A search cannot be read whole. The stream that is read makes a sentence of it."""


class TieError(SearchError):
    """Records with one key are too many, or change too much, to be read for certain.

    Attributes:
        key: The key that they share; None if they share none.
        total: How many there are, as the CRM says.
        passes: How often they were read.
    """

    def __init__(self, key: int | None, total: int, passes: int) -> None:
        super().__init__(key, total, passes)
        self.key = key
        self.total = total
        self.passes = passes


class ShortReadError(SearchError):
    """The CRM counts more records than it has shown, also when it was asked again.

    Attributes:
        told: How many it counts.
        found: How many of them have come.
        within: The smallest and the largest key of the part of the search that was counted, None for no bound.
    """

    def __init__(self, told: int, found: int, within: tuple[int | None, int | None] = (None, None)) -> None:
        super().__init__(told, found)
        self.told = told
        self.found = found
        self.within = within


class StalledError(SearchError):
    """Query after query brings no record that had not come before.

    Attributes:
        queries: How many queries in a row.
    """

    def __init__(self, queries: int) -> None:
        super().__init__(queries)
        self.queries = queries
