"""Several requests at once, and an orderly end when one of them fails or a signal comes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Generic, TypeVar

from crm_api.errors import StopError

Result = TypeVar("Result")
SLICE_SECONDS = 0.1  # how often a wait looks whether a signal came: a handler may only set a flag


class TerminatedError(StopError):
    """A termination signal came: what was not sent stays unsent."""

    happened = "Terminated by a signal"
    advice = "Records after the last STATE are sent again by the next run."


class Stopping:
    """A flag that ends the run, set by a signal handler, which may do no more than that.

    Args:
        clock: Monotonic seconds.
        sleep: Waits so many seconds.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self.signalled: int | None = None
        self._clock = clock
        self._sleep = sleep

    def check(self) -> None:
        """Raise if a signal came.

        Raises:
            TerminatedError: A signal came.
        """
        if self.signalled is not None:
            raise TerminatedError

    def nap(self, seconds: float) -> None:
        """Wait so many seconds, or until a signal comes.

        Raises:
            TerminatedError: A signal came.
        """
        until = self._clock() + seconds
        while (left := until - self._clock()) > 0:
            self.check()
            self._sleep(min(left, SLICE_SECONDS))
        self.check()


class WorkerPool:
    """Carries out several calls at once. The first that fails stops those that have not begun; the others finish.

    Args:
        workers: The number of calls at once.
        stopping: Checked before each call.
    """

    def __init__(self, workers: int, stopping: Stopping) -> None:
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="request")
        self._workers = workers
        self._stopping = stopping

    def gather(self, calls: Sequence[Callable[[], Result]]) -> list[Result]:
        """Carry out calls; returns their results in order.

        Each worker takes the next call by itself: to hand them out one by one would wake two threads for each. What
        goes one by one anyway is carried out by the caller.

        Raises:
            Exception: What the first call to fail raised, once those in flight are done.
            TerminatedError: A signal came, and those in flight are done.
        """
        work = _Work(calls, self._stopping)
        workers = min(self._workers, len(calls))
        if workers <= 1:
            work.carry_out()
            return work.results
        futures: list[Future[None]] = []
        try:
            futures += (self._pool.submit(work.carry_out) for _ in range(workers))
            wait(futures)
        except BaseException as error:  # a signal: what is in flight is answered before anybody goes on
            work.stop(error)
            wait(futures)
            raise
        return work.results

    def close(self) -> None:
        """Let the workers go."""
        self._pool.shutdown(wait=False, cancel_futures=True)


class _Work(Generic[Result]):
    """Calls that several threads carry out, each the next one that is left.

    Args:
        calls: The calls.
        stopping: Checked before each call.
    """

    def __init__(self, calls: Sequence[Callable[[], Result]], stopping: Stopping) -> None:
        self._left = iter(enumerate(calls))
        self._stopping = stopping
        self._lock = threading.Lock()
        self._results: dict[int, Result] = {}
        self._error: BaseException | None = None

    def carry_out(self) -> None:
        """Carry out calls until none is left, or one has failed."""
        while (found := self._next()) is not None:
            number, call = found
            try:
                self._stopping.check()
                self._results[number] = call()
            except BaseException as error:  # noqa: BLE001 - raised where the results are asked for
                self.stop(error)

    def stop(self, error: BaseException) -> None:
        """Let no further call begin; the first error counts."""
        with self._lock:
            self._error = self._error or error

    def _next(self) -> tuple[int, Callable[[], Result]] | None:
        with self._lock:
            return None if self._error is not None else next(self._left, None)

    @property
    def results(self) -> list[Result]:
        """The results, in order; raises what the first call to fail raised."""
        if self._error is not None:
            raise self._error
        return [self._results[number] for number in range(len(self._results))]
