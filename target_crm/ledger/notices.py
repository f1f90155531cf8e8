"""Notices in the ledger: which thresholds are crossed, and what is still to be told about it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from target_crm.ledger import tables
from target_crm.ledger.store import Store, as_json
from target_crm.ledger.values import Source

TELLING_SECONDS = 60.0  # for which nobody else tells what somebody is about to tell
Message = Mapping[str, Any]


class Notices:
    """The notices of one source.

    Args:
        store: The ledger's database.
        source: The account that is written, and from which source.
    """

    def __init__(self, store: Store, source: Source) -> None:
        self._store = store
        self._source = source

    def note(self, threshold: str, message: Message, *, is_crossed: bool) -> None:
        """Note whether a threshold is crossed; what is new about that is to be told.

        A crossing that is over before anybody was told of it is told all the same, and so is its end. Where a
        threshold is crossed again before its end was told, it goes on being crossed.

        Args:
            threshold: The threshold's name.
            message: What to tell if it is new.
            is_crossed: Whether it is crossed now.
        """
        now = self._store.now()
        with self._store.write() as connection:
            row = self._row(connection, threshold)
            if is_crossed == (row is not None and bool(row["is_crossed"])):
                return
            pending = [] if row is None else json.loads(row["pending"])
            is_being_told = row is not None and (row["telling_until"] or 0.0) > now and len(pending) == 1
            if is_crossed and pending and not is_being_told:
                pending.pop()  # the end of what is crossed again
            else:
                pending.append(message)
            self._put(connection, threshold, is_crossed=int(is_crossed), since=now, pending=as_json(pending))

    def pending(self) -> list[str]:
        """Return the names of the thresholds about which something is to be told."""
        table = tables.notices
        query = sa.select(table.c.threshold).where(*self._of_source(), table.c.pending != "[]")
        return [row.threshold for row in self._store.rows(query.order_by(table.c.threshold))]

    def take(self, threshold: str) -> Message | None:
        """Return what is to be told next about a threshold; None if that is nothing, or somebody else tells it."""
        now = self._store.now()
        with self._store.write() as connection:
            row = self._row(connection, threshold)
            pending: Sequence[Message] = [] if row is None else json.loads(row["pending"])
            if row is None or not pending or (row["telling_until"] or 0.0) > now:
                return None
            self._put(connection, threshold, telling_until=now + TELLING_SECONDS)
            return pending[0]

    def told(self, threshold: str, *, is_taken: bool) -> None:
        """Note that the receiver took what was to be told; or that it did not, so that it is told later."""
        with self._store.write() as connection:
            row = self._row(connection, threshold)
            if row is not None:
                pending = json.loads(row["pending"])
                self._put(connection, threshold, telling_until=None, pending=as_json(pending[1 if is_taken else 0 :]))

    def _of_source(self) -> tuple[sa.ColumnElement[bool], ...]:
        table, source = tables.notices, self._source
        return table.c.crm == source.crm, table.c.account == source.account, table.c.source_name == source.name

    def _row(self, connection: sa.Connection, threshold: str) -> Mapping[Any, Any] | None:
        table = tables.notices
        query = sa.select(table).where(*self._of_source(), table.c.threshold == threshold)
        return connection.execute(query.with_for_update()).mappings().one_or_none()

    def _put(self, connection: sa.Connection, threshold: str, **values: Any) -> None:
        table, source = tables.notices, self._source
        of_it = *self._of_source(), table.c.threshold == threshold
        if not connection.execute(table.update().where(*of_it).values(**values)).rowcount:
            key = {"crm": source.crm, "account": source.account, "source_name": source.name, "threshold": threshold}
            connection.execute(table.insert().values(**key, **values))
