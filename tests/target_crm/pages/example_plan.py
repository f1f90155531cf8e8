"""A small plan with everything in it that a page has to show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from target_crm.pages.document import write_page
from target_crm.pages.plan_page import plan_page
from target_crm.plans.plan_file import ACTIONS, Plan, PlanHeader, PlanLine, read_plan, write_plan

NASTY = (
    "<script>window.ran = 1</script><!-- </script> <img src=x onerror='window.ran = 1'> & \" \\ \u2028 \0 \u202e ]]>"
)
"""A text that would break out of a page that is not careful; it ends up in names, values, ids and reasons."""
BEFORE = (
    "Met at the fair. Wants twelve seats before October, and asks whether deletes are safe. " + "So far so good. " * 30
)
AFTER = BEFORE.replace("twelve", "fourteen").replace("October", "November") + "Call back."

LINES = (
    PlanLine(
        stream="companies",
        source_id="4",
        object="companies",
        action="create",
        fields=[
            {"name": "name", "current": None, "new": "Müller GmbH"},
            {"name": "address", "current": None, "new": {"street": "Hauptstr. 5", "city": "Köln"}},
        ],
    ),
    PlanLine(
        stream="people",
        source_id="7",
        object="people",
        action="update",
        crm_id=12345,
        reason="matched by emails",
        fields=[
            {"name": "title", "current": "CEO", "new": "CTO", "last_sent": "CEO"},
            {"name": "details", "current": BEFORE, "new": AFTER},
            {
                "name": "address",
                "current": {"city": "Berlin", "country": "DE"},
                "new": {"city": "Bonn", "country": "DE"},
            },
            {"name": "tags", "current": ["vip", "fair"], "new": ["vip", "newsletter", "fair"]},
            {"name": "revenue", "current": 1, "new": 12345678901234567890},
        ],
        left_out=["internal_note"],
        conflicts=[
            {"attribute": "assignee_id", "current": 101, "new": 102, "last_sent": 100},
            {"attribute": "websites", "new": ["https://a.example"], "current_is_unknown": True},
        ],
        written={"run_id": "a1b2", "at": 1_795_000_000.0},
        waits_on=[("companies", "4")],
    ),
    PlanLine(stream="people", source_id="8", object="people", action="delete", crm_id=8, reason="gone at the source"),
    PlanLine(stream="people", source_id="9", object="people", action="reject", reason="email: not an address"),
    PlanLine(stream="people", source_id="10", object="people", action="skip", reason="not found in the CRM"),
    PlanLine(stream="people", source_id="11", object="people", action="wait", reason="waits for companies 99"),
    PlanLine(
        stream="people",
        source_id=NASTY,
        object="people",
        action="update",
        crm_id=NASTY,
        reason=NASTY,
        fields=[{"name": NASTY, "current": "12", "new": NASTY}, {"name": "zip", "current": 12, "new": "12"}],
        left_out=[NASTY],
    ),
    PlanLine(
        stream="people", source_id="13", object="people", action="unchanged", crm_id=13, reason="matched by emails"
    ),
)
"""One record for each action but link, and one made of a text that is up to no good."""


def planned(path: Path, lines: Iterable[PlanLine] = LINES, *, unchanged: int = 40, **more: str) -> Plan:
    """Write a plan of these records, and read it as the page gets it."""
    lines = list(lines)
    counts = {stream: dict.fromkeys(ACTIONS, 0) for stream in dict.fromkeys(line.stream for line in lines)}
    for (stream, action), number in Counter((line.stream, line.action) for line in lines).items():
        counts[stream] |= {action: number, "unchanged": unchanged}
    header = PlanHeader(
        plan_id="0123456789abcdef" * 2,
        made_at="2026-11-30T17:00:00Z",
        program="0.1.0",
        run_id="fedcba9876543210" * 2,
        crm="copper",
        account="id:481516",
        account_name="Blue Whale (Sandbox)",
        source_name="erp",
        settings="9f86d081884c7d65",
        counts=counts,
        requests=37,
        seconds=12.5,
        **more,
    )
    write_plan(path, header, lines)
    return read_plan(path)


def page_of(folder: Path, lines: Iterable[PlanLine] = LINES, **more: str) -> tuple[Plan, str]:
    """Write a plan and its page, the header with these fields besides; returns the plan and the page's address."""
    plan = planned(folder / "plan.jsonl", lines, **more)
    write_page(folder / "plan.html", plan_page(plan))
    return plan, (folder / "plan.html").as_uri()
