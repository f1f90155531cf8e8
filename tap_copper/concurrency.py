"""Threads: a pool of workers, a map that keeps the order, and a limit for requests that are under way."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, Self, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

NAP_SECONDS = 0.2  # how often a wait looks whether the run must stop


@dataclass(eq=False)
class Task(Generic[Result]):
    """One thing that a worker does.

    Attributes:
        do: Does it.
        is_done: It has been done, or has failed.
        results: The result, once it is done.
        error: The exception that ended it, if it failed.
    """

    do: Callable[[], Result]
    is_done: bool = False
    results: list[Result] = field(default_factory=list)
    error: BaseException | None = None


class WorkerPool:
    """Daemon threads that do tasks in the order in which they are given, several at once.

    They are daemons, so that a run that must stop does not wait for answers that nobody will read.

    Args:
        size: The most threads. Each is started when a task finds no idle one.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._changed = threading.Condition()
        self._todo: deque[Task[Any]] = deque()
        self._threads = 0
        self._idle = 0
        self._is_closed = False

    def give(self, do: Callable[[], Result]) -> Task[Result]:
        """Have something done; returns at once."""
        task = Task(do)
        with self._changed:
            self._todo.append(task)
            # An idle worker that has been woken counts as idle until it holds the lock: its task is still to do.
            if len(self._todo) > self._idle and self._threads < self._size:
                self._threads += 1
                threading.Thread(target=self._work, name=f"worker-{self._threads}", daemon=True).start()
            self._changed.notify_all()
        return task

    def wait(self, task: Task[Any], check: Callable[[], None]) -> None:
        """Wait until a task is done or has failed.

        Args:
            task: A task of this pool.
            check: Called while it is not; raises if the run must stop.

        Raises:
            Exception: ``check`` raised it.
        """
        while not task.is_done:
            check()  # without the lock: it may write
            with self._changed:
                if not task.is_done:
                    self._changed.wait(NAP_SECONDS)

    def result(self, task: Task[Result], check: Callable[[], None]) -> Result:
        """Wait for the result of a task.

        Args:
            task: A task of this pool.
            check: Called while it is not done; raises if the run must stop.

        Raises:
            Exception: The task raised it, or ``check`` did.
        """
        self.wait(task, check)
        if task.error is not None:
            raise task.error
        return task.results[0]

    def close(self) -> None:
        """Let the threads end, and drop the tasks that none has begun."""
        with self._changed:
            self._is_closed = True
            self._todo.clear()
            self._changed.notify_all()

    def _work(self) -> None:
        while (task := self._next()) is not None:
            try:
                task.results.append(task.do())
            except BaseException as error:  # noqa: BLE001 - raised again by the thread that waits for it
                task.error = error
            with self._changed:
                task.is_done = True
                self._changed.notify_all()

    def _next(self) -> Task[Any] | None:
        with self._changed:
            while not self._todo and not self._is_closed:
                self._idle += 1
                self._changed.wait()
                self._idle -= 1
            return None if self._is_closed else self._todo.popleft()


def ordered_map(
    jobs: Iterable[Job], do: Callable[[Job], Result], *, concurrency: int, check: Callable[[], None]
) -> Iterator[tuple[Job, Result]]:
    """Do one thing for each of many jobs, several at once; hand on each job with its result, in the order of the jobs.

    Args:
        jobs: Taken no further ahead than the threads need.
        do: Does one job.
        concurrency: The most threads.
        check: Called while a result is waited for; raises if the run must stop.

    Raises:
        Exception: ``do`` raised it, or ``check`` did.
    """
    pool = WorkerPool(concurrency)
    ahead: deque[tuple[Job, Task[Result]]] = deque()
    try:
        for job in jobs:
            ahead.append((job, pool.give(partial(do, job))))
            if len(ahead) >= 2 * concurrency:
                done, task = ahead.popleft()
                yield done, pool.result(task, check)
        while ahead:
            done, task = ahead.popleft()
            yield done, pool.result(task, check)
    finally:
        pool.close()


def in_a_thread(do: Callable[[], Result], check: Callable[[], None]) -> Result:
    """Do one thing in a thread of its own, so that this one can look meanwhile whether the run must stop.

    Args:
        do: Does it.
        check: Called while it is waited for; raises if the run must stop.

    Raises:
        Exception: ``do`` raised it, or ``check`` did.
    """
    ((_, result),) = ordered_map([None], lambda _: do(), concurrency=1, check=check)
    return result


class RequestLimit:
    """Lets so many threads in at once, whichever pool they belong to; the others wait.

    Args:
        most: How many.
    """

    def __init__(self, most: int) -> None:
        self._left = most
        self._changed = threading.Condition()

    def __enter__(self) -> Self:
        with self._changed:
            while not self._left:
                self._changed.wait()
            self._left -= 1
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._left += 1
            self._changed.notify_all()
