"""Any endpoint, one call a record at 50 ms of latency: target-crm beside two ways in which it is usually done.

All write into the same emulator on this machine, one after the other. Read the ratios; the records a second are the
machine's and the latency's::

    python benchmarks/endpoint.py [--records 10000] [--peer-records 150]

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


def ours(folder: Path, emulator: Emulator, file: Path, **create: Any) -> float:
    """Run target-crm on a file, with a ledger of its own; returns seconds."""
    settings = {
        "crm": "http",
        "base_url": emulator.anything.base_url,
        "ledger_url": f"sqlite:///{folder / 'ledger.sqlite'}",
        "max_concurrency": IN_FLIGHT,
        "request_timeout_seconds": 10,
        "load_method": "append-only",
        "streams": {"events": {"endpoint": {"path": "/events", **create}}},
    }
    config = folder / "config.json"
    config.write_text(json.dumps(settings))
    return run([str(BIN / "target-crm"), "--config", str(config)], file)


def fresh(action: Callable[[Path, Emulator], Any], *faults: str) -> Any:
    """Do something with an empty emulator and folder."""
    with tempfile.TemporaryDirectory() as folder, Emulator(empty=True) as emulator:
        os.environ[ENDPOINT_VARIABLE] = f"{emulator.anything.base_url}/events"
        emulator.trouble(*faults)
        return action(Path(folder), emulator)


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
    arguments = parser.parse_args()
    table = Table(box=None)
    table.add_column("what")
    table.add_column("measured", justify="right")
    table.add_column("must reach", justify="right")
    for part in (pace(arguments.records, arguments.peer_records), copies()):
        for what, measured, wanted in part:
            table.add_row(what, measured, wanted)
            print(f"{what}: {measured}", file=sys.stderr)
    Console(width=120).print(table)


if __name__ == "__main__":
    if "--plain" in sys.argv:
        sys.argv.remove("--plain")
        PlainTarget.cli()
    else:
        main()
