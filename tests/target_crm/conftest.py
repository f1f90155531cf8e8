"""target-crm in this process, against an emulator of its own."""

from __future__ import annotations

import io
import json
import signal
import sys
from dataclasses import dataclass

import pytest
from click.testing import CliRunner

from crm_emulator import Emulator
from target_crm.cli.main import main
from target_crm.plans.applying import apply_plan
from target_crm.plans.plan_file import read_plan
from target_crm.target import TargetCrm
from tests.target_crm.messages import as_lines


@dataclass(frozen=True)
class Run:
    """How a run ended, what it said, and what it reported."""

    code: int
    output: str
    errors: str
    report: dict | None

    @property
    def states(self):
        return [json.loads(line) for line in self.output.splitlines()]

    def of(self, stream):
        """The outcomes of a stream that are not zero."""
        return {name: count for name, count in self.report["streams"][stream].items() if count}


@pytest.fixture
def emulator():
    with Emulator(empty=True) as running:
        running.copper.switches.read_only_attributes = "reject"  # which we send nowhere
        yield running


@pytest.fixture
def settings(emulator, tmp_path):
    """Settings for the emulator's account, with a ledger of this test's own; without quota, lag or patience."""
    copper = emulator.copper
    return {
        "crm": "copper",
        "base_url": copper.base_url,
        "api_key": copper.api_key,
        "user_email": copper.user_email,
        "ledger_url": f"sqlite:///{tmp_path / 'ledger.sqlite'}",
        "report_path": str(tmp_path / "report.json"),
        "requests_per_minute": 0,
        "bulk_requests_per_second": 0,
        "index_lag_seconds": 0,
        "request_timeout_seconds": 30,
        "max_attempts": 2,
        "date_order": "mdy",
    }


class Clock:
    """Monotonic seconds that pass only while somebody sleeps."""

    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds

    def sleep(self, seconds):
        self.seconds += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def run(settings, tmp_path, capsys, caplog, clock):
    """Run target-crm on messages (or lines of text) to its end."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)}

    def run(messages, file=None, **config):
        given = {**settings, **config}
        report = tmp_path / "report.json"
        report.unlink(missing_ok=True)
        capsys.readouterr()
        caplog.clear()
        kind = type("Hurried", (TargetCrm,), {"clock": staticmethod(clock), "sleep": staticmethod(clock.sleep)})
        target = kind(config={name: value for name, value in given.items() if value is not None})
        code = target.run(file or io.BytesIO(as_lines(messages)))
        captured = capsys.readouterr()
        reported = json.loads(report.read_text()) if report.exists() else None
        return Run(code, captured.out, captured.err + caplog.text, reported)

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def apply(settings, tmp_path, capsys, caplog, clock):
    """Carry out the plan in a file, under the test's settings and more."""

    def apply(path, *, fresh=False, allow_deletes=None, **config):
        given = {**settings, **config}
        report = tmp_path / "report.json"
        report.unlink(missing_ok=True)
        capsys.readouterr()
        caplog.clear()
        kind = type("Hurried", (TargetCrm,), {"clock": staticmethod(clock), "sleep": staticmethod(clock.sleep)})
        target = kind(
            config={name: value for name, value in given.items() if value is not None}, allow_deletes=allow_deletes
        )
        code = apply_plan(target, read_plan(path), lambda text: print(text, file=sys.stderr), fresh=fresh)
        captured = capsys.readouterr()
        reported = json.loads(report.read_text()) if report.exists() else None
        return Run(code, captured.out, captured.err + caplog.text, reported)

    return apply


@pytest.fixture
def writes(emulator):
    """The requests that wrote something, as ``METHOD /template``."""

    def writes():
        return [
            f"{request.method} {request.route}"
            for request in emulator.requests
            if request.method != "GET" and not request.route.endswith("/search")
        ]

    return writes


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_url(request, tmp_path):
    """The address of a ledger that is made with the first run, of each kind."""
    if request.param == "postgresql":
        return request.getfixturevalue("postgres")
    return f"sqlite:///{tmp_path / 'of-a-test.sqlite'}"


@dataclass(frozen=True)
class Undone:
    """How an undo ended, what it said, and what it reported."""

    code: int
    output: str
    report: dict

    @property
    def run_id(self):
        return self.report["run_id"]

    @property
    def left(self):
        return [line.removeprefix("left: ") for line in self.output.splitlines() if line.startswith("left: ")]


@pytest.fixture
def undo(settings, tmp_path, caplog):
    """Undo a run; options as on the command line."""

    def undo(run_id, *options, **config):
        file, report = tmp_path / "undo.json", tmp_path / "report.json"
        file.write_text(json.dumps({**settings, "keep_values_days": 30, **config}))
        report.unlink(missing_ok=True)
        caplog.clear()
        ended = CliRunner().invoke(main, ["undo", run_id, "--config", str(file), *options])
        if ended.exception is not None and not isinstance(ended.exception, SystemExit):
            raise ended.exception
        reported = json.loads(report.read_text()) if report.exists() else {}
        return Undone(ended.exit_code, ended.output + caplog.text, reported)

    return undo
