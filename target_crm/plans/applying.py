"""A plan carried out: its records, by the engine that writes any, under a guard that lets nothing else pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from target_crm.engine.approval import Opened, Place
from target_crm.ledger.tables import key_of
from target_crm.plans.guard import PlanGuard
from target_crm.plans.plan_file import CARRIED_OUT, Plan, PlanFileError, PlanLine
from target_crm.plans.plan_recorder import as_line
from target_crm.plans.settings_digest import settings_digest
from target_crm.settings import BATCH_SIZE
from target_crm.singer.stdio import decode
from target_crm.target import TargetCrm


def apply_plan(target: TargetCrm, plan: Plan, say: Callable[[str], None], *, fresh: bool) -> int:
    """Carry out a plan where it is still true, and nothing else; returns the exit code.

    Args:
        target: The target, on the settings that the plan was made with.
        plan: The plan.
        say: Called with a sentence at the end: how much of the plan is done.
        fresh: Whether each record is read by itself, past any index that lags behind writes.

    Raises:
        PlanFileError: The plan is not one of these settings, or of a kind that this program cannot carry out.
    """
    if plan.header.kind != "write":
        raise PlanFileError(plan.path, f"is a plan of kind {plan.header.kind!r}, which this command cannot carry out")
    if plan.header.settings != settings_digest(target.config):
        raise PlanFileError(
            plan.path,
            "was made with other settings",
            "Give the settings that it was made with, or make the plan anew with these",
        )
    guard = PlanGuard(plan, partial(_check_run, plan), fresh=fresh)
    target.approval = guard
    return target.carry_out(partial(_carry_out, target, guard, say))


def _check_run(plan: Plan, opened: Opened) -> None:
    """Refuse a plan of another account, source or ledger."""
    header, source = plan.header, opened.source
    if (header.crm, header.account) != (source.crm, source.account):
        what = (
            f"is a plan for account {header.account_name} ({header.crm} {header.account}), and the settings reach "
            f"{opened.account.name} ({source.crm} {source.account})"
        )
        raise PlanFileError(plan.path, what, "Give the settings of the plan's account")
    if key_of(header.source_name) != source.name:
        what = f"is a plan of the source {header.source_name!r}, and source_name is {source.name!r}"
        raise PlanFileError(plan.path, what, "Give the settings that it was made with")
    if header.ledger not in {None, opened.ledger.planned_lines.ledger_id}:
        what = "was made with another ledger, which alone knows what was written and what of the plan is done"
        raise PlanFileError(plan.path, what, "Name that ledger in ledger_url, or make the plan anew")


def _carry_out(target: TargetCrm, guard: PlanGuard, say: Callable[[str], None]) -> None:
    target.opened_run  # noqa: B018 - which opens it
    lines = guard.lines
    if not lines:
        raise PlanFileError(guard.plan.path, _nothing_left(guard.plan), "Make a new one if there is more to do")
    target.retrier.link_ready()
    _feed(target, guard, lines)
    for line in lines:
        if line.action == "delete" and "message" not in line.carry:
            target.planned_absences.setdefault(line.stream, set()).add(line.source_id)
    target.process_endofpipe()
    say(guard.told())


def _nothing_left(plan: Plan) -> str:
    if any(line.action in CARRIED_OUT for line in plan.lines):
        return "is carried out: all its lines are done"
    return "holds nothing to carry out"


def _feed(target: TargetCrm, guard: PlanGuard, lines: Iterable[PlanLine]) -> None:
    """Take the records of a plan, each with its SCHEMA.

    Between two lines of one record everything is written; so it is before anything that came in a later batch than a
    record which lacks a reference, lest it find by now what it did not find then.
    """
    schemas = guard.plan.header.schemas
    most = target.config.get("batch_size_rows") or BATCH_SIZE
    open_places: set[Place] = set()
    lacking = 0
    for line in lines:
        if "message" not in line.carry:
            continue
        place, batch = (line.stream, line.source_id), line.carry["batch"]
        if place in open_places or len(open_places) >= most or lacking not in {0, batch}:
            target.drain()
            open_places.clear()
            lacking = 0
        lacking = batch if line.carry.get("lacks") else lacking
        schema = as_line(schemas[line.carry["schema"]])
        message = decode(schema)
        if target.schema_lines.get(message["stream"]) != schema:
            target.take_schema(message, schema)
        guard.take(line)
        record = as_line(line.carry["message"])
        target.take_record(decode(record), record, only=line.stream)
        open_places.add(place)
