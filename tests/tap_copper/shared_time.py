"""One clock for a tap and the emulator it reads: time passes at once, and only while everybody waits."""

from __future__ import annotations

import asyncio
import heapq
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from types import SimpleNamespace
from typing import Any

from crm_emulator import Clock
from tap_copper.account import Time

START = 1_790_000_000


class SharedTime(Clock):
    """Virtual seconds. Every thread of the tap counts as busy unless it sleeps, waits for an answer that takes its
    time, or waits for another thread; when none is busy, the clock jumps to the next instant at which one goes on.

    It must stand in for ``threading`` where the tap makes its threads, so that it knows them.
    """

    def __init__(self) -> None:
        super().__init__(frozen_at=START)
        self.lock = threading.RLock()
        self._threads = 1  # the one that hands on
        self._parked = 0
        self._number = count()
        self._waiting: list[tuple[float, int, Callable[[], bool]]] = []
        self.threading = SimpleNamespace(
            Thread=self._thread, Condition=lambda: _Condition(self), Lock=lambda: _Lock(self)
        )

    @property
    def passed_seconds(self) -> float:
        return self.now() - START

    def time(self) -> Time:
        """The clocks of a run."""
        return Time(now=lambda: datetime.fromtimestamp(self.now(), UTC), monotonic=self.now, sleep=self._sleep_here)

    async def sleep(self, seconds: float) -> None:
        """An answer of the emulator takes its time; somebody waits for it."""
        loop, woken = asyncio.get_running_loop(), asyncio.Event()
        self.park(seconds, lambda: loop.call_soon_threadsafe(woken.set) is not None)
        await woken.wait()

    def park(self, seconds: float | None, wake: Callable[[], bool]) -> None:
        """A thread waits, for so many seconds at most; ``wake`` tells whether it still did when they had passed."""
        with self.lock:
            if seconds is not None:
                heapq.heappush(self._waiting, (self.now() + seconds, next(self._number), wake))
            self._parked += 1
            self._pass()

    def unpark(self) -> None:
        """A thread that waited goes on, before its time."""
        with self.lock:
            self._parked -= 1

    def _pass(self) -> None:
        while self._parked >= self._threads and self._waiting:
            until, _, wake = heapq.heappop(self._waiting)
            self.advance(max(until - self.now(), 0))
            self._parked -= wake()

    def _sleep_here(self, seconds: float) -> None:
        woken = threading.Event()
        self.park(seconds, lambda: woken.set() is None)
        woken.wait()

    def _thread(self, target: Callable[[], None], **options: Any) -> threading.Thread:
        def work() -> None:
            try:
                target()
            finally:
                with self.lock:
                    self._threads -= 1
                    self._pass()

        with self.lock:
            self._threads += 1
        return threading.Thread(target=work, **options)


class _Condition:
    """Who waits here is not busy; who is notified is, from that moment on."""

    def __init__(self, time: SharedTime) -> None:
        self._time = time
        self._mine = threading.Lock()
        self._waiters: list[threading.Event] = []

    def __enter__(self) -> None:
        self._mine.acquire()

    def __exit__(self, *_: object) -> None:
        self._mine.release()

    def wait(self, timeout: float | None = None) -> None:
        woken = threading.Event()
        with self._time.lock:
            self._waiters.append(woken)
            self._time.park(timeout, lambda: self._wake(woken))
        self._mine.release()
        woken.wait()
        self._mine.acquire()

    def notify_all(self) -> None:
        with self._time.lock:
            for woken in self._waiters:
                self._time.unpark()
                woken.set()
            self._waiters.clear()

    def _wake(self, woken: threading.Event) -> bool:
        if woken not in self._waiters:
            return False
        self._waiters.remove(woken)
        woken.set()
        return True


class _Lock:
    """Who waits for it is not busy."""

    def __init__(self, time: SharedTime) -> None:
        self._released = _Condition(time)
        self._is_held = False

    def __enter__(self) -> None:
        with self._released:
            while self._is_held:
                self._released.wait()
            self._is_held = True

    def __exit__(self, *_: object) -> None:
        with self._released:
            self._is_held = False
            self._released.notify_all()
