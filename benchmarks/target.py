"""target-crm beside a plain SDK target and beside finding and writing one record at a time, in one run.

Every program writes into the same emulator on this machine, one after the other. Read the ratios and the counts of
requests, not the seconds: those are the machine's::

    python benchmarks/target.py [--records 50000] [--only unchanged,requests,changed,copies,pace,memory,new,start]

*unchanged*: validated records a second that turn out unchanged, beside an SDK target that does nothing with them.
*requests*: what 1,000 new and 1,000 unchanged records cost. *changed*: 10,000 known people who all changed, without a
ledger. *copies*: 500 records while every 20th write answers 500 after it was carried out. *pace*: the time under the
published quota, against the least that the rolling window allows. *memory*: the most that 100,000 and
1,000,000 different records take. *new*: the most that 600,000 records take that are all created. *start*: how long
``--version`` and ``--about`` take.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import requests
from rich.console import Console
from rich.table import Table
from singer_sdk import Target
from singer_sdk.sinks import BatchSink

from crm_emulator import Emulator
from target_crm.engine.incoming import fingerprint, record_hash
from target_crm.load_method import LoadMethod

BIN = Path(sys.executable).parent
PUBLISHED_QUOTA = 180
LOOK_SECONDS = 0.02  # how often the memory of a program is looked at
FIELDS = 15  # besides those that Copper knows: about 800 bytes a line


@dataclass(frozen=True)
class Ran:
    """Time, memory and requests of one run.

    Attributes:
        seconds: From start to end.
        processor_seconds: Of the program alone.
        mebibytes: The most memory it held, its own and nobody else's.
        report: What target-crm reported; empty of others.
    """

    seconds: float
    processor_seconds: float
    mebibytes: float
    report: dict[str, Any]


def person(number: int, title: str = "Head of something") -> dict[str, Any]:
    """One record as a tap sends it."""
    known = {
        "id": number,
        "name": f"Person {number}",
        "email": f"person{number}@example.org",
        "title": title,
        "address": {"street": "Main Street 5", "city": "Springfield"},
        "updated_at": "2026-01-01T00:00:00Z",
    }
    return known | {f"column_{column}": f"value {column} of record {number}" for column in range(FIELDS)}


def lines(stream: str, records: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    """A SCHEMA, the records, and a STATE after each thousand."""
    text = {"type": ["null", "string"]}
    properties = {"id": {"type": "integer"}, "address": {"type": ["null", "object"]}, "updated_at": text}
    properties |= dict.fromkeys(("name", "email", "title", "domain"), text)
    properties |= {f"column_{column}": text for column in range(FIELDS)}
    schema = {"type": "object", "properties": properties}
    yield _line({"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": ["id"]})
    for number, record in enumerate(records, start=1):
        yield _line({"type": "RECORD", "stream": stream, "record": record})
        if number % 1000 == 0:
            yield _line({"type": "STATE", "value": {"position": number}})


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message).encode() + b"\n"


class PlainSink(BatchSink):
    """Does nothing with its records."""

    def process_batch(self, context: dict[str, Any]) -> None:
        """Nothing."""


class PlainTarget(Target):
    """Times the SDK's own work on a record, before anything is done with it."""

    name = "target-plain"
    default_sink_class = PlainSink


class Bench:
    """An emulator, a folder, and the programs.

    Args:
        folder: For inputs, ledgers and reports.
        quota: Whether the published quota is kept.
        emulator: The CRM.
    """

    def __init__(self, folder: Path, emulator: Emulator) -> None:
        self.folder = folder
        self.emulator = emulator

    def input(self, name: str, stream: str, records: Iterator[dict[str, Any]]) -> Path:
        """A file of Singer messages."""
        file = self.folder / name
        with file.open("wb") as handle:
            handle.writelines(lines(stream, records))
        return file

    def ours(self, file: Path, **config: Any) -> Ran:
        """Run target-crm on a file."""
        copper = self.emulator.copper
        report = self.folder / "report.json"
        settings = {
            "crm": "copper",
            "base_url": copper.base_url,
            "api_key": copper.api_key,
            "user_email": copper.user_email,
            "ledger_url": f"sqlite:///{self.folder / 'ledger.sqlite'}",
            "report_path": str(report),
            "requests_per_minute": 0,
            "bulk_requests_per_second": 0,
            "index_lag_seconds": 0,
            "request_timeout_seconds": 5,
            **config,
        }
        (self.folder / "config.json").write_text(json.dumps(settings))
        return run([str(BIN / "target-crm"), "--config", str(self.folder / "config.json")], file, report)

    def forget(self) -> None:
        """Lose the ledger."""
        for file in self.folder.glob("ledger.sqlite*"):
            file.unlink()

    def requests_of(self, action: Callable[[], object]) -> int:
        """How many requests an action makes."""
        before = len(self.emulator.requests)
        action()
        return len(self.emulator.requests) - before


def run(command: list[str], file: Path, report: Path | None = None) -> Ran:
    """Run a program on a file."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    began = time.perf_counter()
    kilobytes = 0
    with file.open("rb") as handle, tempfile.TemporaryFile() as said:
        process = subprocess.Popen(
            command,
            stdin=handle,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env={**os.environ, "TARGET_CRM_LOGLEVEL": "ERROR", "TARGET_PLAIN_LOGLEVEL": "ERROR"},
        )
        while process.poll() is None:
            kilobytes = most_kilobytes(process.pid) or kilobytes
            time.sleep(LOOK_SECONDS)
        seconds = time.perf_counter() - began
        if process.returncode:
            said.seek(0)
            print(said.read().decode()[-2000:], file=sys.stderr)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    told = json.loads(report.read_text()) if report is not None and report.exists() else {}
    return Ran(seconds, spent, kilobytes / 1024, told)


def most_kilobytes(process: int) -> int:
    """The most memory that a process has held so far; 0 if it is gone. What rusage tells includes its parent's."""
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")), 0)


def unchanged(bench: Bench, records: int) -> Iterator[tuple[str, str, str]]:
    """Validated records a second that turn out unchanged."""
    file = bench.input("people.singer", "people", (person(number) for number in range(records)))
    nothing = bench.input("nothing.singer", "people", iter(()))
    bench.ours(file)
    idle, busy = bench.ours(nothing), bench.ours(file)
    plain = [sys.executable, str(Path(__file__)), "--plain"]
    plain_idle, plain_busy = run(plain, nothing), run(plain, file)
    rate = records / (busy.seconds - idle.seconds)
    plain_rate = records / (plain_busy.seconds - plain_idle.seconds)
    yield "validated records/s that turn out unchanged", f"{rate:,.0f}", "20,000"
    yield "the same, by processor time", f"{records / (busy.processor_seconds - idle.processor_seconds):,.0f}", ""
    yield "stock SDK target doing nothing, records/s", f"{plain_rate:,.0f}", ""
    yield "ratio", f"{rate / plain_rate:.1f}", ""


def request_counts(bench: Bench, _: int) -> Iterator[tuple[str, str, str]]:
    """Counts the requests for 1,000 records."""
    people = bench.input("1000.singer", "people", (person(number) for number in range(1000)))
    yield "requests per 1,000 new people", str(bench.requests_of(lambda: bench.ours(people))), "110"
    yield (
        "requests per 1,000 unchanged (two ask whose account it is)",
        str(bench.requests_of(lambda: bench.ours(people))),
        "2",
    )
    companies = ({"id": n, "name": f"Company {n}", "domain": f"company{n}.example"} for n in range(1000))
    file = bench.input("companies.singer", "companies", companies)
    yield "requests per 1,000 new companies", str(bench.requests_of(lambda: bench.ours(file))), "110"
    yield "find and write, per 1,000 new records", str(bench.requests_of(lambda: find_and_write(bench, 1000, 1000))), ""


def find_and_write(bench: Bench, first: int, count: int) -> None:
    """Writes as is usual: looks for each record, then creates or updates it, and tries again if that fails."""
    copper = bench.emulator.copper
    session = requests.Session()
    session.headers["X-PW-AccessToken"] = copper.api_key
    session.headers["X-PW-Application"] = "developer_api"
    session.headers["X-PW-UserEmail"] = copper.user_email
    for number in range(first, first + count):
        record = {"name": f"Project {number}"}
        found = session.post(f"{copper.base_url}/projects/search", json=record, timeout=60).json()
        for _ in range(3):
            if found:
                answer = session.put(f"{copper.base_url}/projects/{found[0]['id']}", json=record, timeout=60)
            else:
                answer = session.post(f"{copper.base_url}/projects", json=record, timeout=60)
            if answer.ok:
                break


def changed(bench: Bench, _: int) -> Iterator[tuple[str, str, str]]:
    """10,000 known people who all changed, the ledger lost."""
    bench.ours(bench.input("known.singer", "people", (person(number) for number in range(10_000))))
    bench.forget()
    file = bench.input("changed.singer", "people", (person(number, "Director") for number in range(10_000)))
    ran: list[Ran] = []
    spent = bench.requests_of(lambda: ran.append(bench.ours(file)))
    yield "requests for 10,000 known people, all changed, no ledger", f"{spent:,}", "1,060"
    updated = ran[0].report["streams"]["people"]["updated"]
    calls = bench.emulator.journal.count(route="/people/bulk_update")
    yield "of them updated, and updates a request", f"{updated:,} ({updated / calls:.1f})", "10,000 (10)"


def copies(bench: Bench, _: int) -> Iterator[tuple[str, str, str]]:
    """500 records while every 20th write answers 500 after it was carried out."""
    bench.emulator.trouble("error_after:status=500,every=20,route=POST /projects")
    file = bench.input("projects.singer", "projects", ({"id": n, "name": f"Project {n}"} for n in range(500)))
    bench.ours(file)
    yield "copies left by 500 records, every 20th answer lost", str(bench.emulator.copper.count("projects") - 500), "0"
    before = bench.emulator.copper.count("projects")
    find_and_write(bench, 1000, 500)
    yield "the same, find and write", str(bench.emulator.copper.count("projects") - before - 500), ""
    bench.emulator.no_trouble()


def pace(bench: Bench, _: int) -> Iterator[tuple[str, str, str]]:
    """The published quota, kept by the emulator and by us."""
    with Emulator(empty=True, quota=True) as emulator:
        paced = Bench(bench.folder, emulator)
        paced.forget()
        file = paced.input("pace.singer", "tasks", ({"id": n, "name": f"Task {n}"} for n in range(500)))
        ran: list[Ran] = []
        settings = {"requests_per_minute": PUBLISHED_QUOTA, "bulk_requests_per_second": 3, "load_method": "append-only"}
        spent = paced.requests_of(lambda: ran.append(paced.ours(file, **settings)))
        least = (spent - 1) // PUBLISHED_QUOTA * 60
        turned_away = ran[0].report["requests"]["turned_away"]
    yield (
        f"{spent} requests at {PUBLISHED_QUOTA} a minute: seconds, against the least",
        f"{ran[0].seconds / least:.3f}",
        "1.05",
    )
    yield "answered with 429", str(turned_away), "0"
    bench.forget()


def memory(bench: Bench, _: int) -> Iterator[tuple[str, str, str]]:
    """1,000,000 different records, all of which the ledger knows; a tenth of them for comparison."""
    bench.forget()
    bench.ours(bench.input("one.singer", "people", (person(number) for number in range(1))))
    know(bench, 1_000_000)
    for count in (100_000, 1_000_000):
        ran = bench.ours(bench.input("many.singer", "people", (person(number) for number in range(count))))
        left_alone = ran.report["streams"]["people"]["unchanged"]
        yield f"MiB for {count:,} records ({left_alone:,} unchanged)", f"{ran.mebibytes:,.0f}", "200"


def new(bench: Bench, _: int) -> Iterator[tuple[str, str, str]]:
    """600,000 records that are all created."""
    count = 600_000
    ran = bench.ours(bench.input("new.singer", "people", (person(number) for number in range(count))))
    created = ran.report["streams"]["people"]["created"]
    yield f"MiB for {count:,} records ({created:,} created)", f"{ran.mebibytes:,.0f}", "150"


def know(bench: Bench, count: int) -> None:
    """Put people into the ledger as if they had been written, one of whom was."""
    with closing(sqlite3.connect(bench.folder / "ledger.sqlite")) as ledger:
        columns = "scope_id, source_id, crm_id, origin, record_hash, digest, written_at, run_id"
        scope_id, _, _, origin, written_hash, digest, at, run_id = ledger.execute(
            f"SELECT {columns} FROM records WHERE source_id = '0'"  # noqa: S608 - a constant
        ).fetchone()
        salt = fingerprint(version("singer-crm"), "people", LoadMethod.UPSERT, {})
        if record_hash(person(0), salt) != written_hash:
            raise RuntimeError("the ledger takes another fingerprint than this benchmark")
        people = (
            (scope_id, str(n), str(n + 1), origin, record_hash(person(n), salt), digest, at, run_id)
            for n in range(1, count)
        )
        ledger.executemany(f"INSERT INTO records ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", people)  # noqa: S608 - columns are ours
        ledger.commit()


def start(bench: Bench, _: int) -> Iterator[tuple[str, str, str]]:
    """How long the program takes to say its version, against the stock SDK's."""
    nothing = bench.input("nothing.singer", "people", iter(()))
    for option in ("--version", "--about"):
        ours = min(run([str(BIN / "target-crm"), option], nothing).seconds for _ in range(3))
        plain = min(run([sys.executable, str(Path(__file__)), "--plain", option], nothing).seconds for _ in range(3))
        yield f"{option}: seconds, and the stock SDK's", f"{ours:.2f} ({plain:.2f})", "no slower"


PARTS = {
    "unchanged": unchanged,
    "requests": request_counts,
    "changed": changed,
    "copies": copies,
    "pace": pace,
    "memory": memory,
    "new": new,
    "start": start,
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=50_000)
    parser.add_argument("--only", default=",".join(PARTS))
    arguments = parser.parse_args()
    table = Table(box=None)
    table.add_column("what")
    table.add_column("measured", justify="right")
    table.add_column("must reach", justify="right")
    for name in arguments.only.split(","):
        with tempfile.TemporaryDirectory() as folder, Emulator(empty=True) as emulator:
            for what, measured, wanted in PARTS[name](Bench(Path(folder), emulator), arguments.records):
                table.add_row(what, measured, wanted)
                print(f"{what}: {measured}", file=sys.stderr)
    Console(width=120).print(table)


if __name__ == "__main__":
    if "--plain" in sys.argv:
        sys.argv.remove("--plain")
        PlainTarget.cli()
    else:
        main()
