"""A run is taken back in every CRM: what it changed and what it created; and the undo of that brings it back."""

from __future__ import annotations

import pytest


@pytest.mark.only(lambda case: case.vendor != "anything")
@pytest.mark.daily(one_of=4)
def test_a_run_and_its_undo_can_be_taken_back(contract, run, undo):
    change = contract.case.change
    kept = {"keep_values_days": 30}
    run(contract.made(1, 2), **kept)
    done = run(contract.messages(contract.case.make(1) | change, contract.case.make(3)), **kept)
    assert done.code == 0, done.errors
    assert contract.case.shows_change(contract.vendor, 1)
    undone = undo(done.report["run_id"])
    assert undone.code == 0, undone.output
    assert undone.left == [], undone.output
    assert contract.names == contract.called(1, 2)
    assert not contract.case.shows_change(contract.vendor, 1)
    writes = len(contract.writes)
    again = run(contract.messages(contract.case.make(1) | change, contract.case.make(3)), **kept)
    assert contract.of(again) == {"input": 2, "unchanged": 2}
    assert len(contract.writes) == writes
    back = undo(undone.run_id)
    assert back.code == 0, back.output
    assert back.left == [], back.output
    assert contract.names == contract.called(1, 2, 3)
    assert contract.case.shows_change(contract.vendor, 1)


@pytest.mark.only(lambda case: case.vendor == "anything")
@pytest.mark.daily(one_of=3)
def test_what_went_to_an_endpoint_is_left(contract, run, undo):
    kept = {"keep_values_days": 30}
    done = run(contract.made(1, 2), **kept)
    assert done.code == 0, done.errors
    before = len(contract.writes)
    undone = undo(done.report["run_id"])
    assert undone.code == 0, undone.output
    assert len(undone.left) == 2
    assert all("it went to an endpoint" in each for each in undone.left)
    assert len(contract.writes) == before
    assert contract.names == contract.called(1, 2)
