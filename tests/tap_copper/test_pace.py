"""The whole quota is used, however long an answer takes: simulated, with a clock that nobody waits for."""

from __future__ import annotations

import heapq
from collections import deque
from functools import partial
from pathlib import Path

import pytest

from crm_api.copper.session import PAGE_SIZE, REQUESTS_PER_MINUTE
from crm_api.transport.quota_stores import SQLiteStore
from crm_api.transport.rates import widened
from crm_emulator import Emulator, Fault
from tap_copper.account import Time
from tap_copper.errors import StoppedError
from tap_copper.search.orders import AscendingSearch, NewestFirstSearch
from tap_copper.search.query import Limits
from tap_copper.search.read_ahead import InFlight
from tests.tap_copper.crm_model import LOOKBACK, CrmModel, dice
from tests.tap_copper.running import run
from tests.tap_copper.shared_time import START, SharedTime

LATENCY_SECONDS = 1.0
WINDOW_SECONDS = widened(60)


def simulated_minutes(crm: CrmModel, limits: Limits, *, newest_first: bool = False) -> float:
    """Read a search with as many workers as the limits say, each answer taking a second, at the published quota."""
    sign = -1 if newest_first else 1
    search = (NewestFirstSearch if newest_first else AscendingSearch)(None, None, limits)
    horizon = sign * (crm.now - LOOKBACK)
    sent: deque[float] = deque(maxlen=REQUESTS_PER_MINUTE)
    now, number = 0.0, 0
    under_way: list[tuple[float, int, InFlight]] = []
    while search.head is not None:
        while len(under_way) < limits.concurrency and (ask := search.ask()) is not None:
            begins = max(now, sent[0] + WINDOW_SECONDS) if len(sent) == REQUESTS_PER_MINUTE else now
            sent.append(begins)
            number += 1
            heapq.heappush(under_way, (begins + LATENCY_SECONDS, number, ask))
        if under_way:
            now, _, ask = heapq.heappop(under_way)
            search.take(ask, *crm.answer(ask.query, limits, sign), horizon)
        while (head := search.head) is not None and head.done:
            search.drop_head()
    return now / 60


@pytest.mark.parametrize("imported", [0, 0.12], ids=["spread evenly", "some imported"])
@pytest.mark.parametrize("pages", [361, 541, 901])
def test_the_whole_quota_is_used_at_a_second_of_latency(pages: int, imported: float) -> None:
    """Of the records that were imported, hundreds have the same second."""
    crm = CrmModel(random=dice(1), now=1_700_000_000)
    records = pages * PAGE_SIZE
    evenly = [1_500_000_000 + 199_000_000 * number // records for number in range(records)]
    imports = crm.random.sample(evenly, 40)
    crm.fill([crm.random.choice(imports) if crm.random.random() < imported else second for second in evenly])
    assert simulated_minutes(crm, Limits()) <= 1.05 * ((pages - 1) // REQUESTS_PER_MINUTE)


def test_activities_which_must_be_halved_use_it_but_for_a_tenth() -> None:
    crm = CrmModel(random=dice(1), now=1_700_000_000)
    crm.fill([1_500_000_000 + 199_000_000 * number // 108_200 for number in range(108_200)])
    assert simulated_minutes(crm, Limits(), newest_first=True) <= 1.1 * 3


def share_clock(monkeypatch: pytest.MonkeyPatch) -> SharedTime:
    """A clock that the tap's threads and the emulator share, and nobody waits for."""
    time = SharedTime()
    for module in ("search.reader", "concurrency"):
        monkeypatch.setattr(f"tap_copper.{module}.threading", time.threading)
    return time


def test_no_429_is_provoked_at_the_published_quota_and_hardly_any_time_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """361 pages at a second of latency: two whole minutes are the least that the quota allows."""
    pages, page_size = 361, 50
    monkeypatch.setattr("tap_copper.search_stream.PAGE_SIZE", page_size)
    time = share_clock(monkeypatch)
    with Emulator(people=pages * page_size, quota=True, clock=time) as emulator:
        emulator.trouble(Fault("latency", seconds=LATENCY_SECONDS))
        output = run(emulator, "people", requests_per_minute=REQUESTS_PER_MINUTE, clocks=time.time())
        assert output.error is None
        assert len(set(output.ids("people"))) == pages * page_size
        assert emulator.journal.count(status=429) == 0
    assert time.passed_seconds <= 1.05 * 60 * ((pages - 1) // REQUESTS_PER_MINUTE)


def test_many_small_streams_take_as_long_as_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    time = share_clock(monkeypatch)
    with Emulator(people=30, clock=time) as emulator:
        emulator.trouble(Fault("latency", seconds=LATENCY_SECONDS))
        output = run(emulator, clocks=time.time())
        assert output.error is None
        assert emulator.journal.count() >= 20
        assert emulator.journal.high_water <= 16
    assert time.passed_seconds <= 6


def test_a_retry_after_is_obeyed_by_all_workers_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    time = share_clock(monkeypatch)
    with Emulator(people=8000, clock=time) as emulator:
        emulator.trouble(Fault("latency", seconds=LATENCY_SECONDS))
        emulator.script("POST /people/search", ["ok"] * 5 + ["error:status=429,retry_after=40"])
        output = run(emulator, "people", clocks=time.time())
        assert len(set(output.ids("people"))) == 8000
        (refused,) = [each for each in emulator.requests if each.status == 429]
        told = refused.at + LATENCY_SECONDS
        assert not [each for each in emulator.requests if told < each.at < told + 40]
        assert [each for each in emulator.requests if each.at >= told + 40]


def test_a_second_tap_sees_what_the_first_has_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two taps, one account, one quota: the second waits where it would have gone over."""
    naps: list[float] = []

    def nap(seconds: float) -> None:
        naps.append(seconds)
        raise StoppedError(15)

    # no minute passes meanwhile, however slow the machine
    monkeypatch.setattr("crm_api.transport.quota_stores.SQLiteStore", partial(SQLiteStore, clock=lambda: float(START)))
    shared = {"quota_url": f"sqlite:///{tmp_path / 'quota.sqlite'}", "requests_per_minute": 30}
    with Emulator(people=3900) as emulator:
        assert run(emulator, "people", **shared).error is None
        used = emulator.journal.count()
        assert used < 30
        # one worker, since the others would give up what they had asked of the quota when the first is stopped
        second = run(emulator, "people", clocks=Time(sleep=nap), max_concurrency=1, **shared)
        assert isinstance(second.error, StoppedError)
        assert naps
        assert emulator.journal.count() == 30


def test_a_429_makes_every_worker_wait_and_loses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    time = share_clock(monkeypatch)
    with Emulator(people=3000, clock=time) as emulator:
        refused = "error:status=429,retry_after=20"
        emulator.script("POST /people/search", ["ok", refused, "ok", refused])
        output = run(emulator, "people", clocks=time.time())
        assert len(set(output.ids("people"))) == 3000
    assert time.passed_seconds >= 20


def test_no_more_requests_are_under_way_than_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    time = share_clock(monkeypatch)
    with Emulator(people=4000, clock=time) as emulator:
        emulator.trouble(Fault("latency", seconds=LATENCY_SECONDS))
        run(emulator, "people", clocks=time.time(), max_concurrency=3)
        assert emulator.journal.high_water == 3
