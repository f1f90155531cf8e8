"""Stores of a quota: they keep turns, each with the moment from which it counts, and the pause that holds all back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass


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
