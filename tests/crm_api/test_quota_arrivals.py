"""A vendor counts requests when they arrive: simulated with ways there and back that take as long as they like."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import count
from pathlib import Path
from random import Random

import pytest

from crm_api.transport.quota import LONGEST_IN_FLIGHT_SECONDS, Quota, Turn
from crm_api.transport.quota_stores import SQLiteStore
from crm_api.transport.rates import Allowance
from crm_api.transport.turns import QuotaStore

START = 1_790_000_000.0
TIMEOUT_SECONDS = 60.0


@dataclass
class Server:
    """Counts what arrives in a strict rolling window."""

    limit: int
    seconds: float
    arrived: deque[float] = field(default_factory=deque)
    refused: int = 0

    def count(self, now: float) -> bool:
        while self.arrived and self.arrived[0] <= now - self.seconds:
            self.arrived.popleft()
        if len(self.arrived) >= self.limit:
            self.refused += 1
            return False
        self.arrived.append(now)
        return True


@dataclass(frozen=True)
class Way:
    """How long things take (seconds): to be woken, to arrive, to be answered. ``lost``: how many answers never come."""

    wake: Callable[[], float]
    there: Callable[[], float]
    back: Callable[[], float]
    lost: float = 0.0


def ways(name: str, random: Random) -> Way:
    def nothing() -> float:
        return 0.0

    def now_and_then(much: float) -> Callable[[], float]:
        """Mostly a little, at times much: a busy machine."""
        return lambda: random.expovariate(1 / 0.02) + (random.uniform(0, much) if random.random() < 0.2 else 0.0)

    def steady(seconds: float, more: Callable[[], float] = nothing) -> Callable[[], float]:
        return lambda: seconds + more()

    sent = count()

    def slow_at_first() -> float:
        return 0.8 if next(sent) < 40 else 0.02

    return {
        "slow at first": Way(nothing, slow_at_first, steady(1.0)),
        "idle": Way(nothing, steady(0.002), steady(0.01)),
        "a second": Way(nothing, steady(0.02, now_and_then(0.01)), steady(1.0)),
        "busy": Way(now_and_then(0.3), steady(0.005, now_and_then(0.8)), steady(0.02, now_and_then(0.3))),
        "busy, a second": Way(now_and_then(0.3), steady(0.02, now_and_then(0.8)), steady(1.0, now_and_then(0.3))),
        "slow there": Way(nothing, steady(0.5, now_and_then(2.0)), steady(0.05)),
        "two seconds": Way(nothing, steady(0.02, now_and_then(0.01)), steady(2.0, now_and_then(0.05))),
        "slow answers": Way(nothing, steady(0.05), lambda: random.uniform(0.3, 5.0)),
        "some are lost": Way(nothing, steady(0.02, now_and_then(0.5)), steady(0.5), lost=0.02),
    }[name]


class World:
    """Workers of one or more processes send requests to a server, as soon as a quota lets them."""

    def __init__(self, server: Server, way: Way, random: Random) -> None:
        self.now = START
        self.server = server
        self._way = way
        self._random = random
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._number = count()

    def clock(self) -> float:
        return self.now

    def at(self, seconds: float, do: Callable[[], None]) -> None:
        heapq.heappush(self._events, (self.now + seconds, next(self._number), do))

    def run(self, quotas: list[Quota], requests: int, *, workers: int, bulk: bool) -> float:
        """Send so many requests; returns how many seconds the last one left after the first."""
        self._left = requests
        for worker in range(workers):
            self.at(0.0, partial(self._work, quotas[worker % len(quotas)], bulk=bulk))
        last = self.now
        while self._events:
            self.now, _, do = heapq.heappop(self._events)
            before = self._left
            do()
            last = self.now if self._left < before else last
        return last - START

    def _work(self, quota: Quota, *, bulk: bool) -> None:
        if not self._left:
            return
        turn = quota.try_take(bulk=bulk, answer_within=TIMEOUT_SECONDS)
        if not isinstance(turn, Turn):
            self.at(turn + self._way.wake(), partial(self._work, quota, bulk=bulk))
            return
        self._left -= 1
        self.at(self._way.there(), partial(self._arrive, quota, turn, bulk=bulk))

    def _arrive(self, quota: Quota, turn: Turn, *, bulk: bool) -> None:
        self.server.count(self.now)
        lost = self._random.random() < self._way.lost
        self.at(5.0 if lost else self._way.back(), partial(self._end, quota, turn, answered=not lost, bulk=bulk))

    def _end(self, quota: Quota, turn: Turn, *, answered: bool, bulk: bool) -> None:
        turn.is_answered, turn.ended_at = answered, self.now
        if quota.is_shared:
            quota.settle()
        self._work(quota, bulk=bulk)


def stores(name: str, world: World, folder: Path) -> list[QuotaStore | None]:
    """One process that keeps its turns in memory, or two that share a file."""
    if name == "memory":
        return [None]
    return [SQLiteStore(folder / "quota.sqlite", "a", clock=world.clock) for _ in range(2)]


BULK_FACTORS = {"idle": 1.1, "a second": 1.2, "busy": 1.35, "busy, a second": 1.35, "two seconds": 1.5}
"""Of a third of a second a call. Where answers take from 0.3 to 5 seconds, nobody can tell when a request arrived."""
WAYS = ["idle", "a second", "two seconds", "busy", "busy, a second", "slow there", "slow answers", "some are lost"]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("way", [*WAYS, "slow at first"])
@pytest.mark.daily(one_of=2)
def test_nothing_arrives_too_early_at_the_rate_of_a_minute_and_it_is_used(way: str, seed: int) -> None:
    random = Random(seed)
    world = World(Server(180, 60.0), ways(way, random), random)
    quota = Quota([Allowance(180, 60)], clock=world.clock)
    seconds = world.run([quota], 541, workers=32, bulk=False)
    assert world.server.refused == 0
    assert seconds <= 1.05 * 60 * (540 // 180)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("way", WAYS)
def test_nothing_arrives_too_early_at_the_rate_of_a_second(way: str, seed: int) -> None:
    random = Random(seed)
    world = World(Server(3, 1.0), ways(way, random), random)
    quota = Quota([Allowance(180, 60)], [Allowance(3, 1)], clock=world.clock)
    seconds = world.run([quota], 180, workers=8, bulk=True)
    assert world.server.refused == 0
    assert seconds <= BULK_FACTORS.get(way, 4) * 180 / 3


@pytest.mark.parametrize("way", ["busy", "busy, a second", "some are lost"])
def test_processes_that_share_the_quota_are_not_early_either(way: str, tmp_path: Path) -> None:
    random = Random(1)
    world = World(Server(40, 10.0), ways(way, random), random)
    quotas = [Quota([Allowance(40, 10)], clock=world.clock, store=store) for store in stores("shared", world, tmp_path)]
    seconds = world.run(quotas, 201, workers=16, bulk=False)
    assert world.server.refused == 0
    assert seconds <= 1.2 * 10 * (200 // 40)
    for quota in quotas:
        quota.close()


def test_a_turn_without_an_answer_counts_until_its_time_is_over() -> None:
    now = [START]
    quota = Quota([Allowance(1, 10)], clock=lambda: now[0])
    turn = quota.try_take(answer_within=1_000_000.0)
    assert isinstance(turn, Turn)
    waited = 0.0
    while not isinstance(wait := quota.try_take(), Turn):
        waited += wait
        now[0] += wait
    assert waited == pytest.approx(LONGEST_IN_FLIGHT_SECONDS + 10.133, abs=0.1)


def test_a_turn_whose_process_was_killed_is_free_when_its_time_is_over(tmp_path: Path) -> None:
    now = [START]
    stores = (SQLiteStore(tmp_path / "quota.sqlite", "a", clock=lambda: now[0]) for _ in range(2))
    killed, other = (Quota([Allowance(1, 10)], clock=lambda: now[0], store=store) for store in stores)
    killed.take(answer_within=30.0)
    killed.close()
    while not isinstance(wait := other.try_take(), Turn):
        now[0] += wait
    assert 40 < now[0] - START < 41
    other.close()
