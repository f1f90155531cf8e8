"""What was written where: source id to CRM id, hashes, intents in flight, held records, history.

Every method is one transaction. An intent is committed before its write is sent; the answer's transaction removes it.
What is in neither state, after a crash at any instant, was never sent.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from crm_api.crm import CrmId
from crm_api.errors import SettingError, StopError
from target_crm import ledger_tables as tables
from target_crm.mapped import Found

CHUNK = 500  # values in one IN list: far below the limits of both databases
_ENCODER = msgspec.json.Encoder(decimal_format="number")
FRESH_SECONDS = 3600.0  # how long match values of our own writes are kept: longer than any index lags


class LedgerError(StopError):
    """The ledger cannot be read or written: nothing may be sent any more."""

    happened = "The ledger cannot be used"
    advice = "Nothing was lost: mend the store that ledger_url names (disk space, permissions) and run again."


@dataclass(frozen=True, slots=True)
class Scope:
    """One stream of one source into one kind of record of one account.

    Attributes:
        id: In the ledger.
        object_id: In the ledger: account and kind of record, whatever the stream.
    """

    id: int
    object_id: int


@dataclass(frozen=True, slots=True)
class Known:
    """What the ledger knows of a source id.

    Attributes:
        crm_id: None once the record was deleted.
        origin: ``created``, ``matched`` or ``imported``.
        record_hash: Of the record as it arrived, and of the settings it was mapped with.
        digest: Of what it was mapped to.
        written_at: Unix seconds.
    """

    crm_id: CrmId | None
    origin: str
    record_hash: bytes | None
    digest: str | None
    written_at: float


@dataclass(frozen=True, slots=True)
class Intent:
    """A write that is sent, or about to be, and not yet answered.

    Attributes:
        source_id: Of the record.
        action: ``create`` or ``update``.
        payload: As sent.
        keys: The record's match values, by attribute.
        record_hash: To be remembered once it is written.
        digest: Likewise.
        crm_id: Of the record to change; None for a create.
        sent_at: Unix seconds, our clock.
        server_at: Unix seconds, the CRM's clock as last seen.
    """

    source_id: str
    action: str
    payload: Mapping[str, Any]
    keys: Mapping[str, Sequence[str]]
    record_hash: bytes
    digest: str
    crm_id: CrmId | None = None
    sent_at: float = 0.0
    server_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Entry:
    """The answer to one write, to be remembered.

    Attributes:
        source_id: Of the record.
        crm_id: None: it was deleted.
        action: For the history: ``created``, ``updated``, ``matched``, ``unchanged``, ``deleted``.
        origin: See ``Known``.
        record_hash: See ``Known``.
        digest: See ``Known``.
        fields: Names of the fields that were changed.
        gained: Match values that the CRM record now has, by attribute.
    """

    source_id: str
    crm_id: CrmId | None
    action: str
    origin: str
    record_hash: bytes | None
    digest: str | None
    fields: Sequence[str] = ()
    gained: Mapping[str, Collection[str]] | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A record that was not written.

    Attributes:
        source_id: Of the record.
        state: ``rejected`` or ``waiting``.
        kind: The published kind of the reason.
        reason: For people.
        message: The line as it arrived, before stream maps.
        schema: The stream's SCHEMA message as it arrived.
        status: HTTP status, or None.
        sent: What was sent, or None.
        waits_on: Streams and source ids it waits for.
        at: Unix seconds; set by the ledger, as what follows.
        number: Counts up.
        stream: After stream maps.
        run_id: Of the run that held it.
    """

    source_id: str
    state: str
    kind: str
    reason: str
    message: bytes
    schema: bytes
    schema_id: str
    status: int | None = None
    sent: Any = None
    waits_on: tuple[tuple[str, str], ...] = ()
    at: float = 0.0
    number: int = 0
    stream: str = ""
    run_id: str = ""


class Ledger:
    """The ledger of one run.

    Args:
        url: Where it lies.
        run_id: Names the run in what is written.
        clock: Unix seconds.

    Raises:
        SettingError: The URL cannot work, or a newer program made the ledger.
        LedgerError: It cannot be opened.
    """

    def __init__(self, url: str, run_id: str, *, clock: Callable[[], float] = time.time) -> None:
        self._engine = tables.open_engine(url)
        self._writing = threading.Lock()
        self._clock = clock
        self.run_id = run_id
        self.url = str(sa.make_url(url))  # a password in it is masked
        with self._write() as connection:
            if self._engine.dialect.name == "postgresql":
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(hashtext('singer-crm ledger'))"))
            tables.metadata.create_all(connection)
            found = connection.execute(sa.select(tables.version.c.version)).scalar()
            if found is None:
                connection.execute(tables.version.insert().values(version=tables.VERSION))
            elif found > tables.VERSION:
                raise SettingError(
                    f"The ledger {self.url} was made by a newer program (version {found}, this one knows up to "
                    f"{tables.VERSION}): update singer-crm, or choose another ledger_url"
                )

    def close(self) -> None:
        """Let go of the store."""
        self._engine.dispose()

    def scope(self, crm: str, account: str, of: str, *, source_name: str, stream: str) -> Scope:
        """The scope of a stream, made if it is new."""
        with self._write() as connection:
            object_id = self._row_id(connection, tables.objects, {"crm": crm, "account": account, "object": of})
            scope = {"object_id": object_id, "source_name": source_name, "stream": stream}
            return Scope(self._row_id(connection, tables.scopes, scope), object_id)

    def whole(self, crm: str, account: str, of: str) -> Scope:
        """All streams into one kind of record: a scope without source ids of its own."""
        with self._write() as connection:
            return Scope(0, self._row_id(connection, tables.objects, {"crm": crm, "account": account, "object": of}))

    def known(self, scope: Scope, source_ids: Collection[str]) -> dict[str, Known]:
        """What is known of source ids, by source id."""
        table = tables.records
        columns = (table.c.source_id, table.c.crm_id, table.c.origin, table.c.record_hash, table.c.digest)
        query = sa.select(*columns, table.c.written_at).where(table.c.scope_id == scope.id)
        return {
            source_id: Known(_id(crm_id), origin, record_hash, digest, written_at)
            for source_id, crm_id, origin, record_hash, digest, written_at in self._among(
                query, table.c.source_id, source_ids
            )
        }

    def found(self, crm: str, account: str, source_name: str, stream: str, ids: Collection[str]) -> dict[str, Found]:
        """The CRM records of another stream's source ids, by source id; those not written are left out."""
        query = (
            sa.select(tables.records.c.source_id, tables.records.c.crm_id, tables.objects.c.object)
            .join_from(tables.records, tables.scopes)
            .join(tables.objects)
            .where(
                tables.objects.c.crm == crm,
                tables.objects.c.account == account,
                tables.scopes.c.source_name == source_name,
                tables.scopes.c.stream == stream,
                tables.records.c.crm_id.is_not(None),
            )
        )
        return {
            source_id: Found(of, json.loads(crm_id))
            for source_id, crm_id, of in self._among(query, tables.records.c.source_id, ids)
        }

    def claimed(self, scope: Scope, crm_ids: Collection[CrmId]) -> dict[CrmId, list[tuple[int, str]]]:
        """Which scopes and source ids stand for CRM records of this kind."""
        query = (
            sa.select(tables.records.c.crm_id, tables.records.c.scope_id, tables.records.c.source_id)
            .join_from(tables.records, tables.scopes)
            .where(tables.scopes.c.object_id == scope.object_id)
        )
        claims: dict[CrmId, list[tuple[int, str]]] = {}
        for crm_id, scope_id, source_id in self._among(query, tables.records.c.crm_id, [*map(json.dumps, crm_ids)]):
            claims.setdefault(json.loads(crm_id), []).append((scope_id, source_id))
        return claims

    def intents(self, scope: Scope) -> dict[str, Intent]:
        """The writes of a scope that were not answered, by source id."""
        table = tables.intents
        with self._read() as connection:
            rows = connection.execute(sa.select(table).where(table.c.scope_id == scope.id)).mappings().all()
        return {
            row["source_id"]: Intent(
                row["source_id"],
                row["action"],
                json.loads(row["payload"]),
                json.loads(row["keys"]),
                row["record_hash"],
                row["digest"],
                _id(row["crm_id"]),
                row["sent_at"],
                row["server_at"],
            )
            for row in rows
        }

    def intend(self, scope: Scope, intents: Iterable[Intent]) -> None:
        """Remember writes that are about to be sent. On return they survive a power cut."""
        now = self._clock()
        rows = [
            {
                "scope_id": scope.id,
                "source_id": intent.source_id,
                "action": intent.action,
                "crm_id": None if intent.crm_id is None else json.dumps(intent.crm_id),
                "payload": _json(intent.payload),
                "keys": _json({name: list(values) for name, values in intent.keys.items()}),
                "record_hash": intent.record_hash,
                "digest": intent.digest,
                "sent_at": now,
                "server_at": intent.server_at or now,
                "run_id": self.run_id,
            }
            for intent in intents
        ]
        with self._write() as connection:
            self._put(connection, tables.intents, rows)

    def withdraw(self, scope: Scope, source_ids: Collection[str]) -> None:
        """Forget intents that were answered by "nothing was changed"."""
        with self._write() as connection:
            self._remove(connection, tables.intents, scope, source_ids)

    def settle(self, scope: Scope, entries: Sequence[Entry]) -> None:
        """Remember the answers to writes, and forget their intents and what was held of these records."""
        now = self._clock()
        source_ids = [entry.source_id for entry in entries]
        with self._write() as connection:
            self._remove(connection, tables.intents, scope, source_ids)
            self._unhold(connection, scope, source_ids)
            self._put(connection, tables.records, [self._record(scope, entry, now) for entry in entries])
            fresh = [
                {"object_id": scope.object_id, "attribute": name, "value": value, "crm_id": _crm_id(entry), "at": now}
                for entry in entries
                for name, values in (entry.gained or {}).items()
                for value in values
            ]
            self._put(connection, tables.fresh_keys, fresh)
            done = [self._event(scope, entry, now) for entry in entries if entry.action != "unchanged"]
            if done:
                connection.execute(tables.history.insert(), done)

    def fresh(self, scope: Scope, attribute: str, values: Collection[str], since: float) -> dict[str, set[CrmId]]:
        """CRM ids that our own writes gave these match values since an instant (unix seconds), by value."""
        table = tables.fresh_keys
        query = sa.select(table.c.value, table.c.crm_id).where(
            table.c.object_id == scope.object_id, table.c.attribute == attribute, table.c.at >= since
        )
        found: dict[str, set[CrmId]] = {}
        for value, crm_id in self._among(query, table.c.value, values):
            found.setdefault(value, set()).add(json.loads(crm_id))
        return found

    def forget_stale_keys(self) -> None:
        """Drop the match values that the CRM's own search shows by now."""
        table = tables.fresh_keys
        with self._write() as connection:
            connection.execute(table.delete().where(table.c.at < self._clock() - FRESH_SECONDS))

    def hold(self, scope: Scope, held: Sequence[Held], *, keep_intents: bool = False) -> None:
        """Keep records that were not written, each in place of what was held of it before.

        Args:
            scope: Of the records.
            held: The records.
            keep_intents: Nobody knows whether they were written; otherwise their intents are forgotten.
        """
        now = self._clock()
        source_ids = [each.source_id for each in held]
        with self._write() as connection:
            if not keep_intents:
                self._remove(connection, tables.intents, scope, source_ids)
            self._unhold(connection, scope, source_ids)
            self._put(connection, tables.schemas, [{"id": each.schema_id, "message": each.schema} for each in held])
            last = connection.execute(sa.select(sa.func.coalesce(sa.func.max(tables.held.c.number), 0))).scalar_one()
            rows = [
                {
                    "scope_id": scope.id,
                    "source_id": each.source_id,
                    "number": number,
                    "state": each.state,
                    "kind": each.kind,
                    "reason": each.reason,
                    "status": each.status,
                    "sent": None if each.sent is None else _json(each.sent),
                    "message": each.message,
                    "schema_id": each.schema_id,
                    "at": now,
                    "run_id": self.run_id,
                }
                for number, each in enumerate(held, last + 1)
            ]
            self._put(connection, tables.held, rows)
            waits = [
                {"scope_id": scope.id, "source_id": each.source_id, "stream": stream, "on_source_id": source_id}
                for each in held
                for stream, source_id in each.waits_on
            ]
            self._put(connection, tables.waits, waits)

    def release(self, scope: Scope, source_ids: Collection[str]) -> None:
        """Forget what is held of records: a newer version of each was dealt with."""
        with self._write() as connection:
            self._unhold(connection, scope, source_ids)

    def held_ids(self, scope: Scope) -> set[str]:
        """Source ids of which something is held."""
        with self._read() as connection:
            query = sa.select(tables.held.c.source_id).where(tables.held.c.scope_id == scope.id)
            return set(connection.execute(query).scalars())

    def touch(self, scope: Scope, hashes: Mapping[str, bytes]) -> None:
        """Remember how unchanged records look now, so that the next run need not map them to see it."""
        table = tables.records
        statement = (
            table.update()
            .where(table.c.scope_id == scope.id, table.c.source_id == sa.bindparam("id"))
            .values(record_hash=sa.bindparam("hash"))
        )
        with self._write() as connection:
            connection.execute(statement, [{"id": key, "hash": value} for key, value in hashes.items()])

    def held(self, crm: str, account: str, source_name: str, state: str) -> list[Held]:
        """What is held of a source, in the order in which it was put aside."""
        with self._read() as connection:
            return _held(connection.execute(_held_of(crm, account, source_name, state)))

    def waited_for(self, crm: str, account: str, source_name: str, stream: str, written: Collection[str]) -> list[Held]:
        """What waits for some of these records of a stream, and for nothing else that is missing."""
        query = _no_longer_waiting(_held_of(crm, account, source_name, "waiting"))
        on = tables.waits.alias()
        query = query.join(
            on,
            sa.and_(on.c.scope_id == tables.held.c.scope_id, on.c.source_id == tables.held.c.source_id),
        ).where(on.c.stream == stream)
        found = {each.number: each for each in _held(self._among(query, on.c.on_source_id, written))}
        return [found[number] for number in sorted(found)]

    def waiting_no_more(self, crm: str, account: str, source_name: str) -> list[Held]:
        """What waits for records that are all written by now."""
        with self._read() as connection:
            return _held(connection.execute(_no_longer_waiting(_held_of(crm, account, source_name, "waiting"))))

    # What the operator's command asks, beside the above.

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection for questions."""
        with self._read() as connection:
            yield connection

    # Below: the statements.

    def _record(self, scope: Scope, entry: Entry, now: float) -> dict[str, Any]:
        return {
            "scope_id": scope.id,
            "source_id": entry.source_id,
            "crm_id": None if entry.crm_id is None else json.dumps(entry.crm_id),
            "origin": entry.origin,
            "record_hash": entry.record_hash,
            "digest": entry.digest,
            "written_at": now,
            "run_id": self.run_id,
        }

    def _event(self, scope: Scope, entry: Entry, now: float) -> dict[str, Any]:
        return {
            "scope_id": scope.id,
            "source_id": entry.source_id,
            "run_id": self.run_id,
            "at": now,
            "action": entry.action,
            "crm_id": None if entry.crm_id is None else json.dumps(entry.crm_id),
            "fields": _json(list(entry.fields)),
            "reason": "",
        }

    def _put(self, connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows, each in place of the one with its key."""
        if not rows:
            return
        key = list(table.primary_key.columns)
        insert: Any = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
        statement = insert(table)
        replaced = {column.name: statement.excluded[column.name] for column in table.c if column not in key}
        unique = {tuple(row[column.name] for column in key): row for row in rows}
        connection.execute(
            statement.on_conflict_do_update(index_elements=key, set_=replaced)
            if replaced
            else statement.on_conflict_do_nothing(),
            list(unique.values()),
        )

    def _row_id(self, connection: sa.Connection, table: sa.Table, row: Mapping[str, Any]) -> int:
        query = sa.select(table.c.id).where(*(table.c[name] == value for name, value in row.items()))
        found: int | None = connection.execute(query).scalar()
        if found is not None:
            return found
        return int(connection.execute(table.insert().values(row).returning(table.c.id)).scalar_one())

    def _remove(self, connection: sa.Connection, table: sa.Table, scope: Scope, source_ids: Collection[str]) -> None:
        for chunk in _chunks(source_ids):
            connection.execute(table.delete().where(table.c.scope_id == scope.id, table.c.source_id.in_(chunk)))

    def _unhold(self, connection: sa.Connection, scope: Scope, source_ids: Collection[str]) -> None:
        self._remove(connection, tables.waits, scope, source_ids)
        self._remove(connection, tables.held, scope, source_ids)

    def _among(self, query: sa.Select[Any], column: sa.Column[Any], values: Collection[str]) -> Iterator[Any]:
        with self._read() as connection:
            for chunk in _chunks(values):
                yield from connection.execute(query.where(column.in_(chunk)))

    @contextmanager
    def _read(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise LedgerError(said=_said(error)) from error

    @contextmanager
    def _write(self) -> Iterator[sa.Connection]:
        """One transaction. Threads take turns, since SQLite has one writer anyway."""
        try:
            with self._writing, self._engine.connect() as connection:
                writer = connection.execution_options(writes=True)
                with writer.begin():
                    yield writer
        except SQLAlchemyError as error:
            raise LedgerError(said=_said(error)) from error


def _held_of(crm: str, account: str, source_name: str, state: str) -> sa.Select[Any]:
    held = tables.held
    return (
        sa.select(held, tables.schemas.c.message.label("schema"), tables.scopes.c.stream)
        .join_from(held, tables.scopes)
        .join(tables.objects)
        .join(tables.schemas)
        .where(
            tables.objects.c.crm == crm,
            tables.objects.c.account == account,
            tables.scopes.c.source_name == source_name,
            held.c.state == state,
        )
        .order_by(held.c.number)
    )


def _no_longer_waiting(held_of: sa.Select[Any]) -> sa.Select[Any]:
    """Of what is held, only that of which every parent is written: of the same account and source."""
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
            ~written.exists(),
        )
        .correlate(tables.held, tables.scopes, tables.objects)
    )
    return held_of.where(~unmet.exists())


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
            None if row.sent is None else json.loads(row.sent),
            at=row.at,
            number=row.number,
            stream=row.stream,
            run_id=row.run_id,
        )
        for row in rows
    ]


def _chunks(values: Collection[str]) -> Iterator[list[str]]:
    every = list(values)
    for start in range(0, len(every), CHUNK):
        yield every[start : start + CHUNK]


def _id(text: str | None) -> CrmId | None:
    return None if text is None else json.loads(text)


def _crm_id(entry: Entry) -> str:
    return json.dumps(entry.crm_id)


def _json(value: Any) -> str:
    return _ENCODER.encode(value).decode()


def _said(error: SQLAlchemyError) -> str:
    """The database's own words: SQLAlchemy's repeat the statement with the record's values."""
    return str(getattr(error, "orig", None) or type(error).__name__)
