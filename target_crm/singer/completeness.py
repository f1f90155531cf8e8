"""Whether a stream is proved complete: only then does a record's absence mean that its source deleted it."""

from __future__ import annotations


class Completeness:
    """What one stream's messages prove.

    Most taps send ACTIVATE_VERSION first, so that a crash looks like a short table: it proves something only after
    records of its version, and as long as none of another version follows.
    """

    def __init__(self) -> None:
        self._arrived: set[int] = set()
        self._complete: int | None = None

    def arrived(self, version: int | None) -> None:
        """A record came, with the version that its message names."""
        if version is not None:
            self._arrived.add(version)
        if version != self._complete:
            self._complete = None

    def activated(self, version: int) -> None:
        """An ACTIVATE_VERSION message came."""
        self._complete = version if version in self._arrived else None

    @property
    def version(self) -> int | None:
        """The version that is proved complete, or None."""
        return self._complete
