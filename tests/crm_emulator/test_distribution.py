"""The emulator as a distribution of its own, alone and beside singer-crm."""

import os
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from crm_emulator.version import VERSION

ROOT = Path(__file__).parents[2]
WHOLE = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ALONE = tomllib.loads((ROOT / "crm_emulator" / "pyproject.toml").read_text())["project"]


def test_both_distributions_have_one_version_and_one_command():
    assert WHOLE["version"] == VERSION
    assert WHOLE["scripts"].items() >= ALONE["scripts"].items()


def test_alone_it_needs_what_singer_crm_says_and_no_sdk():
    whole = {*WHOLE["dependencies"], *WHOLE["optional-dependencies"]["emulator"]}
    assert whole.issuperset(ALONE["dependencies"])
    assert set(WHOLE["optional-dependencies"]["emulator"]) <= set(ALONE["dependencies"])
    assert {Requirement(each).name for each in ALONE["dependencies"]}.isdisjoint({"singer-sdk", "requests"})


def started(*options, **environment):
    command = [sys.executable, "-m", "crm_emulator", *options]
    environment = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=environment)


@pytest.mark.parametrize("name", ["singer_crm", "crm_emulator"])
def test_it_refuses_to_start_beside_another_version_of_either(tmp_path, name):
    metadata = tmp_path / f"{name}-0.0.9.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text(f"Metadata-Version: 2.1\nName: {name.replace('_', '-')}\nVersion: 0.0.9\n")
    ended = started("--empty", PYTHONPATH=str(tmp_path))
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.count("\n") == 1
    assert f"these files are of version {VERSION}, and {name.replace('_', '-')} 0.0.9 is installed" in ended.stderr
    assert started("--version", PYTHONPATH=str(tmp_path)).stdout == f"crm-emulator v{VERSION}\n"


@pytest.mark.long
def test_it_is_installed_alone_and_then_beside_singer_crm(tmp_path):
    place = tmp_path / "environment"
    venv.create(place, with_pip=False)

    def run(*command, **options):
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=500, **options)

    def install(what):
        run(sys.executable, "-m", "pip", "--python", place / "bin" / "python", "install", "--quiet", what, cwd=ROOT)

    def serves():
        command = "import crm_emulator; emulator = crm_emulator.Emulator(people=3).start(); "
        command += "print(emulator.copper.count('people')); emulator.stop()"
        return run(place / "bin" / "python", "-c", command, cwd=tmp_path).stdout

    install("./crm_emulator")
    packages = {each.name.partition("-")[0] for each in place.glob("lib/*/site-packages/*.dist-info")}
    assert "crm_emulator" in packages
    assert packages.isdisjoint({"singer_sdk", "singer_crm", "requests", "SQLAlchemy"})
    assert serves() == "3\n"
    assert run(place / "bin" / "crm-emulator", "--version").stdout == f"crm-emulator v{VERSION}\n"
    install(".[emulator]")
    assert serves() == "3\n"
    assert run(place / "bin" / "target-crm", "--version").stdout.startswith("target-crm ")
