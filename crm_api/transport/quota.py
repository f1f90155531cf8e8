"""The quota of an account: requests leave at its rates, so that no 429 is provoked and no turn is wasted."""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from pyrate_limiter import AbstractBucket, InMemoryBucket, Rate, RateItem
from typing_extensions import override

# The vendor counts a request when it arrives, we count it when it leaves. A window that is a little wider absorbs the
# difference in travel time of two requests, which does not grow with the window.
WIDENING = 1.02
MOST_WIDENING_SECONDS = 0.4
MILLISECONDS = 1000
LEAK_EVERY_MILLISECONDS = 5000
CLOCK_MARGIN_MILLISECONDS = 1000
_PAUSES = [Rate(1_000_000, 24 * 60 * 60 * MILLISECONDS)]  # only the newest pause counts; kept for a day


@dataclass(frozen=True)
class Allowance:
    """A rate: ``requests`` in any window of ``seconds``; 0 requests is unlimited."""

    requests: int
    seconds: float


class QuotaStore(ABC):
    """Keeps buckets of turns. Not thread-safe: ``Quota`` locks."""

    @abstractmethod
    def now(self) -> int:
        """Milliseconds of the clock that all processes of the store share."""

    @abstractmethod
    def bucket(self, name: str, rates: Sequence[Rate]) -> AbstractBucket:
        """Open the bucket of that name."""

    def locked(self) -> AbstractContextManager[object]:
        """Keep other processes from taking a turn meanwhile."""
        return nullcontext()

    def close(self) -> None:
        """Close files and connections."""
        return


class MemoryStore(QuotaStore):
    """Keeps turns in the memory of this process.

    Args:
        clock: Monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock

    @override
    def now(self) -> int:
        return int(self._clock() * MILLISECONDS)

    @override
    def bucket(self, name: str, rates: Sequence[Rate]) -> AbstractBucket:
        return InMemoryBucket(list(rates))


class Quota:
    """Lets requests leave at the account's rates. One per account, shared by all threads.

    Args:
        all_requests: Rates over every request; empty means unlimited.
        bulk_requests: Further rates over bulk requests alone.
        clock: Monotonic seconds.
        sleep: Waits so many seconds.
        store: Keeps the turns, for sharing them with other processes; by default, this process's memory.
    """

    def __init__(
        self,
        all_requests: Sequence[Allowance] = (),
        bulk_requests: Sequence[Allowance] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        store: QuotaStore | None = None,
    ) -> None:
        self._store = store or MemoryStore(clock)
        self._sleep = sleep
        self._lock = threading.Lock()
        self._all = self._bucket("all", all_requests)
        self._bulk = self._bucket("bulk", bulk_requests)
        self._pauses = self._store.bucket("pauses", _PAUSES)
        self._leaked_at = 0
        self.taken = 0

    def _bucket(self, name: str, allowances: Sequence[Allowance]) -> AbstractBucket | None:
        rates = binding_rates(allowances)
        return self._store.bucket(name, rates) if rates else None

    def take(self, *, bulk: bool = False) -> None:
        """Wait until one more request may leave, and count it.

        Both turns of a bulk request are taken in one step: a turn that was taken earlier would be older here than the
        request is for the vendor.

        Args:
            bulk: Also count it against the bulk rates.

        Raises:
            StopError: The shared store failed.
        """
        while (wait_seconds := self._try(bulk=bulk)) > 0:
            self._sleep(wait_seconds)

    def pause(self, seconds: float) -> None:
        """Hold back every request for so many seconds, as the CRM asked (429, Retry-After)."""
        with self._lock, self._store.locked():
            until = self._store.now() + round(seconds * MILLISECONDS)
            if until > self._paused_until():
                self._pauses.put(RateItem("pause", until))

    def close(self) -> None:
        """Close the shared store."""
        self._store.close()

    def _try(self, *, bulk: bool) -> float:
        """Take a turn if there is one, and return 0; otherwise return the seconds until there may be one."""
        buckets = [bucket for bucket in (self._all, self._bulk if bulk else None) if bucket is not None]
        with self._lock, self._store.locked():
            now = self._store.now()
            self._leak(now)
            wait = max([self._paused_until() - now, *(_wait(bucket, now) for bucket in buckets)])
            if wait > 0:
                return wait / MILLISECONDS
            for bucket in buckets:
                if not bucket.put(RateItem("turn", now)):
                    return 1 / MILLISECONDS
            self.taken += 1
            return 0

    def _paused_until(self) -> int:
        last = self._pauses.peek(0)
        return last.timestamp if isinstance(last, RateItem) else 0

    def _leak(self, now: int) -> None:
        if now - self._leaked_at >= LEAK_EVERY_MILLISECONDS:
            self._leaked_at = now
            for bucket in (self._all, self._bulk, self._pauses):
                if bucket is not None:
                    bucket.leak(now)


def _wait(bucket: AbstractBucket, now: int) -> int:
    """Milliseconds until every rate allows one more request."""
    newest = bucket.peek(0)
    if isinstance(newest, RateItem) and newest.timestamp > now + CLOCK_MARGIN_MILLISECONDS:
        bucket.flush()  # the clock was put back
    wait = 0
    for rate in bucket.rates:
        oldest = bucket.peek(rate.limit - 1)
        if isinstance(oldest, RateItem):
            wait = max(wait, oldest.timestamp + rate.interval + 1 - now)
    return wait


def binding_rates(allowances: Sequence[Allowance]) -> list[Rate]:
    """Keep the rates that can hold a request back, the shortest first: of 180 a minute and 100 an hour, the latter."""
    ascending = sorted((each for each in allowances if each.requests), key=lambda each: each.seconds)
    binding: list[Allowance] = []
    for each in ascending:
        while binding and binding[-1].requests >= each.requests:
            binding.pop()
        if not binding or binding[-1].requests / binding[-1].seconds > each.requests / each.seconds:
            binding.append(each)
    return [Rate(each.requests, round(widened(each.seconds) * MILLISECONDS)) for each in binding]


def widened(seconds: float) -> float:
    """Widen a vendor's window, see ``WIDENING``."""
    return min(seconds * WIDENING, seconds + MOST_WIDENING_SECONDS)
