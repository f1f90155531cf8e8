"""Held records: rejected, waiting for a reference, or to be deleted, each kept as it arrived."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any

import sqlalchemy as sa

from target_crm.ledger import tables
from target_crm.ledger.outcome_lines import Counted, write_counted
from target_crm.ledger.store import BY_MATCH, Store, as_json, of_source, stored_awaited
from target_crm.ledger.tables import key_of, shown
from target_crm.ledger.values import Held, LedgerDataError, Scope, Source

ROWS_AT_ONCE = 500


class HeldRecords:
    """The held records of a ledger.

    Args:
        store: The ledger's database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def hold(self, scope: Scope, held: Sequence[Held], *, keep_intents: bool = False) -> None:
        """Hold records, each in place of its version that was held before.

        Args:
            scope: The records' scope.
            held: The records.
            keep_intents: Whether the intents of the records stay, since it is unknown whether they were written.

        Raises:
            LedgerError: The database fails.
        """
        try:
            self._hold(scope, held, keep_intents=keep_intents)
        except LedgerDataError:
            for each in held:
                self._hold_one(scope, each, keep_intents=keep_intents)

    def _hold_one(self, scope: Scope, held: Held, *, keep_intents: bool) -> None:
        """Hold a record; without what was sent and answered, if the database refuses it else."""
        try:
            self._hold(scope, [held], keep_intents=keep_intents)
        except LedgerDataError:
            reason = held.reason.encode("ascii", "backslashreplace").decode()
            bare = replace(held, reason=shown(reason), status=None, sent=None, value="")
            self._hold(scope, [bare], keep_intents=keep_intents)

    def _hold(self, scope: Scope, held: Sequence[Held], *, keep_intents: bool) -> None:
        now = self._store.now()
        source_ids = [each.source_id for each in held]
        events = self._events(scope, held, now)
        with self._store.write() as connection:
            if not keep_intents:
                self._store.remove(connection, tables.intents, scope, source_ids)
            self._store.unhold(connection, scope, source_ids)
            self._store.put(
                connection, tables.schemas, [{"id": each.schema_id, "message": each.schema} for each in held]
            )
            last = connection.execute(sa.select(sa.func.coalesce(sa.func.max(tables.held.c.number), 0))).scalar_one()
            rows = [
                {
                    "scope_id": scope.id,
                    "source_id": each.source_id,
                    "number": number,
                    "state": each.state,
                    "kind": each.kind,
                    "reason": each.reason_with_value,
                    "status": each.status,
                    "sent": None if each.sent is None else as_json(each.sent),
                    "message": each.message,
                    "schema_id": each.schema_id,
                    "at": now,
                    "run_id": self._store.run_id,
                }
                for number, each in enumerate(held, last + 1)
            ]
            self._store.put(connection, tables.held, rows)
            waits = [
                {"scope_id": scope.id, "source_id": each.source_id, "stream": stream, "on_source_id": source_id}
                for each in held
                for stream, source_id in map(stored_awaited, each.waits_on)
            ]
            self._store.put(connection, tables.waits, waits)
            if events:
                connection.execute(tables.history.insert(), events)
            write_counted(connection, self._store, scope, _again(held, events))

    def _events(self, scope: Scope, held: Sequence[Held], now: float) -> list[dict[str, Any]]:
        """Return the rows for the history; a record that was held for the same reason gets none."""
        table = tables.held
        query = sa.select(table.c.source_id, table.c.state, table.c.kind, table.c.reason)
        rows = self._store.among(
            query.where(table.c.scope_id == scope.id), table.c.source_id, [each.source_id for each in held]
        )
        known = {tuple(row) for row in rows}
        return [
            {
                "scope_id": scope.id,
                "source_id": each.source_id,
                "run_id": self._store.run_id,
                "at": now,
                "action": each.state,
                "fields": "[]",
                "keys": "[]",
                "reason": f"{each.kind}: {each.reason}" if each.reason else each.kind,
            }
            for each in held
            if each.state != "deleting" and (each.source_id, each.state, each.kind, each.reason_with_value) not in known
        ]

    def release(self, scope: Scope, source_ids: Collection[str]) -> None:
        """Remove held records of which a newer version has its outcome."""
        with self._store.write() as connection:
            self._store.unhold(connection, scope, source_ids)

    def held_among(self, scope: Scope, source_ids: Collection[str]) -> set[str]:
        """Return those of some source ids of which something is held."""
        query = sa.select(tables.held.c.source_id).where(tables.held.c.scope_id == scope.id)
        return {row.source_id for row in self._store.among(query, tables.held.c.source_id, source_ids)}

    def held_ids(self, scope: Scope) -> set[str]:
        """Return the source ids of a stream's held records."""
        query = sa.select(tables.held.c.source_id).where(tables.held.c.scope_id == scope.id)
        return {row.source_id for row in self._store.rows(query)}

    def held(self, source: Source, state: str) -> list[Held]:
        """Return a source's held records in the order in which they were held."""
        return _held(self._store.rows_of(source, _held_query(state)))

    def each(self, source: Source, state: str) -> Iterator[Held]:
        """Yield a source's held records in the order in which they were held, a few in memory at a time."""
        with self._store.read() as connection:
            rows = connection.execution_options(yield_per=ROWS_AT_ONCE).execute(of_source(_held_query(state), source))
            for part in rows.partitions():
                yield from _held(part)

    def counts(self, source: Source) -> Counter[str]:
        """Count a source's held records by state."""
        held = tables.held
        query = (
            sa.select(held.c.state, sa.func.count().label("records"))
            .join_from(held, tables.scopes)
            .join(tables.objects)
        )
        return Counter({row.state: row.records for row in self._store.rows_of(source, query.group_by(held.c.state))})

    def absent(self, source: Source, scope: Scope, version: str) -> list[Held]:
        """Return the rejected and waiting records of a stream that did not arrive in a version."""
        seen, table = tables.seen, tables.held
        arrived = sa.select(1).where(
            seen.c.scope_id == scope.id, seen.c.version == key_of(version), seen.c.source_id == table.c.source_id
        )
        query = [table.c.scope_id == scope.id, ~arrived.exists()]
        return [
            each
            for state in ("rejected", "waiting")
            for each in _held(self._store.rows_of(source, _held_query(state).where(*query)))
        ]

    def accounts(self, crm: str, source_name: str, state: str) -> list[str]:
        """Return the accounts of a CRM in which something of a source name is held."""
        held, objects = tables.held, tables.objects
        query = sa.select(objects.c.account).join_from(held, tables.scopes).join(objects).distinct()
        of_it = objects.c.crm == crm, tables.scopes.c.source_name == source_name, held.c.state == state
        return [row.account for row in self._store.rows(query.where(*of_it))]

    def drop(self, numbers: Collection[int]) -> None:
        """Remove held records by their numbers."""
        held, waits = tables.held, tables.waits
        with self._store.write() as connection:
            for number in numbers:
                row = connection.execute(
                    held.delete().where(held.c.number == number).returning(held.c.scope_id, held.c.source_id)
                ).one_or_none()
                if row is not None:
                    connection.execute(
                        waits.delete().where(waits.c.scope_id == row.scope_id, waits.c.source_id == row.source_id)
                    )

    def waited_for(self, source: Source, stream: str, written: Collection[str]) -> list[Held]:
        """Return the records that wait for one of these records of a stream and for nothing else that is missing."""
        return self._waiting_on(source, key_of(stream), written)

    def waiting_on_match(self, source: Source, object_names: Collection[str]) -> list[Held]:
        """Return the records that wait for a record of one of these objects, and for nothing else that is missing."""
        return self._waiting_on(source, BY_MATCH, object_names)

    def _waiting_on(self, source: Source, stream: str, on: Collection[str]) -> list[Held]:
        query, on_stream, on_source_id = _waiting_on_query()
        rows = self._store.among(query.where(on_stream == stream), on_source_id, on, source)
        found = {each.number: each for each in _held(rows)}
        return [found[number] for number in sorted(found)]

    def waiting_no_more(self, source: Source) -> list[Held]:
        """Return the waiting records whose references are all written by now."""
        return _held(self._store.rows_of(source, _waiting_no_more_query()))


def _again(held: Sequence[Held], events: Sequence[Mapping[str, Any]]) -> Iterator[Counted]:
    """Yield the records that are held for the same reason as before, of which the history gets no line of their own."""
    told = {event["source_id"] for event in events}
    again = [each for each in held if each.state != "deleting" and each.source_id not in told]
    for state, kind in dict.fromkeys((each.state, each.kind) for each in again):
        yield Counted(
            state, [(each.source_id, None) for each in again if (each.state, each.kind) == (state, kind)], kind
        )


@cache
def _held_query(state: str) -> sa.Select[Any]:
    held = tables.held
    return (
        sa.select(held, tables.schemas.c.message.label("schema"), tables.STREAM_NAME)
        .join_from(held, tables.scopes)
        .join(tables.objects)
        .join(tables.schemas)
        .where(held.c.state == state)
        .order_by(held.c.number)
    )


@cache
def _waiting_no_more_query() -> sa.Select[Any]:
    """Build the query of the waiting records whose references are all written, in the same account and source."""
    waits, records = tables.waits, tables.records
    parents, objects = tables.scopes.alias(), tables.objects.alias()
    written = (
        sa.select(1)
        .select_from(records.join(parents).join(objects))
        .where(
            records.c.source_id == waits.c.on_source_id,
            records.c.crm_id.is_not(None),
            parents.c.stream == waits.c.stream,
            parents.c.source_name == tables.scopes.c.source_name,
            objects.c.crm == tables.objects.c.crm,
            objects.c.account == tables.objects.c.account,
        )
        .correlate(waits, tables.scopes, tables.objects)
    )
    unmet = (
        sa.select(1)
        .where(
            waits.c.scope_id == tables.held.c.scope_id,
            waits.c.source_id == tables.held.c.source_id,
            waits.c.stream != BY_MATCH,  # the CRM may have what is found there by a match key at any time
            ~written.exists(),
        )
        .correlate(tables.held, tables.scopes, tables.objects)
    )
    return _held_query("waiting").where(~unmet.exists())


@cache
def _waiting_on_query() -> tuple[sa.Select[Any], sa.Column[Any], sa.Column[Any]]:
    """Build the query of those records beside what they waited for; its columns stream and on_source_id come along."""
    waits, held = tables.waits.alias(), tables.held
    same = sa.and_(waits.c.scope_id == held.c.scope_id, waits.c.source_id == held.c.source_id)
    return _waiting_no_more_query().join(waits, same), waits.c.stream, waits.c.on_source_id


def _held(rows: Iterable[sa.Row[Any]]) -> list[Held]:
    return [
        Held(
            row.source_id,
            row.state,
            row.kind,
            row.reason,
            row.message,
            row.schema,
            row.schema_id,
            row.status,
            None if row.sent is None else json.loads(row.sent, parse_float=Decimal),
            at=row.at,
            number=row.number,
            stream=row.stream,
            run_id=row.run_id,
        )
        for row in rows
    ]
