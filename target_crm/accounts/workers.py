"""The workers that carry out jobs, as their parent sees them: it hands out jobs, and replaces a worker that dies."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Any

from crm_api.errors import SIGNAL_OFFSET, Retry
from target_crm.accounts.entries import Job
from target_crm.accounts.lines import line_without_run, lost
from target_crm.accounts.worker import work
from target_crm.exit_codes import Ending

# A fork has everything imported. Elsewhere than on Linux the system's own libraries may not outlive one.
_START = "fork" if sys.platform.startswith("linux") else "spawn"
LOOK_SECONDS = 0.2  # how often a signal is looked for
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class _Worker:
    """A worker.

    Attributes:
        process: Its process.
        jobs: Takes jobs, and gives the line of each.
        job: What it is at; None: it is idle.
    """

    process: BaseProcess
    jobs: Connection
    job: Job | None = None


class Workers:
    """Carries out jobs in so many processes, each of which takes one after the other.

    Args:
        most: How many processes there are at once.

    Attributes:
        signalled: The number of the signal that asked to end; None: none did.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._context: Any = multiprocessing.get_context(_START)
        self._parents_end, self._own_end = self._context.Pipe(duplex=False)
        self._workers: list[_Worker] = []
        self.signalled: int | None = None

    def lines(self, jobs: Iterable[Job]) -> Iterator[dict[str, Any]]:
        """Carry out jobs; yields the line of each when it has ended.

        A signal ends the jobs that are under way, and no other is begun. Only in the main thread, whose signals it
        takes.
        """
        pending = deque(jobs)
        handlers = {number: signal.signal(number, self._heed) for number in _SIGNALS}
        try:
            while pending or any(each.job for each in self._workers):
                if self.signalled is not None:
                    while pending:
                        yield _not_begun(pending.popleft(), self.signalled)
                self._hand_out(pending)
                yield from self._answered()
        finally:
            self._end()
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _heed(self, number: int, _: FrameType | None) -> None:
        self.signalled = number
        for each in self._workers:
            if each.job is not None and each.process.pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(each.process.pid, signal.SIGTERM)

    def _hand_out(self, pending: deque[Job]) -> None:
        while pending:
            idle = next((each for each in self._workers if each.job is None), None)
            if idle is None:
                if len(self._workers) >= self._most:
                    return
                idle = self._started()
            job = pending.popleft()
            try:
                idle.jobs.send(job)
            except OSError:  # it has died meanwhile, with nothing to do
                self._bury(idle)
                pending.appendleft(job)
            else:
                idle.job = job

    def _started(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        elsewhere = [self._own_end, ours, *(each.jobs for each in self._workers)] if _START == "fork" else []
        process = self._context.Process(target=work, args=(theirs, self._parents_end, os.getpid(), elsewhere))
        process.start()
        theirs.close()
        worker = _Worker(process, ours)
        self._workers.append(worker)
        return worker

    def _answered(self) -> Iterator[dict[str, Any]]:
        """Wait a moment for workers; yields the lines that have come."""
        ready = wait([each.jobs for each in self._workers], LOOK_SECONDS)
        for each in [worker for worker in self._workers if worker.jobs in ready]:
            job = each.job
            try:
                line, is_sound = each.jobs.recv()
            except (EOFError, OSError):
                self._bury(each)
                if job is not None:
                    yield self._lost(job, each.process.exitcode)
                continue
            each.job = None
            if not is_sound:
                self._bury(each)
            yield line

    def _bury(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.jobs.close()
        worker.process.join()

    def _lost(self, job: Job, code: int | None) -> dict[str, Any]:
        if self.signalled is not None and code is not None and code > SIGNAL_OFFSET:
            return _not_begun(job, self.signalled)
        how = f"signal {signal.Signals(-code).name}" if code is not None and code < 0 else f"exit code {code}"
        why = f"Its worker died ({how}); the other accounts are not touched. Run it again."
        return lost(job.entry.name, job.pipeline, job.run_id, why)

    def _end(self) -> None:
        for each in self._workers:
            each.jobs.close()
        for each in self._workers:
            each.process.join()
        self._workers.clear()


def _not_begun(job: Job, number: int) -> dict[str, Any]:
    ending = Ending(SIGNAL_OFFSET + number, "Ended by a signal before it was carried out.", Retry.NOW)
    return line_without_run(job.entry.name, job.pipeline, job.run_id, ending)
