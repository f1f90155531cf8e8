"""Many requests in flight to one endpoint: versions of each source id arrive in order, also where runs are killed."""

from __future__ import annotations

import json
import random
import signal
from collections import defaultdict

import pytest

from crm_emulator import Emulator
from tests.commands import Command
from tests.target_crm.hurried import main, until_all_is_read
from tests.target_crm.messages import as_lines, record_of, schema_of

IN_FLIGHT = 16
SOURCES, VERSIONS = 24, 4
ENDPOINT = {"path": "/events", "idempotency_header": "Idempotency-Key"}
JITTER = "latency:seconds=0.004,jitter_seconds=0.004"  # so that answers come in another order than requests left
MOST_REQUESTS = SOURCES * VERSIONS - 10
SEEDS = [3, 1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(4, 60))]


def shuffled(dice):
    """Versions of each source id in order, those of different ones in any."""
    left = [number for number in range(SOURCES) for _ in range(VERSIONS)]
    dice.shuffle(left)
    seen = defaultdict(int)
    rows = []
    for number in left:
        seen[number] += 1
        rows.append({"id": f"r{number}", "version": seen[number]})
    return rows


def arrived(emulator):
    """The versions of each source id in the order in which they arrived."""
    versions = defaultdict(list)
    for record in emulator.anything.records("records"):
        versions[record["body"]["id"]].append(record["body"]["version"])
    return versions


IN_ORDER = {f"r{number}": [*range(1, VERSIONS + 1)] for number in range(SOURCES)}


@pytest.mark.parametrize("seed", SEEDS[1:6])
def test_versions_of_a_source_id_arrive_in_order_whatever_is_in_flight(send, emulator, seed):
    emulator.trouble(JITTER)
    rows = shuffled(random.Random(seed))
    done = send(rows, ENDPOINT, max_concurrency=IN_FLIGHT, load_method="append-only", batch_size_rows=70)
    assert done.of("links") == {"input": len(rows), "created": len(rows)}
    assert arrived(emulator) == IN_ORDER


@pytest.mark.parametrize("seed", SEEDS)
def test_runs_killed_with_many_in_flight_lose_double_and_reorder_nothing(tmp_path, seed):
    dice = random.Random(seed)
    rows = shuffled(dice)
    messages = as_lines([schema_of("links", "version"), *(record_of("links", **row) for row in rows)])
    with Emulator(empty=True) as emulator:
        file = tmp_path / "config.json"
        file.write_text(
            json.dumps(
                {
                    "crm": "http",
                    "base_url": emulator.anything.base_url,
                    "ledger_url": f"sqlite:///{tmp_path / 'ledger.sqlite'}",
                    "index_lag_seconds": 0,
                    "max_concurrency": IN_FLIGHT,
                    "load_method": "append-only",
                    "batch_size_rows": dice.choice([20, 70]),
                    "streams": {"links": {"endpoint": ENDPOINT}},
                }
            )
        )
        emulator.trouble(JITTER)
        for _ in range(dice.choice([1, 2, 3])):
            left = dice.randrange(1, MOST_REQUESTS)
            process = Command("target-crm", "--config", file, main=main)

            def strike(_, process=process):
                nonlocal left
                left -= 1
                if left == 0:
                    process.send_signal(signal.SIGKILL)

            undo = emulator.between_requests(strike)
            process.communicate(messages)
            undo()
            until_all_is_read(emulator.url)
        last = Command("target-crm", "--config", file, main=main)
        last.communicate(messages)
        assert last.returncode == 0
        assert arrived(emulator) == IN_ORDER
