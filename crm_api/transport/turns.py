"""Stores of a quota: they keep turns, each with the moment from which it counts, and the pause that holds all back.

The one in memory is here; those that several processes share are in ``quota_stores``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left, insort
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from typing_extensions import override

MILLISECONDS = 1000
LOCK_WAIT_SECONDS = 30  # a turn is taken in milliseconds: who waits for longer waits for a process that hangs
CONNECT_SECONDS = 10  # a server that does not answer a greeting by then hangs
HELD = f"another process has held it for {LOCK_WAIT_SECONDS} seconds"


@dataclass(frozen=True)
class Pause:
    """A time during which nobody sends a request.

    Attributes:
        until: Its end (milliseconds of the store's clock).
        reason: Why, and who was told.
    """

    until: int
    reason: str


class TurnLog(ABC):
    """The turns of some rates, by name. Not thread-safe."""

    @abstractmethod
    def put(self, turn: str, moment: int) -> None:
        """Let a turn count from a moment (milliseconds of the store's clock), which replaces the one before."""

    @abstractmethod
    def newest(self, index: int) -> int | None:
        """Find the moment of the newest turn (index 0), or of one so many places before it; None if there is none."""

    @abstractmethod
    def forget(self, before: int, after: int) -> None:
        """Forget the turns that count from before a moment, or from after another."""


class QuotaStore(ABC):
    """Keeps turns and the pause. Not thread-safe: ``Quota`` locks."""

    is_shared = True
    """Whether other processes wait for the turns that this one gives back."""

    @abstractmethod
    def now(self) -> int:
        """Milliseconds of the clock that all processes of the store share."""

    @abstractmethod
    def turns(self, name: str) -> TurnLog:
        """Open the log of turns of that name."""

    @abstractmethod
    def pause(self) -> Pause | None:
        """Read the pause that was set last; None if there is none."""

    @abstractmethod
    def set_pause(self, pause: Pause | None) -> None:
        """Set or lift the pause."""

    def locked(self) -> AbstractContextManager[object]:
        """Keep other processes from taking a turn meanwhile."""
        return nullcontext()

    def close(self) -> None:
        """Close files and connections."""
        return


class MemoryTurns(TurnLog):
    """Keeps turns in memory."""

    def __init__(self) -> None:
        self._by_moment: list[tuple[int, str]] = []
        self._moments: dict[str, int] = {}

    @override
    def put(self, turn: str, moment: int) -> None:
        if (former := self._moments.get(turn)) is not None:
            del self._by_moment[bisect_left(self._by_moment, (former, turn))]
        self._moments[turn] = moment
        insort(self._by_moment, (moment, turn))

    @override
    def newest(self, index: int) -> int | None:
        return self._by_moment[-1 - index][0] if index < len(self._by_moment) else None

    @override
    def forget(self, before: int, after: int) -> None:
        first, last = bisect_left(self._by_moment, (before, "")), bisect_left(self._by_moment, (after + 1, ""))
        for _, turn in (*self._by_moment[:first], *self._by_moment[last:]):
            del self._moments[turn]
        self._by_moment = self._by_moment[first:last]


class MemoryStore(QuotaStore):
    """Keeps turns in the memory of this process.

    Args:
        clock: Monotonic seconds.
    """

    is_shared = False

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._pause: Pause | None = None

    @override
    def now(self) -> int:
        return int(self._clock() * MILLISECONDS)

    @override
    def locked(self) -> AbstractContextManager[object]:
        return nullcontext()

    @override
    def turns(self, name: str) -> TurnLog:
        return MemoryTurns()

    @override
    def pause(self) -> Pause | None:
        return self._pause

    @override
    def set_pause(self, pause: Pause | None) -> None:
        self._pause = pause
