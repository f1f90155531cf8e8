"""Asks the first question of every stream ahead of its turn.

Where an answer takes a second, twenty streams need not take twenty. What comes of it, an error too, is met when the
stream is read. Streams are read meanwhile: a gate sees to it that no more requests are under way than may be.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Self

NAP_SECONDS = 0.2  # how often a wait looks whether the run is to stop


class RequestLimit:
    """Lets so many in at once, whoever they are."""

    def __init__(self, most: int) -> None:
        self._left = most
        self._changed = threading.Condition()

    def __enter__(self) -> Self:
        with self._changed:
            while not self._left:
                self._changed.wait()
            self._left -= 1
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._left += 1
            self._changed.notify_all()


class Prefetch:
    """First questions under way.

    Attributes:
        gate: What whoever asks anything goes through.

    Args:
        concurrency: Requests that may be under way at once.
        check: Raises if the run is to stop.
    """

    def __init__(self, concurrency: int, check: Callable[[], None]) -> None:
        self.gate = RequestLimit(concurrency)
        self._concurrency = concurrency
        self._check = check
        self._changed = threading.Condition()
        self._todo: deque[Callable[[], None]] = deque()
        self._unanswered: list[Callable[[], None]] = []
        self._threads = 0

    def begin(self, questions: Iterable[Callable[[], None]]) -> None:
        """Ask some, beside whatever else is done. What they raise is theirs to keep."""
        with self._changed:
            begun = list(questions)
            self._todo.extend(begun)
            self._unanswered += begun
            more = min(len(self._todo), self._concurrency - self._threads)
            for _ in range(more):
                self._threads += 1
                threading.Thread(target=self._work, name=f"prefetch-{self._threads}", daemon=True).start()

    def wait(self, question: Callable[[], None]) -> None:
        """Wait until one is answered, if it was begun."""
        with self._changed:
            while question in self._unanswered:
                self._check()
                self._changed.wait(NAP_SECONDS)

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._todo:
                    self._threads -= 1
                    return
                ask = self._todo.popleft()
            ask()
            with self._changed:
                self._unanswered.remove(ask)
                self._changed.notify_all()
