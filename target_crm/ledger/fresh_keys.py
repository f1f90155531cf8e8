"""Match values that our own writes gave records, kept until the CRM's own search shows them."""

from __future__ import annotations

import json
from collections.abc import Collection

import sqlalchemy as sa

from crm_api.crm_objects import CrmId
from target_crm.ledger import tables
from target_crm.ledger.store import Store
from target_crm.ledger.tables import key_of
from target_crm.ledger.values import ObjectScope

FRESH_SECONDS = 3600.0  # how long they are kept: longer than any index lags


class FreshKeys:
    """The match values of the last writes of a ledger.

    Args:
        store: The ledger's database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def found(self, scope: ObjectScope, attribute: str, values: Collection[str], since: float) -> dict[str, set[CrmId]]:
        """Return the CRM ids that our own writes gave these match values since a time in Unix seconds, by value."""
        table = tables.fresh_keys
        query = sa.select(table.c.value, sa.func.coalesce(table.c.crm_id_text, table.c.crm_id)).where(
            table.c.object_id == scope.object_id, table.c.attribute == key_of(attribute), table.c.at >= since
        )
        keys = {key_of(value): value for value in values}
        found: dict[str, set[CrmId]] = {}
        for key, crm_id in self._store.among(query, table.c.value, keys):
            found.setdefault(keys[key], set()).add(json.loads(crm_id))
        return found

    def forget_stale(self) -> None:
        """Remove the values that the CRM's search shows by now."""
        table = tables.fresh_keys
        is_stale = table.c.at < self._store.now() - FRESH_SECONDS
        if self._store.has(sa.select(table.c.at).where(is_stale)):
            with self._store.write() as connection:
                connection.execute(table.delete().where(is_stale))
