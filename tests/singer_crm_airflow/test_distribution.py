"""The provider is a distribution of its own, which brings neither singer-crm nor Airflow, and which Airflow finds."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "singer_crm_airflow" / "pyproject.toml").read_text())["project"]


def named(entry_point: str):
    module, _, name = entry_point.partition(":")
    return getattr(importlib.import_module(module), name)


def test_it_depends_on_neither_singer_crm_nor_a_version_of_airflow():
    assert [Requirement(each).name for each in PROJECT["dependencies"]] == ["PyYAML"]


def test_airflow_finds_the_provider_and_its_operator():
    (entry_point,) = PROJECT["entry-points"]["apache_airflow_provider"].values()
    info = named(entry_point)()
    assert info["package-name"] == PROJECT["name"]
    (operators,) = info["operators"]
    assert operators["integration-name"] in {each["integration-name"] for each in info["integrations"]}
    for module in operators["python-modules"]:
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file()


def test_its_version_is_that_of_singer_crm():
    assert PROJECT["version"] == tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert callable(named(PROJECT["scripts"]["singer-crm-airflow-pools"]))
