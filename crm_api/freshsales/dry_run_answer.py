"""What Freshsales would answer to a write: for a rehearsal, which sends none (pure)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from crm_api.crm_objects import CrmId
from crm_api.transport.request import Request


def dry_run_answer(request: Request, new_id: Callable[[], CrmId]) -> Any:
    """The answer; a job's tells of its rows at once, so that nobody asks for what is not there.

    What the lists of a known record hold nobody can imagine: they are taken to need nothing more.
    """
    body = request.body or {}
    last = request.path.rpartition("/")[2]
    if last == "bulk_upsert":
        (rows,) = body.values()
        stamp = datetime.now(UTC).isoformat()
        records = [{"id": new_id(), **row, **row["data"], "created_at": stamp, "imagined": "id" in row} for row in rows]
        report = {"record_status": {"succeeded": len(rows), "failed": 0}, "records": records}
        return {"status": "SUCCESS", "data": msgspec.json.encode(report).decode(), "created_at": stamp}
    if last == "bulk_destroy":
        return {"message": "", "deleted": body["selected_ids"]}
    if request.method == "DELETE":
        return True
    ((singular, record),) = ((name, each) for name, each in body.items() if name != "unique_identifier")
    is_known = request.method == "PUT"
    whole = {**body.get("unique_identifier", {}), **record, "id": int(last) if is_known else new_id()}
    return {singular: {**whole, "imagined": is_known}}
