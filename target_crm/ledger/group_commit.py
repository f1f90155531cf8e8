"""Several threads' small transactions made one: what comes while the disk is busy goes with the next."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Job = TypeVar("Job")


@dataclass(eq=False)
class _Ticket(Generic[Job]):
    """One thread's job.

    Attributes:
        job: What is to be done.
        done: It was, or failed.
        error: Why it failed.
    """

    job: Job
    done: bool = False
    error: Exception | None = None


class GroupCommit(Generic[Job]):
    """Carries out jobs, each before its ``do`` returns; those that wait for their turn go together.

    Args:
        carry_out: Does several jobs at once; if it raises, all of them failed.
    """

    def __init__(self, carry_out: Callable[[Sequence[Job]], None]) -> None:
        self._carry_out = carry_out
        self._turn = threading.Lock()
        self._adding = threading.Lock()
        self._waiting: list[_Ticket[Job]] = []

    def do(self, job: Job) -> None:
        """Do one job; raises what ``carry_out`` raised."""
        ticket = _Ticket(job)
        with self._adding:
            self._waiting.append(ticket)
        with self._turn:
            if not ticket.done:
                self._lead()
        if ticket.error is not None:
            raise ticket.error

    def _lead(self) -> None:
        with self._adding:
            tickets, self._waiting = self._waiting, []
        try:
            self._carry_out([ticket.job for ticket in tickets])
        except Exception as error:  # noqa: BLE001 - each thread raises it for its own job
            for ticket in tickets:
                ticket.error = error
        finally:
            for ticket in tickets:
                ticket.done = True
