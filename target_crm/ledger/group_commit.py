"""Jobs of several threads, carried out together: one commit for all that wait for their turn."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Job = TypeVar("Job")


@dataclass(eq=False)
class _Pending(Generic[Job]):
    """One thread's job.

    Attributes:
        job: The job.
        done: Whether it was carried out or failed.
        error: The error that it failed with; None if it did not.
    """

    job: Job
    done: bool = False
    error: Exception | None = None


class GroupCommit(Generic[Job]):
    """Carries out jobs, each before its ``do`` returns. Jobs that wait for their turn are carried out together.

    Args:
        carry_out: Carries out several jobs at once; if it raises, nothing was carried out.
        of_one: Errors that one job causes: then each job is carried out by itself, and only that one fails.
    """

    def __init__(self, carry_out: Callable[[Sequence[Job]], None], of_one: tuple[type[Exception], ...] = ()) -> None:
        self._carry_out = carry_out
        self._of_one = of_one
        self._turn = threading.Lock()
        self._adding = threading.Lock()
        self._waiting: list[_Pending[Job]] = []

    def do(self, job: Job) -> None:
        """Carry out one job.

        Raises:
            Exception: The error that ``carry_out`` raised.
        """
        pending = _Pending(job)
        with self._adding:
            self._waiting.append(pending)
        with self._turn:
            if not pending.done:
                self._lead()
        if pending.error is not None:
            raise pending.error

    def _lead(self) -> None:
        with self._adding:
            pendings, self._waiting = self._waiting, []
        try:
            self._together(pendings)
        finally:
            for pending in pendings:
                pending.done = True

    def _together(self, pendings: Sequence[_Pending[Job]]) -> None:
        try:
            self._carry_out([pending.job for pending in pendings])
        except Exception as error:  # noqa: BLE001 - each thread raises it for its own job
            if isinstance(error, self._of_one) and len(pendings) > 1:
                for pending in pendings:
                    self._together([pending])
                return
            for pending in pendings:
                pending.error = error
