"""The records that arrived, of streams that mirror their source, and those that the CRM has and that did not arrive."""

from __future__ import annotations

import json
from collections.abc import Collection

import sqlalchemy as sa

from crm_api.crm_objects import CrmId
from target_crm.ledger import tables
from target_crm.ledger.store import Store
from target_crm.ledger.tables import key_of
from target_crm.ledger.values import Origin, Scope


class Arrivals:
    """The source ids that arrived, by the version of the table that is being read.

    Args:
        store: The ledger's database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def see(self, scope: Scope, version: str, source_ids: Collection[str]) -> None:
        """Keep the source ids that arrived in a version of a stream."""
        key = key_of(version)
        rows = [{"scope_id": scope.id, "version": key, "source_id": source_id} for source_id in source_ids]
        with self._store.write() as connection:
            self._store.put(connection, tables.seen, rows)

    def live(self, scope: Scope) -> int:
        """Count the records of a stream that the CRM has, as far as the ledger knows."""
        table = tables.records
        query = sa.select(sa.func.count()).where(table.c.scope_id == scope.id, table.c.crm_id.is_not(None))
        (row,) = self._store.rows(query)
        return int(row[0])

    def absent(self, scope: Scope, version: str, *, matched_too: bool) -> list[tuple[str, CrmId]]:
        """Return the source ids and CRM ids of live records that did not arrive in a version."""
        table, seen = tables.records, tables.seen
        arrived = sa.select(1).where(
            seen.c.scope_id == scope.id, seen.c.version == key_of(version), seen.c.source_id == table.c.source_id
        )
        query = sa.select(table.c.source_id, table.c.crm_id).where(
            table.c.scope_id == scope.id, table.c.crm_id.is_not(None), ~arrived.exists()
        )
        if not matched_too:
            query = query.where(table.c.origin.not_in((Origin.MATCHED, Origin.LEFT)))
        query = query.where(table.c.origin != Origin.RESTORED)  # the source did not have it when it was made again
        return [(row.source_id, json.loads(row.crm_id)) for row in self._store.rows(query)]

    def forget_seen(self, scope: Scope, version: str) -> None:
        """Remove the source ids that arrived in any version but this one."""
        table = tables.seen
        with self._store.write() as connection:
            connection.execute(table.delete().where(table.c.scope_id == scope.id, table.c.version != key_of(version)))
