"""The ledger: which source record became which CRM record, hashes, intents in flight, history.

Every method is one transaction. An intent is committed before its write is sent, and the transaction that keeps the
answer removes it. A record that has neither an intent nor an answer after a crash was never sent.
"""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crm_api.crm_objects import CrmId, Outgoing, outgoing
from target_crm.ledger import tables
from target_crm.ledger.arrivals import Arrivals
from target_crm.ledger.digests import AttributeDigests, digest_rows
from target_crm.ledger.fresh_keys import FreshKeys
from target_crm.ledger.group_commit import GroupCommit
from target_crm.ledger.held import HeldRecords
from target_crm.ledger.kept_values import KeptValues
from target_crm.ledger.links import Links, link_rows
from target_crm.ledger.outcome_lines import write_deleted
from target_crm.ledger.planned_lines import PlannedLines
from target_crm.ledger.pruning import prune_history
from target_crm.ledger.store import Store, as_json, awaited_of, id_of, id_text, stored_awaited, value_hash
from target_crm.ledger.tables import key_of
from target_crm.ledger.values import Entry, Intent, Known, LedgerDataError, Link, ObjectScope, Scope, Source
from target_crm.ledger.witness import Generations
from target_crm.mapping.values import Found, KeptValue

if TYPE_CHECKING:
    from target_crm.ledger.absences import AbsenceHistory
    from target_crm.ledger.claims import Claims
    from target_crm.ledger.renames import Renames
    from target_crm.ledger.run_history import RunHistory
    from target_crm.ledger.runs import RunLine

CLOCK_DIFFERENCE_SECONDS = 300.0  # by which the clocks of two hosts with one ledger may differ


@dataclass(frozen=True, slots=True)
class _Job:
    """The rows that one thread has to write.

    Attributes:
        scope: The scope of the answers; None if there are none.
        entries: The answers.
        intents: The rows of the intents.
    """

    scope: Scope | None = None
    entries: Sequence[Entry] = ()
    intents: Sequence[Mapping[str, Any]] = ()


class Ledger:
    """Keeps intents, answers and the history of writes.

    Args:
        store: The ledger's database.
        keeps_values: Whether values before and after each write are kept for some days.
        generations: Counts the ledger's generations; None for what is no run.
        run_line: The line of the run; None for what is no run, and for a dry run.

    Attributes:
        store: See above.
        kept_values: The values before and after writes.
        held_records: The records that were not written.
        arrivals: The records that arrived, and those that did not.
        links: The references that written records still lack.
        digests: The attributes of records as they were last sent.
        fresh_keys: Match values of our own last writes.
        run_line: See above.
        planned_lines: The lines of the plan that is carried out.
    """

    def __init__(
        self,
        store: Store,
        *,
        keeps_values: bool = False,
        generations: Generations | None = None,
        run_line: RunLine | None = None,
    ) -> None:
        self.store = self._store = store
        self._generations = generations
        self.run_line = run_line
        self._group_commit = GroupCommit(self._write, (LedgerDataError,))
        self.kept_values = KeptValues(store, on=keeps_values)
        self.held_records = HeldRecords(store)
        self.arrivals = Arrivals(store)
        self.links = Links(store)
        self.digests = AttributeDigests(store)
        self.fresh_keys = FreshKeys(store)
        self.planned_lines = PlannedLines(store)

    @cached_property
    def claims(self) -> Claims:
        """The claims of source records on records of the CRM, which only deletes ask for."""
        from target_crm.ledger.claims import Claims  # noqa: PLC0415 - see above

        return Claims(self._store, self.planned_lines)

    @cached_property
    def renames(self) -> Renames:
        """The changes of source ids, which only streams without a key of their own need."""
        from target_crm.ledger.renames import Renames  # noqa: PLC0415 - see above

        return Renames(self._store)

    @cached_property
    def run_history(self) -> RunHistory:
        """The history of runs, which only an undo asks for."""
        from target_crm.ledger.run_history import RunHistory  # noqa: PLC0415 - see above

        return RunHistory(self._store)

    def witness(self, *, at_end: bool) -> Mapping[str, Any] | None:
        """Return what the report is to keep of the ledger; at the end of a run it is counted up."""
        if self._generations is None:
            return None
        return self._generations.at_end() if at_end else self._generations.now()

    @cached_property
    def absences(self) -> AbsenceHistory:
        """The deletes by absence of earlier runs, which only a stream that mirrors its source asks for."""
        from target_crm.ledger.absences import AbsenceHistory  # noqa: PLC0415 - see above

        return AbsenceHistory(self._store)

    def close(self) -> None:
        """Close the database."""
        self._store.close()

    def scope(self, source: Source, stream: str, object_name: str) -> Scope:
        """Return the scope of a stream; a new one is added."""
        key = key_of(stream)
        stream_text = None if key == stream else stream
        with self._store.write() as connection:
            object_id = self._store.object_id(connection, source, object_name)
            scope = {"object_id": object_id, "source_name": source.name, "stream": key}
            scope_id = self._store.row_id(connection, tables.scopes, scope, stream_text=stream_text)
            return Scope(object_id=object_id, id=scope_id)

    def object_scope(self, source: Source, object_name: str) -> ObjectScope:
        """Return the scope of an object, whichever stream writes it; a new one is added."""
        with self._store.write() as connection:
            return ObjectScope(object_id=self._store.object_id(connection, source, object_name))

    def known(self, scope: Scope, source_ids: Collection[str]) -> dict[str, Known]:
        """Return the records that the ledger knows, by source id."""
        table = tables.records
        columns = (table.c.source_id, table.c.crm_id, table.c.origin, table.c.record_hash, table.c.digest)
        query = sa.select(*columns, table.c.written_at).where(table.c.scope_id == scope.id)
        return {
            source_id: Known(id_of(crm_id), origin, record_hash, digest, written_at)
            for source_id, crm_id, origin, record_hash, digest, written_at in self._store.among(
                query, table.c.source_id, source_ids
            )
        }

    def found(self, source: Source, stream: str, source_ids: Collection[str]) -> dict[str, Found]:
        """Return the CRM records of another stream's records, by source id; unwritten ones are left out.

        Args:
            source: The account and the source name.
            stream: The key of the stream's name.
            source_ids: The source ids.
        """
        query = (
            sa.select(tables.records.c.source_id, tables.records.c.crm_id, tables.OBJECT_NAME)
            .join_from(tables.records, tables.scopes)
            .join(tables.objects)
            .where(tables.scopes.c.stream == stream, tables.records.c.crm_id.is_not(None))
        )
        rows = self._store.among(query, tables.records.c.source_id, source_ids, source)
        return {source_id: Found(crm_object, json.loads(crm_id)) for source_id, crm_id, crm_object in rows}

    def claimed(self, scope: ObjectScope, crm_ids: Collection[CrmId]) -> dict[CrmId, list[tuple[int, str]]]:
        """Return who claims CRM records of an object, or did until the source deleted it: stream ids and source ids."""
        query = (
            sa.select(tables.records.c.crm_id, tables.records.c.scope_id, tables.records.c.source_id)
            .join_from(tables.records, tables.scopes)
            .where(tables.scopes.c.object_id == scope.object_id)
        )
        claims: dict[CrmId, list[tuple[int, str]]] = {}
        for crm_id, scope_id, source_id in self._store.among(
            query, tables.records.c.crm_id, [*map(json.dumps, crm_ids)]
        ):
            claims.setdefault(json.loads(crm_id), []).append((scope_id, source_id))
        return claims

    def intents(self, scope: Scope) -> dict[str, Intent]:
        """Return the writes of a stream that have no answer, by source id."""
        table = tables.intents
        return {
            row.source_id: Intent(
                row.source_id,
                row.action,
                Outgoing.of_flat(json.loads(row.payload)),
                json.loads(row._mapping["keys"]),  # noqa: SLF001 - a row has a method of that name
                row.record_hash,
                row.digest,
                id_of(row.crm_id),
                row.sent_at,
                row.server_at,
                [Link(attribute, awaited_of(*on)) for attribute, *on in json.loads(row.links)],
                None if row.before is None else json.loads(row.before),
            )
            for row in self._store.rows(sa.select(table).where(table.c.scope_id == scope.id))
        }

    def intend(self, scope: Scope, intents: Iterable[Intent]) -> None:
        """Keep writes that are about to be sent. On return they survive a power cut.

        Raises:
            StopError: Another run may be writing.
        """
        now = self._store.now()
        rows = [
            {
                "scope_id": scope.id,
                "source_id": intent.source_id,
                "action": intent.action,
                "crm_id": id_text(intent.crm_id),
                "payload": as_json(outgoing(intent.payload).flat),
                "keys": as_json({name: list(values) for name, values in intent.keys.items()}),
                "record_hash": intent.record_hash,
                "digest": intent.digest,
                "sent_at": now,
                "server_at": intent.server_at or now,
                "run_id": self._store.run_id,
                "links": as_json([(link.attribute, *stored_awaited(link.on)) for link in intent.links]),
                "before": None if intent.before is None else as_json(intent.before),
            }
            for intent in intents
        ]
        self._group_commit.do(_Job(intents=rows))

    def _write(self, jobs: Sequence[_Job]) -> None:
        """Write the intents and answers of several threads in one transaction."""
        by_scope: dict[Scope, list[Entry]] = {}
        for job in jobs:
            if job.scope is not None:
                by_scope.setdefault(job.scope, []).extend(job.entries)
        now = self._store.now()
        with self._store.write() as connection:
            for scope, answered in by_scope.items():
                self._write_answers(connection, scope, answered, now)
            self._store.put(connection, tables.intents, [row for job in jobs for row in job.intents])

    def age_seconds(self, intent: Intent) -> float:
        """Return how long ago a write was sent; 0 for one that the ledger has not kept yet.

        Of one that would have been sent in the future nobody can say: a clock was put back since.
        """
        age = self._store.now() - intent.sent_at if intent.sent_at else 0.0
        return max(age, 0.0) if age > -CLOCK_DIFFERENCE_SECONDS else math.inf

    def is_recent(self, written_at: float | None, seconds: float) -> bool:
        """Tell whether a time in Unix seconds is not longer ago than so many seconds."""
        return written_at is not None and self._store.now() - written_at < seconds

    def withdraw(self, scope: Scope, source_ids: Collection[str]) -> None:
        """Remove the intents of writes of which the answer says that nothing was changed."""
        with self._store.write() as connection:
            self._store.remove(connection, tables.intents, scope, source_ids)

    def settle(self, scope: Scope, entries: Sequence[Entry]) -> None:
        """Keep the answers to writes; remove their intents and the held versions of these records."""
        try:
            self._group_commit.do(_Job(scope, entries))
        except LedgerDataError:
            for entry in entries:
                self._settle_one(scope, entry)

    def _settle_one(self, scope: Scope, entry: Entry) -> None:
        """Keep one answer; of one with a value that the database refuses, the record and its CRM id."""
        try:
            self._group_commit.do(_Job(scope, [entry]))
        except LedgerDataError:
            self._group_commit.do(_Job(scope, [entry.bare]))

    def _write_answers(self, connection: sa.Connection, scope: Scope, entries: Sequence[Entry], now: float) -> None:
        source_ids = [entry.source_id for entry in entries]
        links = [link for entry in entries for link in link_rows(scope, entry, now)]
        records = [self._record(scope, entry, now) for entry in entries]
        told = [entry for entry in entries if entry.action != "unchanged"]
        done = [self._event(scope, entry, now) for entry in told]
        fresh = [
            tables.fresh_key_row(scope.object_id, name, value, entry.crm_id, now)
            for entry in entries
            for name, values in (entry.gained or {}).items()
            for value in values
        ]
        self.planned_lines.keep(connection, scope.id, source_ids, now)
        self._store.remove(connection, tables.intents, scope, source_ids)
        self._store.unhold(connection, scope, [entry.source_id for entry in entries if not entry.keeps_held])
        self._store.remove(connection, tables.links, scope, source_ids)
        self._store.put(connection, tables.links, links)
        self._store.put(connection, tables.records, records)
        self._store.put(connection, tables.attribute_digests, digest_rows(scope, entries))
        self._store.put(connection, tables.fresh_keys, fresh)
        self.kept_values.keep(connection, done, told, now)
        write_deleted(connection, self._store, scope, told)

    def prune_history(self, days: float, values_days: float = 0) -> None:
        """Remove the oldest part of the history; 0 days keep all. Runs whose values are kept stay as long as those."""
        prune_history(self._store, days, values_days)

    def keep(
        self,
        scope: Scope,
        source_id: str,
        crm_id: CrmId,
        record: Mapping[str, Any],
        reason: str,
        values: Sequence[KeptValue] = (),
    ) -> None:
        """Keep a record in the history before it is deleted, and those of its values that are to be kept."""
        entry = Entry(source_id, crm_id, "deleting", "", None, None, reason=reason, values=values)
        now = self._store.now()
        event = self._event(scope, entry, now) | {"record": as_json(record)}
        with self._store.write() as connection:
            self.kept_values.keep(connection, [event], [entry], now)

    def touch(self, scope: Scope, hashes: Mapping[str, bytes]) -> None:
        """Keep the new hashes of unchanged records, so that the next run need not map them."""
        table = tables.records
        statement = (
            table.update()
            .where(table.c.scope_id == scope.id, table.c.source_id == sa.bindparam("id"))
            .values(record_hash=sa.bindparam("hash"))
        )
        with self._store.write() as connection:
            connection.execute(statement, [{"id": key, "hash": value} for key, value in hashes.items()])

    def _record(self, scope: Scope, entry: Entry, now: float) -> dict[str, Any]:
        return {
            "scope_id": scope.id,
            "source_id": entry.source_id,
            "crm_id": id_text(entry.crm_id),
            "origin": entry.origin,
            "record_hash": entry.record_hash,
            "digest": entry.digest,
            "written_at": now,
            "run_id": self._store.run_id,
        }

    def _event(self, scope: Scope, entry: Entry, now: float) -> dict[str, Any]:
        return {
            "scope_id": scope.id,
            "source_id": entry.source_id,
            "run_id": self._store.run_id,
            "at": now,
            "action": entry.action,
            "crm_id": id_text(entry.crm_id),
            "fields": as_json([each.attribute for each in entry.differences]),
            "keys": as_json(sorted(value_hash(value) for values in (entry.gained or {}).values() for value in values)),
            "record": None if entry.record is None else as_json(entry.record),
            "request_id": entry.request_id or None,
            "reason": entry.reason,
            "changes": as_json([astuple(each) for each in entry.differences]) if self.kept_values.on else None,
        }
