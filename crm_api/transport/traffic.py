"""Counts of the requests of one session, and the last answer that a thread got."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

MINUTE_SECONDS = 60
_latest = threading.local()


@dataclass
class Traffic:
    """Counts of one session, for summaries.

    Attributes:
        requests: Requests that were sent, repetitions included.
        repeated: Repetitions among them.
        turned_away: Requests that were answered with 429.
    """

    requests: int = 0
    repeated: int = 0
    turned_away: int = 0

    def __post_init__(self) -> None:
        self._by_second: deque[tuple[int, int]] = deque()
        self._in_last_minute = 0
        self.most_in_a_minute = 0
        """The most requests that were sent in any minute, to the second."""

    def sent(self, now: float, *, again: bool) -> None:
        """Count a request that is sent; callers take turns.

        Args:
            now: Monotonic seconds.
            again: Whether it is a repetition.
        """
        self.requests += 1
        self.repeated += again
        second, seconds = int(now), self._by_second
        while seconds and seconds[0][0] <= second - MINUTE_SECONDS:
            self._in_last_minute -= seconds.popleft()[1]
        before = seconds.pop()[1] if seconds and seconds[-1][0] == second else 0
        seconds.append((second, before + 1))
        self._in_last_minute += 1
        self.most_in_a_minute = max(self.most_in_a_minute, self._in_last_minute)

    def answered(self, status: int | None) -> None:
        """Note the HTTP status of a success, for the thread that got it; None: it has asked for nothing yet."""
        _latest.of_session = (id(self), status)

    @property
    def status(self) -> int | None:
        """The HTTP status of the last success that this thread got; None if it got none."""
        whose, status = getattr(_latest, "of_session", (0, None))
        return status if whose == id(self) else None
