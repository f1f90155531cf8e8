"""A search that is returned newest first: its windows are halved in time and handed on from the far end. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import override

from tap_copper.search.query import Row
from tap_copper.search.read_ahead import InFlight, ReadAhead, Search, Shares
from tap_copper.search.window import Window
from tap_copper.search.window_answer import Taken


class NewestFirstSearch(Search):
    """A search that the CRM returns newest first, and cannot be asked to return otherwise.

    Keys are negative, so that they ascend. The windows are handed on from the last to the first: a large one is halved
    in time, and its older half is read first.
    """

    @override
    def _closed(self) -> list[Window]:
        return [window for window in reversed(self._windows) if window is not self._tail]

    @override
    def _begin(self, window: Window) -> InFlight:
        if window is not self._tail and self._is_large(window):
            window = self._halve(window)
        query = window.query()
        self._reading[window] = read_ahead = ReadAhead(window, query, None)
        return InFlight(query, read_ahead)

    @override
    def _ask_ahead(self, unread: Sequence[Window], chosen: Sequence[Window], *, head_only: bool) -> InFlight | None:
        return None  # what a further page shows shifts with every record that is logged meanwhile

    @override
    def _trusted(self, horizon: int) -> int | None:
        return None  # the newest come first: records that were just edited are where they belong

    @override
    def _split_tail(self, window: Window, rows: Sequence[Row], taken: Taken, horizon: int) -> Shares:
        key = horizon - 1
        if window.start is not None and key < window.start:
            self._tail = None  # nothing of it is newer than the horizon
            return [(window, taken)]
        if window.stop is not None and key >= window.stop:
            return [(window, taken)]  # all of it is the tail
        older, kept, beyond = self._cut_at(key, window, rows, taken)
        # What is logged from now on comes before all that has been read: the tail begins anew.
        window.restart(rows[position] for position in kept)
        return [(window, Taken(kept, taken.edited_meanwhile)), (older, beyond)]

    def _is_large(self, window: Window) -> bool:
        if window.total is None or window.floor is None:
            return False
        return window.total > self._limits.most_pages * self._limits.page_size and window.floor < _far_end(window)

    def _halve(self, window: Window) -> Window:
        """Cut a window in the middle of what is left of it; return the part that is handed on first."""
        floor = window.floor or 0
        older = window.cut((floor + _far_end(window)) // 2)
        window.total = None
        self._windows.insert(self._windows.index(window) + 1, older)
        return older


def _far_end(window: Window) -> int:
    """The key at which a window ends that is read newest first: its oldest second, or 1970."""
    return 0 if window.stop is None else window.stop
