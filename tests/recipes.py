"""Follows a page of docs/recipes as its reader would: writes its files, types its commands, keeps what they say.

In a page, a fenced block whose first line is ```` ```LANGUAGE NAME ```` is a file of that name; ```` ```sh ```` is
typed into a shell; ```` ```sh setup ```` stands for what the tests have done already. The page's emulator is one on its
usual port with its usual credentials; here its address is the running emulator's.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from crm_emulator import Emulator
from tests.launchers import launchers

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "recipes"
USUAL = "http://127.0.0.1:8467"
_BLOCK = re.compile(r"^```(\w+)(?: ([^\n`]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Where several have a program of one name, the first by alphabet: MeltanoLabs' target-postgres, which the pages mean.
_PROGRAMS = (Path(sys.executable).parent, *sorted((ROOT / ".venvs").glob("*/bin")))


@dataclass(frozen=True)
class Typed:
    """A shell block as it went.

    Attributes:
        text: What was typed.
        code: Exit code of its last command.
        output: What went to standard output.
        errors: What people read.
    """

    text: str
    code: int
    output: str
    errors: str


def follow(page: str, folder: Path, emulator: Emulator, **environment: str) -> list[Typed]:
    """Do what a page says in an empty folder, and return what each shell block did; the first that fails is the last.

    Args:
        page: File name below docs/recipes.
        folder: Where the files go.
        emulator: Stands in for the CRM.
        environment: Further variables.
    """
    text = (PAGES / page).read_text().replace(USUAL, emulator.url)
    with launchers() as ours:
        path = os.pathsep.join([str(_bin(folder, ours)), os.environ["PATH"]])
        variables = {**os.environ, "PATH": path, "XDG_STATE_HOME": str(folder / "state"), **environment}
        return _type(text, folder, variables)


def _type(text: str, folder: Path, variables: Mapping[str, str]) -> list[Typed]:
    typed: list[Typed] = []
    for language, name, content in _BLOCK.findall(text):
        if language == "sh" and not name:
            done = subprocess.run(
                ["/bin/bash", "-euo", "pipefail", "-c", content],
                cwd=folder,
                env=variables,
                capture_output=True,
                text=True,
                check=False,
                timeout=300,
            )
            typed.append(Typed(content, done.returncode, done.stdout, done.stderr))
            if done.returncode:
                break
        elif name and name != "setup":
            (folder / name).write_text(content)
    return typed


def _bin(folder: Path, ours: Mapping[str, Path]) -> Path:
    """A folder with our programs and others' taps and targets, and no others' Python before ours."""
    programs = folder / "programs"
    programs.mkdir()
    for place in reversed(_PROGRAMS):
        for program in place.iterdir():
            if program.name.startswith(("tap-", "target-", "singer-", "crm-", "meltano", "dbt")):
                (programs / program.name).unlink(missing_ok=True)
                (programs / program.name).symlink_to(ours.get(program.name, program))
    return programs
