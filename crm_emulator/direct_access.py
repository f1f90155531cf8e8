"""How a test, or a seed, writes what the API itself would not take: the vendor's own attributes, another instant."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class DirectAccess:
    """What an emulated account knows of who is writing.

    Attributes:
        direct: While a test, not the API, writes: what the vendor keeps itself may be given too.
        moment: The instant that it is taken to be (Unix seconds); None for the clock's.
    """

    def __init__(self) -> None:
        self.direct = False
        self.instant: float | None = None

    @contextmanager
    def direct_access(self) -> Iterator[None]:
        """Write as a test does."""
        self.direct = True
        try:
            yield
        finally:
            self.direct = False

    @contextmanager
    def at_instant(self, instant: float) -> Iterator[None]:
        """Let it be another instant, so that seeded records do not depend on when they are made."""
        self.instant = instant
        try:
            yield
        finally:
            self.instant = None
