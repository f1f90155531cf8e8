from __future__ import annotations

import io
import json
import logging
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from crm_api.transport.session import Traffic
from crm_emulator import Emulator
from tap_copper.errors import IncompleteError
from tap_copper.progress import Progress
from tap_copper.tap import TapCopper
from tests.tap_copper.running import run, selecting, settings_of


def shown(emulator: Emulator, *, terminal: bool) -> str:
    """Return the progress of a run on people and users."""
    tap = TapCopper(config=settings_of(emulator), catalog=selecting("people", "users"))
    seen = Console(file=io.StringIO(), force_terminal=terminal, width=120)
    tap.account.progress = Progress(tap.time.monotonic, seen)
    tap.logger.setLevel(logging.INFO)
    tap.run()
    return seen.file.getvalue()  # type: ignore[attr-defined]  # it is the StringIO above


@pytest.mark.parametrize("terminal", [True, False])
def test_a_person_sees_a_line_for_each_stream_and_no_record(
    account: Emulator, capfdbinary: pytest.CaptureFixture[bytes], *, terminal: bool
) -> None:
    table = shown(account, terminal=terminal)
    line = [line for line in table.splitlines() if "people" in line and "250" in line][-1]
    assert line.count("250") == 2
    assert "users" in table
    output = capfdbinary.readouterr().out
    assert all(json.loads(line)["type"] for line in output.splitlines())
    assert len(output.splitlines()) > 250


def test_log_lines_have_constant_event_names(account: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="tap-copper"):
        run(account, "people")
    events = {getattr(entry, "event_name", None): getattr(entry, "facts", {}) for entry in caplog.records}
    assert events["stream_finished"] == {"stream": "people", "records": 250}
    assert events["run_finished"]["records"] == 250


def test_the_summary_fits_a_narrow_log_and_says_what_failed_and_what_all_came_to(account: Emulator) -> None:
    tap = TapCopper(
        config=settings_of(account, search_filters={"companies": {"shoe_size": 38}}),
        catalog=selecting("custom_field_definitions", "companies", "people"),
    )
    seen = Console(file=io.StringIO(), width=80)
    tap.account.progress = Progress(tap.time.monotonic, seen)
    tap.logger.setLevel(logging.INFO)
    with pytest.raises(IncompleteError):
        tap.run()
    table = seen.file.getvalue()  # type: ignore[attr-defined]  # it is the StringIO above
    assert "…" not in table
    assert "custom_field_definitions" in table
    assert "companies (failed)" in table
    records = len(account.copper.records("custom_field_definitions")) + 250
    assert f"together {records}".split() == next(line for line in table.splitlines() if "together" in line).split()[:2]


def test_while_a_stream_is_read_a_person_sees_its_share_its_pace_and_the_time_left(account: Emulator) -> None:
    clock = iter(range(0, 1000, 3))
    progress = Progress(lambda: next(clock))
    tap = TapCopper(config=settings_of(account), catalog=selecting("people"))
    tap.account.progress = progress
    seen: list[str] = []
    advance = progress.advance

    def look(stream: Any) -> None:
        advance(stream)
        console = Console(file=io.StringIO(), width=80)
        console.print(progress.table())
        seen.append(console.file.getvalue())  # type: ignore[attr-defined]  # it is the StringIO above

    progress.advance = look  # type: ignore[method-assign]  # to look each time
    tap.run()
    first = next(line.split() for line in seen[0].splitlines() if "people" in line)
    assert first[:4] == ["people", "200", "250", "80"]
    assert first[-1] == "s"


@pytest.mark.parametrize(("quota", "pace", "left"), [(180, "3/180", "118 s"), (0, "3", "398 s")])
def test_the_time_left_is_no_shorter_than_the_quota_allows_and_a_burst_is_no_pace(
    quota: int, pace: str, left: str
) -> None:
    now = [0.0]
    progress = Progress(lambda: now[0], Console(file=io.StringIO(), width=80))
    people: Any = SimpleNamespace(name="people", emitted=0, opened=False)
    reader: Any = SimpleNamespace(total=120_000)
    session: Any = SimpleNamespace(traffic=Traffic())
    with progress.shown(session, quota, logging.getLogger("tap-copper")):
        progress.begin(people, reader)
        session.traffic.requests, people.emitted = 3, (30_000 if quota else 600)
        now[0] = 2.0
        progress.advance(people)
        seen = Console(file=io.StringIO(), width=80)
        seen.print(progress.table())
    line = next(line for line in seen.file.getvalue().splitlines() if "people" in line)  # type: ignore[attr-defined]  # as above
    assert line.split()[5] == pace  # three in two seconds are no 90 a minute
    assert line.rstrip().endswith(left)  # of 453 requests the last leaves after two whole minutes


def test_every_event_is_documented() -> None:
    package, documented = Path("tap_copper"), Path("docs/tap-copper.md").read_text()
    source = "".join(file.read_text() for file in package.glob("*.py"))
    events = set(re.findall(r'log_event\(\s*(?:self\.)?logger,\s*"(\w+)"', source))
    assert len(events) >= 9
    assert [event for event in sorted(events) if f"| `{event}` |" not in documented] == []
