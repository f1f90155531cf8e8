"""Runs that end early: by a signal, by a kill, by a target that does not read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crm_emulator import Emulator
from tests.tap_copper.running import Output, command_line, run, selecting, settings_of


@pytest.fixture(scope="module")
def slow() -> Iterator[Emulator]:
    """Answers take so long that a run can be met in its middle."""
    with Emulator(people=4000, activities=3000, faults=()) as emulator:
        emulator.trouble("latency:seconds=0.05")
        yield emulator


def stop_after(emulator: Emulator, tmp_path: Path, lines: int, how: signal.Signals, state: Any = None) -> Output:
    """Start the command, and signal it when so many lines have come."""
    files = {"catalog": selecting("people", "activities_search")} | ({"state": state} if state else {})
    command = command_line(tmp_path, settings_of(emulator, max_concurrency=3), files=files)
    env = {**os.environ, "TAP_COPPER_LOGLEVEL": "WARNING", "PYTHONUNBUFFERED": "1"}  # as in most containers
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        head = b"".join(process.stdout.readline() for _ in range(lines))
        process.send_signal(how)
        rest = process.stdout.read()
        said = process.stderr.read().decode()
    return Output.of(head + rest, status=process.returncode, said=said)


def test_a_termination_signal_ends_the_run_with_its_last_state_and_143(slow: Emulator, tmp_path: Path) -> None:
    output = stop_after(slow, tmp_path, 1200, signal.SIGTERM)
    assert output.status == 143
    assert output.said.strip() == "tap-copper: Stopped by signal 15; the last STATE says how far the run came"
    assert output.messages[-1]["type"] == "STATE"
    assert 0 < len(output.ids("activities_search")) < 3000


def test_an_interrupt_from_the_keyboard_ends_it_likewise(slow: Emulator, tmp_path: Path) -> None:
    assert stop_after(slow, tmp_path, 5, signal.SIGINT).status == 130


@pytest.mark.parametrize("lines", [3, 950, 2500, 4500])
@pytest.mark.daily(one_of=2)
def test_a_killed_run_is_continued_at_its_last_state_and_misses_nothing(
    slow: Emulator, tmp_path: Path, lines: int
) -> None:
    killed = stop_after(slow, tmp_path, lines, signal.SIGKILL)
    assert killed.status == -signal.SIGKILL
    states = [each["value"] for each in killed.messages if each["type"] == "STATE"]
    again = run(slow, "people", "activities_search", state=states[-1] if states else None, activities_lookback_days=0)
    assert again.error is None
    for stream, kind in (("people", "people"), ("activities_search", "activities")):
        expected = {record["id"] for record in slow.copper.records(kind)}
        assert set(killed.ids(stream)) | set(again.ids(stream)) == expected
    if lines > 2000:
        assert len(again.ids("activities_search")) < 3000


def test_a_target_that_does_not_read_cannot_keep_the_tap_from_stopping(slow: Emulator, tmp_path: Path) -> None:
    program = (
        "import tap_copper.tap as tap; tap.SHUTDOWN_SECONDS = 0.5; "
        "import sys; sys.argv = sys.argv[:1] + sys.argv[2:]; tap.TapCopper.cli()"
    )
    command = command_line(tmp_path, settings_of(slow), files={"catalog": selecting("people")})
    with subprocess.Popen(
        [sys.executable, "-c", program, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.terminate()
        assert process.wait(timeout=240) == 143
