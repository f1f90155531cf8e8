"""Columns of the sync log: the JSON schema of each stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from target_crm.report.outcomes import Outcome

Schema = Mapping[str, Any]

TEXT: Schema = {"type": ["string", "null"]}
KEY_TEXT: Schema = {"type": "string"}
INTEGER: Schema = {"type": ["integer", "null"]}
KEY_INTEGER: Schema = {"type": "integer"}
NUMBER: Schema = {"type": ["number", "null"]}
TIME: Schema = {"type": ["string", "null"], "format": "date-time"}
KEY_TIME: Schema = {"type": "string", "format": "date-time"}
TEXTS: Schema = {"type": ["array", "null"], "items": {"type": "string"}}
COUNTS = ("input", *(outcome.value for outcome in Outcome), "removed", "linked")


def _table(columns: Mapping[str, Schema]) -> Schema:
    return {"type": "object", "properties": {name: dict(each) for name, each in columns.items()}}


def _list_of(columns: Mapping[str, Schema]) -> Schema:
    return {"type": ["array", "null"], "items": _table(columns)}


_OF_SOURCE: Mapping[str, Schema] = {"crm": TEXT, "account": TEXT, "source_name": TEXT}
_OF_RECORD: Mapping[str, Schema] = {**_OF_SOURCE, "stream": TEXT, "object": TEXT, "source_id": TEXT}
_OF_LINE: Mapping[str, Schema] = {
    "ledger": KEY_TEXT,
    "run_id": KEY_TEXT,
    "line": KEY_INTEGER,
    "run_began_at": TIME,
    "at": TIME,
    "told": KEY_INTEGER,
    **_OF_RECORD,
    "crm_id": TEXT,
}

RUNS = _table(
    {
        "ledger": KEY_TEXT,
        "run_id": KEY_TEXT,
        "began_at": KEY_TIME,
        "told": KEY_INTEGER,
        "ended_at": TIME,
        "seconds": NUMBER,
        **_OF_SOURCE,
        "kind": TEXT,
        "plan": TEXT,
        "undo_of": TEXT,
        "exit_code": INTEGER,
        "ended": TEXT,
        "retry": TEXT,
        **dict.fromkeys(COUNTS, INTEGER),
        "pending": INTEGER,
        "requests": INTEGER,
        "repeated": INTEGER,
        "refused_429": INTEGER,
        "requests_per_minute": INTEGER,
        "most_requests_in_a_minute": INTEGER,
        "streams": _list_of({"stream": TEXT, **dict.fromkeys(COUNTS, INTEGER)}),
        "reasons": _list_of({"stream": TEXT, "outcome": TEXT, "reason": TEXT, "records": INTEGER}),
        "left_out": _list_of({"stream": TEXT, "attribute": TEXT, "records": INTEGER}),
    }
)
OUTCOMES = _table(
    {
        **_OF_LINE,
        "number": KEY_INTEGER,
        "outcome": TEXT,
        "kind": TEXT,
        "reason": TEXT,
        "fields": TEXTS,
        "request_id": TEXT,
    }
)
CHANGES = _table({**_OF_LINE, "field": KEY_TEXT, "is_kept": {"type": "boolean"}, "before": TEXT, "after": TEXT})
REJECTED = _table(
    {
        "ledger": KEY_TEXT,
        "scope": KEY_INTEGER,
        **_OF_RECORD,
        "source_id": KEY_TEXT,
        "number": INTEGER,
        "state": TEXT,
        "kind": TEXT,
        "reason": TEXT,
        "status": INTEGER,
        "at": TIME,
        "run_id": TEXT,
    }
)
