"""Reports of some runs, with everything in them that a page has to show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from target_crm.pages.document import write_page
from target_crm.pages.runs_page import runs_page

LAST = datetime(2026, 11, 30, 2, tzinfo=UTC)
OUTCOMES = ("created", "updated", "unchanged", "deleted", "superseded", "skipped", "waiting", "rejected")


def reported(number: int, *, days: int, exit_code: int | None = 0, **known: Any) -> dict[str, Any]:
    """Return the report of a run that began so many days before the last one; one without an end knows nothing."""
    began = LAST - timedelta(days=days)
    report = {
        "run_id": f"{number:032x}",
        "began_at": began.isoformat(),
        "ended_at": (began + timedelta(seconds=95)).isoformat(),
        "seconds": 95.0,
        "crm": "copper",
        "account": "id:481516",
        "source_name": "erp",
        "exit_code": exit_code,
        "dry_run": False,
        "account_name": "Blue Whale",
        "requests": 120,
        "refused_429": 0,
        "outcomes": dict.fromkeys(OUTCOMES, 0),
        "streams": {},
        "rejected_kinds": {},
        "left_out": {},
        "deleted": 0,
        "quota": {"per_minute": 180, "used_most": 90},
    }
    if exit_code is None:
        report |= dict.fromkeys(("ended_at", *list(report)[10:]), None) | {"seconds": None}
    return report | known


def counted(**outcomes: int) -> dict[str, int]:
    """Return these outcomes, every one named."""
    return dict.fromkeys(OUTCOMES, 0) | outcomes


RUNS = (
    reported(
        1,
        days=0,
        exit_code=3,
        outcomes=counted(created=3, updated=5, unchanged=70, rejected=4),
        streams={"people": counted(created=3, rejected=4), "companies": counted(updated=5, unchanged=70)},
        rejected_kinds={"unknown_name": 1, "refused": 3},
        left_out={"people": {"internal_note": 7}},
        deleted=2,
        refused_429=6,
        quota={"per_minute": 180, "used_most": 171},
    ),
    reported(2, days=1, source_name="shop", outcomes=counted(created=9), streams={"people": counted(created=9)}),
    reported(3, days=1, exit_code=None),
    reported(4, days=40, exit_code=143, outcomes=counted(unchanged=12), quota=None),
)


def page_of(folder: Path, runs: Any = RUNS) -> str:
    """Write the page of these runs; returns its address."""
    write_page(folder / "runs.html", runs_page(list(runs), "2026-11-30T17:00:00Z"))
    return (folder / "runs.html").as_uri()
