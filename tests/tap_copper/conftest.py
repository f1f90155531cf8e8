from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from crm_emulator import Emulator


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator(empty=True) as running:
        yield running


@pytest.fixture(scope="module")
def account() -> Iterator[Emulator]:
    """An account with some of everything, which no test changes."""
    with Emulator(
        seed=3, people=250, companies=30, leads=20, opportunities=30, projects=10, tasks=20, activities=60
    ) as running:
        yield running


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    """A tap in this process takes the signals; each test gives them back."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)
