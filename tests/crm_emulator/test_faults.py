import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_emulator import Fault, Kind
from crm_emulator.faults import FaultPlan


def kinds(plan, times, method="POST", route="/people", vendor="copper"):
    troubles = [plan.decide(vendor, method, route) for _ in range(times)]
    return [trouble.fault.kind if trouble.fault else None for trouble in troubles]


def test_without_faults_there_is_no_trouble():
    assert kinds(FaultPlan(), 3) == [None] * 3


def test_every_nth_match_is_struck():
    plan = FaultPlan([Fault("error", every=3)])
    assert kinds(plan, 7) == [None, None, Kind.ERROR, None, None, Kind.ERROR, None]


def test_a_fault_is_gone_after_its_times():
    plan = FaultPlan([Fault("lost", times=2)])
    assert kinds(plan, 4) == [Kind.LOST, Kind.LOST, None, None]
    assert plan.faults == ()


@given(st.integers(0, 1000))
def test_a_rate_strikes_about_as_often_as_it_says_and_the_same_for_the_same_seed(seed):
    first, second = (kinds(FaultPlan([Fault("error", rate=0.3)], seed), 200) for _ in range(2))
    assert first == second
    assert 25 <= sum(kind is not None for kind in first) <= 100


@pytest.mark.parametrize(
    ("route", "struck"),
    [
        ("*", True),
        ("POST *", True),
        ("POST /people", True),
        ("* /people*", True),
        ("GET /people", False),
        ("POST /leads", False),
    ],
)
def test_a_fault_strikes_the_routes_it_names(route, struck):
    assert kinds(FaultPlan([Fault("error", route=route)]), 1) == [Kind.ERROR if struck else None]


def test_a_fault_strikes_the_vendor_it_names():
    plan = FaultPlan([Fault("error", vendor="fresh*")])
    assert kinds(plan, 1) == [None]
    assert kinds(plan, 1, vendor="freshsales") == [Kind.ERROR]


def test_a_script_decides_answer_by_answer_and_rests_for_other_routes():
    plan = FaultPlan()
    plan.script("POST /people", ["ok", "lost", Fault("error", status=500)])
    assert kinds(plan, 1, route="/leads") == [None]
    assert kinds(plan, 5) == [None, Kind.LOST, Kind.ERROR, None, None]
    assert plan.scripted == {}


def test_an_ok_of_a_script_keeps_standing_faults_away():
    plan = FaultPlan([Fault("error")])
    plan.script("*", ["ok", "ok"])
    assert kinds(plan, 3) == [None, None, Kind.ERROR]


def test_latencies_add_up_and_do_not_hide_an_error():
    plan = FaultPlan([Fault("latency", seconds=1), Fault("latency", seconds=2), Fault("error")])
    trouble = plan.decide("copper", "GET", "/account")
    assert (trouble.latency_seconds, trouble.fault.kind) == (3, Kind.ERROR)
    assert trouble.name == "latency+error"


@given(st.integers(0, 1000))
def test_jitter_stays_in_its_bounds(seed):
    plan = FaultPlan([Fault("latency", seconds=0.5, jitter_seconds=1)], seed)
    latencies = [plan.decide("copper", "GET", "/account").latency_seconds for _ in range(50)]
    assert all(0 <= latency <= 1.5 for latency in latencies)
    assert len(set(latencies)) > 10


def test_the_text_form_says_all():
    text = "error_after:status=500,every=20,rate=0.5,times=3,route=POST /people,vendor=copper,retry_after=2.5"
    assert Fault.parse(text) == Fault(
        Kind.ERROR_AFTER,
        status=500,
        every=20,
        rate=0.5,
        times=3,
        route="POST /people",
        vendor="copper",
        retry_after=2.5,
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("explode", "'explode' is not a kind of trouble"),
        ("error:pace=3", "has no option 'pace'"),
        ("error:status=abc", "status='abc' is not a whole number"),
        ("error:rate=2", "between 0 and 1"),
        ("error:every=0", "every must be 1 or more"),
    ],
)
def test_a_wrong_text_says_what_is_wrong(text, said):
    with pytest.raises(ValueError, match=re.escape(said)):
        Fault.parse(text)


def test_no_more_trouble_after_clear():
    plan = FaultPlan([Fault("error")])
    plan.script("*", ["lost"])
    plan.clear()
    assert kinds(plan, 1) == [None]
