"""The image, read and linted: whoever has an engine builds it."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from target_crm.settings import SETTINGS

ROOT = Path(__file__).parents[1]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
INSTRUCTIONS = [
    tuple(line.split(maxsplit=1))
    for line in re.sub(r"\\\n", " ", re.sub(r"(?m)^\s*#.*\n", "", DOCKERFILE)).splitlines()
    if line.strip()
]
LAST_STAGE = INSTRUCTIONS[max(number for number, (name, _) in enumerate(INSTRUCTIONS) if name == "FROM") :]


def given(name, stage=LAST_STAGE):
    return [value for each, value in stage if each == name]


@pytest.mark.long
def test_hadolint_has_nothing_to_say():
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_it_is_slim_of_two_stages_and_not_run_by_root():
    stages = given("FROM", INSTRUCTIONS)
    assert stages == ["${PYTHON} AS build", "${PYTHON}"]
    assert all("-slim" in base for base in given("ARG", INSTRUCTIONS))
    (user,) = given("USER")
    assert int(user.partition(":")[0]) > 0
    assert not [command for command in given("RUN") if "pip install" in command]


def test_a_stop_reaches_the_plugin_which_has_time_to_end():
    assert given("STOPSIGNAL") == ["SIGTERM"]
    assert not given("ENTRYPOINT")
    assert all(command.startswith("[") for command in given("CMD"))  # a shell would keep the signal to itself
    assert SETTINGS["properties"]["shutdown_seconds"]["default"] < 30
    assert "--stop-timeout 30" in (ROOT / "docs" / "operations.md").read_text()


def test_it_holds_no_secret_and_nothing_but_what_is_built():
    assert not re.search(r"(?i)(key|token|password|secret)\s*=", DOCKERFILE)
    assert given("COPY", INSTRUCTIONS) == [". /source", "--from=build /opt/singer-crm /opt/singer-crm"]
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in allowed
    kept = {line[1:] for line in allowed if line.startswith("!")}
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]
    assert kept == {*wheel["sdist"]["include"], "pyproject.toml"}


def test_it_brings_every_extra_that_a_plugin_may_need():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (installed,) = re.findall(r"/source\[([\w,]+)\]", DOCKERFILE)
    assert set(installed.split(",")) == set(extras) - {"emulator"}
