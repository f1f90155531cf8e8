"""A plan as text for people, and its header and counts as JSON for programs (pure)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from target_crm.ledger.store import as_json
from target_crm.plans.plan_file import ACTIONS, Plan, PlanLine, spelled_age
from target_crm.report.summary import pace_in_words, requests_in_words

_INDENT = "    "
_CONTROL = {code: f"\\u{code:04x}" for code in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029)}
"""Characters that a terminal would obey, and that no record may send to it."""


def header_lines(plan: Plan, now: datetime) -> Iterator[str]:
    """Yield what a plan is, whose, and of when.

    Args:
        plan: The plan.
        now: The present moment.
    """
    header = plan.header
    age = spelled_age(now - header.made)
    what = "Plan" if header.undo_of is None else f"Plan to take back run {header.undo_of}, called"
    yield f"{what} {header.plan_id}, made at {header.made:%Y-%m-%d %H:%M:%S} UTC, {age} ago"
    yield safe(f"Account {header.account_name} ({header.crm} {header.account}), source {header.source_name}")
    yield f"Made by run {header.run_id} of singer-crm {header.program}"
    yield f"The file's SHA-256 is {plan.sha256}"
    if plan.removed:
        lines = f"{plan.removed} of its {header.lines} lines were"
        yield f"{lines} removed from the file since: they are not carried out, and the counts below still hold them"


def cost(plan: Plan) -> str:
    """Say what the run costs that was planned."""
    header = plan.header
    needed = requests_in_words(header.requests)
    return f"The run that was planned needs {needed}, and the quota {pace_in_words(header.seconds)}"


def count_rows(plan: Plan) -> tuple[list[str], list[list[str]]]:
    """Return headings and rows of a table of the counts; words of which there are none are left out."""
    words = [word for word, count in plan.header.totals.items() if count]
    rows = [
        [safe(stream), *(str(counts.get(word, 0)) for word in words)] for stream, counts in plan.header.counts.items()
    ]
    return ["stream", *words], rows


def line_texts(line: PlanLine) -> Iterator[str]:
    """Yield what is to become of one record: a heading, then a line for each field."""
    crm_id = "" if line.crm_id is None else f" {line.crm_id}"
    reason = f" ({line.reason})" if line.reason else ""
    yield safe(f"{line.number}. {line.action} {line.object}{crm_id}: {line.stream} {line.source_id}{reason}")
    for field in line.fields:
        yield _INDENT + safe(_field_text(field))
    if line.left_out:
        yield f"{_INDENT}not sent: {safe(', '.join(line.left_out))}"
    for conflict in line.conflicts:
        yield _INDENT + safe(_conflict_text(conflict))
    for stream, source_id in line.waits_on:
        yield f"{_INDENT}after {safe(stream)} {safe(source_id)}"


def facts(plan: Plan) -> dict[str, Any]:
    """Return the header and the counts as a JSON object, without what only carrying out needs."""
    header = {name: value for name, value in asdict(plan.header).items() if name != "schemas"}
    left = {action: sum(line.action == action for line in plan.lines) for action in ACTIONS}
    return {**header, "sha256": plan.sha256, "removed": plan.removed, "totals": plan.header.totals, "in_file": left}


def safe(text: str) -> str:
    """Return a text in which no character moves the cursor, or does anything else to a terminal."""
    return text.translate(_CONTROL)


def _field_text(field: Mapping[str, Any]) -> str:
    name, new = field["name"], as_json(field["new"])
    last = f", last sent {as_json(field['last_sent'])}" if _has_other_last(field) else ""
    if field.get("current_is_unknown"):
        return f"{name}: unknown -> {new}{last}"
    if field.get("current") is None:
        return f"{name}: {new}{last}"
    return f"{name}: {as_json(field['current'])} -> {new}{last}"


def _has_other_last(field: Mapping[str, Any]) -> bool:
    """Tell whether the CRM's value is not the one that was last sent: somebody has edited it there."""
    return "last_sent" in field and field["last_sent"] != field.get("current")


def _conflict_text(conflict: Mapping[str, Any]) -> str:
    current = "unknown" if conflict.get("current_is_unknown") else as_json(conflict.get("current"))
    last = f", last sent {as_json(conflict['last_sent'])}" if "last_sent" in conflict else ""
    return f"in conflict: {conflict['attribute']}: {current} in the CRM, {as_json(conflict['new'])} at the source{last}"


def now_utc() -> datetime:
    """Return the present moment."""
    return datetime.now(UTC)
