"""The line that tells of one account: a JSON object for programs, and the same in words for people."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from crm_api.errors import Exit, Retry
from target_crm.accounts.entries import Job
from target_crm.accounts.tap_runs import TapEnd
from target_crm.exit_codes import RETRY_SECONDS, Ending


def line_of(
    job: Job,
    began: float,
    ending: Ending,
    *,
    report: Mapping[str, Any] | None = None,
    tap: TapEnd | None = None,
    state_moved: bool = False,
) -> dict[str, Any]:
    """Make the line of an account.

    Args:
        job: The run.
        began: When it began (Unix seconds).
        ending: How it ended.
        report: The target's report; None if it did not come so far.
        tap: The end of the tap; None if it did not begin.
        state_moved: Whether a STATE was kept.
    """
    return _line(job.entry.name, job.pipeline, job.run_id, began, ending) | _figures(report, tap, moved=state_moved)


def line_without_run(name: str, pipeline: str, run_id: str, ending: Ending) -> dict[str, Any]:
    """Make the line of an account of which nothing is known but how it ended, such as one whose entry is wrong."""
    return _line(name, pipeline, run_id, time.time(), ending) | _figures(None, None, moved=False)


def lost(name: str, pipeline: str, run_id: str, why: str) -> dict[str, Any]:
    """Make the line of an account whose worker is gone."""
    ending = Ending(Exit.UNREACHABLE, why, Retry.LATER, RETRY_SECONDS)
    return line_without_run(name, pipeline, run_id, ending)


def _line(name: str, pipeline: str, run_id: str, began: float, ending: Ending) -> dict[str, Any]:
    return {
        "account": name,
        "pipeline": pipeline,
        "run_id": run_id,
        "exit_code": int(ending.code),
        "ended": ending.sentence or "done",
        "retry": ending.retry.value,
        "retry_after_seconds": ending.retry_after_seconds,
        "began_at": datetime.fromtimestamp(began, UTC).isoformat(timespec="milliseconds"),
        "seconds": round(time.time() - began, 3),
    }


def _figures(report: Mapping[str, Any] | None, tap: TapEnd | None, *, moved: bool) -> dict[str, Any]:
    outcomes: Counter[str] = Counter()
    for stream in (report or {}).get("streams", {}).values():
        outcomes.update(stream)
    records = outcomes.pop("input", 0)
    sent = (report or {}).get("requests", {}).get("requests", 0)
    return {
        "records": records,
        "outcomes": {name: count for name, count in outcomes.items() if count},
        "requests": {"tap": None if tap is None else tap.requests, "target": sent},
        "state_moved": moved,
        "tap": None if tap is None else {"exit_code": int(tap.code), "ended": tap.sentence or "done"},
    }


def in_words(line: Mapping[str, Any]) -> str:
    """Tell a line to people."""
    code, ended = line["exit_code"], line["ended"]
    end = "done" if code == Exit.DONE else f"exit {code}: {ended}" if ended != "done" else f"exit {code}"
    counts = ", ".join(f"{count:,} {outcome}" for outcome, count in line["outcomes"].items()) or "no records"
    requests = sum(filter(None, line["requests"].values()))
    figures = f" ({counts}; {requests:,} requests; {line['seconds']:.1f} s)" if line["tap"] is not None else ""
    return f"{line['account']}: {end}{figures}"
