"""The whole quota is used, however long an answer takes: simulated, with a clock that nobody waits for."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from crm_api.copper.session import PAGE_SIZE, REQUESTS_PER_MINUTE
from crm_api.transport.quota import Quota, Turn
from crm_api.transport.quota_stores import SQLiteStore
from crm_api.transport.rates import Allowance
from crm_emulator import Emulator, Fault
from tap_copper.account import Time
from tap_copper.errors import StoppedError
from tap_copper.search.orders import AscendingSearch, NewestFirstSearch
from tap_copper.search.query import Limits
from tap_copper.search.read_ahead import InFlight
from tap_copper.search.window import Window
from tests.crm_api.test_quota_arrivals import Server
from tests.tap_copper.crm_model import LOOKBACK, CrmModel, dice
from tests.tap_copper.running import run
from tests.tap_copper.shared_time import START, SharedTime

LATENCY_SECONDS = 1.0
IN_FLIGHT = 80  # as the reader has them where an answer takes a second
IN_ORDER = Limits(concurrency=IN_FLIGHT, in_order=True, tail_ahead=True)
WAITING_PAGES = 200


@dataclass
class Simulation:
    """A search is read at the published quota, from a server that counts arrivals in a strict rolling window.

    Attributes:
        crm: The records.
        limits: The limits of the search, and how many requests are under way at once.
        scatter_seconds: An answer takes a second and up to so much more, and its request up to so much to arrive.
        newest_first: The order of the search.
        refused: How many requests came too early.
        sent: How many requests were sent.
        most_waiting: The most answers that waited for earlier ones.
    """

    crm: CrmModel
    limits: Limits
    scatter_seconds: float = 0.0
    newest_first: bool = False
    refused: int = 0
    sent: int = 0
    most_waiting: int = 0

    def __post_init__(self) -> None:
        self._now = 0.0
        self._sign = -1 if self.newest_first else 1
        self._search = (NewestFirstSearch if self.newest_first else AscendingSearch)(None, None, self.limits)
        self._server = Server(REQUESTS_PER_MINUTE, 60.0)
        self._quota = Quota([Allowance(REQUESTS_PER_MINUTE, 60)], clock=lambda: self._now)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()
        self._under_way = 0
        self._looks_at = 0.0
        self._waiting: Counter[Window] = Counter()

    def seconds(self) -> float:
        """Read everything; returns how long it took."""
        while not self._search.is_over:
            self._ask()
            self._now, _, do = heapq.heappop(self._events)
            do()
        return self._now

    def _at(self, seconds: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self._now + seconds, next(self._number), do))

    def _scatter(self) -> float:
        return self.crm.random.uniform(0, self.scatter_seconds)

    def _ask(self) -> None:
        """Send what may be sent now, decided when there is a turn."""
        while self._under_way < self.limits.concurrency:
            if wait := self._quota.seconds_until_free():
                if self._looks_at <= self._now:
                    self._looks_at = self._now + wait
                    self._at(wait, lambda: None)
                return
            if (ask := self._search.ask()) is None:
                return
            turn = self._quota.try_take(answer_within=60.0)
            assert isinstance(turn, Turn)
            self.sent += 1
            self._under_way += 1
            self._at(self._scatter(), partial(self._arrive, ask, turn))

    def _arrive(self, ask: InFlight, turn: Turn) -> None:
        self.refused += not self._server.count(self._now)
        self._at(LATENCY_SECONDS + self._scatter(), partial(self._take, ask, turn))

    def _take(self, ask: InFlight, turn: Turn) -> None:
        self._under_way -= 1
        turn.is_answered, turn.ended_at = True, self._now
        horizon = self._sign * (self.crm.now - LOOKBACK)
        for each, answer in self._search.in_turn(ask, self.crm.answer(ask.query, self.limits, self._sign)):
            self._waiting.update(window for window, _ in self._search.take(each, *answer, horizon))
        while (head := self._search.head) is not None and head.done:
            self._waiting.pop(head, None)
            self._search.drop_head()
        if head is not None:
            self._waiting.pop(head, None)  # what the head has brought is handed on at once
        self.most_waiting = max(self.most_waiting, self._waiting.total())


def crm_with(pages: int, *, imported: float = 0.0, seed: int = 1) -> CrmModel:
    """So many pages, spread evenly but for those that were imported: hundreds of them have the same second."""
    crm = CrmModel(random=dice(seed), now=1_700_000_000)
    records = pages * PAGE_SIZE
    evenly = [1_500_000_000 + 199_000_000 * number // records for number in range(records)]
    imports = crm.random.sample(evenly, 40)
    crm.fill([crm.random.choice(imports) if crm.random.random() < imported else second for second in evenly])
    return crm


@pytest.mark.parametrize("imported", [0, 0.12], ids=["spread evenly", "some imported"])
@pytest.mark.parametrize("pages", [361, 541, 901])
def test_the_whole_quota_is_used_at_a_second_of_latency(pages: int, imported: float) -> None:
    simulation = Simulation(crm_with(pages, imported=imported), Limits())
    assert simulation.seconds() <= 1.05 * 60 * ((pages - 1) // REQUESTS_PER_MINUTE)
    assert simulation.refused == 0


@pytest.mark.parametrize("imported", [0, 0.12], ids=["spread evenly", "some imported"])
@pytest.mark.parametrize("scatter_seconds", [0.02, 0.2])
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.daily(one_of=3)
def test_450_pages_take_hardly_more_than_two_minutes_and_hardly_an_answer_waits(
    seed: int, scatter_seconds: float, imported: float
) -> None:
    simulation = Simulation(crm_with(450, seed=seed, imported=imported), IN_ORDER, scatter_seconds)
    # Two minutes, an answer in each and one at the end, and half a second of sending.
    assert simulation.seconds() <= 120 + 3 * LATENCY_SECONDS + 0.5 + 7 * scatter_seconds
    assert simulation.refused == 0
    assert simulation.sent <= 450 * (1.13 if imported else 1.1)
    assert simulation.most_waiting <= WAITING_PAGES * (1.25 if imported else 1)


def test_activities_which_must_be_halved_use_it_but_for_a_tenth() -> None:
    simulation = Simulation(crm_with(541), Limits(), newest_first=True)
    assert simulation.seconds() <= 1.1 * 180


def share_clock(monkeypatch: pytest.MonkeyPatch) -> SharedTime:
    """A clock that the tap's threads and the emulator share, and nobody waits for."""
    time = SharedTime()
    for module in ("tap_copper.search.reader", "tap_copper.concurrency", "crm_api.transport.quota"):
        monkeypatch.setattr(f"{module}.threading", time.threading)
    return time


def test_no_429_is_provoked_at_the_published_quota_and_hardly_any_time_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """361 pages at a second of latency: two whole minutes are the least that the quota allows."""
    pages, page_size = 361, 50  # more in flight would need whole pages
    monkeypatch.setattr("tap_copper.search_stream.PAGE_SIZE", page_size)
    time = share_clock(monkeypatch)
    with Emulator(people=pages * page_size, quota=True, clock=time) as emulator:
        emulator.trouble(Fault("latency", seconds=LATENCY_SECONDS))
        limits = {"requests_per_minute": REQUESTS_PER_MINUTE, "max_concurrency": 16}
        output = run(emulator, "people", clocks=time.time(), **limits)
        assert output.error is None
        assert len(set(output.ids("people"))) == pages * page_size
        assert emulator.journal.count(status=429) == 0
    # One latency more, where the threads of a busy machine choose in another order.
    assert time.passed_seconds <= 1.05 * 60 * ((pages - 1) // REQUESTS_PER_MINUTE) + LATENCY_SECONDS


def test_many_small_streams_take_as_long_as_a_few(monkeypatch: pytest.MonkeyPatch) -> None:
    time = share_clock(monkeypatch)
    with Emulator(people=30, clock=time) as emulator:
        emulator.trouble(Fault("latency", seconds=LATENCY_SECONDS))
        output = run(emulator, clocks=time.time())
        assert output.error is None
        assert emulator.journal.count() >= 20
        assert emulator.journal.high_water <= 80
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
