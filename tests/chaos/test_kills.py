"""Killed at any instant, again and again: each record is there once, and what STATE passed over is never missing."""

from __future__ import annotations

import json
import random
import signal
import threading

import pytest

from crm_emulator import Emulator
from tests.chaos.story import STREAMS, author, copies, seeds
from tests.chaos.world import assert_told
from tests.commands import Command
from tests.target_crm.hurried import main, until_all_is_read
from tests.target_crm.messages import as_lines

KILLS_A_SEED = 10
EVENTS = 150
LONGEST_RUN_SECONDS = 1
MOST_REQUESTS = 120


class _Assassin:
    """Kills a process: a moment after the emulator read its n-th request, or so many seconds after its start."""

    def __init__(self, emulator, dice, *, at_large):
        self._at_large = at_large
        self._delay_seconds = dice.choice([0, 0, dice.uniform(0, 0.03)])
        self._left = dice.randrange(1, MOST_REQUESTS) if dice.random() < 0.6 else None
        self._start_delay_seconds = dice.uniform(0.01, LONGEST_RUN_SECONDS) if self._left is None else None
        self._number = signal.SIGTERM if dice.random() < 0.1 else signal.SIGKILL
        self._timers = []
        self._undo = emulator.between_requests(self._count)
        self._process = None

    def watch(self, process):
        self._process = process
        if self._start_delay_seconds is not None:
            self._strike_in(self._start_delay_seconds)

    def _count(self, _):
        if self._left is not None:
            self._left -= 1
            if self._left == 0:
                self._strike_in(self._delay_seconds)

    def _strike_in(self, seconds):
        if not self._at_large:
            return
        self._timers.append(threading.Timer(seconds, lambda: self._process.send_signal(self._number)))
        self._timers[-1].start()

    def leave(self):
        self._undo()
        for timer in self._timers:
            timer.cancel()
            timer.join()


def _config(emulator, folder, dice):
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
                "report_path": str(folder / "report.json"),
                "requests_per_minute": 0,
                "bulk_requests_per_second": 0,
                "index_lag_seconds": 0,
                "request_timeout_seconds": 30,
                "batch_size_rows": dice.choice([5, 20, 100]),
                "date_order": "mdy",
                "streams": STREAMS,
            }
        )
    )
    return file


def _run(config, messages, watch):
    process = Command("target-crm", "--config", config, env={"TARGET_CRM_LOGLEVEL": "WARNING"}, main=main)
    watch(process)
    output, errors = process.communicate(as_lines(messages))
    whole = output.decode().splitlines()
    return process.returncode, json.loads(whole[-1])["position"] if whole else None, errors.decode()


def _tell_and_kill(folder, seed, *, kills):
    print(f"seed {seed}")
    dice = random.Random(seed)
    struck = finished = 0
    with Emulator(seed=seed, empty=True) as emulator:
        source = author(dice, emulator)
        story, place = source.chapter(EVENTS), 0
        while struck < kills or finished == 0:
            assassin = _Assassin(emulator, dice, at_large=struck < kills)
            # A source that has gone back goes on from there, also if the run was killed before it told of any STATE:
            # what it wrote by then may be of earlier versions.
            place = place if dice.random() < 0.7 else 0
            code, reached, errors = _run(_config(emulator, folder, dice), story.after(place), assassin.watch)
            assassin.leave()
            place = reached or place
            assert "Traceback" not in errors, errors
            assert code in {0, -signal.SIGKILL, 143, -signal.SIGTERM}, errors
            until_all_is_read(emulator.url)
            assert copies(emulator) == []
            struck += code == -signal.SIGKILL
            finished = code == 0
            if code in {0, 143}:
                assert json.loads((folder / "report.json").read_text())["closed"]
            if finished:
                assert_told(emulator, story)
                if struck < kills:
                    story, place = source.chapter(EVENTS), 0
    print(f"{struck} kills")


@pytest.mark.parametrize("seed", seeds(2))
def test_a_killed_run_leaves_no_copy_and_loses_nothing(tmp_path, seed):
    _tell_and_kill(tmp_path, seed, kills=2)


@pytest.mark.long
@pytest.mark.parametrize("seed", seeds(10, 1000))
def test_a_hundred_kills_leave_no_copy_and_lose_nothing(tmp_path, seed):
    _tell_and_kill(tmp_path, seed, kills=KILLS_A_SEED)
