"""Find what tests need of the machine they run on: without it a test skips, or fails where nothing may be missing."""

from __future__ import annotations

import importlib
import os
import shutil
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import pytest

SERVERS = "usr/lib/postgresql/*/bin"  # below the root: where Debian keeps PostgreSQL's programs, off PATH


def missing(what: str) -> NoReturn:
    """Skip the test that needs it; fail the test if ``TESTS_MUST_NOT_SKIP`` is set, as ``.ci/run`` does."""
    if os.environ.get("TESTS_MUST_NOT_SKIP"):
        pytest.fail(f"{what}, and TESTS_MUST_NOT_SKIP is set: run make system", pytrace=False)
    pytest.skip(what)


def find_program(*names: str, called: str | None = None) -> str:
    """Return the path of the first of these programs that is installed.

    Args:
        names: File names of programs of which any will do.
        called: What to call them in the reason of a skip; by default the first name.
    """
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *sorted(str(each) for each in Path("/").glob(SERVERS))])
    for name in names:
        if found := shutil.which(name, path=path):
            return found
    return missing(f"{called or names[0]} is not installed")


def find_file(path: str, *, called: str) -> Path:
    """Return the path of a file that not every system has; ``called`` is what it is, in the reason of a skip."""
    if not Path(path).exists():
        missing(f"{path}, {called}, is not there")
    return Path(path)


def import_package(name: str) -> ModuleType:
    """Import a package that is not among those which the tests cannot do without."""
    try:
        return importlib.import_module(name)
    except ImportError:
        missing(f"the package {name} is not installed")
