"""A launched command is to a shell what the installed program is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.launchers import launchers

# an exit code and words on stderr; a setting of the environment that is wrong; a file of the folder, read from stdin
LINES = (
    "target-crm --nonsense",
    "TAP_COPPER_LOGLEVEL=WARNING TAP_COPPER_DELETIONS=ture tap-copper --config ENV",
    "singer-crm rejected < words | cat && pwd",
)


@pytest.fixture(scope="module")
def folders() -> Iterator[list[Path]]:
    """The installed programs' folder, and the launchers'."""
    with launchers() as paths:
        yield [Path(sys.executable).parent, paths["target-crm"].parent]


@pytest.mark.parametrize("line", LINES)
def test_it_says_and_ends_as_the_installed_program_does(folders: list[Path], tmp_path: Path, line: str) -> None:
    (tmp_path / "words").write_text("words\n")
    said = []
    for folder in folders:
        env = {"PATH": f"{folder}:/usr/bin:/bin", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
        shell = ["/bin/bash", "-o", "pipefail", "-c", line]
        done = subprocess.run(shell, cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        said.append((done.returncode, done.stdout, done.stderr))
    assert said[0][1] or said[0][2]
    assert said[1] == said[0]
