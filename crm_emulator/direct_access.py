"""Writes by tests and seeds that the API itself would not take: the vendor's own attributes, another instant."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class DirectAccess:
    """State of an emulated account about who writes, and when.

    Attributes:
        direct: Whether a test, not the API, is writing: then the attributes that the vendor keeps itself may be given
            too.
        instant: The instant taken for the present (Unix seconds); None: the clock's.
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
        """Set the account's time for a block, so that seeded records do not depend on when they are made."""
        self.instant = instant
        try:
            yield
        finally:
            self.instant = None
