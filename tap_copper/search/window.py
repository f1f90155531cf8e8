"""One window of a search, read by key: what to ask next, given the answers. Pure: no network, no clock.

Always the first page of what is left, with the minimum moved up to the last key met. Page numbers alone would lose a
record whenever one before it is edited or deleted; a key cannot shift.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from math import inf

from tap_copper.search.ending import MOST_IDLE, EndCheck
from tap_copper.search.query import OVERLAP, Limits, PageQuery, Row, StalledError, believed_total, shows_all
from tap_copper.search.same_second import TieReader
from tap_copper.search.tie_pages import TiePages
from tap_copper.search.window_answer import Meaning, SearchBehaviour, Step, Taken, WindowAnswer


class Window:
    """Keys from ``start`` to ``stop``, both included; None leaves an end open.

    Attributes:
        floor: Every record with a smaller key has been met; None before the first one is.
        total: Records that the last query held; None before the first answer, and if it was for a further page.
        left: Records from the floor on; None if the last answer does not tell.
        gap: Records that the CRM counts and does not show, where totals are hints.
        most_ties: The most records of the last answer that share a key.
        done: Every record of the window has been met.
    """

    def __init__(self, start: int | None, stop: int | None, limits: Limits, behaviour: SearchBehaviour) -> None:
        self.start = start
        self.stop = stop
        self.floor = start
        self.total: int | None = None
        self.left: int | None = None
        self.most_ties = 1
        self.gap = 0
        self.done = start is not None and stop is not None and start > stop
        self._limits = limits
        self._seen: set[Row] = set()  # from the floor on: nothing below it can come again as new
        self._behaviour = behaviour
        self._is_stepping_back = False
        self._tie_reader: TieReader | None = None
        self._tie_pages: TiePages | None = None
        self._no_pages_at: int | None = None  # the key whose further pages have led nowhere
        self._end_check: EndCheck | None = None
        self._is_begun = False  # an answer has been taken
        self._promised: int | None = None  # as ``left``, but None if the window was cut since
        self._idle = 0  # answers in a row that brought nothing new

    def query(self) -> PageQuery:
        """Make the next query.

        A bound is asked for one second wider where it would not be seen that the CRM excludes it.
        """
        if self._tie_reader is not None:
            return self._tie_reader.query()
        if self._end_check is not None:
            return self._end_check.query()
        further = None if self._tie_pages is None else self._tie_pages.next_query(self._limits)
        if further is not None:
            return further
        return PageQuery(*self._bounds(), 1, self._limits.page_size)

    @property
    def wait_seconds(self) -> float:
        """Seconds to wait before ``query`` is sent: what fell short needs time to come right."""
        waiting = self._tie_reader or self._end_check
        return 0.0 if waiting is None else waiting.wait_seconds

    def take(self, query: PageQuery, rows: Sequence[Row], total: int | None, trusted: int | None = None) -> Taken:
        """Take the answer to a query of this window, also one asked before the window was cut.

        Args:
            query: The query that was sent.
            rows: The ids and keys of the records.
            total: How many records the search holds, as the CRM says; None if it does not.
            trusted: Later keys do not tell how far the answer reaches: an index that lags may show a record that was
                just edited in its old place.

        Raises:
            SearchError: The window cannot be read whole.
        """
        total = believed_total(query, rows, total)
        meaning = self._meaning(query, rows)  # judged by the records that had come before this answer
        is_first, self._is_begun = not self._is_begun, True
        kept = self._keep(rows)
        end_check = self._count_idle(is_idle=not kept)
        edited = [
            position
            for position, (_, key) in enumerate(rows)
            if key is not None and query.maximum is not None and key > query.maximum
        ]
        if query.minimum is not None and any(key == query.minimum for _, key in rows):
            self._behaviour.includes_minimum = True
        match meaning:
            case Meaning.OF_TIES:
                self._take_ties(query, rows, total, new=bool(kept))
            case Meaning.OF_END if end_check is not None:
                self._take_end(end_check, self._seen_as(query, rows, total, trusted, has_new=False))
            case Meaning.OUT_OF_ORDER:
                self._give_up_pages(rows)
            case Meaning.BOUND_EXCLUDED:
                self._is_stepping_back = self._behaviour.may_exclude_minimum = True
            case Meaning.PROGRESS:
                self._is_stepping_back = False
                answer = self._seen_as(query, rows, total, trusted, has_new=bool(kept))
                self._progress(answer, is_first=is_first)
            case Meaning.OUTRUN | Meaning.ORPHANED | Meaning.OF_END:
                pass  # its records count all the same
        return Taken(kept, edited)

    def _count_idle(self, *, is_idle: bool) -> EndCheck | None:
        """Count answers that bring nothing new; any other shows that the end had not come.

        Returns:
            The check that is under way and goes on.

        Raises:
            StalledError: Too many in a row brought nothing.
        """
        if not is_idle:
            self._idle = 0
            self._end_check = None
        elif self._tie_reader is None:  # which brings nothing new in most of its passes, and bounds them
            self._idle += 1
        if self._idle > MOST_IDLE:
            raise StalledError(self._idle)
        return self._end_check

    def _take_end(self, check: EndCheck, answer: WindowAnswer) -> None:
        """Take the answer to a query of ``check``, which brought nothing new."""
        is_further = answer.query.page > 1 and not check.is_repeated_by(answer.rows)
        if is_further and any(key is not None and key >= (self.floor or key) for _, key in answer.rows):
            self._end_check = None  # the first page did not show all of the floor's second
            self._tie_reader = self._ties_at_floor() if self.floor is not None else self._ties_between()
        elif check.take_nothing_new(answer.query, answer.rows, answer.total) or answer.is_beyond_stop:
            self._end_check = None
            self.done = True
            self.gap += check.gap

    def _meaning(self, query: PageQuery, rows: Sequence[Row]) -> Meaning:
        if self._tie_reader is not None:
            return Meaning.OF_TIES
        if self._end_check is not None and query == self._end_check.query() and not any(map(self._is_new, rows)):
            return Meaning.OF_END
        return self._meaning_by_key(query, rows)

    def _meaning_by_key(self, query: PageQuery, rows: Sequence[Row]) -> Meaning:
        pages = self._tie_pages
        if pages is not None and not pages.is_before(query):
            return Meaning.OUTRUN
        if pages is not None and not pages.goes_on(query, rows, self._seen):
            return Meaning.OUT_OF_ORDER
        if pages is None and query.page > 1 and not self._reaches_into(rows):
            return Meaning.ORPHANED
        if query.page == 1 and query.minimum == self.floor and self._misses_all_of_floor(rows):
            return Meaning.BOUND_EXCLUDED
        return Meaning.PROGRESS

    def _misses_all_of_floor(self, rows: Sequence[Row]) -> bool:
        """Whether records with the floor's key have been met, and none of them is among the rows."""
        known = {row for row in self._seen if row[1] == self.floor}
        return bool(known) and known.isdisjoint(rows)

    def _give_up_pages(self, rows: Sequence[Row]) -> None:
        if self._tie_pages is not None:
            self._behaviour.reorders_ties |= self._tie_pages.is_reordered_by(rows)
        self._tie_pages = None
        self._no_pages_at = self.floor

    def is_continued_by(self, query: PageQuery, rows: Sequence[Row], at: int) -> bool:
        """Whether a page of an earlier query begins among records met here, and so tells what comes next.

        Args:
            query: The query. A query ends one key beyond the window that it is for, so its last page may begin
                in the next window: of that one it tells nothing.
            rows: The ids and keys of the records.
            at: The first key of the page.
        """
        if (
            self.done
            or self._tie_reader is not None
            or self.floor is None
            or (self.start is not None and at < self.start)
        ):
            return False
        if query.maximum is not None and (self.stop is None or query.maximum <= self.stop):
            return False
        if self._tie_pages is not None:
            return self._tie_pages.is_before(query) and self._tie_pages.goes_on(query, rows, self._seen)
        return at < self.floor

    def cut(self, key: int) -> Window:
        """End this window at ``key`` and return the window that begins after it.

        Records that have been met beyond the cut go with the new window.
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
        self.left = self._promised = None
        return right

    @property
    def is_checking_end(self) -> bool:
        """Whether nothing new comes, and a total says that more should."""
        return self._end_check is not None

    def end(self) -> None:
        """End the window: whatever its total says, no record can be missing."""
        self._end_check = None
        self.done = True

    def restart(self, brought: Iterable[Row]) -> None:
        """Read the window again from its start, passing over records that it has brought already."""
        self._seen = set(brought)
        self.floor = self.start
        self.done = False
        self._end_check = None

    def _bounds(self) -> tuple[int | None, int | None]:
        minimum = self.floor
        if minimum is not None and (self._is_stepping_back or not self._asks_for(minimum)):
            minimum -= 1
        return minimum, None if self.stop is None else self.stop + 1

    def _reaches_into(self, rows: Sequence[Row]) -> bool:
        """Whether a page begins among records that have been met, as its keys tell."""
        at = next((key for _, key in rows if key is not None), None)
        return at is not None and self.floor is not None and at < self.floor

    def _asks_for(self, key: int) -> bool:
        """Whether a query from a key on brings the records of that key, or else is seen not to bring them."""
        behaviour = self._behaviour
        would_tell = not behaviour.may_exclude_minimum and any(row[1] == key for row in self._seen)
        return behaviour.includes_minimum or would_tell

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

    def _seen_as(
        self, query: PageQuery, rows: Sequence[Row], total: int | None, trusted: int | None, *, has_new: bool
    ) -> WindowAnswer:
        keys = [key for _, key in rows if key is not None]
        last = min(limit for limit in (self.stop, trusted, inf) if limit is not None)
        return WindowAnswer(
            query,
            rows,
            total=total,
            inside=[key for key in keys if key <= last],
            # A key beyond the maximum is of a record that was edited meanwhile: it does not tell that the end is near.
            is_beyond_stop=self.stop is not None
            and any(self.stop < key and (query.maximum is None or key <= query.maximum) for key in keys),
            has_new=has_new,
            trusted=trusted,
        )

    def _progress(self, answer: WindowAnswer, *, is_first: bool) -> None:
        self.total = answer.total if answer.query.page == 1 else None
        promised, self._promised = self._promised, None
        self.left = None
        self.most_ties = max(Counter(key for _, key in answer.rows).values(), default=1)
        pages, self._tie_pages = self._pages_after(answer), None
        match self._step(answer, pages, promised, is_first=is_first):
            case Step.END:
                self.done = True
            case Step.END_IF_TOLD_AGAIN:
                self._promised = answer.total
            case Step.CLIMB:
                self._climb(answer)
                self._tie_pages = pages
            case Step.FOLLOW:
                self._tie_pages = pages
            case Step.STOP_PAGES:
                self._no_pages_at = self.floor
            case Step.READ_TIES:
                is_of_floor = bool(answer.inside) and self.floor is not None
                self._tie_reader = self._ties_at_floor() if is_of_floor else self._ties_between()
            case Step.CHECK_END:
                self._end_check = EndCheck(answer.query, answer.rows, answer.total, self._limits)
            case Step.ASK_AGAIN:
                pass

    def _step(self, answer: WindowAnswer, pages: TiePages | None, promised: int | None, *, is_first: bool) -> Step:
        if answer.is_beyond_stop:
            return Step.END
        if shows_all(answer.query, answer.rows, answer.total, is_first=is_first):
            is_less = promised is not None and answer.query.page == 1 and (answer.total or 0) < promised
            return Step.END_IF_TOLD_AGAIN if is_less else Step.END
        return self._step_on(answer, pages)

    def _step_on(self, answer: WindowAnswer, pages: TiePages | None) -> Step:
        top = answer.top
        if top is not None and (self.floor is None or top > self.floor):
            return Step.CLIMB
        if pages is not None and top == self.floor:
            return Step.FOLLOW
        if answer.query.page > 1:
            return Step.STOP_PAGES
        is_full = len(answer.rows) >= answer.query.size
        is_of_this = not self._shows_nothing_certain(answer) and self._covers_what_is_left(answer.query)
        if not is_of_this or (answer.has_new and not is_full) or self._is_filled_from_below(answer):
            return Step.ASK_AGAIN
        return Step.READ_TIES if is_full else Step.CHECK_END

    def _is_filled_from_below(self, answer: WindowAnswer) -> bool:
        """Whether records of the second below the floor left no room, and need not be asked for any more."""
        minimum, asked, top = self._bounds()[0], answer.query.minimum, answer.top
        return minimum is not None and asked is not None and top is not None and max(asked, top) < minimum

    def _shows_nothing_certain(self, answer: WindowAnswer) -> bool:
        return answer.trusted is not None and not answer.inside

    def _covers_what_is_left(self, query: PageQuery) -> bool:
        """Whether a query asked for all that is left, and not for more than a step back does.

        A bound may have been moved since it was asked: by a cut, or by other pages that have brought more.
        """
        minimum, maximum = self._bounds()
        below = query.minimum is None or (minimum is not None and query.minimum <= minimum)
        above = query.maximum is None or (maximum is not None and query.maximum >= maximum)
        is_outrun = self.floor is not None and (query.minimum is None or query.minimum < self.floor - 1)
        return below and above and not is_outrun

    def _climb(self, answer: WindowAnswer) -> None:
        """Move the floor up to the last key of an answer that counts."""
        top = answer.inside[-1]
        self._advance(top)
        if answer.total is not None and answer.query.maximum == self._bounds()[1]:
            below = sum(key is not None and key < top for _, key in answer.rows)
            self.left = self._promised = answer.total - answer.query.start - below

    def _pages_after(self, answer: WindowAnswer) -> TiePages | None:
        """The pages that follow an answer, where asking for its last key again would bring too much of it again."""
        query, rows, inside = answer.query, answer.rows, answer.inside
        if answer.trusted is not None or len(rows) < query.size or len(inside) < len(rows):
            return None
        if inside[-1] == self._no_pages_at or self._behaviour.reorders_ties or inside.count(inside[-1]) < OVERLAP:
            return None
        before = 0 if self._tie_pages is None else self._tie_pages.overlap(query)
        pages = TiePages(query, answer.end, tuple(row_id for row_id, _ in rows))
        return pages if len(rows) > before and pages.next_query(self._limits) else None

    def _advance(self, floor: int) -> None:
        self.floor = floor
        self._seen = {row for row in self._seen if row[1] is None or row[1] >= floor}

    def _ties_at_floor(self) -> TieReader:
        """The reader of all records that have the floor's key."""
        key = self.floor or 0
        known = sum(row[1] == key for row in self._seen)
        bounds: list[tuple[int | None, int | None]] = [(key - 1, key), (key - 1, key + 1)]
        if self._behaviour.includes_minimum:
            bounds = [(key, key), (key, key + 1), *bounds[1:]]
        return TieReader(key, bounds, known, self._limits)

    def _ties_between(self) -> TieReader:
        """The reader of all that is left: a first page shows no key to go on from, only records edited since."""
        return TieReader(None, [self._bounds()], 0, self._limits)

    def _take_ties(self, query: PageQuery, rows: Sequence[Row], total: int | None, *, new: bool) -> None:
        ties = self._tie_reader
        if ties is None or query != ties.query():
            return  # the answer to a query from before the ties were met
        ties.take(rows, total, new=new)
        if not ties.done:
            return
        self._tie_reader = None
        self.gap += ties.gap
        self._idle += 1
        if ties.key is None:
            self.done = True
            return
        self._advance(ties.key + 1)
        self.done = self.stop is not None and ties.key >= self.stop
