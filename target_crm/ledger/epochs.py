"""Epochs: the number of each time that an object got its only writer. Writes count only in the newest."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from target_crm.ledger import tables
from target_crm.ledger.keys import key_of
from target_crm.ledger.locks import LockLostError
from target_crm.ledger.store import Store
from target_crm.ledger.values import Source

# A run that is stopped in mid-transaction holds up its successor for no longer than this: it idles for a moment else.
IDLE_IN_TRANSACTION = "20s"
WHOLE = ""  # of the object: all of it is written, not a share


class Epochs:
    """The epochs that one run took.

    Args:
        store: The ledger's database.
        source: The CRM account and the source name.
        holder: Names this run, for those who find the epoch taken.
    """

    def __init__(self, store: Store, source: Source, holder: str) -> None:
        self._store = store
        self._source = source
        self._holder = holder
        self._taken: dict[int, int] = {}
        self._query: sa.Select[Any] | None = None
        self._names: dict[int, str] = {}

    def take(self, object_name: str) -> None:
        """Begin the next epoch of an object: what a former writer still has to write is refused from now on.

        Raises:
            LedgerError: The database fails, or another program holds the row for too long.
        """
        table, now = tables.epochs, self._store.now()
        with self._store.write() as connection:
            row = {"crm": self._source.crm, "account": self._source.account, "object": key_of(object_name)}
            object_text = None if row["object"] == object_name else object_name
            object_id = self._store.row_id(connection, tables.objects, row, object_text=object_text)
            key = table.c.object_id == object_id, table.c.share == WHOLE
            taken = {"holder": self._holder, "since": now, "at": now}
            begun = connection.execute(table.update().where(*key).values(epoch=table.c.epoch + 1, **taken))
            if not begun.rowcount:
                connection.execute(table.insert().values(object_id=object_id, share=WHOLE, epoch=1, **taken))
            epoch = connection.execute(sa.select(table.c.epoch).where(*key)).scalar_one()
        self._taken[object_id] = epoch
        self._query = None
        self._names[object_id] = object_name

    def end(self) -> None:
        """Verify no more."""
        self._taken.clear()

    def verify(self, connection: sa.Connection) -> None:
        """Check, in a transaction, that nobody has begun another epoch; nobody can until the transaction ends.

        Raises:
            LockLostError: Somebody has.
        """
        if not self._taken:
            return
        if self._query is None:  # made once: it is asked at every commit
            self._query = _query(self._taken, connection.dialect.name)
        rows = connection.execute(self._query).all()
        found = {row.object_id: row for row in rows}
        for object_id, epoch in self._taken.items():
            row = found.get(object_id)
            if row is None or row.epoch != epoch:
                by = f" by {row.holder}" if row else ", or the ledger was replaced"
                raise LockLostError(
                    happened=f"This run is not the only writer of the {self._names[object_id]} of this account any "
                    f"more: they were taken over{by}"
                )


def _query(object_ids: Collection[int], dialect: str) -> sa.Select[Any]:
    """Build the query for the epochs of objects, whose rows nobody can change until the transaction ends."""
    table = tables.epochs
    columns: list[Any] = [table.c.object_id, table.c.epoch, table.c.holder]
    if dialect == "postgresql":
        columns.append(sa.func.set_config("idle_in_transaction_session_timeout", IDLE_IN_TRANSACTION, sa.true()))
    query = sa.select(*columns).where(table.c.object_id.in_(list(object_ids)), table.c.share == WHOLE)
    return query.with_for_update(read=True)  # SQLite has one writer, and locks no rows
