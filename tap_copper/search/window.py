"""One window of a search, read by key: what to ask next, given the answers. Pure: no network, no clock.

Always the first page of what is left, with the minimum moved up to the last key met. Page numbers alone would lose a
record whenever one before it is edited or deleted; a key cannot shift.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from math import inf

from tap_copper.search.query import OVERLAP, Limits, PageQuery, Row, page_after
from tap_copper.search.same_second import TieReader


@dataclass(frozen=True)
class Taken:
    """What an answer brought to a window: positions of its records.

    Attributes:
        kept: New, and inside the window.
        edited_meanwhile: Found by the CRM's index inside the window, but edited since: beyond what was asked for.
    """

    kept: list[int]
    edited_meanwhile: list[int]


@dataclass(frozen=True)
class TiePages:
    """Further pages of one question, where many records share its last key.

    Each page begins with records that the page before it ended with. If they come again in the same order, and nothing
    that follows them has come before, then nothing before them has left the search and every place of it has shown a
    record of its own: what follows them is what comes next.

    Attributes:
        query: The last question of the run.
        end: Places that have been read.
        last: The ids of the last page.
    """

    query: PageQuery
    end: int
    last: tuple[Hashable, ...]

    def next_question(self, limits: Limits) -> PageQuery | None:
        """The page that continues it; None if none does."""
        return page_after(self.query, self.end, len(self.last), limits)

    def is_before(self, query: PageQuery) -> bool:
        """Whether a page is of the same search, begins far enough back in the last, and reaches further."""
        same = (query.minimum, query.maximum) == (self.query.minimum, self.query.maximum)
        return same and OVERLAP <= self.overlap(query) <= len(self.last) and query.page * query.size > self.end

    def overlap(self, query: PageQuery) -> int:
        """How many records of a page have come before."""
        return self.end - (query.page - 1) * query.size

    def goes_on(self, query: PageQuery, rows: Sequence[Row], seen: AbstractSet[Row]) -> bool:
        """Whether a page continues the run, given the records that had come before it."""
        overlap = self.overlap(query)
        is_same = [row_id for row_id, _ in rows[:overlap]] == list(self.last[-overlap:])
        return is_same and seen.isdisjoint(rows[overlap:])

    def is_reordered_by(self, rows: Sequence[Row]) -> bool:
        """Whether records of the last page come in another order."""
        ids = [row_id for row_id, _ in rows]
        return [each for each in ids if each in self.last] != [each for each in self.last if each in ids]


@dataclass
class SearchBehaviour:
    """What a CRM has shown of how it searches; the windows of one search share it.

    Attributes:
        includes_minimum: Records with the smallest key that was asked for have come.
        may_exclude_minimum: None of those with that key that had been met have come again.
        reorders_ties: Records of one key have come in another order than before.
    """

    includes_minimum: bool = False
    may_exclude_minimum: bool = False
    reorders_ties: bool = False


class Window:
    """Keys from ``start`` to ``stop``, both included; None leaves an end open.

    Attributes:
        floor: Every record with a smaller key has been met; None before the first one is.
        total: Records that the last question held; None before the first answer, and if it was for a further page.
        left: Records from the floor on; None if the last answer does not tell.
        ties: The most records of the last answer that share a key.
        done: Every record of the window has been met.
    """

    def __init__(self, start: int | None, stop: int | None, limits: Limits, behaviour: SearchBehaviour) -> None:
        self.start = start
        self.stop = stop
        self.floor = start
        self.total: int | None = None
        self.left: int | None = None
        self.ties = 1
        self.done = start is not None and stop is not None and start > stop
        self._limits = limits
        self._seen: set[Row] = set()
        self._behaviour = behaviour
        self._stepping_back = False
        self._crowd: TieReader | None = None
        self._run: TiePages | None = None
        self._barred: int | None = None

    def query(self) -> PageQuery:
        """What to ask next.

        A bound is asked for one second wider where it would not be seen that the CRM excludes it.
        """
        if self._crowd is not None:
            return self._crowd.query()
        further = None if self._run is None else self._run.next_question(self._limits)
        if further is not None:
            return further
        return PageQuery(*self._bounds(), 1, self._limits.page_size)

    def take(self, query: PageQuery, rows: Sequence[Row], total: int | None, trusted: int | None = None) -> Taken:
        """Take the answer to a question of this window, also one asked before the window was cut.

        Args:
            query: What was asked.
            rows: The ids and keys of the records.
            total: What the CRM says the search holds.
            trusted: Later keys do not tell how far the answer reaches: an index that lags may show a record that was
                just edited in its old place.

        Raises:
            CrowdError: A single key holds more records than can be read for certain.
        """
        ties, run = self._crowd, self._run
        goes_on = run is not None and run.goes_on(query, rows, self._seen)
        known = {row for row in self._seen if row[1] == self.floor}
        kept = self._keep(rows)
        edited_meanwhile = [
            position
            for position, (_, key) in enumerate(rows)
            if key is not None and query.maximum is not None and key > query.maximum
        ]
        if query.minimum is not None and any(key == query.minimum for _, key in rows):
            self._behaviour.includes_minimum = True
        if ties is not None:
            if query == ties.query():
                self._take_ties(ties, rows, total, new=bool(kept))
        elif run is not None and not run.is_before(query):
            pass  # other pages have meanwhile brought more
        elif run is not None and not goes_on:
            self._behaviour.reorders_ties |= run.is_reordered_by(rows)
            self._run = None
            self._barred = self.floor
        elif run is None and query.page > 1 and not self._reaches_into(rows):
            pass  # the run that it was to continue has been given up meanwhile
        elif query.page == 1 and known and query.minimum == self.floor and known.isdisjoint(rows):
            # not one record of the last second came again: the bound may be excluded
            self._stepping_back = self._behaviour.may_exclude_minimum = True
        else:
            self._stepping_back = False
            self._climb(query, rows, total, trusted, new=bool(kept))
        return Taken(kept, edited_meanwhile)

    def is_continued_by(self, query: PageQuery, rows: Sequence[Row], at: int) -> bool:
        """Whether a page of an earlier question begins in what has been met here, and so tells what comes next.

        Args:
            query: What was asked. A question ends one key beyond the window that it is for, so its last page may
                begin in the next: of that one it tells nothing.
            rows: The ids and keys of the records.
            at: The first key of the page.
        """
        if self.done or self._crowd is not None or self.floor is None or (self.start is not None and at < self.start):
            return False
        if query.maximum is not None and (self.stop is None or query.maximum <= self.stop):
            return False
        if self._run is not None:
            return self._run.is_before(query) and self._run.goes_on(query, rows, self._seen)
        return at < self.floor

    def cut(self, key: int) -> Window:
        """End this window at ``key`` and return the window that begins after it.

        What this one has met beyond the cut goes with the new one.
        """
        right = Window(key + 1, self.stop, self._limits, self._behaviour)
        right._seen = {row for row in self._seen if row[1] is not None and row[1] > key}
        if self.floor is not None and self.floor > key:
            right.floor = max(self.floor, key + 1)
            right.done = right.done or self.done
            right.total = self.total
            self.done = True
        self._seen -= right._seen
        self.stop = key
        self.left = None
        return right

    def restart(self, brought: Iterable[Row]) -> None:
        """Read the window again from its start, passing over what it has brought already."""
        self._seen = set(brought)
        self.floor = self.start
        self.done = False

    def _bounds(self) -> tuple[int | None, int | None]:
        minimum = self.floor
        if minimum is not None and (self._stepping_back or not self._asks_for(minimum)):
            minimum -= 1
        return minimum, None if self.stop is None else self.stop + 1

    def _reaches_into(self, rows: Sequence[Row]) -> bool:
        """Whether a page begins in what has been met, as its keys tell."""
        at = next((key for _, key in rows if key is not None), None)
        return at is not None and self.floor is not None and at < self.floor

    def _asks_for(self, key: int) -> bool:
        """Whether a question from a key on brings its records, or else is seen not to."""
        behaviour = self._behaviour
        would_tell = not behaviour.may_exclude_minimum and any(row[1] == key for row in self._seen)
        return behaviour.includes_minimum or would_tell

    def _is_covered_by(self, query: PageQuery) -> bool:
        """Whether a question asked for all that is left, or more: after a step back it did."""
        minimum, maximum = self._bounds()
        below = query.minimum is None or (minimum is not None and query.minimum <= minimum)
        above = query.maximum is None or (maximum is not None and query.maximum >= maximum)
        return below and above

    def _is_beyond(self, query: PageQuery) -> bool:
        """Whether other pages have meanwhile brought more than a question began with."""
        return self.floor is not None and (query.minimum is None or query.minimum < self.floor - 1)

    def _keep(self, rows: Sequence[Row]) -> list[int]:
        kept = []
        for position, row in enumerate(rows):
            if self._is_new(row):
                self._seen.add(row)
                kept.append(position)
        return kept

    def _is_new(self, row: Row) -> bool:
        key = row[1]
        if key is not None:
            if self.floor is not None and key < self.floor:
                return False
            if self.stop is not None and key > self.stop:
                return False
        return row not in self._seen

    def _climb(
        self, query: PageQuery, rows: Sequence[Row], total: int | None, trusted: int | None, *, new: bool
    ) -> None:
        shown = total if total is not None else len(rows) + (len(rows) == query.size)
        self.total = shown if query.page == 1 else None
        self.left = None
        self.ties = max(Counter(key for _, key in rows).values(), default=1)
        keys = [key for _, key in rows if key is not None]
        beyond = self.stop is not None and any(
            self.stop < key and (query.maximum is None or key <= query.maximum) for key in keys
        )
        last = min(limit for limit in (self.stop, trusted, inf) if limit is not None)
        inside = [key for key in keys if key <= last]
        top = inside[-1] if inside else None
        run, self._run = self._run_after(query, rows, inside, trusted), None
        if beyond or (query.page - 1) * query.size + len(rows) >= shown:
            self.done = True
        elif top is not None and (self.floor is None or top > self.floor):
            self._advance(top)
            self._run = run
            if query.maximum == self._bounds()[1]:
                self.left = shown - (query.page - 1) * query.size - sum(key < top for key in keys)
        elif run is not None and top == self.floor:
            self._run = run
        elif query.page > 1:
            self._barred = self.floor  # the run has come as far as a search reaches, and is still in the same second
        elif (trusted is not None and not inside) or not self._is_covered_by(query) or self._is_beyond(query):
            pass  # a bound has been moved meanwhile: ask again
        elif shown > query.size:
            self._crowd = self._ties_at(self.floor) if inside and self.floor is not None else self._ties_between()
        else:
            self.done = not new

    def _run_after(
        self, query: PageQuery, rows: Sequence[Row], inside: Sequence[int], trusted: int | None
    ) -> TiePages | None:
        """The pages that follow this one, where asking for its last key again would bring too much of it again."""
        if trusted is not None or len(rows) < query.size or len(inside) < len(rows) or inside[-1] == self._barred:
            return None
        if self._behaviour.reorders_ties or inside.count(inside[-1]) <= OVERLAP:
            return None
        before = 0 if self._run is None else self._run.overlap(query)
        end = (query.page - 1) * query.size + len(rows)
        run = TiePages(query, end, tuple(row_id for row_id, _ in rows))
        return run if len(rows) > before and run.next_question(self._limits) else None

    def _advance(self, floor: int) -> None:
        self.floor = floor
        self._seen = {row for row in self._seen if row[1] is None or row[1] >= floor}

    def _ties_at(self, key: int) -> TieReader:
        known = sum(row[1] == key for row in self._seen)
        bounds: list[tuple[int | None, int | None]] = [(key - 1, key), (key - 1, key + 1)]
        if self._behaviour.includes_minimum:
            bounds = [(key, key), (key, key + 1), *bounds[1:]]
        return TieReader(key, bounds, known, self._limits)

    def _ties_between(self) -> TieReader:
        """All that is left of the window: its first page shows no key to go on from, only records edited since."""
        return TieReader(None, [self._bounds()], 0, self._limits)

    def _take_ties(self, ties: TieReader, rows: Sequence[Row], total: int | None, *, new: bool) -> None:
        ties.take(rows, total, new=new)
        if not ties.done:
            return
        self._crowd = None
        if ties.key is None:
            self.done = True
            return
        self._advance(ties.key + 1)
        self.done = self.stop is not None and ties.key >= self.stop
