"""The start of a command: Ctrl-C while Python still imports, and the name that its run is given.

It imports next to nothing, so that it is there at once.
"""

from __future__ import annotations

import os
import re
import signal
import socket
import threading
from types import FrameType
from typing import Never

from crm_api.errors import SettingError

ENDED_BY_INTERRUPT = 128 + signal.SIGINT
RUN_ID = "SINGER_CRM_RUN_ID"
RUN_ID_CHARACTERS = 128  # task ids of schedulers fit; what is longer would fill tables and lines of the log
_RUN_ID = re.compile(rf"[A-Za-z0-9][\w.:@+~=/-]{{0,{RUN_ID_CHARACTERS - 1}}}", re.ASCII)


def end_at_interrupt() -> None:
    """End the process at the first Ctrl-C: nothing is under way yet. For the time until ``heed_interrupts``."""
    if signal.getsignal(signal.SIGINT) == signal.default_int_handler:  # nohup and the like ignore it
        signal.signal(signal.SIGINT, _end)


def heed_interrupts() -> None:
    """Let Ctrl-C be what it is everywhere else in Python, a KeyboardInterrupt, from which a command ends in order."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) == _end:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _end(_signum: int, _frame: FrameType | None) -> Never:
    os._exit(ENDED_BY_INTERRUPT)


def given_run_id(run_id: str | None) -> str | None:
    """Return the name that the command line or the environment gives the run; None if neither does.

    Args:
        run_id: The value of ``--run-id``; None: the environment may name it.

    Raises:
        SettingError: It is too long, or holds other characters than names of tasks do.
    """
    place, given = ("--run-id", run_id) if run_id is not None else (RUN_ID, os.environ.get(RUN_ID) or None)
    if given is not None and not _RUN_ID.fullmatch(given):
        raise SettingError(
            f"{place} must be 1 to {RUN_ID_CHARACTERS} letters, digits or characters of _.:@+~=/-, and begin with a "
            f"letter or a digit, not {given[:RUN_ID_CHARACTERS]!r}"
        )
    return given


def process_name(run_id: str | None) -> str:
    """Name this process and its run, for people who look for who holds something."""
    run = f", run {run_id}" if run_id else ""
    return f"process {os.getpid()} on {socket.gethostname()}{run}"
