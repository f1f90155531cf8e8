"""Any endpoint, one call a record at 50 ms of latency: target-crm beside two ways in which it is usually done.

All write into the same emulator on this machine, one after the other. Read the ratios; the records a second are the
machine's and the latency's::

    python benchmarks/endpoint.py [--records 10000] [--peer-records 150] [--only cost,pace,copies]

*cost*: processor milliseconds of one record, one by one without latency and 64 in flight at 5 ms, start-up taken off,
and their ratio to a bare loop of ``requests`` that posts the same records one by one, all in turn.
*pace*: records a second with 16 requests in flight, against a stock ``singer_sdk`` RecordSink and a loop that looks for
each record before it writes it. *order*: whether the versions of each source id arrived in the order of the input.
*copies*: what 500 records leave while every 20th write answers 500 after it was carried out.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import requests
from rich.console import Console
from rich.table import Table
from singer_sdk import Target
from singer_sdk.sinks import RecordSink

from crm_emulator import Emulator

BIN = Path(sys.executable).parent
LATENCY_SECONDS = 0.05
IN_FLIGHT = 16
VERSIONS = 3
ENDPOINT_VARIABLE = "BENCHMARK_ENDPOINT"


class PlainSink(RecordSink):
    """Posts each record, as the SDK's own documentation shows it; again where the status says 5xx."""

    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:  # noqa: ARG002 - the SDK's
        """Post one record."""
        post(requests, record)


class PlainTarget(Target):
    """A target as it is usually written."""

    name = "target-plain"
    default_sink_class = PlainSink


def post(session: Any, record: dict[str, Any]) -> None:
    """Post a record, up to three times."""
    for _ in range(3):
        if session.post(os.environ[ENDPOINT_VARIABLE], json=record, timeout=60).ok:
            return


def find_and_write(records: Iterator[dict[str, Any]]) -> None:
    """Look for each record, then create or update it."""
    address = os.environ[ENDPOINT_VARIABLE]
    session = requests.Session()
    for record in records:
        found = session.get(address, params={"ref": record["ref"]}, timeout=60).json()["data"]
        if found:
            session.put(f"{address}/{found[0]['id']}", json=record, timeout=60)
        else:
            post(session, record)


def records_of(count: int, versions: int = 1) -> Iterator[dict[str, Any]]:
    """Records, each source id so often."""
    for version in range(versions):
        for number in range(count // versions):
            yield {"ref": f"r{number}", "name": f"Record {number}", "version": version}


def messages(folder: Path, records: Iterator[dict[str, Any]]) -> Path:
    """A file of Singer messages."""
    properties = {"ref": {"type": "string"}, "name": {"type": "string"}, "version": {"type": "integer"}}
    schema = {"type": "object", "properties": properties}
    lines = [{"type": "SCHEMA", "stream": "events", "schema": schema, "key_properties": ["ref"]}]
    lines += [{"type": "RECORD", "stream": "events", "record": record} for record in records]
    file = folder / "input.singer"
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    return file


def processor_seconds() -> float:
    """Processor seconds that the programs run so far have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(command: list[str], file: Path) -> float:
    """Run a program on a file; returns seconds."""
    began = time.perf_counter()
    level = {"TARGET_CRM_LOGLEVEL": "ERROR", "TARGET_PLAIN_LOGLEVEL": "ERROR"}
    with file.open("rb") as handle:
        done = subprocess.run(
            command,
            stdin=handle,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
            env={**os.environ, **level},
        )
    if done.returncode:
        print(done.stderr.decode()[-2000:], file=sys.stderr)
    return time.perf_counter() - began


def ours(
    folder: Path, emulator: Emulator, file: Path, programs: Path = BIN, in_flight: int = IN_FLIGHT, **create: Any
) -> float:
    """Run target-crm on a file, with a ledger of its own; returns seconds."""
    settings = {
        "crm": "http",
        "base_url": emulator.anything.base_url,
        "ledger_url": f"sqlite:///{folder / 'ledger.sqlite'}",
        "max_concurrency": in_flight,
        "request_timeout_seconds": 10,
        "load_method": "append-only",
        "streams": {"events": {"endpoint": {"path": "/events", **create}}},
    }
    config = folder / "config.json"
    config.write_text(json.dumps(settings))
    return run([str(programs / "target-crm"), "--config", str(config)], file)


def fresh(action: Callable[[Path, Emulator], Any], *faults: str) -> Any:
    """Do something with an empty emulator and folder."""
    with tempfile.TemporaryDirectory() as folder, Emulator(empty=True) as emulator:
        os.environ[ENDPOINT_VARIABLE] = f"{emulator.anything.base_url}/events"
        emulator.trouble(*faults)
        return action(Path(folder), emulator)


def post_all(file: str) -> None:
    """Post the records of a file one by one, and do nothing else."""
    session = requests.Session()
    with Path(file).open() as lines:
        for line in lines:
            if (message := json.loads(line))["type"] == "RECORD":
                post(session, message["record"])


RunOn = Callable[[Path, Emulator, Path], object]
"""Runs a program on a file, with a folder of its own."""


def bare(_: Path, __: Emulator, file: Path) -> None:
    """Run the bare loop."""
    run([sys.executable, str(Path(__file__)), "--bare", str(file)], Path(os.devnull))


def by(programs: Path, in_flight: int) -> RunOn:
    """Return what runs target-crm of an installation."""
    return lambda folder, emulator, file: ours(folder, emulator, file, programs, in_flight)


def milliseconds(run_on: RunOn, count: int, *faults: str) -> float:
    """Processor milliseconds that a program takes for one record, start-up taken off."""

    def measure(folder: Path, emulator: Emulator) -> float:
        run_on(folder, emulator, messages(folder, records_of(1)))  # makes the ledger
        spent = []
        for records in (records_of(1), records_of(count)):
            began = processor_seconds()
            run_on(folder, emulator, messages(folder, records))
            spent.append(processor_seconds() - began)
        return (spent[1] - spent[0]) / count * 1000

    return float(fresh(measure, *faults))


def cost(count: int, beside: Path | None, rounds: int = 3) -> Iterator[tuple[str, str, str]]:
    """Processor milliseconds of one record, and their ratio to a bare loop's; all in turn, round after round."""
    loop = "a bare loop of requests"
    ways: dict[str, tuple[RunOn, list[str]]] = {loop: (bare, [])}
    for programs, mark in ((beside, " (other)"), (BIN, "")):
        if programs is not None:
            ways[f"one by one{mark}"] = by(programs, 1), []
            ways[f"64 in flight at 5 ms{mark}"] = by(programs, 64), ["latency:seconds=0.005"]
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, (run_on, faults) in ways.items():
            spent[name].append(milliseconds(run_on, count, *faults))
    for name, each in spent.items():
        ratio = median(each) / median(spent[loop])
        yield f"processor ms a record, {name} (ratio)", f"{median(each):.2f} ({ratio:.2f})", ""


def pace(count: int, peer_count: int) -> Iterator[tuple[str, str, str]]:
    """Records a second, and whether their order was kept."""
    latency = f"latency:seconds={LATENCY_SECONDS}"

    def measure(folder: Path, emulator: Emulator) -> tuple[float, float, bool]:
        began = processor_seconds()
        idle = ours(folder, emulator, messages(folder, iter(())))
        between = processor_seconds()
        seconds = ours(folder, emulator, messages(folder, records_of(count, VERSIONS))) - idle
        spent = processor_seconds() - between - (between - began)
        seen: dict[str, list[int]] = {}
        for record in emulator.anything.records("records"):
            seen.setdefault(record["body"]["ref"], []).append(record["body"]["version"])
        return count / seconds, count / spent, all(versions == list(range(VERSIONS)) for versions in seen.values())

    def plain(folder: Path, _: Emulator) -> float:
        command = [sys.executable, str(Path(__file__)), "--plain"]
        idle = run(command, messages(folder, iter(())))
        return peer_count / (run(command, messages(folder, records_of(peer_count))) - idle)

    def loop(_: Path, __: Emulator) -> float:
        began = time.perf_counter()
        find_and_write(records_of(peer_count))
        return peer_count / (time.perf_counter() - began)

    rate, own_rate, in_order = fresh(measure, latency)
    plain_rate, loop_rate = fresh(plain, latency), fresh(loop, latency)
    yield f"records/s at {LATENCY_SECONDS * 1000:.0f} ms, {IN_FLIGHT} in flight", f"{rate:.0f}", "250"
    yield "the same, by the processor time that the program takes", f"{own_rate:.0f}", ""
    yield "order kept per source id", "yes" if in_order else "no", "yes"
    yield "stock RecordSink, records/s (ratio)", f"{plain_rate:.1f} ({rate / plain_rate:.0f})", ""
    yield "find and write, records/s (ratio)", f"{loop_rate:.1f} ({rate / loop_rate:.0f})", ""


def copies(count: int = 500) -> Iterator[tuple[str, str, str]]:
    """Copies left while every 20th write answers 500 after it was carried out."""
    trouble = "error_after:status=500,every=20,route=POST /events"

    def measure(folder: Path, emulator: Emulator) -> int:
        file = messages(folder, records_of(count))
        ours(folder, emulator, file, idempotency_header="Idempotency-Key")
        return int(emulator.anything.count("records")) - count

    def unaided(folder: Path, emulator: Emulator) -> int:
        ours(folder, emulator, messages(folder, records_of(count)))
        return int(emulator.anything.count("records")) - count

    def plain(folder: Path, emulator: Emulator) -> int:
        run([sys.executable, str(Path(__file__)), "--plain"], messages(folder, records_of(count)))
        return int(emulator.anything.count("records")) - count

    def loop(_: Path, emulator: Emulator) -> int:
        find_and_write(records_of(count))
        return int(emulator.anything.count("records")) - count

    yield f"copies left by {count} records, with an idempotency header", str(fresh(measure, trouble)), "0"
    yield "the same without one (those in doubt are rejected)", str(fresh(unaided, trouble)), "0"
    yield "the same, stock RecordSink", str(fresh(plain, trouble)), ""
    yield "the same, find and write", str(fresh(loop, trouble)), ""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=10_000)
    parser.add_argument("--peer-records", type=int, default=150)
    parser.add_argument("--only", default="cost,pace,copies", help="parts, separated by commas")
    parser.add_argument("--beside", type=Path, help="folder of the commands of another installation, measured as well")
    arguments = parser.parse_args()
    table = Table(box=None)
    table.add_column("what")
    table.add_column("measured", justify="right")
    table.add_column("must reach", justify="right")
    parts = {
        "cost": lambda: cost(min(arguments.records, 2000), arguments.beside),
        "pace": lambda: pace(arguments.records, arguments.peer_records),
        "copies": copies,
    }
    for name in arguments.only.split(","):
        for what, measured, wanted in parts[name]():
            table.add_row(what, measured, wanted)
            print(f"{what}: {measured}", file=sys.stderr)
    Console(width=120).print(table)


if __name__ == "__main__":
    if "--plain" in sys.argv:
        sys.argv.remove("--plain")
        PlainTarget.cli()
    elif sys.argv[1:2] == ["--bare"]:
        post_all(sys.argv[2])
    else:
        main()
