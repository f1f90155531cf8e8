"""Several requests at once, and an orderly end when one of them fails or a signal comes."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import TypeVar

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

        Raises:
            Exception: What the first call to fail raised, once those in flight are done.
            TerminatedError: A signal came, and those in flight are done.
        """
        futures: list[Future[Result]] = []
        landed: SimpleQueue[Future[Result]] = SimpleQueue()  # to wait for the futures would look at all in flight
        seen = 0
        try:
            for call in calls:
                while len(futures) - seen >= self._workers:
                    landed.get().result()
                    seen += 1
                self._stopping.check()
                future = self._pool.submit(call)
                futures.append(future)
                future.add_done_callback(landed.put)
            while seen < len(futures):
                landed.get().result()
                seen += 1
        except BaseException:  # a signal, too: what is in flight is answered before anybody goes on
            wait(futures)
            raise
        return [future.result() for future in futures]

    def close(self) -> None:
        """Let the workers go."""
        self._pool.shutdown(wait=False, cancel_futures=True)
