"""Unit costs, of which docs/scale.md is computed: processor time, requests and room of the ledger.

The emulator runs in this process, so that the processor time of children is that of the plugins alone. It grows on a
busy machine, where caches are shared; the counts do not::

    python benchmarks/costs.py [--records 4000]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from crm_emulator import Emulator

BIN = Path(sys.executable).parent
FEW = 100  # each commits to the disk by itself
STREAMS = ("people", "companies", "tasks")


def processor_seconds(work: Callable[[], object]) -> float:
    """Return the processor time of the processes that work starts."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    work()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def messages(records: int, text: str = "", stream: str = "people") -> Iterator[str]:
    """Yield the lines of an input of invented people."""
    properties: dict[str, Any] = {"id": {}, "name": {}, "email": {}}
    schema = {"type": "object", "properties": properties}
    yield json.dumps({"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": ["id"]})
    for number in range(records):
        record = {"id": number, "name": f"Person {number}{text}", "email": f"person{number}@example.com"}
        yield json.dumps({"type": "RECORD", "stream": stream, "record": record})


class Bench:
    """Runs the plugins against an emulator in this process.

    Args:
        folder: For settings and ledgers.
        emulator: The emulator.
    """

    def __init__(self, folder: Path, emulator: Emulator) -> None:
        self._folder = folder
        self._emulator = emulator
        copper = emulator.copper
        self.copper = {"base_url": copper.base_url, "api_key": copper.api_key, "user_email": copper.user_email}

    def run(self, command: str, config: Mapping[str, Any], lines: Iterator[str] | None = None, *more: str) -> str:
        """Run a command to its end; returns what it wrote."""
        file = self._folder / "config.json"
        unlimited = {"requests_per_minute": 0, "bulk_requests_per_second": 0}
        file.write_text(json.dumps({**unlimited, **config}))
        given = "".join(f"{line}\n" for line in lines or ())
        done = subprocess.run(
            [BIN / command, "--config", file, *more], input=given, capture_output=True, text=True, check=True
        )
        return done.stdout

    def target(self, ledger: str, **config: Any) -> dict[str, Any]:
        """Make settings of the target with a ledger of its own."""
        return {"ledger_url": f"sqlite:///{self._folder / ledger}.sqlite", **config}

    def measure(self, name: str, work: Callable[[], object], records: int = 0, base: float = 0.0) -> float:
        """Measure work and print it; per record, what a run takes anyway is taken off. Returns its processor time."""
        before = len(self._emulator.requests)
        seconds = processor_seconds(work)
        each = f", {(seconds - base) / records * 1000:.2f} ms a record" if records else ""
        print(f"{name:52} {seconds:6.2f} s of processor time{each}, {len(self._emulator.requests) - before} requests")
        return seconds


def main() -> None:
    """Measure, and print a line for each figure."""
    arguments = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    arguments.add_argument("--records", type=int, default=4000)
    records = arguments.parse_args().records
    with tempfile.TemporaryDirectory() as name, Emulator(people=100) as emulator:
        bench = Bench(Path(name), emulator)
        copper = bench.target("copper", crm="copper", **bench.copper)
        one = {"path": "/people", "answer": {"id": "$.id"}}
        any_api = bench.target("any", crm="http", base_url=emulator.anything.base_url, endpoint=one, max_concurrency=1)
        bench.measure("target-crm: new people in bulk", lambda: bench.run("target-crm", copper, messages(records)))
        nothing = bench.measure("target-crm: nothing to do", lambda: bench.run("target-crm", copper, messages(1)))
        bench.measure(
            "target-crm: unchanged", lambda: bench.run("target-crm", copper, messages(records)), records, nothing
        )
        changed = messages(records, " II")
        bench.measure("target-crm: changed", lambda: bench.run("target-crm", copper, changed), records, nothing)
        size = sum(each.stat().st_size for each in Path(name).glob("copper.sqlite*"))
        print(f"{'ledger (SQLite): a record, written twice':52} {size / records:6.0f} bytes")
        bench.measure(
            "target-crm: an endpoint, one by one",
            lambda: bench.run("target-crm", any_api, messages(FEW)),
            FEW,
            nothing,
        )
        catalog = json.loads(bench.run("tap-copper", bench.copper, None, "--discover"))
        for stream in catalog["streams"]:
            for entry in stream["metadata"]:
                if not entry["breadcrumb"]:
                    entry["metadata"]["selected"] = stream["tap_stream_id"] in STREAMS
        (Path(name) / "catalog.json").write_text(json.dumps(catalog))
        chosen = ("--catalog", str(Path(name) / "catalog.json"))
        state = bench.run("tap-copper", bench.copper, None, *chosen).splitlines()[-1]
        (Path(name) / "state.json").write_text(json.dumps(json.loads(state)["value"]))
        again = (*chosen, "--state", str(Path(name) / "state.json"))
        bench.measure(
            "tap-copper: nothing to do in three streams", lambda: bench.run("tap-copper", bench.copper, None, *again)
        )


if __name__ == "__main__":
    main()
