"""An interrupt in the first moments of a command ends it without a traceback."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tests.commands import ENTRY_POINTS

STOP_AT = """
import os, signal, sys
class Stop:
    def find_spec(self, name, path=None, target=None):
        if name == "singer_sdk":
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Stop())
from {module} import {name}
sys.exit({name}())
"""


@pytest.mark.parametrize("command", ["tap-copper", "target-crm", "singer-crm"])
def test_an_interrupt_while_imports_are_read_is_no_traceback(command: str) -> None:
    (start,) = [each for each in ENTRY_POINTS if each.name == command]
    program = STOP_AT.format(module=start.module, name=start.attr)
    done = subprocess.run([sys.executable, "-c", program, "--help"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, "", "")
