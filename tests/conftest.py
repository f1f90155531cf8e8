"""Fixtures and settings that all tests share."""

from __future__ import annotations

import gc
import importlib
import os
import pkgutil
import shutil
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import crm_api
import crm_emulator
import tap_copper
import target_crm
import tests.statements  # noqa: F401 - every test's engines share what they compile
from tests.servers import pooler, postgres, postgres_server, redis_server  # noqa: F401 - fixtures

# The machine decides how long an example takes: a deadline would fail tests by its load, not by their claim.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
# The same examples each time, where a failure must mean that the change is to blame.
settings.register_profile("repeatable", settings.get_profile("default"), derandomize=True, database=None)
# New ones, and more of them, for whoever looks for them.
settings.register_profile("exploring", settings.get_profile("default"), max_examples=300)
settings.load_profile("repeatable")

MEMORY = Path("/dev/shm")  # noqa: S108 - pytest makes a folder of its own in it
ROOM_BYTES = 4 << 30


def pytest_configure() -> None:
    """Keep the tests' files in memory where there is room for them: a ledger waits for the disk at each commit."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES and not os.statvfs(MEMORY).f_flag & os.ST_NOEXEC:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.hookimpl(tryfirst=True)  # before those are left out that a run does not ask for
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of a test with many cases, leave all but each n-th to the long run: ``daily(one_of=n)``."""
    counts: Counter[str] = Counter()
    for item in items:
        if (mark := item.get_closest_marker("daily")) is not None:
            test = item.nodeid.partition("[")[0]
            if counts[test] % mark.kwargs["one_of"]:
                item.add_marker(pytest.mark.long)
            counts[test] += 1


def pytest_collection_finish() -> None:
    """Import all that any test may import, and let no collection look at it, or at thousands of tests, until the end.

    Hypothesis takes numbers and words for its examples from our modules that are imported: always from all of them, so
    that the examples do not depend on the tests before.
    """
    for package in (crm_api, crm_emulator, tap_copper, target_crm):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith(".start"):  # which changes what an interrupt does, for programs alone
                importlib.import_module(module.name)
    gc.collect()
    gc.freeze()
