"""The id of a run: whoever starts it may name it, so that locks, pauses and reports name a task and not a process."""

from __future__ import annotations

import os
import re
import socket

from crm_api.errors import SettingError

RUN_ID = "SINGER_CRM_RUN_ID"
RUN_ID_CHARACTERS = 128  # task ids of schedulers fit; what is longer would fill tables and lines of the log
_RUN_ID = re.compile(rf"[A-Za-z0-9][\w.:@+~=/-]{{0,{RUN_ID_CHARACTERS - 1}}}", re.ASCII)


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
