"""One stream at an endpoint that takes 50 ms an answer: one process beside three, each a share, with one ledger.

The server's latency is the limit, not its processor. Read the ratios; wall seconds are the machine's::

    python benchmarks/partitions.py [--records 4000] [--shares 3] [--ledger-url postgresql://…]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from crm_emulator import Emulator

if __package__ is None or not __package__:
    sys.path.insert(0, str(Path(__file__).parent))
from endpoint import BIN, IN_FLIGHT, LATENCY_SECONDS, messages, processor_seconds, records_of


def measured(records: int, shares: int, ledger_url: str) -> tuple[float, float, int]:
    """Write records with so many processes; returns wall seconds, their processor seconds, and what arrived."""
    with tempfile.TemporaryDirectory() as name, Emulator(empty=True) as emulator:
        folder = Path(name)
        file = messages(folder, records_of(records))
        emulator.trouble(f"latency:seconds={LATENCY_SECONDS}")
        used, began = processor_seconds(), time.perf_counter()
        processes = []
        for index in range(shares):
            settings: dict[str, Any] = {
                "crm": "http",
                "base_url": emulator.anything.base_url,
                "ledger_url": ledger_url or f"sqlite:///{folder / 'ledger.sqlite'}",
                "account_name": f"{began}",
                "max_concurrency": IN_FLIGHT,
                "request_timeout_seconds": 10,
                "load_method": "append-only",
                "streams": {"events": {"endpoint": {"path": "/events"}}},
                "partition": {"of": shares, "index": index},
            }
            config = folder / f"{index}.json"
            config.write_text(json.dumps(settings))
            command = [str(BIN / "target-crm"), "--config", str(config)]
            with file.open("rb") as given:
                processes.append(
                    subprocess.Popen(command, stdin=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                )
        codes = [process.wait() for process in processes]
        if any(codes):
            print(f"exit codes {codes}", file=sys.stderr)
        wall = time.perf_counter() - began
        return wall, processor_seconds() - used, sum(each.method == "POST" for each in emulator.requests)


def main() -> None:
    """Print a line for one process, and one for several."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--records", type=int, default=4000)
    parser.add_argument("--shares", type=int, default=3)
    parser.add_argument("--ledger-url", default="", help="a PostgreSQL ledger in place of an SQLite file")
    given = parser.parse_args()
    alone = 0.0
    for shares in (1, given.shares):
        wall, used, arrived = measured(given.records, shares, given.ledger_url)
        alone = alone or wall
        print(
            f"{shares} processes: {wall:.1f} s ({alone / wall:.2f} x), {used:.1f} s of processor time, "
            f"{1000 * used / given.records:.2f} ms a record, {arrived} arrived"
        )


if __name__ == "__main__":
    main()
