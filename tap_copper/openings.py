"""Asks the first question of every stream ahead of its turn.

Where an answer takes a second, twenty streams need not take twenty. What comes of it, an error too, is met when the
stream is read.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable

NAP_SECONDS = 0.2  # how often a wait looks whether the run is to stop


class Openings:
    """First questions under way.

    Args:
        concurrency: Threads.
        check: Raises if the run is to stop.
    """

    def __init__(self, concurrency: int, check: Callable[[], None]) -> None:
        self._concurrency = concurrency
        self._check = check
        self._changed = threading.Condition()
        self._todo: deque[Callable[[], None]] = deque()
        self._threads = 0

    def begin(self, questions: Iterable[Callable[[], None]]) -> None:
        """Ask some, beside whatever else is done. What they raise is theirs to keep."""
        with self._changed:
            self._todo.extend(questions)
            more = min(len(self._todo), self._concurrency) - self._threads
            for _ in range(more):
                self._threads += 1
                threading.Thread(target=self._work, name=f"opening-{self._threads}", daemon=True).start()

    def wait(self) -> None:
        """Wait until all are answered."""
        with self._changed:
            while self._threads:
                self._check()
                self._changed.wait(NAP_SECONDS)

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._todo:
                    self._threads -= 1
                    self._changed.notify_all()
                    return
                ask = self._todo.popleft()
            ask()
