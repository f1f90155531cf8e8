"""Programs that nobody here wrote, run against the emulator, unmodified but for the address (see sitecustomize)."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from crm_emulator import Emulator
from tests.machine import find_program, missing

HERE = Path(__file__).parent
VENVS = HERE.parents[2] / ".venvs"


class Peer:
    """One program in a virtual environment of its own.

    Args:
        venv: The name of the environment: that of the distribution.
        addresses: What stands for the addresses that the program knows.
        directory: For its configuration files.
        more: Further environment variables.
    """

    def __init__(self, venv: str, addresses: dict[str, str], directory: Path, more: dict[str, str]) -> None:
        self.programs = VENVS / venv / "bin"
        if not self.programs.exists():
            missing(f"{venv} is not installed (make .venvs/{venv}/ready)")
        self._directory = directory
        named = {"PYTHONPATH": str(HERE), "EMULATED_ADDRESSES": json.dumps(addresses), "WITHOUT_WAITING": "1"}
        self._environment = {**os.environ, **named, **more}

    def file(self, name: str, value: Any) -> str:
        """Write a file with a value as JSON."""
        path = self._directory / name
        path.write_text(json.dumps(value), encoding="utf-8")
        return str(path)

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the program to its end."""
        command = [str(self.programs / program), *arguments]
        return subprocess.run(command, env=self._environment, capture_output=True, text=True, timeout=240, check=False)

    def session(self, script: str, *arguments: str) -> Any:
        """Run a script of this folder with the program's own Python; return what it prints last, read as JSON."""
        done = self.run("python", str(HERE / script), *arguments)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def peer(tmp_path: Path) -> Callable[..., Peer]:
    def make(venv: str, addresses: dict[str, str], **more: str) -> Peer:
        return Peer(venv, addresses, tmp_path, more)

    return make


@pytest.fixture
def messages() -> Callable[[str, str], list[dict[str, Any]]]:
    """The messages of a type among the lines of an output."""

    def of_type(output: str, kind: str) -> list[dict[str, Any]]:
        lines = (json.loads(line) for line in output.splitlines() if line.startswith("{"))
        return [line for line in lines if line.get("type") == kind]

    return of_type


@pytest.fixture
def node_session(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Run a script of the folder node against an emulator that speaks TLS; return what it prints, read as JSON."""

    def run(emulator: Emulator, script: str, *arguments: str) -> Any:
        packages = VENVS / "npm"
        if not (packages / "ready").exists():
            missing("clients of npm are not installed (make .venvs/npm/ready)")
        folder = tmp_path_factory.mktemp("node")
        for each in (HERE / "node").glob("*.cjs"):
            shutil.copy(each, folder)
        (folder / "node_modules").symlink_to(packages / "node_modules")
        environment = {**os.environ, "NODE_EXTRA_CA_CERTS": str(emulator.ca_file), "EMULATOR_PORT": str(emulator.port)}
        command = [find_program("node"), "--require", "./hosts.cjs", script, *arguments]
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=240, check=False
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
