"""The plan of an undo carried out: each record that is still as the plan saw it, and once each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from target_crm.engine.run import Run
from target_crm.plans.plan_file import CARRIED_OUT, Plan, PlanFileError, PlanLine
from target_crm.stream_settings import StreamSettings
from target_crm.undo.decisions import Back, Decision, Left, Place
from target_crm.undo.findings import Findings
from target_crm.undo.plan_lines import PlanLines
from target_crm.undo.undoing import Undo

ANEW = "Make the plan anew"


@dataclass
class Applied:
    """A plan of an undo that was carried out.

    Attributes:
        undo: The undo.
        findings: What it did.
        outdated: The lines that were not carried out since they are no longer true, each with the reason.
    """

    undo: Undo
    findings: Findings
    outdated: dict[Place, str] = field(default_factory=dict)


def carry_out_undo_plan(
    run: Run,
    settings_of: Callable[[str], StreamSettings],
    plan: Plan,
    *,
    fresh: bool = False,
    allowed: int | None = None,
) -> Applied:
    """Carry out the plan of an undo where it is still true, and nothing else. A repeat does what is not done yet.

    Each record is looked at again. One that somebody has edited since, or of which something else would become by
    now, is left as ``plan_outdated``.

    Args:
        run: The undo, as a run.
        settings_of: Gives the settings of a stream; raises SettingError.
        plan: The plan; of this account, source and ledger.
        fresh: Whether each record is read by itself, past what an index may not show yet.
        allowed: How many records may be deleted, whatever the brakes say; None: the brakes hold.

    Raises:
        PlanFileError: All of it is done, or there is nothing to carry out.
        StopError: Nothing further can succeed.
        BusyError: Nothing further can succeed for now.
    """
    planned_lines = run.ledger.planned_lines
    planned_lines.begin(plan.header.plan_id)
    done = planned_lines.all_done()
    asked = [line for line in plan.lines if line.action in CARRIED_OUT]
    lines = {_place(line): line for line in asked if line.line not in done}
    if not lines:
        what = "is carried out: all its lines are done" if asked else "holds nothing to carry out"
        raise PlanFileError(plan.path, what, "Make a new one if there is more to do")
    undo = Undo(
        run,
        run.ledger.run_history,
        plan.header.undo_of or "",
        settings_of,
        again=any(line.carry["again"] for line in lines.values()),
        fresh=fresh,
        allowed=allowed,
    )
    findings = undo.look()
    applied = Applied(undo, findings)
    made = PlanLines(undo.places, undo.progress.reason)
    chosen = [_chosen(each, lines[each.place], made, applied) for each in findings.decisions if each.place in lines]
    chosen = _without_missing(chosen, lines, applied)
    applied.findings = replace(findings, decisions=chosen)
    undo.carry_out(applied.findings)
    progress = undo.progress
    planned_lines.done(
        [
            lines[each.place].line
            for each in chosen
            if each.is_back or (each.place in progress.back and each.place not in progress.failed)
        ]
    )
    return applied


def _place(line: PlanLine) -> Place:
    return line.object, line.carry["record"]


def _chosen(decision: Decision, line: PlanLine, made: PlanLines, applied: Applied) -> Decision:
    """Return a decision if the plan says the same; else the record is left."""
    if decision.is_back and not decision.left:
        return decision
    if decision.back is not Back(line.action) or {each["name"] for each in line.fields} != {*decision.values}:
        reason = "; ".join(each.said for each in decision.left) or "something else would become of it by now"
        return _outdated(decision, f"{reason}. {ANEW}", applied)
    if edited := made.edited(line, decision.current):
        return _outdated(decision, f"somebody has edited {', '.join(edited)} since the plan was made. {ANEW}", applied)
    return decision


def _without_missing(decisions: Sequence[Decision], lines: dict[Place, PlanLine], applied: Applied) -> list[Decision]:
    """Leave records that refer to one which is to be made again, and whose line was removed or is outdated."""
    decided = list(decisions)
    while True:
        coming = {
            (each.touched.last.stream, each.touched.last.source_id)
            for each in decided
            if each.back is Back.MAKE or each.made is not None
        }
        waiting = [
            number
            for number, each in enumerate(decided)
            if each.back.sends and any(place not in coming for place in lines[each.place].waits_on)
        ]
        if not waiting:
            return decided
        for number in waiting:
            missing = [place for place in lines[decided[number].place].waits_on if place not in coming]
            named = " and ".join(f"{stream} {source_id}" for stream, source_id in missing)
            decided[number] = _outdated(
                decided[number], f"it refers to {named}, which the plan no longer makes again", applied
            )


def _outdated(decision: Decision, reason: str, applied: Applied) -> Decision:
    applied.outdated[decision.place] = reason
    return replace(decision, back=Back.NOTHING, values={}, left=(Left(f"plan_outdated: {reason}"),))
