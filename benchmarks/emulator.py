"""Speed of the emulator, so that no other benchmark measures the emulator instead of its own subject.

Prints the seconds to seed 1,000,000 Copper records, the milliseconds for a page of 200 by key at several depths, and
the pages of 200 a second over HTTP, server and client on a core each. Run it with nothing else on the machine::

    python benchmarks/emulator.py [--records 1000000]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import resource
import socket
import statistics
import time
from random import Random
from typing import TYPE_CHECKING

from crm_emulator import Emulator
from crm_emulator.copper.objects.people import PEOPLE
from crm_emulator.copper.search import search
from crm_emulator.copper.seeds.context import SPAN_SECONDS, UNTIL

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

SHARES = {
    "people": 0.50,
    "companies": 0.10,
    "leads": 0.10,
    "opportunities": 0.10,
    "projects": 0.02,
    "tasks": 0.05,
    "activities": 0.13,
}
DEPTHS = (0.0, 0.25, 0.5, 0.75, 0.95)
PAGES_A_DEPTH = 50
READERS = 2
PAGES_A_READER = 2_000


def seeded(records: int) -> Emulator:
    """Return an emulator with this many records; print how long seeding took."""
    sizes = {name: round(records * share) for name, share in SHARES.items()}
    emulator = Emulator(seed=1, sizes={"copper": sizes})
    emulator.fill()
    began, began_working = time.perf_counter(), time.process_time()
    emulator.copper.ensure_ready()
    seconds, working = time.perf_counter() - began, time.process_time() - began_working
    print(f"seed {sum(sizes.values()):,} records: {seconds:.1f} s, {working:.1f} s of processor time (bound: 60)")
    print(f"memory afterwards: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024:,} MiB")
    return emulator


def asked_at(depth: float, step: int) -> dict[str, object]:
    """Return the search for a page of 200 by key, at this depth of the people (0 to 1)."""
    low = UNTIL - SPAN_SECONDS + int(depth * SPAN_SECONDS) + step * 1_000
    return {"page_size": 200, "sort_by": "date_modified", "minimum_modified_date": low}


def measure_depths(emulator: Emulator) -> None:
    """Time the search itself: the page, and the count for X-PW-TOTAL."""
    account, random = emulator.copper.account, Random(1)  # noqa: S311 - the order of ties, no secret
    began = time.perf_counter()
    search(account, PEOPLE, asked_at(0.0, 0), random)
    print(f"first search by a column (makes its index): {time.perf_counter() - began:.2f} s")
    for depth in DEPTHS:
        times = []
        for step in range(PAGES_A_DEPTH):
            began = time.perf_counter()
            answer = search(account, PEOPLE, asked_at(depth, step), random)
            times.append((time.perf_counter() - began) * 1_000)
        left = int(dict(answer.headers)["X-PW-TOTAL"])
        print(
            f"page of 200 by key, {left:>7,} records before the end: "
            f"median {statistics.median(times):.2f} ms, most {max(times):.2f} ms (bound: 5)"
        )


def read_pages(port: int, token: str, results: Connection) -> None:
    """Read pages one after another over one connection, as fast as they come; runs in a process of its own."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    received = 0
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for step in range(PAGES_A_READER):
            body = json.dumps(asked_at(step / PAGES_A_READER * 0.95, 0)).encode()
            head = (
                f"POST /copper/developer_api/v1/people/search HTTP/1.1\r\nHost: 127.0.0.1\r\n"
                f"Authorization: Bearer {token}\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            connection.sendall(head.encode() + body)
            received += read_answer(connection)
    results.send(received)


def read_answer(connection: socket.socket) -> int:
    """Read one whole answer; returns its length."""
    answer = bytearray()
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(1 << 20)
    head, _, rest = bytes(answer).partition(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    left = length - len(rest)
    while left > 0:
        left -= len(connection.recv(1 << 20))
    return length


def measure_pages(emulator: Emulator) -> None:
    """Pages a second over HTTP: the server has one core, its readers another.

    What the clock says depends on what else the machine does; the processor time of the server does not.
    """
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[0]})
    emulator.start()
    os.sched_setaffinity(0, set(cores))
    spawning = multiprocessing.get_context("spawn")
    here, there = spawning.Pipe()
    arguments = (emulator.listener.port, emulator.copper.access_token, there)
    readers = [spawning.Process(target=read_pages, args=arguments) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    while not emulator.requests:
        time.sleep(0.01)
    began, began_working = time.perf_counter(), time.process_time()
    received = sum(here.recv() for _ in readers)
    seconds, working = time.perf_counter() - began, time.process_time() - began_working
    for reader in readers:
        reader.join()
    emulator.stop()
    pages = READERS * PAGES_A_READER
    print(
        f"pages of 200 over HTTP: {pages / seconds:,.0f} a second by the clock, {received / seconds / 1e6:,.0f} MB/s, "
        f"{pages * 200 / seconds:,.0f} records/s"
    )
    print(f"pages of 200 a second of the server's processor time: {pages / working:,.0f} (bound: 500)")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--records", type=int, default=1_000_000)
    emulator = seeded(parser.parse_args().records)
    measure_depths(emulator)
    measure_pages(emulator)


if __name__ == "__main__":
    main()
