"""tap-copper beside the other programs that read Copper, and beside the least that Python can do, in one run.

Every program reads the same people and companies from the same emulator, one after the other, with no quota. Read the
ratio to the bare loop, not the seconds: those are the machine's. *Found* is how many of the ids that exist came out at
least once; *again* is what a second run costs after two people have changed. With ``--pace`` the published quota is
kept and every answer takes a second::

    python benchmarks/tap.py [--people 40000] [--companies 2000] [--only ours,bare] [--pace] [--memory 1000000]

The peers' environments are made by ``make .venvs/tap-copper/ready .venvs/airbyte-source-copper/ready``; one that is
missing is passed over.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import requests
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
COPPER = "https://api.copper.com/developer_api/v1"
STREAMS = ("people", "companies")
CHUNK = 1 << 20
PAGE_SIZE = 200
PUBLISHED_QUOTA = 180


@dataclass
class Account:
    """A running emulator and what its account holds."""

    process: subprocess.Popen[bytes]
    url: str
    settings: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def start(cls, *options: str) -> Account:
        """Start the emulator and wait until it listens and has its records."""
        process = subprocess.Popen(
            [BIN / "crm-emulator", "--port", "0", *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        url = process.stdout.readline().decode().split()[-1]
        settings = {
            "base_url": f"{url}/copper/developer_api/v1",
            "api_key": "c0ffee00" * 4,
            "user_email": "ada@emulator.example",
        }
        account = cls(process, url, settings)
        account.ids("people")
        return account

    def ids(self, stream: str) -> set[int]:
        """The ids that exist, past the API."""
        records = requests.get(f"{self.url}/_emulator/copper/records/{stream}", timeout=600).json()
        return {record["id"] for record in records}

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the control API."""
        return requests.request(method, f"{self.url}/_emulator{path}", json=body, timeout=600).json()

    def requests_since(self, action: Callable[[], None]) -> int:
        """How many requests an action makes."""
        before = self.control("GET", "/status")["requests"]
        action()
        return int(self.control("GET", "/status")["requests"]) - int(before)


@dataclass
class Reading:
    """Figures of one program's run.

    Attributes:
        began: When it was started, in Unix time.
        seconds: From its first record to its end.
        started: Seconds until its first record.
        ids: How often each id came, by stream.
    """

    began: float = 0.0
    seconds: float = 0.0
    started: float = 0.0
    requests: int = 0
    mebibytes: float = 0.0
    state: Any = None
    ids: dict[str, Counter[int]] = field(default_factory=lambda: {stream: Counter() for stream in STREAMS})

    @property
    def records(self) -> int:
        """How many records came, however often."""
        return sum(counter.total() for counter in self.ids.values())


def read(
    command: list[str], environment: Mapping[str, str], take: Callable[[Reading, dict[str, Any]], None]
) -> Reading:
    """Run a program that writes a JSON object a line, and take every line."""
    reading = Reading(began=time.time())
    with tempfile.TemporaryFile() as kept:
        began = time.perf_counter()
        first = 0.0
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, **environment}
        )
        assert process.stdout is not None  # noqa: S101 - a pipe was asked for
        while chunk := os.read(process.stdout.fileno(), CHUNK):
            if not first and b'"RECORD"' in chunk:
                first = time.perf_counter()
            kept.write(chunk)
            reading.mebibytes = max(reading.mebibytes, most_memory(process.pid))
        process.wait()
        ended = time.perf_counter()
        kept.seek(0)
        for line in kept:
            if line.startswith(b"{"):
                take(reading, msgspec.json.decode(line))
    reading.started = (first or ended) - began
    reading.seconds = ended - (first or began)
    return reading


def most_memory(pid: int) -> float:
    """The most MiB that a process has held so far; 0 when it has ended."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    lines = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(lines[0].split()[1]) / 1024 if lines else 0


def take_singer(reading: Reading, message: dict[str, Any]) -> None:
    """Take a Singer message."""
    if message["type"] == "RECORD" and message["stream"] in STREAMS:
        reading.ids[message["stream"]][message["record"]["id"]] += 1
    elif message["type"] == "STATE":
        reading.state = message["value"]


def take_airbyte(reading: Reading, message: dict[str, Any]) -> None:
    """Take an Airbyte message."""
    if message["type"] == "RECORD" and message["record"]["stream"] in STREAMS:
        reading.ids[message["record"]["stream"]][message["record"]["data"]["id"]] += 1


def selected(discovered: dict[str, Any]) -> dict[str, Any]:
    """A Singer catalog with the two streams selected."""
    for stream in discovered["streams"]:
        for each in stream["metadata"]:
            if not each["breadcrumb"]:
                each["metadata"]["selected"] = stream["tap_stream_id"] in STREAMS
    return discovered


def run_singer(program: Path, folder: Path, account: Account, environment: Mapping[str, str], **more: Any) -> Reading:
    """Run a Singer tap on the two streams."""
    state = more.pop("state", None)
    config = folder / "config.json"
    config.write_text(json.dumps(more))
    # Ours discovers without credentials and without a request: one would count against the quota that is measured.
    found = subprocess.run(
        [program, *([] if "base_url" in more else ["--config", config]), "--discover"],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    (folder / "catalog.json").write_text(json.dumps(selected(json.loads(found.stdout))))
    command = [str(program), "--config", str(config), "--catalog", str(folder / "catalog.json")]
    if state is not None:
        (folder / "state.json").write_text(json.dumps(state))
        command += ["--state", str(folder / "state.json")]
    made: list[Reading] = []
    sent = account.requests_since(lambda: made.append(read(command, environment, take_singer)))
    made[0].requests = sent
    return made[0]


def ours(folder: Path, account: Account, state: Any = None, **more: Any) -> Reading:
    """This project's tap."""
    settings = {**account.settings, "requests_per_minute": 0, **more}
    return run_singer(BIN / "tap-copper", folder, account, {}, state=state, **settings)


def redirected(account: Account, **more: str) -> dict[str, str]:
    """Environment that sends a peer's requests to the emulator and takes its own pauses away."""
    return {
        "PYTHONPATH": str(ROOT / "tests" / "crm_emulator" / "peers"),
        "EMULATED_ADDRESSES": json.dumps({COPPER: account.settings["base_url"]}),
        "WITHOUT_WAITING": "1",
        **more,
    }


def singer_io(folder: Path, account: Account, state: Any = None) -> Reading:
    """The tap that has the name on the package index."""
    keys = {name: account.settings[name] for name in ("api_key", "user_email")}
    program = ROOT / ".venvs" / "tap-copper" / "bin" / "tap-copper"
    settings = {**keys, "start_date": "2000-01-01T00:00:00Z"}
    return run_singer(program, folder, account, redirected(account), state=state, **settings)


def airbyte(folder: Path, account: Account, state: Any = None) -> Reading:
    """Airbyte's source."""
    del state  # it has no incremental mode
    program = str(ROOT / ".venvs" / "airbyte-source-copper" / "bin" / "source-copper")
    config = folder / "config.json"
    config.write_text(json.dumps({name: account.settings[name] for name in ("api_key", "user_email")}))
    environment = redirected(account, DATACLASSES_OF_3_10="1")
    modes = {"sync_mode": "full_refresh", "destination_sync_mode": "overwrite"}
    streams = [
        {"stream": {"name": name, "json_schema": {}, "supported_sync_modes": ["full_refresh"]}, **modes}
        for name in STREAMS
    ]
    (folder / "catalog.json").write_text(json.dumps({"streams": streams}))
    command = [program, "read", "--config", str(config), "--catalog", str(folder / "catalog.json")]
    made: list[Reading] = []
    sent = account.requests_since(lambda: made.append(read(command, environment, take_airbyte)))
    made[0].requests = sent
    return made[0]


def bare(folder: Path, account: Account, state: Any = None) -> Reading:
    """``requests`` and ``msgspec`` in a loop: decode a page, write its records as RECORD messages. Nothing else."""
    del folder, state
    command = [sys.executable, str(Path(__file__)), "--loop", json.dumps(account.settings)]
    made: list[Reading] = []
    sent = account.requests_since(lambda: made.append(read(command, {}, take_singer)))
    made[0].requests = sent
    return made[0]


def bare_loop(settings: dict[str, Any]) -> None:
    """Read page after page and write record after record."""
    session = requests.Session()
    session.headers.update(
        {
            "X-PW-AccessToken": settings["api_key"],
            "X-PW-Application": "developer_api",
            "X-PW-UserEmail": settings["user_email"],
        }
    )
    for stream in STREAMS:
        number = 1
        while True:
            body = {"page_number": number, "page_size": PAGE_SIZE, "sort_by": "date_modified"}
            answer = session.post(f"{settings['base_url']}/{stream}/search", json=body, timeout=60)
            records = msgspec.json.decode(answer.content)
            if not records:
                break
            for record in records:
                line = msgspec.json.encode({"type": "RECORD", "stream": stream, "record": record})
                sys.stdout.buffer.write(line + b"\n")
            number += 1


PROGRAMS: dict[str, tuple[str, Callable[..., Reading]]] = {
    "bare": ("bare loop", bare),
    "ours": ("tap-copper of singer-crm", ours),
    "singer-io": ("tap-copper 0.1.2 of singer-io", singer_io),
    "airbyte": ("airbyte-source-copper 0.3.16", airbyte),
}


def compare(account: Account, folder: Path, only: set[str]) -> None:
    """Print the table of speed, correctness and of what a second run costs."""
    existing = {stream: account.ids(stream) for stream in STREAMS}
    readings: dict[str, tuple[Reading, int | None]] = {}
    for key, (name, run) in PROGRAMS.items():
        if only and key not in only:
            continue
        try:
            reading = run(folder, account)
        except (FileNotFoundError, subprocess.CalledProcessError) as error:
            print(f"{name} is passed over: {error}")
            continue
        again = None
        if key != "bare":
            for person in sorted(existing["people"])[:2]:
                account.control("PUT", f"/copper/records/people/{person}", {"title": f"Changed for {key}"})
            again = run(folder, account, reading.state).requests
        readings[key] = reading, again
    table = Table(title=f"{', '.join(f'{len(ids):,} {stream}' for stream, ids in existing.items())}")
    for heading in ("program", "records/s", "ratio", "seconds", "start-up", "requests", "again", "MiB"):
        table.add_column(heading, justify="left" if heading == "program" else "right")
    for stream in STREAMS:
        table.add_column(f"{stream} found", justify="right")
    base = readings["bare"][0] if "bare" in readings else None
    for key, (reading, again) in readings.items():
        rate = reading.records / reading.seconds
        ratio = f"{rate / (base.records / base.seconds):.2f}" if base else ""
        found = [len(set(reading.ids[stream]) & existing[stream]) for stream in STREAMS]
        table.add_row(
            PROGRAMS[key][0],
            f"{rate:,.0f}",
            ratio,
            f"{reading.seconds:.1f}",
            f"{reading.started:.1f}",
            f"{reading.requests:,}",
            "" if again is None else f"{again:,}",
            f"{reading.mebibytes:.0f}",
            *(f"{count:,} of {len(existing[stream]):,}" for count, stream in zip(found, STREAMS, strict=True)),
        )
    Console(width=160).print(table)


def pace(folder: Path, pages: int) -> None:
    """Read so many pages at the published quota, every answer taking a second."""
    account = Account.start("--people", str(pages * PAGE_SIZE), "--companies", "0", "--latency-seconds", "1")
    try:
        reading = ours(folder, account, requests_per_minute=PUBLISHED_QUOTA)
        refused = sum(each["count"] for each in account.control("GET", "/status")["counts"] if each["status"] == 429)
    finally:
        account.process.terminate()
    whole_minutes = (pages - 1) // PUBLISHED_QUOTA
    minutes = (reading.seconds + reading.started) / 60
    ratio = minutes / whole_minutes
    print(f"{pages} pages at 1 s latency: {minutes:.2f} min, {ratio:.2f} x the least, {refused} times 429")


def memory(folder: Path, people: int) -> None:
    """Read so many people and print the most memory that it took."""
    account = Account.start("--no-quota", "--people", str(people), "--companies", "0")
    try:
        reading = ours(folder, account)
    finally:
        account.process.terminate()
    distinct = len(reading.ids["people"])
    print(f"{reading.records:,} records, {distinct:,} distinct: {reading.mebibytes:.0f} MiB (bound: 200)")


def main() -> None:
    """Run what the options ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=40_000)
    parser.add_argument("--companies", type=int, default=2_000)
    parser.add_argument("--only", default="", help=", ".join(PROGRAMS))
    parser.add_argument("--pace", type=int, nargs="?", const=361, metavar="PAGES")
    parser.add_argument("--memory", type=int, metavar="PEOPLE")
    parser.add_argument("--loop", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.loop:
        bare_loop(json.loads(options.loop))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if options.pace:
            pace(folder, options.pace)
        elif options.memory:
            memory(folder, options.memory)
        else:
            account = Account.start(
                "--no-quota", "--people", str(options.people), "--companies", str(options.companies)
            )
            try:
                compare(account, folder, set(filter(None, options.only.split(","))))
            finally:
                account.process.terminate()


if __name__ == "__main__":
    main()
