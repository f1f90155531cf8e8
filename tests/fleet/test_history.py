"""The checker over histories sees each broken promise, and is silent where all are kept."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.fleet.history import Ended, History, Passed, Sent, Woken, violations

EMPTY = {"records": []}


@pytest.fixture
def kept():
    """B overtakes A, which is paused, and writes; A wakes, and leaves it at that."""
    return History(
        window_seconds=2,
        began={"A": 0.0, "B": 10.0},
        sent=[
            Sent("A", 1, "POST /leads", writes=True),
            Sent("B", 11, "POST /leads/search", writes=False),
            Sent("B", 13, "POST /leads", writes=True),
        ],
        passed=[Passed("B", frozenset({"x"}), frozenset({"x", "y"}))],
        woken=[Woken("A", 20, certain=True, ledger={"records": ["x", "y"]})],
        ended=[
            Ended("B", 0, "", closed=True),
            Ended("A", 4, "The lock is lost", closed=True, ledger={"records": ["x", "y"]}),
        ],
    )


def only(found):
    (line,) = found
    return line


def test_what_keeps_every_promise_is_left_alone(kept):
    assert violations(kept, ["x", "y"], ["y", "x"]) == []


def test_a_copy_is_seen(kept):
    assert only(violations(kept, ["x", "y", "x"])) == "x is there 2 times"


def test_what_is_lost_and_what_nobody_sent_is_seen(kept):
    assert violations(kept, ["x", "z"], ["x", "y"]) == ["y is lost", "z came from nowhere"]


def test_a_state_that_ran_ahead_is_seen(kept):
    kept.passed.append(Passed("A", frozenset({"x", "y"}), frozenset({"x"})))
    assert only(violations(kept, ["x", "y"])) == "STATE of A passed y"


def test_a_write_after_waking_is_seen_and_a_question_is_none(kept):
    kept.sent.append(Sent("A", 20.1, "GET /leads/1", writes=False))
    assert violations(kept, ["x"]) == []
    kept.sent.append(Sent("A", 20.2, "POST /leads", writes=True))
    found = violations(kept, ["x"])
    assert any("0.20 s after it woke, when B had written" in line for line in found)


def test_a_write_after_waking_is_no_fault_where_nobody_has_written_meanwhile(kept):
    kept.sent[2:] = [Sent("A", 20.2, "POST /leads", writes=True)]
    kept.ended[1] = Ended("A", 0, "", closed=True, ledger={"records": ["x", "y", "z"]})
    assert violations(kept, ["x"]) == []


def test_a_writer_that_was_paused_before_it_wrote_anything_may_write_when_the_other_has_ended(kept):
    kept.sent[0] = Sent("A", 20.1, "POST /leads", writes=True)
    kept.sent.sort(key=lambda sent: sent.at)
    kept.ended[1] = Ended("A", 0, "", closed=True, ledger={"records": ["x", "y", "z"]})
    assert violations(kept, ["x", "y"]) == []


@pytest.mark.parametrize(("at", "late"), [(11.9, False), (12.5, False), (13.5, True)])
def test_a_write_that_the_successor_no_longer_reckons_with_is_seen(kept, at, late):
    """12.5 is after the window, too, but before B has written anything by what it knew."""
    kept.woken.clear()
    kept.sent.append(Sent("A", at, "POST /leads", writes=True))
    assert bool(violations(kept, ["x"])) is late


def test_a_write_of_the_successor_is_never_late(kept):
    kept.sent.append(Sent("B", 100, "POST /leads", writes=True))
    assert violations(kept, ["x"]) == []


@pytest.mark.parametrize("code", [1, 143])
def test_an_overtaken_writer_that_ends_otherwise_is_seen(kept, code):
    kept.ended[1] = replace(kept.ended[1], code=code)
    assert f"A was overtaken and ended with {code}" in only(violations(kept, ["x"]))


def test_an_overtaken_writer_ends_as_if_nothing_were_only_if_it_was_done_when_it_stood_still(kept):
    kept.ended[1] = replace(kept.ended[1], code=0)
    assert violations(kept, ["x"]) == []
    kept.woken[0] = replace(kept.woken[0], certain=False)
    kept.sent.append(Sent("A", 20.2, "POST /leads", writes=True))
    assert any("A was overtaken and ended with 0" in line for line in violations(kept, ["x"]))
    kept.sent.pop()
    kept.ended[1] = replace(kept.ended[1], ledger={"records": ["x", "y", "z"]})
    assert "wrote into the ledger" in only(violations(kept, ["x"]))


def test_an_overtaken_writer_that_touches_the_ledger_is_seen(kept):
    kept.ended[1] = replace(kept.ended[1], ledger={"records": ["x"]})
    assert "A was overtaken and wrote into the ledger: records" in only(violations(kept, ["x"]))


def test_books_that_do_not_close_and_a_traceback_are_seen(kept):
    kept.ended[0] = Ended("B", 0, "Traceback (most recent call last)", closed=None)
    found = violations(kept, ["x"])
    assert len(found) == 2
    assert "B ended with a traceback" in found[0]
    assert "B is done and its books do not close" in found[1]
