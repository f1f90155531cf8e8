"""A CRM, a target and the time that both go by: an hour of waiting takes no time at all."""

from __future__ import annotations

import io
import json
import random
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from crm_emulator import Clock, CopperSwitches, Emulator
from target_crm.exit_codes import Exit
from target_crm.target import TargetCrm
from tests.chaos.story import STREAMS, Story, copies, told
from tests.target_crm.messages import as_lines

EPOCH = 1_750_000_000


class Time(Clock):
    """Seconds that pass only while somebody waits, for the CRM and for the target alike; safe for threads."""

    def __init__(self) -> None:
        super().__init__(frozen_at=EPOCH)
        self.passed = 0.0
        self._lock = threading.RLock()
        self._alarms: list[tuple[float, Callable[[], None]]] = []

    @override
    def now(self) -> float:
        return EPOCH + self.passed

    def __call__(self) -> float:
        """Monotonic seconds."""
        return self.passed

    def sleep(self, seconds: float) -> None:
        """Let time pass. Nobody's time goes on before what is due by then is done."""
        with self._lock:
            self.passed += seconds
            due = [alarm for alarm in self._alarms if alarm[0] <= self.passed]
            for alarm in due:
                self._alarms.remove(alarm)
            for _, action in due:
                action()

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something once so much time has passed."""
        with self._lock:
            self._alarms.append((self.passed + seconds, action))


@dataclass(frozen=True)
class Ran:
    """How a run ended.

    Attributes:
        code: Exit code.
        place: Of the last STATE it emitted; None if it emitted none.
        report: What it reported.
        errors: What it said.
    """

    code: int
    place: int | None
    report: dict[str, Any]
    errors: str


class World:
    """An emulated account and a folder for the target's files.

    Args:
        folder: For ledger and report.
        seed: For the emulator's dice and ours.
        switches: Of the emulator.
        quota: Whether the emulator keeps the published rates.
    """

    def __init__(self, folder: Path, seed: int, *, quota: bool = False, **switches: Any) -> None:
        print(f"seed {seed}")
        self.dice = random.Random(seed)
        self.time = Time()
        self.folder = folder
        self.emulator = Emulator(
            seed=seed, empty=True, clock=self.time, quota=quota, switches=CopperSwitches(**switches)
        )

    @contextmanager
    def running(self) -> Iterator[World]:
        """Keep the emulator up, and the signals as they were."""
        handlers = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)}
        try:
            with self.emulator:
                yield self
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def settings(self, **more: Any) -> dict[str, Any]:
        """Settings of the target for this account."""
        copper = self.emulator.copper
        return {
            "crm": "copper",
            "base_url": copper.base_url,
            "api_key": copper.api_key,
            "user_email": copper.user_email,
            "ledger_url": f"sqlite:///{self.folder / 'ledger.sqlite'}",
            "report_path": str(self.folder / "report.json"),
            "requests_per_minute": 0,
            "bulk_requests_per_second": 0,
            "date_order": "mdy",
            "batch_size_rows": 50,
            "streams": STREAMS,
            **more,
        }

    def run(self, messages: Any, **config: Any) -> Ran:
        """Run the target on messages to its end, in this process and by this world's time."""
        kind = type(
            "Timeless", (TargetCrm,), {"clock": staticmethod(self.time), "sleep": staticmethod(self.time.sleep)}
        )
        report = self.folder / "report.json"
        report.unlink(missing_ok=True)
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = kind(config=self.settings(**config)).run(io.BytesIO(as_lines(messages)))
        states = [json.loads(line) for line in out.getvalue().splitlines()]
        place = states[-1]["position"] if states else None
        return Ran(code, place, json.loads(report.read_text()) if report.exists() else {}, err.getvalue())

    def tell(self, story: Story, place: int = 0, *, most_runs: int = 1, **config: Any) -> list[Ran]:
        """Run until a run comes to its end: the CRM then holds exactly what the source does.

        Each run resumes at the last STATE, or begins anew, as dice decide: had a STATE run ahead, what it skipped
        would be missing in the end.
        """
        ran: list[Ran] = []
        while len(ran) < most_runs:
            last = self.run(story.after(place if self.dice.random() < 0.7 else 0), **config)
            ran.append(last)
            place = last.place or place
            assert copies(self.emulator) == []
            assert "Traceback" not in last.errors, last.errors
            assert last.report.get("closed", last.code == Exit.UNREACHABLE), last.report  # no office, no report
            if last.code == 0:
                assert_told(self.emulator, story)
                return ran
        pytest.fail(f"{most_runs} runs did not come to the end: {ran[-1]}")


def assert_told(emulator: Emulator, story: Story) -> None:
    """The CRM holds exactly what the source does."""
    found = told(emulator)
    assert found == story.expected, {"missing": story.expected - found, "too much": found - story.expected}
