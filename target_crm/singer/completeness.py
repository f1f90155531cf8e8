"""Completeness: whether a stream was read whole. Only then does an absent record count as deleted by its source."""

from __future__ import annotations


class Completeness:
    """The proof by a stream's messages that it was read whole.

    Most taps send ACTIVATE_VERSION first, so that a crash looks like a short table. The message therefore counts only
    after records of its version, and only until a record of another version follows. It outlives the sinks of the
    stream, of which each SCHEMA that changes makes another.

    Attributes:
        unknown: Records whose source id cannot be told.
        took_any: A record has arrived.
    """

    def __init__(self) -> None:
        self.unknown = 0
        self.took_any = False
        self._arrived: set[int | None] = set()
        self._complete: int | None = None

    def arrived(self, version: int | None) -> None:
        """Note a record, with the version that its message names."""
        self.took_any = True
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

    @property
    def has_several(self) -> bool:
        """Whether records of several versions arrived, as of tables to which a stream map gives one name."""
        return len(self._arrived) > 1
