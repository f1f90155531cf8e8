"""The list of what leaves the house: the bill of materials names all that an installation has, and no tool of ours."""

from __future__ import annotations

import json
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.machine import find_program

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def requirements():
    extras = PROJECT["project"]["optional-dependencies"].values()
    return [
        Requirement(each) for each in [*PROJECT["project"]["dependencies"], *(name for of in extras for name in of)]
    ]


def test_a_dependency_whose_next_version_may_break_anything_has_an_upper_bound():
    versions = {name: requirement for requirement in requirements() if (name := requirement.name)}
    young = [name for name, requirement in versions.items() if _lowest(requirement).startswith("0.")]
    assert "msgspec" in young
    for name in young:
        assert any(each.operator in {"<", "~=", "=="} for each in versions[name].specifier), name


def _lowest(requirement):
    return next((each.version for each in requirement.specifier if each.operator in {">=", "~="}), "")


@pytest.mark.long
def test_the_bill_of_materials_names_what_is_installed_and_nothing_else():
    subprocess.run([find_program("make"), "sbom"], cwd=ROOT, check=True, capture_output=True)
    listed = json.loads((ROOT / "output" / "sbom.cdx.json").read_text())
    assert listed["bomFormat"] == "CycloneDX"
    assert listed["metadata"]["component"]["name"] == "singer-crm"
    names = {canonicalize_name(each["name"]) for each in listed["components"]}
    assert {canonicalize_name(each.name) for each in requirements()} <= names
    assert names.isdisjoint({"pytest", "ruff", "mypy", "bandit", "pip", "cyclonedx-bom"})
    assert all(each["version"] for each in listed["components"])
