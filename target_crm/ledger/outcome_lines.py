"""Outcomes that no other line of the history tells: each such line tells of many records that ended alike.

The history has a line for each record that was created, updated or linked, and for one that is held for a new reason.
With the lines of this file it tells how each record of a run ended, but for those that were unchanged or superseded.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from crm_api.crm_objects import CrmId
from target_crm.ledger import tables
from target_crm.ledger.store import Store, as_json
from target_crm.ledger.values import Entry, Scope

COUNTED = "counted"
"""The action of a line that tells of many records: its source id is empty, and ``fields`` holds a ``Counted``."""
TAKEN_BACK = "taken back"
"""In place of an outcome: an earlier one of the same run, named as the reason, does not count any more. It is the
action of its lines, too."""
REMOVED = "removed"
"""In place of an outcome: deleted because it is absent from the source, and so not part of the input."""
FOUND = "no answer came to its create; it was found in the CRM"
"""The reason of a line that tells of a create which an earlier run sent; no run counts it."""
MOST_RECORDS = 1000  # in one line
SourceId = str | None  # None where only the number of the records is known


@dataclass(frozen=True, slots=True)
class Counted:
    """Records of one stream that ended alike.

    Attributes:
        outcome: How they ended: an outcome, or ``TAKEN_BACK`` or ``REMOVED``.
        records: Their source ids, each with the CRM's id, or None.
        reason: Why, without values of records: a kind of rejection, a reason to skip, or what is taken back.
    """

    outcome: str
    records: Sequence[tuple[SourceId, CrmId | None]]
    reason: str = ""


def counted_rows(scope_id: int, counted: Iterable[Counted], run_id: str, now: float) -> list[dict[str, Any]]:
    """Make the rows of the history that tell how records of a stream ended.

    Args:
        scope_id: The stream's number in the ledger.
        counted: The records.
        run_id: Names the run.
        now: Unix seconds.
    """
    return [
        {
            "scope_id": scope_id,
            "source_id": "",
            "run_id": run_id,
            "at": now,
            "action": TAKEN_BACK if each.outcome == TAKEN_BACK else COUNTED,
            "fields": as_json({"outcome": each.outcome, "reason": each.reason, "records": part}),
            "keys": "[]",
        }
        for each in counted
        for start in range(0, len(each.records), MOST_RECORDS)
        if (part := each.records[start : start + MOST_RECORDS])
    ]


def write_counted(connection: sa.Connection, store: Store, scope: Scope, counted: Iterable[Counted]) -> None:
    """Write, in a transaction, how records of a stream ended."""
    if rows := counted_rows(scope.id, counted, store.run_id, store.now()):
        connection.execute(tables.history.insert(), rows)


def write_deleted(connection: sa.Connection, store: Store, scope: Scope, answers: Iterable[Entry]) -> None:
    """Write, in a transaction, which answers are those of an endpoint that deletes: their other line says more."""
    deleted = [(each.source_id, each.crm_id) for each in answers if each.action == "deleted"]
    write_counted(connection, store, scope, [Counted("deleted", deleted)])


@dataclass(frozen=True, slots=True)
class _Ended:
    """One record that ended.

    Attributes:
        place: The stream and the object, whose records are told together.
        outcome: As in ``Counted``.
        reason: As in ``Counted``.
    """

    place: tuple[str, str]
    outcome: str
    reason: str


class OutcomeLines:
    """Takes outcomes that nothing else writes into the ledger, and writes them when ``flush`` is called. Thread-safe.

    Args:
        store: The ledger's database.
        scope_of: Returns the scope of a stream and an object.
    """

    def __init__(self, store: Store, scope_of: Callable[[str, str], Scope]) -> None:
        self._store = store
        self._scope_of = scope_of
        self._lock = threading.Lock()
        self._ended: list[tuple[_Ended, SourceId, CrmId | None]] = []
        self._objects: dict[str, str] = {}

    def note_object(self, stream: str, object_name: str) -> None:
        """Note into which object a stream is written."""
        self._objects[stream] = object_name

    def ended(
        self,
        stream: str,
        source_ids: Collection[SourceId],
        outcome: str,
        reason: str = "",
        crm_ids: Mapping[str, CrmId | None] | None = None,
    ) -> None:
        """Take records of a stream that ended alike.

        Args:
            stream: The stream's name; its object was noted.
            source_ids: Which records.
            outcome: As in ``Counted``.
            reason: As in ``Counted``.
            crm_ids: The CRM's ids by source id, of those that it has.
        """
        known, alike = crm_ids or {}, _Ended((stream, self._objects[stream]), outcome, reason)
        with self._lock:
            self._ended += [(alike, each, known.get(each) if each else None) for each in source_ids]

    def flush(self) -> None:
        """Write what was taken.

        Raises:
            LedgerError: The ledger fails.
            LockLostError: Another run has taken over from this one.
        """
        with self._lock:
            ended, self._ended = self._ended, []
        if not ended:
            return
        parts = [(alike, list(part)) for alike, part in itertools.groupby(ended, key=lambda each: each[0])]
        scopes = {alike.place: self._scope_of(*alike.place) for alike, _ in parts}
        with self._store.write() as connection:
            for alike, part in parts:
                records = [(source_id, crm_id) for _, source_id, crm_id in part]
                counted = Counted(alike.outcome, records, alike.reason)
                write_counted(connection, self._store, scopes[alike.place], [counted])
