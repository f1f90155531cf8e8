"""The quota of an account: requests leave at its rates, so that no 429 is provoked and no turn is wasted.

A vendor counts a request when it arrives: some time between its sending and its answer. So a turn counts from the
latest moment at which the request can have arrived, and is free again one window after that.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from crm_api.run_id import process_name
from crm_api.transport.rates import Allowance, Window, binding_windows
from crm_api.transport.retry import MAX_WAIT_SECONDS, TOLD_FROM_SECONDS, tell_wait
from crm_api.transport.turns import MILLISECONDS, MemoryStore, Pause, QuotaStore, TurnLog

LEAK_EVERY_MILLISECONDS = 5000
LONGEST_IN_FLIGHT_SECONDS = 120.0  # a turn whose process was killed is free a window after that, at the latest
SAMPLES = 256  # the answers whose fastest tells how long the way takes at least: more than are under way at once
FASTER_MILLISECONDS = 10  # from which on turns that have been counted are counted again
FEWEST_SAMPLES = 8  # of fewer answers, the fastest may have been slow
SPREAD_FACTOR = 1.5  # the next answer may be slower than all so far
LOOK_AT_PAUSE_MILLISECONDS = 10_000  # how often a wait for the end of a shared pause looks whether it was ended
SHORTEST_LOOK_MILLISECONDS = 50  # how often a wait for an answer that is due looks for it


@dataclass(eq=False)
class Turn:
    """A turn that was taken: one request may leave.

    Attributes:
        name: Names the turn in the store.
        taken_at: When it was taken (milliseconds of the store's clock).
        sent_at: When it was taken (seconds of the quota's clock).
        buckets: The rates that it counts against.
        latest_at: From when it counts if it is never answered (milliseconds of the store's clock).
        expected: The rates against which it counts from when it is expected to arrive.
        ended_at: When its answer began, or its wait for one ended (seconds of the quota's clock); None until then.
        is_answered: Whether an answer came. Without one, the request may have arrived as late as ``ended_at``.
    """

    name: str
    taken_at: int
    sent_at: float
    buckets: Sequence[_Bucket] = field(repr=False)
    latest_at: int = 0
    expected: set[_Bucket] = field(default_factory=set, repr=False)
    ended_at: float | None = None
    is_answered: bool = False

    def note_answer(self, moment: float) -> None:
        """Note when its answer began to come (seconds of the quota's clock)."""
        self.is_answered = True
        self.ended_at = moment

    @property
    def seconds(self) -> float:
        """Seconds from its sending to its end; 0 until then."""
        return 0.0 if self.ended_at is None else self.ended_at - self.sent_at


class _Bucket:
    """The turns of some rates, and how long the way of their requests takes at least.

    An answer takes the way there and the way back, each as long as the fastest, or longer. Had the fastest answer's
    request a way there of ``d``, then another request, answered in ``more`` seconds more, has arrived at most ``more``
    later than ``d`` after it was sent. So it counts from ``more`` after its sending: the ``d`` that is left out is
    shared by all.
    """

    def __init__(self, log: TurnLog, windows: Sequence[Window]) -> None:
        self.log = log
        self.windows = windows
        self._seconds: deque[float] = deque(maxlen=SAMPLES)
        self._answered: deque[tuple[str, int, int]] = deque(maxlen=1000)  # turns, when taken, and how long they took
        self._left_out: int | None = None  # what was left out of these as the fastest way, once that is known

    def answered(self, seconds: float) -> None:
        """Take the time from the sending of a request to its answer."""
        self._seconds.append(seconds)

    def count_from(self, turn: Turn, took: int) -> None:
        """Let a turn that has ended count from the latest moment at which its request can have arrived.

        Args:
            turn: The turn.
            took: Milliseconds from the sending of its request to the end.
        """
        if not turn.is_answered:
            self.log.put(turn.name, turn.taken_at + took)
            return
        self._answered.append((turn.name, turn.taken_at, took))
        again = self._answered if self._is_faster() else (self._answered[-1],)
        fastest = self.fastest
        for name, taken_at, its_took in again:
            self.log.put(name, taken_at + max(its_took - fastest, 0))

    def _is_faster(self) -> bool:
        """Whether the way has turned out to be faster than it seemed: requests before have arrived later, then."""
        before, fastest = self._left_out, self.fastest
        if len(self._seconds) >= FEWEST_SAMPLES:
            self._left_out = fastest
        return self._left_out is not None and (before is None or fastest < before - FASTER_MILLISECONDS)

    @property
    def fastest(self) -> int:
        """Milliseconds that the fastest answer took; 0 while too few have come."""
        return int(min(self._seconds) * MILLISECONDS) if len(self._seconds) >= FEWEST_SAMPLES else 0

    def in_flight(self, milliseconds: int) -> int | None:
        """Milliseconds from its sending at which a request that is not answered yet is taken to count.

        Where an answer takes longer than a window, turns would be wasted by waiting for it. So a request that has been
        under way no longer than answers took lately is taken to arrive as late as any of them may have.

        Returns:
            None where a window is longer than answers take, or the request is slower than all of them: wait for it.
        """
        if self.fastest <= self.windows[0].milliseconds or milliseconds > max(self._seconds) * MILLISECONDS:
            return None
        return int((max(self._seconds) - min(self._seconds)) * MILLISECONDS * SPREAD_FACTOR)

    def wait(self, now: int) -> int:
        """Milliseconds until every rate may allow one more request.

        A turn without an answer is free one window after the answer, which may come this moment.
        """
        wait = 0
        for window in self.windows:
            oldest = self.log.newest(window.requests - 1)
            if oldest is None:
                continue
            if oldest <= now:
                wait = max(wait, oldest + window.milliseconds + 1 - now)
            else:
                wait = max(wait, window.milliseconds + 1 - self.fastest, SHORTEST_LOOK_MILLISECONDS)
        return wait


class Quota:
    """Lets requests leave at the account's rates. One per account, shared by all threads.

    Args:
        all_requests: Rates over every request; empty means unlimited.
        bulk_requests: Further rates over bulk requests alone.
        clock: Monotonic seconds.
        sleep: Waits so many seconds.
        store: Keeps the turns, for sharing them with other processes; by default, this process's memory.
        max_wait_seconds: The longest pause that is obeyed.

    Attributes:
        run_id: Names the run for those who meet a pause that it set; None: it has no name.
        way_to_end: The command that ends a pause, as it can be run.
    """

    run_id: str | None = None
    way_to_end: str = "singer-crm quota clear --config FILE"

    def __init__(
        self,
        all_requests: Sequence[Allowance] = (),
        bulk_requests: Sequence[Allowance] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        store: QuotaStore | None = None,
        max_wait_seconds: float = MAX_WAIT_SECONDS,
    ) -> None:
        self.clock = clock
        self._store = store or MemoryStore(clock)
        self.is_shared = self._store.is_shared
        self._sleep = sleep
        self._longest_pause = round(max_wait_seconds * MILLISECONDS)
        self._lock = threading.Lock()
        self._queues = {False: threading.Lock(), True: threading.Lock()}  # for bulk turns, one of their own
        of_all, of_bulk = (binding_windows(each, is_shared=self.is_shared) for each in (all_requests, bulk_requests))
        self._all = self._bucket("all", of_all)
        self._bulk = self._bucket("bulk", of_bulk)
        self._in_flight: list[Turn] = []
        self._leaked_at = 0
        self._told_until = 0
        self._is_used_up = False  # as of the last look
        self._names = map(f"{uuid4().hex[:12]}-{{}}".format, itertools.count())
        self.taken = 0

    def _bucket(self, name: str, windows: Sequence[Window]) -> _Bucket | None:
        return _Bucket(self._store.turns(name), windows) if windows else None

    def take(self, *, bulk: bool = False, answer_within: float = 0.0) -> Turn:
        """Wait until one more request may leave, and count it.

        Both turns of a bulk request are taken in one step: a turn that was taken earlier would be older here than the
        request is for the vendor.

        Args:
            bulk: Also count it against the bulk rates.
            answer_within: Seconds within which the caller will set ``Turn.ended_at``; 0 if it never will, and the
                request counts as arrived at once.

        Raises:
            StopError: The shared store failed.
        """
        with self._queues[bulk]:  # where one thread finds no turn, the others need not look
            while not isinstance(turn := self.try_take(bulk=bulk, answer_within=answer_within), Turn):
                self._sleep(turn)
        return turn

    def try_take(self, *, bulk: bool = False, answer_within: float = 0.0) -> Turn | float:
        """Take a turn if there is one; otherwise return the seconds until there may be one.

        Raises:
            StopError: The shared store failed.
        """
        with self._lock, self._store.locked():
            now = self._store.now()
            buckets = self._buckets_of(bulk=bulk)
            if wait := self._seconds_until_free(now, buckets):
                return wait
            turn = Turn(next(self._names), now, self.clock(), buckets)
            turn.latest_at = now + round(min(answer_within, LONGEST_IN_FLIGHT_SECONDS) * MILLISECONDS)
            for bucket in buckets:
                bucket.log.put(turn.name, turn.latest_at)
            if buckets and answer_within:
                self._in_flight.append(turn)
            self.taken += 1
            return turn

    def wait_until_free(self) -> None:
        """Wait until one more request may leave, and take no turn: what to ask can be decided as late as that.

        Raises:
            StopError: The shared store failed.
        """
        while self._is_used_up and (wait := self.seconds_until_free()):
            self._sleep(wait)

    def seconds_until_free(self) -> float:
        """Seconds until one more request may leave, as far as is known; 0 if it may now.

        Raises:
            StopError: The shared store failed.
        """
        with self._lock, self._store.locked():
            return self._seconds_until_free(self._store.now(), self._buckets_of(bulk=False))

    def _buckets_of(self, *, bulk: bool) -> list[_Bucket]:
        return [bucket for bucket in (self._all, self._bulk if bulk else None) if bucket is not None]

    def _seconds_until_free(self, now: int, buckets: Sequence[_Bucket]) -> float:
        """Seconds after which there may be a turn; 0 if there is one. The caller holds the lock and the store's."""
        self._settle()
        self._expect(now)
        self._leak(now)
        paused = self._paused_milliseconds(now)
        wait = max([paused, *(bucket.wait(now) for bucket in buckets)])
        self._is_used_up = wait > 0
        if not self._is_used_up:
            return 0.0
        self._tell(now, wait, paused)
        # Somebody may end a pause that is shared.
        return min(wait, LOOK_AT_PAUSE_MILLISECONDS if wait == paused and self.is_shared else wait) / MILLISECONDS

    def settle(self) -> None:
        """Give back the turns that have ended since: other processes wait for them.

        Raises:
            StopError: The shared store failed.
        """
        with self._lock, self._store.locked():
            self._settle()

    def _settle(self) -> None:
        ended = [turn for turn in self._in_flight if turn.ended_at is not None]
        if not ended:
            return
        for turn in ended:
            self._in_flight.remove(turn)
            for bucket in turn.buckets:
                if turn.is_answered:
                    bucket.answered(turn.seconds)
        for turn in ended:
            took = round(turn.seconds * MILLISECONDS)
            for bucket in turn.buckets:
                bucket.count_from(turn, took)

    def _expect(self, now: int) -> None:
        """Let requests that are not answered yet count from when they are expected to arrive."""
        for turn in self._in_flight:
            for bucket in turn.buckets:
                after = bucket.in_flight(now - turn.taken_at)
                if (after is not None) != (bucket in turn.expected):
                    bucket.log.put(turn.name, turn.latest_at if after is None else turn.taken_at + after)
                    turn.expected ^= {bucket}

    def pause(self, seconds: float, reason: str = "the CRM asked for it") -> None:
        """Hold back every request for so many seconds, as the CRM asked (429, Retry-After).

        Raises:
            StopError: The shared store failed.
        """
        with self._lock, self._store.locked():
            now = self._store.now()
            until = now + min(round(seconds * MILLISECONDS), self._longest_pause)
            current = self._store.pause()
            if current is None or until > current.until:
                teller = f" ({process_name(self.run_id)})" if self.is_shared else ""
                self._store.set_pause(Pause(until, reason + teller))

    @property
    def paused(self) -> tuple[float, str] | None:
        """The seconds for which everybody is held back, and why; None if nobody is.

        Raises:
            StopError: The shared store failed.
        """
        with self._lock, self._store.locked():
            milliseconds, pause = self._paused_milliseconds(self._store.now()), self._store.pause()
        return (milliseconds / MILLISECONDS, pause.reason) if milliseconds and pause else None

    def end_pause(self) -> None:
        """Let everybody go on.

        Raises:
            StopError: The shared store failed.
        """
        with self._lock, self._store.locked():
            self._store.set_pause(None)

    def _paused_milliseconds(self, now: int) -> int:
        """Milliseconds for which everybody is held back. A pause beyond the ceiling is cut: a clock was put back."""
        pause = self._store.pause()
        if pause is None or pause.until <= now:
            return 0
        if pause.until > now + self._longest_pause:
            self._store.set_pause(Pause(now + self._longest_pause, pause.reason))
            return self._longest_pause
        return pause.until - now

    def _tell(self, now: int, wait: int, paused: int) -> None:
        """Say why nothing happens, once for each long wait."""
        from_seconds = TOLD_FROM_SECONDS if wait == paused else 2 * TOLD_FROM_SECONDS  # a minute's quota is no news
        if wait < from_seconds * MILLISECONDS or now < self._told_until:
            return
        self._told_until = now + wait
        pause = self._store.pause()
        if wait == paused and pause is not None:
            why = f"{pause.reason}. End it with: {self.way_to_end}" if self.is_shared else pause.reason
        else:
            windows = (str(window) for bucket in self._buckets() for window in bucket.windows)
            why = f"the quota is used up ({', '.join(windows)})"
        tell_wait(wait / MILLISECONDS, why)

    def _leak(self, now: int) -> None:
        if 0 <= now - self._leaked_at < LEAK_EVERY_MILLISECONDS:  # a clock that was put back is looked at at once
            return
        self._leaked_at = now
        # No turn counts from later than this, unless the clock was put back.
        latest = now + round((LONGEST_IN_FLIGHT_SECONDS + 1) * MILLISECONDS)
        for bucket in self._buckets():
            bucket.log.forget(now - max(window.milliseconds for window in bucket.windows) - MILLISECONDS, latest)

    def _buckets(self) -> Iterable[_Bucket]:
        return (bucket for bucket in (self._all, self._bulk) if bucket is not None)

    def close(self) -> None:
        """Close the shared store."""
        self._store.close()
