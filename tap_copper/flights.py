"""Pages of one question that are under way together, so that a window need not be read one page after the other. Pure.

A search that is sorted by its key is one line of records, and a page shows a piece of it as it is at that moment: all
records between the page's first key and its last. So a page that begins in what a window has met goes on from there,
whatever has moved before it, and one that begins further on is a place to cut at. The pages overlap a little, so that
none is in vain in a search at rest and without many records to a key.
"""

from __future__ import annotations

from tap_copper.questions import Limits, Question, page_after
from tap_copper.windows import Window

MOST_PAGES = 8  # the further on, the smaller a page must be to begin where the one before it ends


class Flight:
    """A question and the pages that are asked for before its answer has come.

    Attributes:
        window: The window that it is for, or that is to be cut where it begins.
        first: The question.
        under_way: How many pages have not been answered.

    Args:
        window: The window.
        first: The question.
        holds: How many records it holds; None if that is not known, or further pages would not tell what comes next.
    """

    def __init__(self, window: Window, first: Question, holds: int | None) -> None:
        self.window = window
        self.first = first
        self.under_way = 1
        self._total = self._holds = holds or 0
        self._pages = 1
        self._end = first.page * first.size

    @property
    def left(self) -> int:
        """Records that no page has been asked for and one may be, as far as is known; 0 if nothing is."""
        return max(self._holds - self._end, 0) if self._pages < MOST_PAGES else 0

    def further(self, limits: Limits) -> Question | None:
        """Take the next page; None if there is none."""
        if not self.left:
            return None
        question = page_after(self.first, self._end, self.first.size, limits)
        if question is not None:
            self._pages += 1
            self._end = question.page * question.size
            self.under_way += 1
        return question

    def end_at(self, cut: Question, beyond: int) -> None:
        """The window is to be cut where another page of the search begins, with so many records from there on."""
        if cut.maximum == self.first.maximum:
            self._holds = min(self._holds, self._total - beyond + 1)

    def reaches_beyond(self, cut: Question, beyond: int | None) -> bool:
        """Whether pages are under way, or may be, that begin after the page at which the window is cut."""
        if not self.under_way:
            return False
        if beyond is None or cut.maximum != self.first.maximum:
            return True
        return self._end > self._total - beyond + self.first.size
