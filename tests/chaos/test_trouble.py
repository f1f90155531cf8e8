"""Lost answers, server errors, resets and refusals mixed at random; an outage; a full disk; a schema that changes."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from crm_emulator import Emulator
from tests.target_crm.messages import as_lines, record_of, schema_of, state_of

TARGET = Path(sys.executable).parent / "target-crm"
KINDS = ("people", "companies", "leads", "opportunities", "projects", "tasks")
MOST_RUNS = 12
OUTAGE_SECONDS = 3  # longer than the few attempts that the runs below make


@pytest.fixture
def emulator(request):
    """Its dice fall as the test's parameter ``seed`` says."""
    seed = request.node.callspec.params["seed"] if hasattr(request.node, "callspec") else 1
    with Emulator(seed=seed, empty=True) as running:
        yield running


@pytest.fixture
def run(emulator, tmp_path):
    """Run target-crm as a process; its exit code, its last STATE and what it said."""
    copper = emulator.copper

    def run(messages, **config):
        file = tmp_path / "config.json"
        file.write_text(
            json.dumps(
                {
                    "crm": "copper",
                    "base_url": copper.base_url,
                    "api_key": copper.api_key,
                    "user_email": copper.user_email,
                    "ledger_url": f"sqlite:///{tmp_path / 'ledger.sqlite'}",
                    "requests_per_minute": 0,
                    "bulk_requests_per_second": 0,
                    "index_lag_seconds": 0,
                    "request_timeout_seconds": 0.5,
                    "batch_size_rows": 50,
                    "max_attempts": 3,
                    **config,
                }
            )
        )
        done = subprocess.run(
            [TARGET, "--config", file],
            input=as_lines(messages),
            capture_output=True,
            check=False,
            env={**os.environ, "TARGET_CRM_LOGLEVEL": "WARNING"},
        )
        states = done.stdout.decode().splitlines()
        return done.returncode, json.loads(states[-1])["position"] if states else 0, done.stderr.decode()

    return run


def _input(count, dice):
    schemas = [schema_of(kind, "name", "email", "details") for kind in KINDS]
    messages = list(schemas)
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        email = f"r{number}@example.org" if kind in {"people", "leads"} and dice.random() < 0.7 else None
        messages.append(record_of(kind, id=number, name=f"{kind} {number}", email=email, details=f"Details {number}"))
        if number % 20 == 19:
            messages.append(state_of(number + 1))
    return messages


def _names(emulator):
    return Counter(record["name"] for kind in KINDS for record in emulator.copper.records(kind))


def _expected(until):
    return Counter(f"{KINDS[number % len(KINDS)]} {number}" for number in range(until))


@pytest.mark.parametrize("seed", [pytest.param(n, marks=[pytest.mark.long] if n else []) for n in range(10)])
def test_trouble_of_every_kind_leaves_exactly_what_came_in(run, emulator, seed):
    print(f"seed {seed}")
    dice = random.Random(seed)
    messages = _input(200, dice)
    emulator.trouble(
        "lost:rate=0.05",
        "error:status=500,rate=0.03",
        "error_after:status=502,rate=0.02",
        "reset:rate=0.03",
        "error:status=429,rate=0.05,retry_after=0",
        "cut:rate=0.02",
        "malformed:rate=0.02",
    )
    for _ in range(MOST_RUNS):
        code, position, errors = run(messages)
        assert set(_expected(position)) <= set(_names(emulator)), "STATE ran ahead"
        assert "Traceback" not in errors, errors
        if code == 0:
            break
    emulator.no_trouble()
    code, position, errors = run(messages)
    assert (code, position) == (0, 200), errors
    assert _names(emulator) == _expected(200)


def test_an_outage_in_mid_run_costs_neither_a_record_nor_a_copy(run, emulator):
    messages = _input(120, random.Random(1))
    outage, over = threading.Event(), threading.Event()

    def strike(_):
        if len(emulator.requests) > 12 and not outage.is_set():
            outage.set()
            threading.Thread(target=refuse).start()

    def refuse():
        with emulator.refusing_connections():
            time.sleep(OUTAGE_SECONDS)
        over.set()

    undo = emulator.between_requests(strike)
    code, position, errors = run(messages)
    undo()
    assert outage.is_set()
    assert code in {0, 4}, errors
    assert set(_expected(position)) <= set(_names(emulator))
    over.wait()
    code, position, errors = run(messages)
    assert (code, position) == (0, 120), errors
    assert _names(emulator) == _expected(120)


def test_a_ledger_that_cannot_grow_stops_the_run_before_anything_is_sent_that_it_cannot_remember(
    run, emulator, tmp_path
):
    assert run(_input(6, random.Random(1)))[0] == 0
    file = tmp_path / "ledger.sqlite"
    with sqlite3.connect(file) as ledger:
        pages = ledger.execute("PRAGMA page_count").fetchone()[0]
    ledger.close()
    limit = pages * 4096 + 8192  # a disk that is nearly full: no file may grow beyond this
    messages = _input(300, random.Random(1))
    program = (
        f"import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit})); "
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "sys.argv = ['target-crm', '--config', sys.argv[1]]; from target_crm.target import TargetCrm; TargetCrm.cli()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "config.json"],
        input=as_lines(messages),
        capture_output=True,
        check=False,
        env={**os.environ, "TARGET_CRM_LOGLEVEL": "WARNING"},
    )
    errors = done.stderr.decode()
    assert done.returncode == 1, errors
    assert "ledger" in errors
    assert "Traceback" not in errors
    states = done.stdout.decode().splitlines()
    position = json.loads(states[-1])["position"] if states else 0
    assert set(_expected(position)) <= set(_names(emulator))
    assert run(messages)[0] == 0
    assert _names(emulator) == _expected(300)
