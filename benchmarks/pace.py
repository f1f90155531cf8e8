"""How close the account's rates are kept, on an idle or a busy machine.

The emulator counts what arrives in strict rolling windows. ``--pages`` has tap-copper read so many pages at the
published quota, every answer taking a second; ``--bulk`` sends so many bulk calls from eight threads, three a second.
Each run prints the seconds against the least that the rates allow, how long answers took, and how many requests were
turned away, which should be none::

    python benchmarks/pace.py [--pages 450] [--bulk 300] [--runs 10] [--busy 4] [--latency-seconds 1]
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.tap import PAGE_SIZE, PUBLISHED_QUOTA, Account, ours  # noqa: E402 - benchmarks are no package
from crm_api.copper.session import BULK_REQUESTS_PER_SECOND, CopperSettings, connect  # noqa: E402 - as above
from crm_api.transport.request import Request  # noqa: E402 - as above

LOOP = "while True: pass"
BULK_THREADS = 8


@contextmanager
def busy(loops: int) -> Iterator[None]:
    """Keep the machine busy with so many endless loops."""
    started = [subprocess.Popen([sys.executable, "-c", LOOP]) for _ in range(loops)]
    try:
        yield
    finally:
        for each in started:
            each.kill()
            each.wait()


def said(account: Account, began: float, seconds: float, least: float) -> str:
    """One line about a run that began at a Unix time."""
    logged: list[dict[str, Any]] = account.control("GET", "/requests?last=100000")
    at = sorted(each["at"] for each in logged)
    refused = sum(each["status"] == 429 for each in logged)
    slowest = quantiles([each["seconds"] for each in logged], n=20)
    there = at[-1] - at[0]
    load = os.getloadavg()[0]
    return (
        f"{len(at)} requests, {refused} times 429, {seconds:.1f} s: {seconds / least:.3f} x the least; to the first "
        f"arrival {at[0] - began:.1f} s, to the last {there:.1f} s: {there / least:.3f} x, to the end "
        f"{seconds - (at[-1] - began):.1f} s; answers took {slowest[9]:.2f} s, one in twenty {slowest[-1]:.2f} s; "
        f"load {load:.1f}"
    )


def read_pages(pages: int, latency_seconds: float) -> str:
    """Have the tap read so many pages at the published quota."""
    people = ("--people", str(pages * PAGE_SIZE), "--companies", "0")
    account = Account.start(*people, "--latency-seconds", str(latency_seconds))
    try:
        with tempfile.TemporaryDirectory() as folder:
            reading = ours(Path(folder), account, requests_per_minute=PUBLISHED_QUOTA)
            seconds = reading.started + reading.seconds
            return said(account, reading.began, seconds, (pages - 1) // PUBLISHED_QUOTA * 60)
    finally:
        account.process.terminate()


def send_bulks(calls: int, latency_seconds: float) -> str:
    """Send so many bulk calls, of one record each."""
    account = Account.start("--people", "0", "--companies", "0", "--latency-seconds", str(latency_seconds))
    try:
        session = connect(CopperSettings(**account.settings))
        lock, left = threading.Lock(), iter(range(calls))

        def work() -> None:
            while True:
                with lock:
                    if next(left, None) is None:
                        return
                body = {"people": [{"name": "Ada"}]}
                session.exchange(Request("POST", "/people/bulk_create", body=body, bulk=True))

        began = time.time()
        with ThreadPoolExecutor(BULK_THREADS) as pool:
            for each in [pool.submit(work) for _ in range(BULK_THREADS)]:
                each.result()
        return said(account, began, time.time() - began, calls / BULK_REQUESTS_PER_SECOND)
    finally:
        account.process.terminate()


def main() -> None:
    """Print a line for each run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int)
    parser.add_argument("--bulk", type=int, metavar="CALLS")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--busy", type=int, default=0, metavar="LOOPS")
    parser.add_argument("--latency-seconds", type=float)
    options = parser.parse_args()
    for _ in range(options.runs):
        with busy(options.busy):
            if options.pages:
                latency = 1.0 if options.latency_seconds is None else options.latency_seconds
                print(f"{options.pages} pages: {read_pages(options.pages, latency)}", flush=True)
            if options.bulk:
                print(
                    f"{options.bulk} bulk calls: {send_bulks(options.bulk, options.latency_seconds or 0.0)}", flush=True
                )


if __name__ == "__main__":
    main()
