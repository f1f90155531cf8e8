"""What a search is asked and what of its answer matters for the next question: plain values, no network."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

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
    fewest_pages: int = 4
    buffered_pages: int = 128
    repeats: bool = False

    @property
    def most_pages(self) -> int:
        """Pages that one window holds at most."""
        return max(self.buffered_pages // self.concurrency, self.fewest_pages)


@dataclass(frozen=True)
class Question:
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


class CrowdError(Exception):
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
