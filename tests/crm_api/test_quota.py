"""No window ever holds more requests than the account may send, and no turn is wasted."""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.copper.session import CopperSettings, connect
from crm_api.transport.quota import Quota
from crm_api.transport.rates import Allowance, binding_windows, widened
from crm_api.transport.request import Request
from crm_emulator.clock import Clock
from crm_emulator.emulator import Emulator


class Time:
    """A clock that moves only when somebody sleeps."""

    def __init__(self) -> None:
        self.seconds = 1000.0
        self.lock = threading.Lock()

    def clock(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        with self.lock:
            self.seconds += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def quota(time: Time) -> Callable[..., Quota]:
    def make(*of_all: tuple[int, float], bulk: tuple[tuple[int, float], ...] = ()) -> Quota:
        return Quota(
            [Allowance(*each) for each in of_all],
            [Allowance(*each) for each in bulk],
            clock=time.clock,
            sleep=time.sleep,
        )

    return make


def fullest(moments: list[float], seconds: float) -> int:
    """The most moments in any window of so many seconds."""
    return max((sum(start <= each < start + seconds for each in moments) for start in moments), default=0)


def test_without_rates_nothing_waits(quota: Callable[..., Quota], time: Time) -> None:
    unlimited = quota((0, 60))
    for _ in range(1000):
        unlimited.take(bulk=True)
    assert time.seconds == 1000
    assert unlimited.taken == 1000


def test_as_many_leave_as_the_window_holds_and_the_next_waits_for_it_to_move(
    quota: Callable[..., Quota], time: Time
) -> None:
    minute = quota((180, 60))
    for _ in range(180):
        minute.take()
    assert time.seconds == 1000
    minute.take()
    assert 60 < time.seconds - 1000 < widened(60) + 0.1


def test_a_window_is_kept_a_little_wider() -> None:
    assert [widened(seconds) - seconds for seconds in (1, 30, 60, 3600)] == pytest.approx(
        [0.101, 0.13, 0.16, 3.7], abs=1e-3
    )


def test_a_window_that_machines_share_is_kept_wider_since_their_ways_differ() -> None:
    wider = [widened(seconds, is_shared=True) - seconds for seconds in (1, 30, 60, 3600)]
    assert wider == pytest.approx([0.103, 0.2, 0.3, 12.1], abs=1e-3)


def test_bulk_requests_count_against_both_rates(quota: Callable[..., Quota], time: Time) -> None:
    both = quota((180, 60), bulk=((3, 1),))
    moments: list[float] = []
    for _ in range(400):
        both.take(bulk=True)
        moments.append(time.seconds)
    assert fullest(moments, 1) == 3
    assert fullest(moments, 60) <= 180


def test_other_requests_do_not_wait_for_the_bulk_rate(quota: Callable[..., Quota], time: Time) -> None:
    both = quota((180, 60), bulk=((3, 1),))
    for _ in range(3):
        both.take(bulk=True)
    for _ in range(100):
        both.take()
    assert time.seconds == 1000


def test_a_bulk_turn_is_not_taken_before_the_other_one_is_free(quota: Callable[..., Quota], time: Time) -> None:
    both = quota((2, 60), bulk=((1, 1),))
    for _ in range(2):
        both.take()
    both.take(bulk=True)
    taken = time.seconds
    both.take(bulk=True)
    both.take(bulk=True)
    assert taken > 1060
    assert time.seconds > taken + 60


@given(
    steps=st.lists(st.tuples(st.booleans(), st.floats(0, 3)), max_size=120),
    per_second=st.integers(1, 4),
    per_ten=st.integers(1, 12),
    bulk=st.integers(1, 3),
)
def test_no_window_is_ever_overfull(steps: list[tuple[bool, float]], per_second: int, per_ten: int, bulk: int) -> None:
    time = Time()
    quota = Quota(
        [Allowance(per_second, 1), Allowance(per_ten, 10)],
        [Allowance(bulk, 2)],
        clock=time.clock,
        sleep=time.sleep,
    )
    every: list[float] = []
    of_bulk: list[float] = []
    for is_bulk, pause in steps:
        time.seconds += pause
        quota.take(bulk=is_bulk)
        every.append(time.seconds)
        if is_bulk:
            of_bulk.append(time.seconds)
    assert fullest(every, 1) <= per_second
    assert fullest(every, 10) <= per_ten
    assert fullest(of_bulk, 2) <= bulk


RATES = st.lists(
    st.tuples(
        st.integers(0, 12) | st.floats(0, 12, exclude_min=True, width=16) | st.just(1_000_000),
        st.sampled_from([0.5, 1.0, 7.0, 60.0, 3600.0]),
    ),
    max_size=5,
)


@given(RATES, st.integers(1, 120))
def test_rates_of_any_size_and_order_hold_together(given_rates: list[tuple[float, float]], requests: int) -> None:
    """Those that others make needless are passed over: no window is overfull for it, and no turn is wasted."""
    allowances = [Allowance(*each) for each in given_rates]
    time = Time()
    quota = Quota(allowances, clock=time.clock, sleep=time.sleep)
    moments: list[float] = []
    for _ in range(requests):
        quota.take()
        moments.append(time.seconds)
    whole = [(int(most), seconds) for most, seconds in given_rates if most >= 1]
    whole += [(1, seconds / most) for most, seconds in given_rates if 0 < most < 1]
    for most, seconds in whole:
        assert fullest(moments, seconds) <= most
    for earlier, later in pairwise(moments):
        if later > earlier:  # it waited: a window that ends now was full
            assert any(sum(later - 0.01 - widened(s) <= each <= earlier for each in moments) >= n for n, s in whole)


@given(RATES)
def test_windows_that_are_kept_grow_in_both_length_and_number(given_rates: list[tuple[float, float]]) -> None:
    windows = binding_windows([Allowance(*each) for each in given_rates])
    assert bool(windows) == any(most for most, _ in given_rates)
    for shorter, longer in pairwise(windows):
        assert shorter.milliseconds < longer.milliseconds
        assert shorter.requests < longer.requests


def test_an_hourly_rate_below_the_one_of_a_minute_holds(quota: Callable[..., Quota], time: Time) -> None:
    hourly = quota((180, 60), (100, 3600))
    for _ in range(101):
        hourly.take()
    assert time.seconds > 4600


def test_a_pause_holds_everybody_and_is_never_shortened(quota: Callable[..., Quota], time: Time) -> None:
    paused = quota()
    paused.pause(30)
    paused.pause(10)
    paused.take()
    assert time.seconds == pytest.approx(1030, abs=0.01)


def test_threads_share_one_quota(time: Time) -> None:
    quota = Quota([Allowance(10, 1)], clock=time.clock, sleep=time.sleep)
    moments: list[float] = []
    lock = threading.Lock()

    def take() -> None:
        for _ in range(25):
            quota.take()
            with lock:
                moments.append(time.seconds)

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert quota.taken == 200
    assert time.seconds >= 1000 + 19


def test_the_crm_never_turns_a_request_away(settings: Callable[..., CopperSettings]) -> None:
    clock = Clock(frozen_at=1_700_000_000)
    with Emulator(empty=True, quota=True, clock=clock) as emulator:
        session = connect(
            settings(emulator, requests_per_minute=180, bulk_requests_per_second=3),
            clock=clock.now,
            sleep=clock.advance,
        )
        for number in range(500):
            if number % 3:
                session.exchange(Request("GET", "/account"))
            else:
                session.exchange(Request("POST", "/people/bulk_create", body={"people": [{"name": "A"}]}, bulk=True))
        assert session.traffic.turned_away == 0
        assert emulator.journal.count(status=429) == 0
        # 360 in two windows, and then the bulk requests among the last 140, three a second.
        assert clock.now() - 1_700_000_000 < 2 * widened(60) + 140 / 3 / 3 * widened(1) + 0.1
