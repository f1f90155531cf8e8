from __future__ import annotations

import io
import json
import logging

import pytest
from rich.console import Console

from crm_emulator import Emulator
from tap_copper.progress import Progress
from tap_copper.tap import TapCopper
from tests.tap_copper.running import run, selecting, settings_of


def shown(emulator: Emulator, *, terminal: bool) -> str:
    """What a run on people and users shows."""
    tap = TapCopper(config=settings_of(emulator), catalog=selecting("people", "users"))
    seen = Console(file=io.StringIO(), force_terminal=terminal, width=120)
    tap.progress = Progress(tap.time.monotonic, seen)
    tap.logger.setLevel(logging.INFO)
    tap.run()
    return seen.file.getvalue()  # type: ignore[attr-defined]  # it is the StringIO above


@pytest.mark.parametrize("terminal", [True, False])
def test_a_person_sees_a_line_for_each_stream_and_no_record(
    account: Emulator, capfdbinary: pytest.CaptureFixture[bytes], *, terminal: bool
) -> None:
    table = shown(account, terminal=terminal)
    (line,) = {line for line in table.splitlines() if "people" in line and "250" in line}
    assert line.count("250") == 2
    assert "users" in table
    output = capfdbinary.readouterr().out
    assert all(json.loads(line)["type"] for line in output.splitlines())
    assert len(output.splitlines()) > 250


def test_log_lines_have_constant_event_names(account: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="tap-copper"):
        run(account, "people")
    events = {getattr(entry, "event", None): getattr(entry, "facts", {}) for entry in caplog.records}
    assert events["stream_finished"] == {"stream": "people", "records": 250}
    assert events["run_finished"]["records"] == 250
