"""Does one thing for each of many, several at once, and hands the results on in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")

NAP_SECONDS = 0.2  # how often a wait looks whether the run is to stop


@dataclass
class _Task(Generic[Job, Result]):
    job: Job
    done: threading.Event = field(default_factory=threading.Event)
    results: list[Result] = field(default_factory=list)
    error: BaseException | None = None

    def result(self, check: Callable[[], None]) -> tuple[Job, Result]:
        while not self.done.wait(NAP_SECONDS):
            check()
        if self.error is not None:
            raise self.error
        return self.job, self.results[0]


class _Workers(Generic[Job, Result]):
    """Threads that are daemons: a run that is told to stop does not wait for answers that nobody will read."""

    def __init__(self, do: Callable[[Job], Result], size: int) -> None:
        self._do = do
        self._size = size
        self._threads = 0
        self._todo: SimpleQueue[_Task[Job, Result] | None] = SimpleQueue()
        self._over = False

    def give(self, job: Job) -> _Task[Job, Result]:
        task = _Task[Job, Result](job)
        self._todo.put(task)
        if self._threads < self._size:
            self._threads += 1
            threading.Thread(target=self._work, name=f"worker-{self._threads}", daemon=True).start()
        return task

    def dismiss(self) -> None:
        self._over = True
        for _ in range(self._threads):
            self._todo.put(None)

    def _work(self) -> None:
        while (task := self._todo.get()) is not None and not self._over:
            try:
                task.results.append(self._do(task.job))
            except BaseException as error:  # noqa: BLE001 - raised again by the thread that hands on
                task.error = error
            task.done.set()


def ordered_map(
    jobs: Iterable[Job], do: Callable[[Job], Result], *, concurrency: int, check: Callable[[], None]
) -> Iterator[tuple[Job, Result]]:
    """Each job with its result, in the order of the jobs.

    Args:
        jobs: What is to be done; taken no further ahead than the threads need.
        do: Does it.
        concurrency: Threads.
        check: Raises if the run is to stop.

    Raises:
        Exception: What ``do`` raised.
    """
    workers = _Workers(do, concurrency)
    ahead: deque[_Task[Job, Result]] = deque()
    try:
        for job in jobs:
            ahead.append(workers.give(job))
            if len(ahead) >= 2 * concurrency:
                yield ahead.popleft().result(check)
        while ahead:
            yield ahead.popleft().result(check)
    finally:
        workers.dismiss()
