"""Values that writes replaced and sent, kept in the ledger for so many days as the setting keep_values_days says."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from target_crm.ledger import tables
from target_crm.ledger.absences import SECONDS_A_DAY
from target_crm.ledger.prepared import insertion
from target_crm.ledger.store import Store, as_json
from target_crm.ledger.values import Entry, Scope


class KeptValues:
    """The kept values of a ledger.

    Args:
        store: The ledger's database.
        on: Whether values are kept; False: none is.

    Attributes:
        on: See above.
    """

    def __init__(self, store: Store, *, on: bool) -> None:
        self._store = store
        self.on = on

    def keep(
        self, connection: sa.Connection, events: Sequence[Mapping[str, Any]], entries: Sequence[Entry], now: float
    ) -> None:
        """Write lines of the history, and keep the values of the answers that they tell of.

        Args:
            connection: A connection in a transaction.
            events: The lines.
            entries: The answers, in the same order.
            now: Unix seconds.
        """
        if not any(entry.values for entry in entries):
            if events:
                insertion(connection.dialect, tables.history, tuple(events[0])).execute(connection, events)
            return
        ids = connection.scalars(
            tables.history.insert().returning(tables.history.c.id, sort_by_parameter_order=True), events
        )
        rows = [
            {
                "history_id": history_id,
                "attribute": value.attribute,
                "before": as_json(value.before) if value.was_read else None,
                "after": as_json(value.after),
                "at": now,
            }
            for history_id, entry in zip(ids, entries, strict=True)
            for value in entry.values
        ]
        self._store.put(connection, tables.kept_values, rows)

    def last_sent(self, scope: Scope, source_id: str, attributes: Collection[str] | None = None) -> Mapping[str, Any]:
        """Return the values that attributes of a record were last sent with, in the vendor's form, as far as kept.

        Args:
            scope: The record's scope.
            source_id: The record's source id.
            attributes: Names of attributes; None: all of them.
        """
        if not self.on:
            return {}
        kept, history = tables.kept_values, tables.history
        query = (
            sa.select(kept.c.attribute, kept.c.before, kept.c.after, history.c.fields)
            .join_from(kept, history)
            .where(history.c.scope_id == scope.id, history.c.source_id == source_id)
            .order_by(kept.c.history_id)
        )
        if attributes is not None:
            query = query.where(kept.c.attribute.in_(list(attributes)))
        return {
            row.attribute: json.loads(row.after)
            for row in self._store.rows(query)
            if row.after is not None and not _is_by_the_crm(row)
        }

    def prune(self, days: float) -> None:
        """Remove the values that are older than so many days, in the history, too; 0: all of them."""
        kept, history = tables.kept_values, tables.history
        is_old = kept.c.at <= self._store.now() - days * SECONDS_A_DAY
        lines = sa.select(kept.c.history_id).where(is_old)
        intents = tables.intents
        sent = intents.c.before.is_not(None), intents.c.sent_at <= self._store.now() - days * SECONDS_A_DAY
        if self._store.has(sa.select(intents.c.source_id).where(*sent)):
            with self._store.write() as connection:
                connection.execute(intents.update().where(*sent).values(before=None))
        if not self._store.has(lines):
            return
        with self._store.write() as connection:
            connection.execute(history.update().where(history.c.id.in_(lines)).values(changes=None))
            created = history.c.id.in_(lines), history.c.action == "created"
            connection.execute(history.update().where(*created).values(record=None))
            connection.execute(kept.delete().where(is_old))


def _is_by_the_crm(row: sa.Row[Any]) -> bool:
    """Tell whether a value was not sent as another one than before: with what was sent, the CRM may change more."""
    return row.before is not None and row.attribute not in json.loads(row.fields)
