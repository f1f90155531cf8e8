"""Counts of the requests of one session, and the last answer that a thread got."""

from __future__ import annotations

import threading
from dataclasses import dataclass

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

    def answered(self, status: int | None) -> None:
        """Note the HTTP status of a success, for the thread that got it; None: it has asked for nothing yet."""
        _latest.of_session = (id(self), status)

    @property
    def status(self) -> int | None:
        """The HTTP status of the last success that this thread got; None if it got none."""
        whose, status = getattr(_latest, "of_session", (0, None))
        return status if whose == id(self) else None
