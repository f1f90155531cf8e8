"""A plan carried out: its records, by the engine that writes any, under a guard that lets nothing else pass."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from functools import partial

from typing_extensions import override

from crm_api.console import as_typed
from target_crm.engine.approval import Approval, Opened, Place
from target_crm.ledger.tables import key_of
from target_crm.plans.carried_messages import as_line
from target_crm.plans.guard import PlanGuard
from target_crm.plans.left_lines import NotCarriedOutError
from target_crm.plans.plan_file import CARRIED_OUT, KINDS, Plan, PlanFileError, PlanLine
from target_crm.plans.settings_digest import settings_digest
from target_crm.settings import BATCH_SIZE
from target_crm.singer.stdio import decode
from target_crm.target import TargetCrm
from target_crm.undo.applying import carry_out_undo_plan
from target_crm.undo.words import NotAllBackError, lines_after

logger = logging.getLogger("target-crm")


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
    if plan.header.kind not in KINDS:
        raise PlanFileError(plan.path, f"is a plan of kind {plan.header.kind!r}, which this command cannot carry out")
    if plan.header.settings != settings_digest(target.config):
        raise PlanFileError(
            plan.path,
            "was made with other settings",
            "Give the settings that it was made with, or make the plan anew with these",
        )
    target.books.plan, target.books.undo_of = plan.sha256, plan.header.undo_of
    check = partial(_check_run, plan)
    if plan.header.kind == "undo":
        target.approval = _Checked(check)
        return target.carry_out(partial(_take_back, target, plan, fresh=fresh))
    guard = PlanGuard(plan, check, fresh=fresh)
    target.approval = guard
    return target.carry_out(partial(_carry_out, target, guard, say))


class _Checked(Approval):
    """Refuses a plan that is not for the run; objects to nothing else.

    Args:
        check: Called with the run.
    """

    def __init__(self, check: Callable[[Opened], None]) -> None:
        self._check = check

    @override
    def begin(self, opened: Opened) -> None:
        self._check(opened)


def _take_back(target: TargetCrm, plan: Plan, *, fresh: bool) -> None:
    """Carry out the plan of an undo.

    Raises:
        NotAllBackError: A line is no longer true, or the CRM refused.
    """
    run = target.opened_run
    applied = carry_out_undo_plan(run, target.settings_of, plan, fresh=fresh, allowed=target.allow_deletes)
    for (name, crm_id), reason in applied.outdated.items():
        logger.warning("%s %s: plan_outdated: %s", name, crm_id, reason)
    for line in lines_after(applied.undo.progress):
        logger.warning("%s", line)
    target.braked = list(applied.findings.refusals)
    if applied.outdated or applied.undo.progress.failed:
        raise NotAllBackError


def _check_run(plan: Plan, opened: Opened) -> None:
    """Refuse a plan of another account, source or ledger."""
    header, source = plan.header, opened.source
    if (header.crm, header.account) != (source.crm, source.account):
        what = (
            f"is a plan for account {header.account_name} ({header.crm} {header.account}), and the settings reach "
            f"{source.account_name} ({source.crm} {source.account})"
        )
        raise PlanFileError(plan.path, what, "Give the settings of the plan's account")
    if key_of(header.source_name) != source.name:
        what = f"is a plan of the source {header.source_name!r}, and source_name is {source.name!r}"
        raise PlanFileError(plan.path, what, "Give the settings that it was made with")
    planned_lines = opened.ledger.planned_lines
    if header.ledger is None and not planned_lines.may_begin_here(header.plan_id):
        what = "was made before there was a ledger, and others have written with the one that is there now"
        raise PlanFileError(plan.path, what)
    if header.ledger not in {None, planned_lines.ledger_id}:
        what = "was made with another ledger, which alone knows what was written and what of the plan is done"
        raise PlanFileError(plan.path, what, "Name that ledger in ledger_url, or make the plan anew")


def _carry_out(target: TargetCrm, guard: PlanGuard, say: Callable[[str], None]) -> None:
    opened = target.opened_run
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
    source = opened.source
    back = f" To take that back: {as_typed(f'undo {target.run_id}')}" if target.config["keep_values_days"] else ""
    say(f"Written as run {target.run_id} into {source.account_name or source.account}.{back}")
    if not target.braked and (left := guard.left()):
        raise NotCarriedOutError(left)


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
