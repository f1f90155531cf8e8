"""The view of a person at a real terminal."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import struct
import subprocess
import termios
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from crm_emulator import Emulator
from tests.tap_copper.running import command_line, selecting, settings_of

PARTS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\r|\n|[^\x1b\r\n]+")


def on_a_terminal(tmp_path: Path, settings: dict[str, Any], *streams: str, columns: int = 100) -> tuple[str, bytes]:
    """Everything that came to a terminal on stderr, and stdout."""
    command = command_line(tmp_path, settings, files={"catalog": selecting(*streams)})
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    env = {**os.environ, "TERM": "xterm-256color", "TAP_COPPER_LOGLEVEL": "INFO"}
    with (
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=theirs, env=env) as process,
        ThreadPoolExecutor(1) as pool,
    ):
        os.close(theirs)
        seen = pool.submit(read_all, ours)
        output, _ = process.communicate(timeout=240)
        assert process.returncode == 0
        return seen.result(), output


def read_all(descriptor: int) -> str:
    parts = []
    try:
        while part := os.read(descriptor, 65536):
            parts.append(part)
    except OSError:
        pass  # the other end of a terminal is closed
    os.close(descriptor)
    return b"".join(parts).decode()


def screen(seen: str) -> list[str]:
    """Return the last screen of the terminal: enough of one for what rich writes."""
    lines, at = [""], 0
    for part in PARTS.findall(seen):
        if part == "\n":
            at += 1
            lines += [""] * (at + 1 - len(lines))
        elif part.startswith("\x1b"):
            if part.endswith("A"):
                at = max(0, at - int(part[2:-1] or 1))
            elif part.endswith("K"):
                lines[at] = ""
        elif part != "\r":
            lines[at] += part
    return [line.rstrip() for line in lines]


def test_a_terminal_shows_progress_that_changes_and_at_the_end_one_table_and_every_warning(tmp_path: Path) -> None:
    with Emulator(people=2000, companies=400, leads=5) as emulator:
        emulator.copper.switches.leads_enabled = False
        emulator.trouble("latency:seconds=0.3")
        settings = settings_of(emulator, requests_per_minute=180, max_concurrency=2)
        seen, output = on_a_terminal(tmp_path, settings, "companies", "leads", "people")
    assert all(json.loads(line)["type"] for line in output.splitlines())
    frames = [int(found.replace(",", "")) for found in re.findall(r"people +([\d,]+) +2,000 ", seen)]
    assert len(set(frames)) > 2, seen
    assert frames == sorted(frames)
    shown = screen(seen)
    assert shown.count("tap-copper") == 1, shown
    assert sum("stream_not_enabled stream=leads" in line for line in shown) == 1, shown
    assert [line.split()[:4] for line in shown if line.split()[:1] == ["people"]] == [
        ["people", "2,000", "2,000", "100"]
    ]
    assert not any("stream_finished" in line for line in shown)
