"""The published rates of an account, kept so that no 429 is provoked and no turn is wasted."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from pyrate_limiter import InMemoryBucket, Rate, RateItem

# The vendor counts when a request arrives, we when it leaves: a window a little wider absorbs the difference.
WIDENING = 1.02
MILLISECONDS = 1000


@dataclass(frozen=True)
class Allowance:
    """So many requests in any window of so many seconds."""

    requests: int
    seconds: float


class Quota:
    """Lets requests leave at the account's rates. One per account, shared by all threads.

    Args:
        all_requests: Rates over every request; empty means unlimited.
        bulk_requests: Further rates over bulk requests alone.
        clock: Monotonic seconds.
        sleep: Waits so many seconds.
    """

    def __init__(
        self,
        all_requests: Sequence[Allowance] = (),
        bulk_requests: Sequence[Allowance] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._all = _bucket(all_requests)
        self._bulk = _bucket(bulk_requests)
        self._paused_until = float("-inf")
        self.taken = 0
        self.waited_seconds = 0.0

    def take(self, *, bulk: bool = False) -> None:
        """Wait until one more request may leave, and count it.

        Args:
            bulk: Also count it against the bulk rates. That permit is taken last: its window is the shortest, so it
                must be the freshest.
        """
        self._wait_for(self._all)
        if bulk:
            self._wait_for(self._bulk)
        with self._lock:
            self.taken += 1

    def pause(self, seconds: float) -> None:
        """Let nobody's request leave for so many seconds: the CRM said so (429, Retry-After)."""
        with self._lock:
            self._paused_until = max(self._paused_until, self._clock() + seconds)

    def _wait_for(self, bucket: InMemoryBucket | None) -> None:
        while (wait_seconds := self._try(bucket)) > 0:
            with self._lock:
                self.waited_seconds += wait_seconds
            self._sleep(wait_seconds)

    def _try(self, bucket: InMemoryBucket | None) -> float:
        with self._lock:
            seconds = self._clock()
            if seconds < self._paused_until:
                return self._paused_until - seconds
            if bucket is None:
                return 0
            now = int(seconds * MILLISECONDS)
            bucket.leak(now)
            item = RateItem("request", now)
            if bucket.put(item):
                return 0
            return max(cast("int", bucket.waiting(item)), 1) / MILLISECONDS


def _bucket(allowances: Sequence[Allowance]) -> InMemoryBucket | None:
    rates = [Rate(each.requests, int(each.seconds * WIDENING * MILLISECONDS)) for each in allowances if each.requests]
    return InMemoryBucket(rates) if rates else None
