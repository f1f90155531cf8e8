"""Runs of the tap and what came of them."""

from __future__ import annotations

import io
import json
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from crm_emulator import Emulator
from tap_copper.account import Time
from tap_copper.tap import TapCopper
from tests.commands import run_command

TAP = Path(sys.executable).parent / "tap-copper"


@dataclass
class Output:
    """The output of a run."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    error: BaseException | None = None
    status: int = 0
    said: str = ""

    @classmethod
    def of(cls, lines: bytes, **more: Any) -> Output:
        whole, _, _ = lines.rpartition(b"\n")  # a killed run may leave half a line
        return cls([json.loads(line) for line in whole.splitlines()], **more)

    def records(self, stream: str) -> list[dict[str, Any]]:
        return [each["record"] for each in self.messages if each["type"] == "RECORD" and each["stream"] == stream]

    def ids(self, stream: str) -> list[Any]:
        return [record["id"] for record in self.records(stream)]

    def schema(self, stream: str) -> dict[str, Any]:
        return next(each for each in self.messages if each["type"] == "SCHEMA" and each["stream"] == stream)

    @property
    def state(self) -> dict[str, Any]:
        return [each["value"] for each in self.messages if each["type"] == "STATE"][-1]

    def bookmark(self, stream: str) -> str | None:
        return self.state["bookmarks"].get(stream, {}).get("replication_key_value")


def settings_of(emulator: Emulator, **changed: Any) -> dict[str, Any]:
    """The settings for an emulator, without quota."""
    copper = emulator.copper
    given = {
        "base_url": copper.base_url,
        "api_key": copper.api_key,
        "user_email": copper.user_email,
        "requests_per_minute": 0,
    }
    return given | changed


def selecting(*streams: str, **methods: str) -> dict[str, Any]:
    """A catalog that selects some streams; by name, also how each is replicated."""
    catalog: dict[str, Any] = json.loads(_whole_catalog())
    for entry in catalog["streams"]:
        name = entry["tap_stream_id"]
        root = next(each for each in entry["metadata"] if each["breadcrumb"] == [])
        root["metadata"]["selected"] = name in streams or name in methods
        if name in methods:
            entry["replication_method"] = methods[name]
    return catalog


@cache
def _whole_catalog() -> str:
    with redirect_stdout(io.StringIO()):
        return TapCopper(setup_mapper=False, config={}).catalog_json_text


def run(
    emulator: Emulator,
    *streams: str,
    catalog: Mapping[str, Any] | None = None,
    state: Mapping[str, Any] | None = None,
    clocks: Time | None = None,
    **settings: Any,
) -> Output:
    """Run the tap in this process, on the streams that are named or that a catalog selects."""
    stdout = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    error = None
    with redirect_stdout(stdout):
        try:
            tap = TapCopper(
                config=settings_of(emulator, **settings),
                catalog=dict(catalog) if catalog else selecting(*streams) if streams else None,
                state=json.loads(json.dumps(state or {})),
                clocks=clocks,
                setup_mapper=False,
            )
            tap.run()
        except Exception as caught:  # noqa: BLE001 - the test says what it expects
            error = caught
    stdout.flush()
    return Output.of(stdout.buffer.getvalue(), error=error)  # type: ignore[attr-defined]  # it is the BytesIO above


def run_program(
    tmp_path: Path,
    settings: Mapping[str, Any],
    *arguments: str,
    files: Mapping[str, Any] | None = None,
    level: str = "WARNING",
    env: Mapping[str, str] | None = None,
) -> Output:
    """Run the command; ``files`` are given as ``--catalog`` and ``--state``."""
    _, *given = command_line(tmp_path, settings, *arguments, files=files)
    done = run_command("tap-copper", *given, env={"TAP_COPPER_LOGLEVEL": level, **(env or {})})
    return Output.of(done.stdout.encode(), status=done.returncode, said=done.stderr)


def command_line(
    tmp_path: Path, settings: Mapping[str, Any], *arguments: str, files: Mapping[str, Any] | None = None
) -> list[str]:
    for name, value in {"config": settings, **(files or {})}.items():
        (tmp_path / f"{name}.json").write_text(value if isinstance(value, str) else json.dumps(value))
        arguments = (*arguments, f"--{name}", str(tmp_path / f"{name}.json"))
    return [str(TAP), *arguments]


def at(seconds: float) -> Callable[[], datetime]:
    return lambda: datetime.fromtimestamp(seconds, UTC)


def nobody_waits() -> Time:
    """Make clocks that pass only while somebody sleeps, which takes no time."""
    passed = [0.0]
    lock = threading.Lock()

    def sleep(seconds: float) -> None:
        with lock:
            passed[0] += seconds

    return Time(monotonic=lambda: passed[0], sleep=sleep)
