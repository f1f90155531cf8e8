"""The emulator's clock: real or frozen, and movable, so that no test has to wait."""

from __future__ import annotations

import asyncio
import time
from email.utils import formatdate

_LATEST = 253_402_300_799  # the last second of the year 9999


def require_dates(*instants: float) -> None:
    """Raise ValueError unless all instants (Unix seconds) can be written as dates, as stamps and headers are."""
    if not all(0 <= each <= _LATEST for each in instants):  # which NaN is not, either
        raise ValueError("the clock and the Date header must stay between the years 1970 and 9999")


class Clock:
    """Clock of the emulated server, in Unix seconds.

    Args:
        frozen_at: The instant (Unix seconds) at which time stands still. Left out, the machine's clock runs on.

    Attributes:
        skew_seconds: How far the emulated server's clock is ahead of the machine's (or of ``frozen_at``).
        date_header_skew_seconds: How far its ``Date`` header is ahead of the stamps it writes into records.
        slept: The seconds of each sleep that a frozen clock was asked for; it never really sleeps.
    """

    def __init__(self, frozen_at: float | None = None) -> None:
        self.frozen_at = frozen_at
        self.skew_seconds = 0.0
        self.date_header_skew_seconds = 0.0
        self.slept: list[float] = []
        self._advanced = 0.0

    def now(self) -> float:
        """Return the present instant in Unix seconds."""
        base = time.time() if self.frozen_at is None else self.frozen_at
        return base + self._advanced + self.skew_seconds

    def seconds(self) -> int:
        """Return the present instant in whole Unix seconds, as vendors stamp records."""
        return int(self.now())

    def advance(self, seconds: float) -> None:
        """Move the clock forward at once; a running clock runs on from there. Raises ValueError beyond all dates."""
        require_dates(self.now() + seconds)
        self._advanced += seconds

    def require_dates(self) -> None:
        """Raise ValueError where the clock stands at an instant that no date can say."""
        require_dates(self.now(), self.now() + self.date_header_skew_seconds)

    def date_header(self) -> str:
        """Return the HTTP ``Date`` of this instant."""
        return formatdate(self.now() + self.date_header_skew_seconds, usegmt=True)

    async def sleep(self, seconds: float) -> None:
        """Wait; a frozen clock only writes down how long."""
        if self.frozen_at is None:
            await asyncio.sleep(seconds)
        else:
            self.slept.append(seconds)
            await asyncio.sleep(0)
