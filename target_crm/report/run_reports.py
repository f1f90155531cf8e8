"""Reports of runs as programs and pages take them: the runs that the ledger keeps, summed up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from target_crm.ledger.runs import KeptRun
from target_crm.report.outcomes import Outcome


def run_reports(runs: Iterable[KeptRun]) -> list[dict[str, Any]]:
    """Return the reports of runs as JSON values, in the order in which they are given.

    Of a run that was killed, or still runs, nothing is known but who began it and when: what it did is null.
    """
    return [_report_of(each) for each in runs]


def _report_of(run: KeptRun) -> dict[str, Any]:
    told = run.report
    return {
        "run_id": run.run_id,
        "began_at": iso_time(run.began_at),
        "ended_at": None if run.ended_at is None else iso_time(run.ended_at),
        "seconds": None if told is None else told["seconds"],
        "crm": run.source.crm,
        "account": run.source.account,
        "source_name": run.source.name,
        "exit_code": run.exit_code,
        "dry_run": False,  # which the ledger keeps nothing of
        **(_UNKNOWN if told is None else _told_of(told)),
    }


_UNKNOWN: Mapping[str, None] = dict.fromkeys(
    (
        "kind",
        "plan",
        "undo_of",
        "ended",
        "account_name",
        "requests",
        "refused_429",
        "outcomes",
        "streams",
        "rejected_kinds",
        "left_out",
        "deleted",
        "quota",
    )
)


def _told_of(report: Mapping[str, Any]) -> dict[str, Any]:
    streams = outcomes_of(report)
    kinds: Counter[str] = Counter()
    for of_stream in report["reject_kinds"].values():
        kinds.update(of_stream)
    return {
        **kind_of(report),
        "ended": report["ended"],
        "account_name": report.get("account"),
        "requests": report["requests"]["requests"],
        "refused_429": report["requests"]["turned_away"],
        "outcomes": {outcome.value: sum(of_stream[outcome] for of_stream in streams.values()) for outcome in Outcome},
        "streams": streams,
        "rejected_kinds": dict(kinds),
        "left_out": {
            stream: {name: told["records"] for name, told in attributes.items()}
            for stream, attributes in report["left_out"].items()
        },
        "deleted": deleted_of(report),
        "quota": report["quota"],
    }


def kind_of(report: Mapping[str, Any]) -> dict[str, str | None]:
    """Return whether a run was a pipeline's, an apply or an undo, its plan's SHA-256, and the run that it took back."""
    plan, undo_of = report.get("plan"), report.get("undo_of")  # which earlier versions did not keep
    return {
        "kind": "undo" if undo_of is not None else "pipeline" if plan is None else "apply",
        "plan": plan,
        "undo_of": undo_of,
    }


def outcomes_of(report: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Return the number of records by stream and outcome, every outcome named."""
    return {
        stream: {outcome.value: counts[outcome.value] for outcome in Outcome}
        for stream, counts in report["streams"].items()
    }


def deleted_of(report: Mapping[str, Any]) -> int:
    """Return the number of records that were deleted: asked for by the input, or absent from it."""
    asked_for = sum(counts[Outcome.DELETED] for counts in report["streams"].values())
    return int(asked_for + sum(report["removed"].values()))


def iso_time(seconds: float) -> str:
    """Return a time in Unix seconds in ISO form, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()
