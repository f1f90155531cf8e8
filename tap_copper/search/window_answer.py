"""The meaning of one answer to its window, and the step that follows: two tables whose order is the algorithm. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from tap_copper.search.query import PageQuery, Row


@dataclass
class SearchBehaviour:
    """The way in which a CRM has been seen to search; all windows of one search share it.

    Attributes:
        includes_minimum: Records with the smallest key that was asked for have come.
        may_exclude_minimum: None of those with that key that had been met have come again.
        reorders_ties: Records of one key have come in another order than before.
    """

    includes_minimum: bool = False
    may_exclude_minimum: bool = False
    reorders_ties: bool = False


class Meaning(Enum):
    """The meaning of an answer to its window. The first line that holds counts: the order is part of the algorithm.

    ============== ================================================================ ====================================
    OF_TIES        the records of one key are being read apart from the others      the tie reader takes it
    OF_END         the end is being checked, and it brings nothing new              the check takes it
    OUTRUN         further pages are being read, and have brought more than this    nothing
    OUT_OF_ORDER   it does not continue the page before it                          no further pages of this key
    ORPHANED       it is a further page, and no page before it counts any more      nothing
    BOUND_EXCLUDED of the records with the minimum, none that was met came again    ask from one second earlier
    PROGRESS       none of these                                                    see ``Step``
    ============== ================================================================ ====================================
    """

    OF_TIES = auto()
    OF_END = auto()
    OUTRUN = auto()
    OUT_OF_ORDER = auto()
    ORPHANED = auto()
    BOUND_EXCLUDED = auto()
    PROGRESS = auto()


class Step(Enum):
    """The step after an answer that means progress. The first line that holds counts: the order is the algorithm.

    ================= ============================================================= ====================================
    END               it shows a key beyond the window, or all that its total says  the window has been read
    END_IF_TOLD_AGAIN as END, but its total is less than an earlier one said        ask the same once more
    CLIMB             its last key inside the window lies above the floor           the floor moves up to that key
    FOLLOW            its last key is the floor, and further pages may be asked for ask for the next of them
    STOP_PAGES        it is a further page, and all of it is in the floor's second  ask by key, from the floor
    ASK_AGAIN         its bounds were others than those of what is left now, or it
                      brought a record of the floor's second and was not full, or
                      it shows only what lies below, which is no longer asked for   ask by key, from the floor
    READ_TIES         it is full                                                    read what shares the floor's key
    CHECK_END         none of these: not full, nothing new, a total that says more  see ``EndCheck``
    ================= ============================================================= ====================================
    """

    END = auto()
    END_IF_TOLD_AGAIN = auto()
    CLIMB = auto()
    FOLLOW = auto()
    STOP_PAGES = auto()
    ASK_AGAIN = auto()
    READ_TIES = auto()
    CHECK_END = auto()


@dataclass(frozen=True)
class Taken:
    """The records of an answer that belong to a window, by their positions in it.

    Attributes:
        kept: New, and inside the window.
        edited_meanwhile: Found by the CRM's index inside the window, but edited since: beyond what was asked for.
    """

    kept: list[int]
    edited_meanwhile: list[int]


@dataclass(frozen=True)
class WindowAnswer:
    """One answer as a window sees it.

    Attributes:
        query: The query that was sent.
        rows: The ids and keys of its records.
        total: How many records the search holds, as the CRM says; None if its total was missing or impossible.
        inside: The keys of its records that count, in their order: inside the window and not later than ``trusted``.
        is_beyond_stop: It shows a key between the end of the window and the maximum that was asked for.
        has_new: A record of it had not been seen before.
        trusted: Later keys do not tell how far it reaches; None if all do.
    """

    query: PageQuery
    rows: Sequence[Row]
    total: int | None
    inside: list[int]
    is_beyond_stop: bool
    has_new: bool
    trusted: int | None

    @property
    def end(self) -> int:
        """Places of the search up to the end of the page."""
        return self.query.start + len(self.rows)

    @property
    def top(self) -> int | None:
        """The last key that counts; None if none does."""
        return self.inside[-1] if self.inside else None
