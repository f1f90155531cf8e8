"""The operator's queries and corrections: list, explain, forget, import."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import Any

import sqlalchemy as sa

from crm_api.crm_objects import CrmId
from target_crm.ledger import tables
from target_crm.ledger.forgetting import forget_in_reports
from target_crm.ledger.outcome_lines import FOUND
from target_crm.ledger.store import Store, id_of, id_text, value_hash
from target_crm.ledger.tables import key_of
from target_crm.ledger.values import Origin, Scope


@dataclass(frozen=True, slots=True)
class Account:
    """The counts of one stream in the ledger.

    Attributes:
        scope: The stream's scope.
        crm: The value of the setting ``crm``, such as ``copper``.
        account: The CRM account's id.
        object: The CRM object's name.
        source_name: The value of the setting ``source_name``.
        stream: The stream's name.
        records: The number of its records that the CRM has.
        held: The number of its held records, by state.
        unanswered: The number of writes without an answer.
        written_at: The time of the last write in Unix seconds; None if there was none.
    """

    scope: Scope
    crm: str
    account: str
    object: str
    source_name: str
    stream: str
    records: int
    held: Mapping[str, int]
    unanswered: int
    written_at: float | None


@dataclass(frozen=True, slots=True)
class KnownAccounts:
    """The accounts of one CRM that the ledger knows, and how much it knows of one of them.

    Attributes:
        records: The number of the account's records that the CRM has.
        written_at: The time of the last write to it in Unix seconds; None if there was none.
        accounts: All accounts of its CRM, itself among them if it has any stream.
    """

    records: int
    written_at: float | None
    accounts: Collection[str]


class LedgerQueries:
    """Answers the operator's questions and corrects the ledger.

    Args:
        store: The ledger's database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def accounts(self) -> list[Account]:
        """Return the counts of every stream in the ledger."""
        scopes, objects = tables.scopes, tables.objects
        query = (
            sa.select(scopes.c.id, scopes.c.object_id, scopes.c.source_name, tables.STREAM_NAME, tables.OBJECT_NAME)
            .add_columns(objects.c.crm, objects.c.account)
            .join_from(scopes, objects)
            .order_by(objects.c.crm, objects.c.account, scopes.c.source_name, scopes.c.stream)
        )
        with self._store.read() as connection:
            return [
                Account(
                    Scope(object_id=row.object_id, id=row.id),
                    row.crm,
                    row.account,
                    row.object,
                    row.source_name,
                    row.stream,
                    *self._counts(connection, row.id),
                )
                for row in connection.execute(query)
            ]

    def known_of(self, crm: str, account: str) -> KnownAccounts:
        """Return what the ledger knows of an account: how full it is, and which others there are.

        Args:
            crm: The kind of CRM.
            account: The account.
        """
        scopes, objects, records = tables.scopes, tables.objects, tables.records
        others = sa.select(objects.c.account).join_from(scopes, objects).where(objects.c.crm == crm).distinct()
        own = (
            sa.select(sa.func.count(), sa.func.max(records.c.written_at))
            .join_from(records, scopes)
            .join(objects)
            .where(objects.c.crm == crm, objects.c.account == account, records.c.crm_id.is_not(None))
        )
        with self._store.read() as connection:
            count, written_at = connection.execute(own).one()
            return KnownAccounts(count, written_at, connection.execute(others).scalars().all())

    @staticmethod
    def _counts(connection: sa.Connection, scope_id: int) -> tuple[int, dict[str, int], int, float | None]:
        records, held, intents = tables.records, tables.held, tables.intents
        live = sa.select(sa.func.count(), sa.func.max(records.c.written_at)).where(
            records.c.scope_id == scope_id, records.c.crm_id.is_not(None)
        )
        count, written_at = connection.execute(live).one()
        by_state = sa.select(held.c.state, sa.func.count()).where(held.c.scope_id == scope_id).group_by(held.c.state)
        unanswered = sa.select(sa.func.count()).where(intents.c.scope_id == scope_id)
        states: dict[str, int] = {row[0]: row[1] for row in connection.execute(by_state)}
        return count, states, int(connection.execute(unanswered).scalar_one()), written_at

    def found_by(
        self, *, source_id: str | None = None, crm_id: CrmId | None = None, value: str | None = None
    ) -> list[tuple[Scope, str]]:
        """Find records by source id, CRM id, or a match value of a recent write.

        A source id that is long or odd may be given as it is, or as the ledger shows it.

        Returns:
            Scopes and source ids.
        """
        where: list[tuple[sa.Table, sa.ColumnElement[bool]]] = []
        for table in (tables.records, tables.held, tables.intents, tables.history):
            if source_id is not None:
                where.append((table, table.c.source_id.in_([source_id, key_of(source_id)])))
            if crm_id is not None and "crm_id" in table.c:
                where.append((table, table.c.crm_id == id_text(crm_id)))
        if value is not None:
            message: sa.ColumnElement[str] = sa.cast(tables.held.c.message, sa.Text)
            if self._store.engine.dialect.name == "postgresql":
                message = sa.func.encode(tables.held.c.message, "escape")
            where += [
                (tables.history, tables.history.c["keys"].contains(value_hash(value), autoescape=True)),
                (tables.held, message.icontains(value, autoescape=True)),
            ]
        found: dict[tuple[int, str], Scope] = {}
        with self._store.read() as connection:
            for table, condition in where:
                query = (
                    sa.select(table.c.scope_id, table.c.source_id, tables.scopes.c.object_id)
                    .join_from(table, tables.scopes)
                    .where(condition)
                    .distinct()
                )
                for scope_id, source_id_found, object_id in connection.execute(query):
                    found[scope_id, source_id_found] = Scope(object_id=object_id, id=scope_id)
        return [(scope, source_id_found) for (_, source_id_found), scope in sorted(found.items(), key=itemgetter(0))]

    def explained(self, scope: Scope, source_id: str, since: float = 0.0) -> dict[str, Any]:
        """Return all that the ledger holds of one record as JSON values.

        Args:
            scope: The record's scope.
            source_id: The record's source id.
            since: The time in Unix seconds from which on the history is given.
        """
        with self._store.read() as connection:
            places = {
                name: [_plain(row) for row in connection.execute(_rows_of(table, scope, source_id)).mappings()]
                for name, table in (
                    ("record", tables.records),
                    ("held", tables.held),
                    ("unanswered", tables.intents),
                    ("waits_for", tables.waits),
                    ("to_be_linked", tables.links),
                )
            }
            history = _rows_of(tables.history, scope, source_id).where(tables.history.c.at >= since)
            done = [_plain(row) for row in connection.execute(history.order_by(tables.history.c.id)).mappings()]
        return {"source_id": source_id, **{name: rows for name, rows in places.items() if rows}, "history": done}

    def forget(self, scope: Scope, source_ids: Collection[str] | None) -> int:
        """Forget records, so that the next run looks for them in the CRM by their match keys.

        Args:
            scope: The stream.
            source_ids: The records, as they are or as the ledger shows them; None for all of the stream.

        Returns:
            The number of records that were forgotten.
        """
        keys: Collection[str | None] = [None]
        if source_ids is not None:
            keys = {each for given in source_ids for each in (given, key_of(given))}
        place = sa.select(tables.objects.c.account, tables.STREAM_NAME).join_from(tables.scopes, tables.objects)
        count = 0
        with self._store.write() as connection:
            account, stream = connection.execute(place.where(tables.scopes.c.id == scope.id)).one()
            for key in keys:
                count += self._erase(connection, scope, key)
                forget_in_reports(connection, account, stream, key)
        return count

    @staticmethod
    def _erase(connection: sa.Connection, scope: Scope, source_id: str | None = None) -> int:
        """Erase a record of a stream, or all; the history keeps what was done, without values. Count the records."""

        def of_it(table: sa.Table) -> sa.ColumnElement[bool]:
            whole = table.c.scope_id == scope.id
            return whole if source_id is None else sa.and_(whole, table.c.source_id == source_id)

        history, fresh, records, kept = tables.history, tables.fresh_keys, tables.records, tables.kept_values
        events = sa.select(history.c.id).where(of_it(history))
        connection.execute(kept.delete().where(kept.c.history_id.in_(events)))
        reason = sa.case((history.c.reason == FOUND, FOUND), else_="")  # a word of ours, by which it counts for no run
        hidden = {"record": None, "changes": None, "keys": "[]", "reason": reason}
        connection.execute(history.update().where(of_it(history)).values(**hidden))
        crm_ids = sa.select(records.c.crm_id).where(of_it(records), records.c.crm_id.is_not(None))
        connection.execute(
            fresh.delete().where(
                fresh.c.object_id == scope.object_id, sa.func.coalesce(fresh.c.crm_id_text, fresh.c.crm_id).in_(crm_ids)
            )
        )
        for table in (tables.waits, tables.links, tables.held, tables.intents, tables.seen, tables.attribute_digests):
            connection.execute(table.delete().where(of_it(table)))
        return int(connection.execute(records.delete().where(of_it(records))).rowcount)

    def import_pairs(self, scope: Scope, pairs: Collection[tuple[str, CrmId]]) -> int:
        """Keep pairs of source id and CRM id. The next run compares what the records hold.

        A write of such a record that has no answer is taken as carried out.
        """
        now = self._store.now()
        keyed = [(key_of(source_id), crm_id) for source_id, crm_id in pairs]
        intents = tables.intents
        query = sa.select(intents.c.source_id, intents.c.record_hash, intents.c.digest).where(
            intents.c.scope_id == scope.id
        )
        with self._store.read() as connection:
            sent = {row.source_id: row for row in connection.execute(query)}
        rows = [
            {
                "scope_id": scope.id,
                "source_id": source_id,
                "crm_id": id_text(crm_id),
                "origin": Origin.IMPORTED,
                "record_hash": sent[source_id].record_hash if source_id in sent else None,
                "digest": sent[source_id].digest if source_id in sent else None,
                "written_at": now,
                "run_id": self._store.run_id,
            }
            for source_id, crm_id in keyed
        ]
        done = [source_id for source_id, _ in keyed]
        with self._store.write() as connection:
            self._store.put(connection, tables.records, rows)
            for table in (intents, tables.attribute_digests):
                self._store.remove(connection, table, scope, done)
            self._store.unhold(connection, scope, done)
        return len(rows)


def _rows_of(table: sa.Table, scope: Scope, source_id: str) -> sa.Select[Any]:
    return sa.select(table).where(table.c.scope_id == scope.id, table.c.source_id == source_id)


_HIDDEN = frozenset({"keys", "scope_id", "id", "source_id", "record_hash", "digest", "schema_id", "number"})
_JSON = frozenset({"payload", "fields", "sent", "record", "changes", "links"})


def _plain(row: Mapping[Any, Any]) -> dict[str, Any]:
    """Turn a row into JSON values for people: times in ISO form, no hashes and no internal numbers."""
    plain: dict[str, Any] = {}
    for name, value in row.items():
        if name in _HIDDEN or value is None:
            continue
        if name in {"at", "written_at", "sent_at", "server_at"}:
            plain[name] = datetime.fromtimestamp(value, UTC).isoformat(timespec="seconds")
        elif name == "crm_id":
            plain[name] = id_of(value)
        elif name in _JSON:
            plain[name] = json.loads(value)
        elif isinstance(value, bytes):
            plain[name] = value.decode("utf-8", "replace")
        else:
            plain[name] = value
    return plain
