"""Answers that wait for their turn, by window: a record is handed on once no record before it can follow. Pure.

An answer that does not tell how far a window has been read brings records all the same, such as one that shows that
the CRM excludes the minimum: of that second, the next answer may bring more.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from math import inf
from typing import Any

from tap_copper.answers import records_in
from tap_copper.search.query import Row
from tap_copper.search.window import Window


@dataclass(frozen=True)
class Body:
    """The body of an answer, as it waits for its turn.

    Attributes:
        content: JSON, compressed if ``is_packed``.
        is_packed: Whether it is compressed.
        rows: The ids and seconds of its records.
    """

    content: bytes
    is_packed: bool
    rows: list[Row]

    def records(self) -> list[dict[str, Any]]:
        """Decode its records."""
        return records_in(zlib.decompress(self.content) if self.is_packed else self.content)


@dataclass(frozen=True)
class Chunk:
    """The records of one answer that belong to one window.

    Attributes:
        body: The answer's body.
        positions: The places of the records in it.
        reached: Every record with a smaller key has been met; None if it does not tell.
        extracted: When Copper sent them, in UTC.
    """

    body: Body
    positions: list[int]
    reached: int | None
    extracted: datetime

    def records(self) -> list[dict[str, Any]]:
        """Decode the records."""
        records = self.body.records() if self.positions else []
        return records if len(self.positions) == len(records) else [records[place] for place in self.positions]

    def rows(self) -> list[Row]:
        """Return the ids and keys of the records."""
        return [self.body.rows[place] for place in self.positions]


class WaitingChunks:
    """The answers of all windows that wait for their turn.

    Args:
        ascending: They are handed on as they come; else a window is handed on as a whole, and sorted then.

    Attributes:
        size: Bytes of their bodies.
    """

    def __init__(self, *, ascending: bool) -> None:
        self.size = 0
        self._ascending = ascending
        self._chunks: dict[Window, list[Chunk]] = {}

    def keep(self, window: Window, chunk: Chunk) -> None:
        """Keep what an answer brought to a window."""
        self._chunks.setdefault(window, []).append(chunk)
        self.size += len(chunk.body.content)

    def take(self, head: Window) -> list[Chunk]:
        """Take what may be handed on of the window whose turn it is, in the order in which it came."""
        if not (self._ascending or head.done):
            return []
        waiting = self._chunks.pop(head, [])
        last = self._last(head)
        ready: list[Chunk] = []
        for chunk in waiting:
            places = [place for place in chunk.positions if _second(chunk, place) <= last]
            if len(places) == len(chunk.positions):
                ready.append(chunk)
                self.size -= len(chunk.body.content)
                continue
            if places:
                ready.append(replace(chunk, positions=places))
            early = [place for place in chunk.positions if _second(chunk, place) > last]
            self._chunks.setdefault(head, []).append(replace(chunk, positions=early, reached=None))
        return ready

    def pass_on(self, head: Window, after: Window | None) -> None:
        """Give what lies beyond a window, which was cut after it had come, to the one that follows."""
        beyond = self._chunks.pop(head, [])
        if beyond and after is not None:
            self._chunks[after] = beyond + self._chunks.get(after, [])

    def _last(self, head: Window) -> float:
        """The last key that may be handed on of a window."""
        if not self._ascending:
            return inf
        last = head.stop if head.done else head.floor
        return inf if last is None else last


def is_in_order(chunks: list[Chunk]) -> bool:
    """Whether the records of chunks come sorted by key."""
    keys = [key for chunk in chunks for _, key in chunk.rows() if key is not None]
    return all(first <= second for first, second in pairwise(keys))


def _second(chunk: Chunk, place: int) -> float:
    key = chunk.body.rows[place][1]
    return -inf if key is None else key
