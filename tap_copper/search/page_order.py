"""Whether pages that are read from the last to the first keep their order. Pure."""

from __future__ import annotations

from collections.abc import Hashable, Sequence


class PageOrder:
    """One pass over the pages of a search, from the last to the first.

    A record that leaves the search moves all that follow it one place towards the first: the first record of a page
    that has been read then comes again, as the last of the page before it. Nothing else makes a record come twice, as
    long as the order holds.

    Attributes:
        ids: The ids of all records of the pass.
        holds: No record came twice that should not have, and none entered the search.
        has_new: A record came that had not been seen before this pass.
        has_grown: The total has risen.
        is_unsteady: The total has changed.
    """

    def __init__(self) -> None:
        self.ids: set[Hashable] = set()
        self.holds = True
        self.has_new = False
        self.has_grown = False
        self.is_unsteady = False
        self._page: Sequence[Hashable] = ()

    def take(self, ids: Sequence[Hashable], before: int | None, total: int | None, *, new: bool) -> None:
        """Take one page.

        Args:
            ids: The ids of its records, in their order.
            before: The total of the answer before it; None if there was none.
            total: Its total; None if there is none.
            new: A record of it had not been seen before.
        """
        self.has_new |= new
        self.is_unsteady |= total != before
        has_left = 0 if before is None or total is None else before - total
        self.has_grown |= has_left < 0
        again = sum(row_id in self.ids for row_id in ids)
        moved = list(ids[len(ids) - again :]) == list(self._page[:again])
        is_repeated = len(set(ids)) < len(ids)
        self.holds &= moved and not is_repeated and not self.has_grown and again <= max(has_left, 0)
        self.ids.update(ids)
        self._page = ids
