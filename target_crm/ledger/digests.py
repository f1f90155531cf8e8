"""Digests of attributes in the ledger: one row for each record that was sent, with all its attributes in it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import sqlalchemy as sa

from target_crm.ledger import tables
from target_crm.ledger.store import Store
from target_crm.ledger.values import Entry, Scope
from target_crm.mapping.last_sent import Digester, LastSent

ALL_ATTRIBUTES = ""
"""In place of an attribute's name: the row holds the digests of all."""
ROWS_AT_ONCE = 500


class AttributeDigests:
    """The digests of a ledger.

    Args:
        store: The ledger's database.

    Attributes:
        unknown: A record of which nothing is known.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.unknown = LastSent(Digester(store.identity.secret))

    def last_sent(self, scope: Scope, source_ids: Collection[str]) -> dict[str, LastSent]:
        """Return records as they were last sent, by source id; those of which that is unknown are left out."""
        table = tables.attribute_digests
        query = sa.select(table.c.source_id, table.c.sent, table.c.seen).where(
            table.c.scope_id == scope.id, table.c.attribute == ALL_ATTRIBUTES
        )
        return {
            source_id: LastSent.of_packed(self.unknown.digester, sent, seen)
            for source_id, sent, seen in self._store.among(query, table.c.source_id, source_ids)
        }

    def sent_with(self, scope: Scope, values: Collection[tuple[str, bytes]]) -> Iterator[tuple[str, str, bytes]]:
        """Yield the records of a stream that were last sent with one of some values: source id, attribute, value.

        Args:
            scope: The stream.
            values: Names of attributes, each with a value as ``Comparison.content`` spells it.
        """
        digester, table = self.unknown.digester, tables.attribute_digests
        names = {name: digester.of_name(name) for name, _ in values}
        sought = {(names[name], digester.of_value(names[name], content)): (name, content) for name, content in values}
        query = sa.select(table.c.source_id, table.c.sent, table.c.seen).where(
            table.c.scope_id == scope.id, table.c.attribute == ALL_ATTRIBUTES
        )
        with self._store.read() as connection:
            rows = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(query)
            for source_id, sent, seen in rows:
                last = LastSent.of_packed(digester, sent, seen)
                for pair in last.sent.items() & sought.keys():
                    yield source_id, *sought[pair]


def digest_rows(scope: Scope, entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Return the rows that keep what answers tell of records."""
    return [
        {
            "scope_id": scope.id,
            "source_id": entry.source_id,
            "attribute": ALL_ATTRIBUTES,
            "sent": packed[0],
            "seen": packed[1],
        }
        for entry in entries
        if entry.last is not None and (packed := entry.last.packed)
    ]
