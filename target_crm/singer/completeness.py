"""Completeness: whether a stream was read whole. Only then does an absent record count as deleted by its source."""

from __future__ import annotations


class Completeness:
    """The proof by a stream's messages that it was read whole.

    Most taps send ACTIVATE_VERSION first, so that a crash looks like a short table. The message therefore counts only
    after records of its version, and only until a record of another version follows.
    """

    def __init__(self) -> None:
        self._arrived: set[int] = set()
        self._complete: int | None = None

    def arrived(self, version: int | None) -> None:
        """Note a record, with the version that its message names."""
        if version is not None:
            self._arrived.add(version)
        if version != self._complete:
            self._complete = None

    def activated(self, version: int) -> None:
        """Note an ACTIVATE_VERSION message."""
        self._complete = version if version in self._arrived else None

    @property
    def version(self) -> int | None:
        """The version that is proved complete; None if there is none."""
        return self._complete
