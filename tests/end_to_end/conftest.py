"""Real processes in real pipes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from crm_emulator import Emulator
from tests.launchers import launchers

ROOT = Path(__file__).parents[2]


def _program(name: str) -> Path:
    folders = [Path(sys.executable).parent, *(ROOT / ".venvs").glob("*/bin")]
    for folder in folders:
        if (folder / name).exists():
            return folder / name
    raise FileNotFoundError(f"{name} is not installed: run make tools")


@pytest.fixture(scope="session")
def program():
    """The path of a command, ours or somebody else's."""
    return _program


@pytest.fixture(scope="session")
def launched():
    """The path of a program that runs one of our commands, by its name, as fast as can be."""
    with launchers() as paths:
        yield paths


@pytest.fixture(scope="session")
def run_pipe(launched):
    """Run commands as one pipe; the last one's output. Fails if any of them fails."""

    def run(*commands, cwd=None, env=None, allowed=(0,)):
        source = None
        processes = []
        for command in commands:
            process = subprocess.Popen(
                [launched.get(command[0]) or _program(command[0]), *map(str, command[1:])],
                stdin=source,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE if len(commands) == 1 else None,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                text=True,
            )
            if source is not None:
                source.close()
            source = process.stdout
            processes.append(process)
        output, errors = processes[-1].communicate()
        codes = [process.wait() for process in processes]
        assert all(code in allowed for code in codes), (codes, errors)
        return output

    return run


@pytest.fixture(scope="session")
def copper_account():
    """The plugins' settings for the account of an emulator."""

    def settings(emulator):
        copper = emulator.copper
        return {"base_url": copper.base_url, "api_key": copper.api_key, "user_email": copper.user_email}

    return settings


@pytest.fixture(scope="module")
def empty_emulator():
    """An emulator without records, for the tests of one file."""
    with Emulator(empty=True) as running:
        yield running


@pytest.fixture
def new_emulator():
    """An emulator without records, for one test."""
    with Emulator(empty=True) as running:
        yield running


@pytest.fixture(scope="module")
def small_emulator():
    """An emulator with a few records of each object, for the tests of one file."""
    with Emulator(
        seed=1, people=5, companies=2, leads=2, opportunities=2, projects=1, tasks=1, activities=2
    ) as running:
        yield running
