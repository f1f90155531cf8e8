"""Whatever comes, a plan that is carried out leaves the CRM as the run would have, and the next run nothing to do."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, note, settings

from target_crm.plans.plan_file import read_plan
from tests.target_crm.forks import Fork
from tests.target_crm.messages import record_of
from tests.target_crm.test_dry_run_equals_run import ANYTHING, AS_IT_IS, SCHEMAS, STREAMS, account, sent, whole

__all__ = ["account"]
KINDS = ("companies", "people", "opportunities", "leads", "tasks", "activities")
OWN = ("id", "date_created", "date_modified", "date_stage_changed", "date_last_contacted", "activity_date")
REFERENCES = {"company_id": "companies", "primary_contact_id": "people"}


def contents(emulator):
    """All that the CRM holds, with names in place of ids, which may be given in another order."""
    kinds = {kind: emulator.copper.records(kind) for kind in KINDS}
    names = {(kind, each["id"]): each.get("name") for kind in kinds for each in kinds[kind]}
    return sorted(
        f"{kind} {json.dumps(shown(each, names), sort_keys=True)}"
        for kind, records in kinds.items()
        for each in records
    )


def shown(record, names):
    shown = {name: value for name, value in record.items() if name not in OWN}
    for name, kind in REFERENCES.items():
        if shown.get(name) is not None:
            shown[name] = names[kind, shown[name]]
    if (parent := shown.get("parent")) is not None:
        shown["parent"] = names["people", parent["id"]]
    return shown


@settings(max_examples=3, **AS_IT_IS)
@ANYTHING
@example(  # one record in two versions, the second of which comes after the first is written
    order=list(SCHEMAS),
    records_before=[],
    records=[
        record_of("companies", id=1, name="C5", contact=4),
        record_of("people", id=4, name="P4", email="p4@x.org", company=1),
        record_of("companies", id=1, name="C6", contact=4),
        record_of("known", id=4, name="K4", email="p4@x.org", title="T4"),
    ],
    batch_size=1,
    compare_with="source",
)
def test_a_plan_carried_out_does_what_the_run_does(world, **case):
    compared(world, **case)


@pytest.mark.long
@pytest.mark.timeout(1800)
@settings(max_examples=200, **AS_IT_IS)
@ANYTHING
def test_it_does_so_in_many_cases(world, **case):
    compared(world, **case)


@pytest.fixture
def world(run, apply, emulator, account, tmp_path):
    """The fixtures that an example needs."""
    return run, apply, emulator, account, tmp_path


def compared(world, *, order, records_before, records, batch_size, compare_with):
    """A run before, the plan, and the plan carried out beside the run that follows; and a run after each of them."""
    run, apply, emulator, account, tmp_path = world
    account()
    for file in tmp_path.glob("ledger.sqlite*"):
        file.unlink()
    before, messages = whole(records_before, order), whole(records, order)
    config = {
        "streams": STREAMS,
        "batch_size_rows": batch_size,
        "compare_with": compare_with,
        "keep_values_days": 30 * (batch_size > 1),
        "max_rejected": "100%",
    }
    run(before, **config)
    fork = Fork(emulator, tmp_path)
    path = tmp_path / "plan.jsonl"
    dry = run(messages, dry_run=True, plan_path=str(path), **config)
    note(dry.errors)
    plan = read_plan(path)
    since = len(emulator.requests)
    done = apply(path, **{**config, "batch_size_rows": 3 if batch_size == 1000 else 1000})
    note(done.errors)
    applied, written = contents(emulator), sent(emulator.requests[since:])
    since = len(emulator.requests)
    run(messages, **config)
    then = sent(emulator.requests[since:])
    after = contents(emulator)
    fork.back()
    since = len(emulator.requests)
    real = run(messages, **config)
    assert applied == contents(emulator)
    assert written.keys() == sent(emulator.requests[since:]).keys() or len(written) > 0
    since = len(emulator.requests)
    run(messages, **config)
    assert then == sent(emulator.requests[since:])
    assert after == contents(emulator)
    books = real.report["streams"]
    assert {stream: counts["create"] for stream, counts in plan.header.counts.items()} == {
        stream: counts["created"] for stream, counts in books.items()
    }
    assert plan.header.requests == real.report["requests"]["requests"]
