"""Bulk calls carried out afterwards: jobs, their rows and their reports (reference section 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales import records
from crm_emulator.freshsales.answers import RefusedError
from crm_emulator.freshsales.upsert import upsert
from crm_emulator.messages import encode
from crm_emulator.query import Condition, Query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_emulator.freshsales.account import FreshsalesAccount
    from crm_emulator.freshsales.objects.declaration import Resource
    from crm_emulator.messages import Record

RUNNING = "INPROGRESS"
DONE = "SUCCESS"
_OBJECT = "job_statuses"


def submit(
    account: FreshsalesAccount,
    resources: Mapping[str, Resource],
    kind: str,
    object_name: str,
    rows: list[Any],
    **more: Any,
) -> Record:
    """Write a job down; it is carried out at once, or after ``Switches.job_seconds``."""
    job: Record = {
        "id": account.next_id(_OBJECT),
        "job_type_name": kind,
        "status": RUNNING,
        "progress": 0,
        "created_at": account.stamp(),
        "status_updated_at": account.stamp(),
        "data": None,
        "waiting": 1,
        "due": account.now() + account.switches.job_seconds,
        "resource": object_name,
        "rows": rows,
        "more": more,
        "polls": 0,
        "report": None,
    }
    account.store.put(account.tables[_OBJECT], job)
    carry_out_due(account, resources)
    return account.get(_OBJECT, job["id"]) or job


def unfinished(account: FreshsalesAccount) -> int:
    """Count the jobs that no poll has reported as ended."""
    return account.store.count(Query(account.tables[_OBJECT], (Condition("status = ?", (RUNNING,), "status"),)))


def carry_out_due(account: FreshsalesAccount, resources: Mapping[str, Resource]) -> None:
    """Carry out the rows of the jobs whose time has come, in the order of their submission."""
    for job in account.matching(_OBJECT, "waiting = 1"):
        if job["due"] <= account.now():
            with account.store.transaction():
                job |= {"report": _carry_out(account, resources[job["resource"]], job), "waiting": 0, "rows": []}
                account.store.put(account.tables[_OBJECT], job)


def poll(account: FreshsalesAccount, job: Record) -> Record:
    """Answer a poll: in progress for ``Switches.job_polls`` polls and until the rows are done."""
    if job["status"] == RUNNING:
        job["polls"] += 1
        if job["report"] is not None and job["polls"] > account.switches.job_polls:
            job |= {"status": DONE, "progress": 100, "status_updated_at": account.stamp()}
            job["data"] = encode(_report(account, job["report"])).decode()
        account.store.put(account.tables[_OBJECT], job)
    shown = ("id", "job_type_name", "status", "progress", "status_updated_at", "created_at", "data")
    return {name: job[name] for name in shown}


def _report(account: FreshsalesAccount, report: Mapping[str, Any]) -> dict[str, Any]:
    """Counts and failed rows; where the failed rows stand is unclear (section 6)."""
    counts = {"succeeded": report["succeeded"], "failed": len(report["failures"])}
    failures = {"detailed_failure_report": report["failures"]}
    if account.switches.failure_report == "inside":
        return {"record_status": {**counts, **failures}}
    return {"record_status": counts, **failures}


def _carry_out(account: FreshsalesAccount, resource: Resource, job: Record) -> dict[str, Any]:
    succeeded = 0
    failures: list[dict[str, Any]] = []
    for index, row in enumerate(job["rows"]):
        try:
            with account.store.savepoint():
                _ACTIONS[job["job_type_name"]](account, resource, job, row)
        except RefusedError as refusal:
            failures.append({"row": index, **_identifier(row), "message": refusal.messages})
        else:
            succeeded += 1
    return {"succeeded": succeeded, "failures": failures}


def _identifier(row: Any) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "data"} if isinstance(row, dict) else {"id": row}


def _upsert_row(account: FreshsalesAccount, resource: Resource, _job: Record, row: Any) -> None:
    identifier = _identifier(row)
    if not isinstance(row, dict) or not isinstance(row.get("data", {}), dict) or len(identifier) != 1:
        raise RefusedError(400, ["A row needs one identifier and data"])
    upsert(account, resource, identifier, row.get("data") or {})


def _destroy_row(account: FreshsalesAccount, resource: Resource, _job: Record, row: Any) -> None:
    records.recycle(account, resource, row)


def _assign_row(account: FreshsalesAccount, resource: Resource, job: Record, row: Any) -> None:
    records.update(account, resource, row, {"owner_id": job["more"]["owner_id"]})


_ACTIONS = {"bulk_upsert": _upsert_row, "bulk_destroy": _destroy_row, "bulk_assign_owner": _assign_row}
