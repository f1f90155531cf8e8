"""Reports of runs that tell of a record no more: what they gave as an example of it goes, the counts stay."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from target_crm.ledger import tables
from target_crm.ledger.store import as_json

ROWS_AT_ONCE = 500
IsOfIt = Callable[[str, str], bool]
"""Tells whether a stream and a source id are those of a record that is forgotten."""


def forget_in_reports(connection: sa.Connection, account: str, stream: str, source_id: str | None) -> None:
    """Erase a record, or all of a stream, from the reports of an account's runs.

    Args:
        connection: A connection in a transaction.
        account: The account's key.
        stream: The stream's name.
        source_id: The record's source id; None: all records of the stream.
    """
    runs = tables.runs
    named = stream if source_id is None else source_id
    query = sa.select(runs.c.run_id, runs.c.began_at, runs.c.report).where(runs.c.account == account)
    query = query.where(runs.c.report.is_not(None))

    def is_of_it(its_stream: str, its_id: str) -> bool:
        return its_stream == stream and source_id in {None, its_id}

    for row in connection.execute(query.where(runs.c.report.contains(as_json(named)[1:-1], autoescape=True))).all():
        report = without(json.loads(row.report), is_of_it)
        of_run = runs.c.run_id == row.run_id, runs.c.began_at == row.began_at
        connection.execute(runs.update().where(*of_run).values(report=as_json(report)))


def without(report: Mapping[str, Any], is_of_it: IsOfIt) -> dict[str, Any]:
    """Return a report without what it tells of a record."""
    return {
        **report,
        "examples": [each for each in report["examples"] if not is_of_it(each["stream"], each["source_id"])],
        "shared_matches": {
            stream: {
                **shared,
                "examples": [
                    each
                    for each in shared["examples"]
                    if not any(is_of_it(stream, source_id) for source_id in each["source_ids"])
                ],
            }
            for stream, shared in report["shared_matches"].items()
        },
        "missing": [_missing(each, is_of_it) for each in report["missing"]],
    }


def _missing(told: Mapping[str, Any], is_of_it: IsOfIt) -> dict[str, Any]:
    """Return what is told of missing references; the reason may be that of a record which goes."""
    left = [one for one in told["examples"] if not is_of_it(told["stream"], one)]
    return {**told, "examples": left, "reason": told["reason"] if len(left) == len(told["examples"]) else ""}
