"""The whole quota is used, however long an answer takes: simulated, with a clock that nobody waits for."""

from __future__ import annotations

import heapq
from collections import deque

import pytest

from crm_api.copper import REQUESTS_PER_MINUTE
from crm_api.quota import WIDENING
from crm_emulator import Emulator
from tap_copper.questions import Limits
from tap_copper.search import Ask, Search
from tests.tap_copper.crm_model import LOOKBACK, CrmModel, dice
from tests.tap_copper.running import run

LATENCY_SECONDS = 1.0
WINDOW_SECONDS = 60 * WIDENING


def simulated_minutes(crm: CrmModel, limits: Limits, *, newest_first: bool = False) -> float:
    """Read a search with as many workers as the limits say, each answer taking a second, at the published quota."""
    sign = -1 if newest_first else 1
    search = Search(None, None, limits, newest_first=newest_first)
    horizon = sign * (crm.now - LOOKBACK)
    sent: deque[float] = deque(maxlen=REQUESTS_PER_MINUTE)
    now, number = 0.0, 0
    under_way: list[tuple[float, int, Ask]] = []
    while search.head is not None:
        while len(under_way) < limits.concurrency and (ask := search.ask()) is not None:
            begins = max(now, sent[0] + WINDOW_SECONDS) if len(sent) == REQUESTS_PER_MINUTE else now
            sent.append(begins)
            number += 1
            heapq.heappush(under_way, (begins + LATENCY_SECONDS, number, ask))
        if under_way:
            now, _, ask = heapq.heappop(under_way)
            search.take(ask, *crm.answer(ask.question, limits, sign), horizon)
        while (head := search.head) is not None and head.done:
            search.drop_head()
    return now / 60


@pytest.mark.parametrize("pages", [361, 541])
def test_the_whole_quota_is_used_at_a_second_of_latency(pages: int) -> None:
    crm = CrmModel(random=dice(1), now=1_700_000_000)
    records = pages * 200
    crm.fill([1_500_000_000 + 199_000_000 * number // records for number in range(records)])
    assert simulated_minutes(crm, Limits()) <= 1.05 * ((pages - 1) // REQUESTS_PER_MINUTE)


def test_activities_which_must_be_halved_use_it_but_for_a_tenth() -> None:
    crm = CrmModel(random=dice(1), now=1_700_000_000)
    crm.fill([1_500_000_000 + 199_000_000 * number // 108_200 for number in range(108_200)])
    assert simulated_minutes(crm, Limits(), newest_first=True) <= 1.1 * 3


@pytest.mark.long
def test_no_429_is_provoked_at_the_published_quota() -> None:
    with Emulator(people=50_000, quota=True) as emulator:
        output = run(emulator, "people", requests_per_minute=180)
        assert len(set(output.ids("people"))) == 50_000
        assert emulator.journal.count(status=429) == 0


def test_a_429_makes_every_worker_wait_and_loses_nothing(emulator: Emulator) -> None:
    emulator.reset(sizes={"copper": {"people": 3000}})
    emulator.script(
        "POST /people/search", ["ok", "error:status=429,retry_after=0.2", "ok", "error:status=429,retry_after=0.2"]
    )
    output = run(emulator, "people")
    assert len(set(output.ids("people"))) == 3000


def test_no_more_requests_are_under_way_than_asked_for(emulator: Emulator) -> None:
    emulator.reset(sizes={"copper": {"people": 4000}})
    emulator.trouble("latency:seconds=0.02")
    emulator.journal.clear()
    run(emulator, "people", max_concurrency=3)
    assert emulator.journal.high_water == 3
