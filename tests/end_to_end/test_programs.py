"""The version and the help of each of the four programs."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.commands import run_command

PROGRAMS = ("tap-copper", "target-crm", "singer-crm", "crm-emulator")


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_tells_its_version_and_its_options(program):
    installed = [Path(sys.executable).parent / program, "--version"]
    done = subprocess.run(installed, capture_output=True, text=True, check=True, timeout=240)
    assert done.stdout.startswith(f"{program} v{version('singer-crm')}")
    assert "--version" in run_command(program, "--help").stdout


def test_the_list_of_commands_says_of_each_what_it_does_in_a_whole_sentence():
    for group in ((), ("ledger",), ("rejected",)):
        commands = run_command("singer-crm", *group, "--help").stdout.partition("Commands:")[2]
        assert commands
        assert "..." not in commands
