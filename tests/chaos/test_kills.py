"""Killed at any instant, again and again, on the same input: each record is there once, and STATE never ran ahead."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from crm_emulator import Emulator
from tests.target_crm.messages import as_lines, record_of, schema_of, state_of

TARGET = Path(sys.executable).parent / "target-crm"
RECORDS = 240
SAMPLE = 3
ALL = 100


def _input():
    """Companies, people that belong to them, people without e-mail, deals and tasks, STATE after each ten."""
    yield schema_of("companies", "name", "domain")
    yield schema_of("people", "name", "email", "company")
    yield schema_of("opportunities", "name", "monetary_value")
    yield schema_of("tasks", "name")
    for number in range(RECORDS):
        kind = ("companies", "people", "opportunities", "tasks")[number % 4]
        name = f"{kind} {number}"
        more = {
            "companies": {"domain": f"c{number}.example"},
            "people": {"email": f"p{number}@example.org" if number % 8 == 1 else None, "company": number - 1},
            "opportunities": {"monetary_value": number},
            "tasks": {},
        }[kind]
        yield record_of(kind, id=number, name=name, **more)
        if number % 10 == 9:
            yield state_of(number + 1)


def _names(emulator):
    kinds = ("companies", "people", "opportunities", "tasks")
    return sorted(record["name"] for kind in kinds for record in emulator.copper.records(kind))


def _expected(until):
    kinds = ("companies", "people", "opportunities", "tasks")
    return sorted(f"{kinds[number % 4]} {number}" for number in range(until))


class _Assassin:
    """Kills a process a moment after the emulator has read its n-th request."""

    def __init__(self, emulator, dice):
        self._left = dice.randrange(2, 90)
        self._delay_seconds = dice.choice([0, 0, dice.uniform(0, 0.03)])
        self.process = None
        self._undo = emulator.between_requests(self._count)

    def _count(self, _):
        self._left -= 1
        if self._left == 0:
            threading.Timer(self._delay_seconds, self._kill).start()

    def _kill(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)

    def stop(self):
        self._undo()


def _config(emulator, folder):
    copper = emulator.copper
    file = folder / "config.json"
    file.write_text(
        json.dumps(
            {
                "crm": "copper",
                "base_url": copper.base_url,
                "api_key": copper.api_key,
                "user_email": copper.user_email,
                "ledger_url": f"sqlite:///{folder / 'ledger.sqlite'}",
                "requests_per_minute": 0,
                "bulk_requests_per_second": 0,
                "index_lag_seconds": 0,
                "request_timeout_seconds": 0.5,
                "batch_size_rows": 20,
                "streams": {"people": {"references": {"company_id": {"stream": "companies", "source_id": "company"}}}},
            }
        )
    )
    return file


def _run(config, lines):
    return subprocess.Popen(
        [TARGET, "--config", config],
        stdin=lines,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "TARGET_CRM_LOGLEVEL": "WARNING"},
    )


def _position(output):
    states = output.decode().splitlines()
    return json.loads(states[-1])["position"] if states else 0


@pytest.mark.parametrize("seed", range(SAMPLE))
def test_a_killed_run_leaves_no_copy_and_loses_nothing(tmp_path, seed):
    _kill_until_done(tmp_path, seed, kills=4)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1000, 1000 + ALL // 10))
def test_a_hundred_kills_leave_no_copy_and_lose_nothing(tmp_path, seed):
    _kill_until_done(tmp_path, seed, kills=10)


def _kill_until_done(folder, seed, *, kills):
    print(f"seed {seed}")
    dice = random.Random(seed)
    lines = folder / "input.singer"
    lines.write_bytes(as_lines(_input()))
    with Emulator(empty=True) as emulator:
        config = _config(emulator, folder)
        for _ in range(kills):
            assassin = _Assassin(emulator, dice)
            with lines.open("rb") as file:
                process = assassin.process = _run(config, file)
                output, _ = process.communicate()
            assassin.stop()
            time.sleep(0)  # let the emulator's thread finish what it is carrying out
            there = set(_names(emulator))
            assert set(_expected(_position(output))) <= there, "STATE ran ahead of what was written"
        with lines.open("rb") as file:
            process = _run(config, file)
            output, errors = process.communicate()
        assert process.returncode == 0, errors.decode()
        assert _position(output) == RECORDS
        assert _names(emulator) == _expected(RECORDS)
