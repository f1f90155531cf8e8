"""The version and the help of each of the four programs."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

PROGRAMS = ("tap-copper", "target-crm", "singer-crm", "crm-emulator")


def _said(program: str, *arguments: str) -> str:
    command = [Path(sys.executable).parent / program, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=240).stdout


@pytest.mark.parametrize("program", PROGRAMS)
def test_every_program_tells_its_version_and_its_options(program):
    assert _said(program, "--version").startswith(f"{program} v{version('singer-crm')}")
    assert "--version" in _said(program, "--help")


def test_the_list_of_commands_says_of_each_what_it_does_in_a_whole_sentence():
    for group in ((), ("ledger",), ("rejected",)):
        commands = _said("singer-crm", *group, "--help").partition("Commands:")[2]
        assert commands
        assert "..." not in commands
