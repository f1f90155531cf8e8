"""Plans of every CRM: what was planned is done, once, and what somebody has edited since is left alone."""

from __future__ import annotations

import random
import signal

import pytest

from tests.commands import Command
from tests.target_crm.contract.test_edits_under_trouble import FIELDS
from tests.target_crm.forks import Fork
from tests.target_crm.hurried import apply_hurriedly, until_all_is_read


@pytest.fixture
def plan(run, tmp_path):
    """Make the plan of an input; returns its file."""

    def plan(messages, **config):
        path = tmp_path / "plan.jsonl"
        run(messages, dry_run=True, plan_path=str(path), **config)
        return path

    return plan


@pytest.mark.daily(one_of=5)
def test_a_plan_that_is_carried_out_leaves_nothing_to_the_run(contract, run, plan, apply):
    if contract.case.finds:
        contract.case.insert(contract.vendor, 1)
    else:
        run(contract.made(1))
    messages = contract.messages({**contract.case.make(1), **contract.case.change}, contract.case.make(2))
    before = len(contract.writes)
    path = plan(messages)
    assert len(contract.writes) == before
    assert contract.of(apply(path)) == {"input": 2, "created": 1, "updated": 1}
    assert contract.names == contract.called(1, 2)
    assert contract.case.shows_change(contract.vendor, 1)
    before = len(contract.writes)
    done = run(messages)
    assert contract.of(done) == {"input": 2, "unchanged": 2}
    again = apply(path)
    assert again.code == 2
    assert "all its lines are done" in again.errors
    assert len(contract.writes) == before


@pytest.mark.daily(one_of=5)
@pytest.mark.only(lambda case: case.deletes)
def test_a_planned_delete_is_carried_out_once(contract, run, plan, apply):
    run(contract.made(1, 2), streams=contract.stream_settings(hard_delete=True))
    gone = contract.messages(
        {**contract.case.make(1), "_sdc_deleted_at": "2026-01-01T00:00:00Z"}, contract.case.make(2)
    )
    path = plan(gone, streams=contract.stream_settings(hard_delete=True))
    assert contract.names == contract.called(1, 2)
    assert contract.of(apply(path, streams=contract.stream_settings(hard_delete=True))) == {"input": 1, "deleted": 1}
    assert contract.names == contract.called(2)
    assert apply(path, streams=contract.stream_settings(hard_delete=True)).code == 2


@pytest.mark.only(lambda case: case.name in FIELDS)
@pytest.mark.parametrize("fresh", [False, pytest.param(True, marks=pytest.mark.long)])
def test_what_somebody_edits_after_the_plan_stops_exactly_that_record(contract, run, plan, apply, fresh):
    run(contract.made(1, 2, 3))
    changed = [{**contract.case.make(n), **contract.case.change} for n in (1, 2, 3)]
    path = plan(contract.messages(*changed))
    field = next(iter(FIELDS[contract.case.name].values()))
    stream = contract.case.stream
    (crm_id,) = (each["id"] for each in contract.vendor.records(stream) if contract.case.name_of(2) in each.values())
    contract.vendor.change(stream, crm_id, {field: "typed"})
    done = apply(path, fresh=fresh)
    assert contract.of(done) == {"input": 3, "updated": 2, "rejected": 1}
    assert done.report["reject_kinds"] == {stream: {"plan_outdated": 1}}
    assert [contract.case.shows_change(contract.vendor, n) for n in (1, 2, 3)] == [True, False, True]
    assert f"edited record {crm_id}" in done.errors
    again = apply(path)
    assert contract.of(again) == {"input": 1, "rejected": 1}


@pytest.mark.daily(one_of=20)
@pytest.mark.parametrize("kind", ["lost", "cut", "error_after"])
def test_an_apply_without_answers_is_repeated_and_makes_no_copy(contract, run, plan, apply, kind):
    run(contract.made(1, 2))
    changed = [{**contract.case.make(n), **contract.case.change} for n in (1, 2)]
    path = plan(contract.messages(*changed, *(contract.case.make(n) for n in range(3, 7))))
    contract.emulator.trouble(
        f"{kind}:every=1,rate=0.7" if kind != "error_after" else "error_after:status=500,rate=0.7"
    )
    apply(path, max_attempts=1)
    contract.emulator.no_trouble()
    apply(path)
    assert apply(path).code == 2
    assert contract.names == contract.called(*range(1, 7))
    assert all(contract.case.shows_change(contract.vendor, n) for n in (1, 2))


@pytest.mark.daily(one_of=38)
@pytest.mark.parametrize("seed", range(4))
def test_whatever_a_plan_holds_it_does_what_the_run_does(contract, run, plan, apply, tmp_path, seed):
    dice = random.Random(f"plan of {contract.case.name} {seed}")
    more = {"streams": contract.stream_settings(hard_delete=True)} if contract.case.deletes else {}
    if contract.case.finds:
        contract.case.insert(contract.vendor, 1)
    run(contract.made(*dice.sample(range(9), 5)), **more)
    records = []
    for n in dice.sample(range(9), 7):
        what = dice.choice(["as it was", "changed", "changed", "gone"] if contract.case.deletes else ["changed"])
        record = contract.case.make(n) | (contract.case.change if what == "changed" else {})
        records.append(record | ({"_sdc_deleted_at": "2026-01-01T00:00:00Z"} if what == "gone" else {}))
    messages, fork = contract.messages(*records), Fork(contract.emulator, tmp_path)

    def seen():
        shown = [contract.case.shows_change(contract.vendor, n) for n in range(9) if contract.called(n)[0] in names]
        return contract.names, shown

    done = apply(plan(messages, **more), **more)
    names = contract.names
    applied = seen()
    assert done.code in {0, 2}, done.errors
    before = len(contract.writes)
    run(messages, **more)
    assert len(contract.writes) == before
    fork.back()
    run(messages, **more)
    assert seen() == applied


@pytest.mark.daily(one_of=38)
@pytest.mark.parametrize("seed", range(6))
def test_a_plan_whose_apply_is_killed_at_any_request_and_repeated_is_carried_out_once(
    contract, run, plan, apply, tmp_path, seed
):
    dice = random.Random(f"{contract.case.name} {seed}")
    run(contract.made(1, 2, 3))
    changed = [{**contract.case.make(n), **contract.case.change} for n in (1, 2)]
    messages = contract.messages(*changed, *(contract.case.make(n) for n in range(3, 9)))
    path = plan(messages)
    file = contract.file(tmp_path, request_timeout_seconds=30)
    for _ in range(4):
        left = dice.randrange(1, 14)
        process = Command("singer-crm", file, path, main=apply_hurriedly)

        def strike(_, process=process):
            nonlocal left
            left -= 1
            if left == 0:
                process.send_signal(signal.SIGKILL)

        undo = contract.emulator.between_requests(strike)
        process.communicate(b"")
        undo()
        until_all_is_read(contract.emulator.url)
    done = apply(path)
    assert done.code in {0, 2}, done.errors
    assert contract.names == contract.called(*range(1, 9))
    assert contract.case.shows_change(contract.vendor, 1)
    assert contract.case.shows_change(contract.vendor, 2)
    before = len(contract.writes)
    assert contract.of(run(messages)) == {"input": 8, "unchanged": 8}
    assert len(contract.writes) == before
