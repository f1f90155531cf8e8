"""The lines of a plan in the ledger: which are carried out, and who wrote their records last."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from hashlib import blake2b
from typing import Any

import sqlalchemy as sa

from target_crm.ledger import tables
from target_crm.ledger.store import Store
from target_crm.ledger.values import Scope

_BEGUN = "begun by "
"""In place of a line's digest, before the id of a run that has begun to carry out the plan."""
Writer = tuple[str, float]
"""The id of a run, and the time in Unix seconds."""
HeldVersion = tuple[str, str]
"""The id of the run that holds a record, and a digest of its message."""
_VERSION_BYTES = 8


def version_of(message: bytes) -> str:
    """Return a digest of a RECORD message, which tells one version of a record from another."""
    return blake2b(message, digest_size=_VERSION_BYTES).hexdigest()


class PlannedLines:
    """The lines of the plan that a run carries out, if it carries out one.

    The transaction that keeps what became of a record says as well that its line is done.

    Args:
        store: The ledger's database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._plan_id = ""
        self._expected: dict[tuple[int, str], str] = {}

    @property
    def ledger_id(self) -> str:
        """The name of the ledger."""
        return self._store.identity.id

    def begin(self, plan_id: str) -> set[str]:
        """Begin to carry out a plan; returns the ids of all runs that have begun to, this one included.

        What this run sends is known to be the plan's from now on, also if no answer comes and the run is killed.
        """
        self._plan_id = plan_id
        self.done([_BEGUN + self._store.run_id])
        return {line.removeprefix(_BEGUN) for line in self._lines() if line.startswith(_BEGUN)}

    def may_begin_here(self, plan_id: str) -> bool:
        """Tell whether a plan that was made before there was a ledger may be carried out in this one.

        It may where it was begun before, or where nothing was written yet: it knows nothing of what others wrote.
        """
        begun = sa.select(tables.plans.c.line).where(tables.plans.c.plan_id == plan_id)
        written = (
            sa.select(each.c.source_id) for each in (tables.records, tables.history, tables.held, tables.intents)
        )
        return self._store.has(begun) or not any(map(self._store.has, written))

    def all_done(self) -> set[str]:
        """Return the lines of the plan that are done."""
        return {line for line in self._lines() if not line.startswith(_BEGUN)}

    def _lines(self) -> list[str]:
        table = tables.plans
        return [row.line for row in self._store.rows(sa.select(table.c.line).where(table.c.plan_id == self._plan_id))]

    def expect(self, scope: Scope, source_id: str, line: str) -> None:
        """Say which line is done once the ledger keeps the next that becomes of a record."""
        self._expected[scope.id, source_id] = line

    def forget(self, scope: Scope, source_id: str) -> None:
        """Say that no line is done by what becomes of a record next."""
        self._expected.pop((scope.id, source_id), None)

    def keep(self, connection: sa.Connection, scope_id: int, source_ids: Iterable[str], now: float) -> None:
        """Keep that the lines of records are done, in the transaction that keeps what became of them."""
        if self._expected:
            lines = [self._expected.get((scope_id, source_id)) for source_id in source_ids]
            self._store.put(connection, tables.plans, [self._row(line, now) for line in lines if line is not None])

    def done(self, lines: Collection[str]) -> None:
        """Keep that lines are done of which the ledger keeps nothing else."""
        now = self._store.now()
        with self._store.write() as connection:
            self._store.put(connection, tables.plans, [self._row(line, now) for line in lines])

    def _row(self, line: str, now: float) -> dict[str, Any]:
        return {"plan_id": self._plan_id, "line": line, "done_at": now, "run_id": self._store.run_id}

    def writers(self, scope: Scope, source_ids: Collection[str]) -> dict[str, Writer]:
        """Return which runs wrote records last, and when, by source id; those that none wrote are left out."""
        table = tables.records
        columns = sa.select(table.c.source_id, table.c.run_id, table.c.written_at)
        rows = self._store.among(columns.where(table.c.scope_id == scope.id), table.c.source_id, source_ids)
        return {source_id: (run_id, written_at) for source_id, run_id, written_at in rows}

    def held(self, scope: Scope, source_ids: Collection[str]) -> dict[str, HeldVersion]:
        """Return what is held of records, by source id."""
        table = tables.held
        query = sa.select(table.c.source_id, table.c.run_id, table.c.message).where(table.c.scope_id == scope.id)
        rows = self._store.among(query, table.c.source_id, source_ids)
        return {source_id: (run_id, version_of(message)) for source_id, run_id, message in rows}

    def senders(self, scope: Scope, source_ids: Collection[str]) -> dict[str, str]:
        """Return which runs sent writes of records to which no answer came, by source id."""
        table = tables.intents
        query = sa.select(table.c.source_id, table.c.run_id).where(table.c.scope_id == scope.id)
        return dict(map(tuple, self._store.among(query, table.c.source_id, source_ids)))
