"""Answers that are late, lost, cut or broken cost time and nothing else."""

from __future__ import annotations

import threading

import pytest

from crm_emulator import Emulator
from tap_copper.account import Time
from tests.tap_copper.running import run


class Clock:
    """A clock that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._lock = threading.Lock()

    def monotonic(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.seconds += seconds


@pytest.mark.parametrize("kind", ["error:status=500", "error_after:status=502", "reset", "lost", "cut", "malformed"])
@pytest.mark.daily(one_of=2)
def test_every_record_comes_through_trouble(kind: str) -> None:
    clock = Clock()
    with Emulator(people=3000, activities=1000) as emulator:
        emulator.trouble(f"{kind},rate=0.15" if ":" in kind else f"{kind}:rate=0.15")
        output = run(
            emulator,
            "people",
            "activities_search",
            clocks=Time(monotonic=clock.monotonic, sleep=clock.sleep),
            max_attempts=12,
        )
        assert output.error is None
        assert len(output.ids("people")) == len(set(output.ids("people"))) == 3000
        assert len(output.ids("activities_search")) == len(set(output.ids("activities_search"))) == 1000


def test_a_crm_that_answers_nothing_usable_ends_the_run_where_it_is(emulator: Emulator) -> None:
    emulator.copper.insert("companies", {"name": "Acme"})
    emulator.trouble("error:status=503,route=POST /people/search")
    clock = Clock()
    output = run(
        emulator, "companies", "people", clocks=Time(monotonic=clock.monotonic, sleep=clock.sleep), max_attempts=2
    )
    assert "gave no usable answer to 2 attempts on POST /people/search (HTTP 503)" in str(output.error)
    assert output.records("companies")
    assert output.bookmark("companies")
