"""Source ids that change: what the ledger knows of a record goes on under the id that it has now."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import suppress
from functools import cache

import sqlalchemy as sa

from target_crm.ledger import tables
from target_crm.ledger.store import Store
from target_crm.ledger.values import LedgerDataError, Scope

LENGTH_OF_ROW_ID = 33  # a # and the digest of what the record holds
_LEADING = (tables.records, tables.intents, tables.held)
"""A record that the ledger knows is in one of these."""
_FOLLOWING = (tables.waits, tables.links, tables.attribute_digests, tables.history)


class Renames:
    """Gives records other source ids.

    Args:
        store: The ledger's database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def rename(self, scope: Scope, ids: Mapping[str, str]) -> bool:
        """Let records go by other source ids; tells whether there was one to rename.

        A record whose new id the ledger knows already stays as it is, since both are of the CRM; it is held no more
        under the old one.

        Args:
            scope: The records' stream.
            ids: The new id, by the old one.
        """
        old = sorted(self._known(scope, ids))
        if not old:
            return False
        pairs = {source_id: ids[source_id] for source_id in old}
        try:
            self._rename(scope, pairs)
        except LedgerDataError:  # an id that the database refuses, which its record is about to be told
            for source_id, new in pairs.items():
                with suppress(LedgerDataError):
                    self._rename(scope, {source_id: new})
        return True

    def has_rows(self, scope: Scope) -> bool:
        """Tell whether records of a stream are known by their content, from a time in which it had no key."""
        table = tables.records
        looks_like_one = table.c.source_id.like("#%"), sa.func.length(table.c.source_id) == LENGTH_OF_ROW_ID
        query = sa.select(table.c.scope_id).where(table.c.scope_id == scope.id, *looks_like_one).limit(1)
        return bool(list(self._store.rows(query)))

    def end(self, scope: Scope, source_ids: Collection[str]) -> None:
        """Forget records that are known by other source ids as well."""
        with self._store.write() as connection:
            for table in (*_LEADING, tables.waits, tables.links, tables.attribute_digests):
                self._store.remove(connection, table, scope, source_ids)

    def _rename(self, scope: Scope, ids: Mapping[str, str]) -> None:
        taken = self._known(scope, set(ids.values()))
        moved: dict[str, str] = {}  # the old id by the new one, which only one record can have
        for old, new in ids.items():
            if new not in taken:
                moved.setdefault(new, old)
        rows = [{"scope": scope.id, "old": old, "new": new} for new, old in moved.items()]
        with self._store.write() as connection:
            for table in (*_LEADING, *_FOLLOWING) if rows else ():
                connection.execute(_renaming(table), rows)
            self._store.unhold(connection, scope, ids.keys() - moved.values())

    def _known(self, scope: Scope, source_ids: Collection[str]) -> set[str]:
        return {
            source_id
            for table in _LEADING
            for (source_id,) in self._store.among(
                sa.select(table.c.source_id).where(table.c.scope_id == scope.id), table.c.source_id, source_ids
            )
        }


@cache
def _renaming(table: sa.Table) -> sa.Update:
    is_it = table.c.scope_id == sa.bindparam("scope"), table.c.source_id == sa.bindparam("old")
    return table.update().where(*is_it).values(source_id=sa.bindparam("new"))
