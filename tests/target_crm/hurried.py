"""target-crm as a process whose waits take no time."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from pathlib import Path

import requests

from target_crm.plans.applying import apply_plan
from target_crm.plans.plan_file import read_plan
from target_crm.target import TargetCrm


def main() -> None:
    """Run the command with clocks that go on by as much as somebody sleeps."""
    waited: list[float] = []

    class Hurried(TargetCrm):
        clock = staticmethod(lambda: time.monotonic() + sum(waited))
        sleep = staticmethod(waited.append)

    Hurried.cli()


def apply_hurriedly() -> None:
    """Carry out a plan, whose file follows that of the settings, with such clocks."""
    config, plan = sys.argv[1:]
    waited: list[float] = []

    class Hurried(TargetCrm):
        clock = staticmethod(lambda: time.monotonic() + sum(waited))
        sleep = staticmethod(waited.append)

    target = Hurried(config=json.loads(Path(config).read_text()))
    sys.exit(apply_plan(target, read_plan(plan), print, fresh=False))


def until_all_is_read(url: str) -> None:
    """Wait until the emulator at a URL has read what processes sent before they died, for which a hurried run does not.

    It reads that, in order, before it answers what is asked now.
    """
    assert requests.get(f"{url}/_emulator/status", timeout=240).ok


def main_killed_in_its_first_wait() -> None:
    """Run the command until it waits for the first time, and kill it there."""

    class Killed(TargetCrm):
        sleep = staticmethod(lambda _: os.kill(os.getpid(), signal.SIGKILL))

    Killed.cli()
