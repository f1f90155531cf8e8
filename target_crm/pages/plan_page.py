"""The page of a plan: every record that it would change, searched and opened in a browser.

A plan may hold tens of thousands of records, so words that come again and again are given once and named by number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from target_crm.ledger.store import as_json
from target_crm.pages.document import document
from target_crm.plans.plan_file import ACTIONS, Plan, PlanLine

UNKNOWN = 0
"""In place of a value that the CRM did not show; no value is given as a number."""
_SCRIPTS = ("differences.js", "plan_records.js", "plan_record.js", "plan.js")


def plan_page(plan: Plan) -> bytes:
    """Return the page of a plan."""
    header = plan.header
    words = _Words()
    facts = {name: value for name, value in asdict(header).items() if name not in {"counts", "schemas"}}
    data = {
        "plan": {
            **facts,
            "removed": plan.removed,
            "sha256": plan.sha256,
            "file": plan.path.name,
            "unchanged": {stream: counts.get("unchanged", 0) for stream, counts in header.counts.items()},
        },
        "actions": ACTIONS,
        "records": [_record(line, words) for line in plan.lines],
        "words": list(words),
    }
    title = f"Plan for {header.account_name or header.account}"
    return document("plan", f"{title} · singer-crm", data, _SCRIPTS)


class _Words(dict[str, int]):
    """Texts, each with its number in the order in which they came."""

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number


def _record(line: PlanLine, words: _Words) -> list[Any]:
    """Return a record as the page's script takes it (``plan_records.js``)."""
    return [
        line.number,
        words[line.stream],
        ACTIONS.index(line.action),
        line.source_id,
        "" if line.crm_id is None else str(line.crm_id),
        words[line.reason],
        [_field(words[field["name"]], field) for field in line.fields],
        [words[column] for column in line.left_out],
        [_field(words[field["attribute"]], field) for field in line.conflicts],
        [[words[stream], source_id] for stream, source_id in line.waits_on],
        [words[str(line.written.get("run_id") or "")], line.written.get("at")] if line.written else [],
        words[line.object],
    ]


def _field(name: int, field: Mapping[str, Any]) -> list[Any]:
    current = UNKNOWN if field.get("current_is_unknown") else _value(field.get("current"))
    given = [name, current, _value(field.get("new"))]
    return [*given, _value(field["last_sent"])] if field.get("last_sent") is not None else given


def _value(value: Any) -> Any:
    """Return a text or null as it is, and anything else as its JSON in a list: JavaScript rounds large numbers."""
    return value if value is None or isinstance(value, str) else [as_json(value)]
