"""A worker: a process that carries out one entry after the other, stays warm between them, and ends with its parent."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from multiprocessing.connection import Connection
from types import FrameType

from typing_extensions import override

from crm_api.console import guard_standard_streams
from crm_api.errors import SIGNAL_OFFSET
from crm_api.transport.redaction import Redactor
from crm_api.watching.standard_error import STDERR
from target_crm.accounts.bound_process import end_with
from target_crm.accounts.entries import Job
from target_crm.accounts.entry_run import run_entry

LOGLEVEL = "LOGLEVEL"
_QUIET = ("target-crm", "tap-copper", "singer_sdk", "py.warnings")


def work(jobs: Connection, parents_end: Connection, parent: int, elsewhere: list[Connection]) -> None:
    """Carry out jobs until there are no more, or the parent is gone; the main function of a worker's process.

    Args:
        jobs: Gives jobs, and takes the line of each.
        parents_end: Is open at its other end for as long as the parent lives.
        parent: The number of the parent's process.
        elsewhere: Ends of pipes that belong to the parent, of which a process that was forked has copies.
    """
    for each in elsewhere:
        each.close()
    if not end_with(parent):
        threading.Thread(target=_end_at_end_of, args=(parents_end,), daemon=True).start()
    guard_standard_streams()
    os.dup2(STDERR, 1)  # stdout is the parent's, for lines of accounts alone
    log = _Log()
    while True:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears of it, too, and says so
        signal.signal(signal.SIGTERM, _end_idle)
        try:
            job: Job = jobs.recv()
        except (EOFError, OSError):
            return
        log.begin(job)
        line, is_sound = run_entry(job)
        jobs.send((line, is_sound))
        if not is_sound:
            return


def _end_at_end_of(pipe: Connection) -> None:
    """Kill this process as soon as the other end of a pipe is closed."""
    try:
        pipe.recv_bytes()
    except (EOFError, OSError):
        os._exit(SIGNAL_OFFSET + signal.SIGKILL)


def _end_idle(number: int, _: FrameType | None) -> None:
    sys.exit(SIGNAL_OFFSET + number)


class _Log:
    """The log of a worker on stderr: each line names its account and shows no secret of it."""

    def __init__(self) -> None:
        level = os.environ.get(LOGLEVEL, "").upper() or "WARNING"
        root = logging.getLogger()
        handler = logging.StreamHandler(sys.stderr)
        handler.setLevel(level)
        handler.addFilter(self._mark)
        root.handlers[:] = [handler]
        for name in _QUIET:  # what nobody sees need not be made
            logging.getLogger(name).setLevel(level)
        self._account = ""
        self._redact = Redactor()
        handler.setFormatter(_Formatter(self))

    def begin(self, job: Job) -> None:
        """Name another account from now on."""
        self._account = job.entry.name
        self._redact = Redactor(job.entry.secrets)

    def _mark(self, record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith("The input was empty")  # the tap's own end says why

    def shown(self, text: str) -> str:
        """Return a line as people see it."""
        return "\n".join(f"[{self._account}] {line}" for line in self._redact(text).splitlines())


class _Formatter(logging.Formatter):
    def __init__(self, log: _Log) -> None:
        super().__init__("%(message)s")
        self._log = log

    @override
    def format(self, record: logging.LogRecord) -> str:
        return self._log.shown(super().format(record))
