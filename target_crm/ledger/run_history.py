"""The history of one run: which records of the CRM it wrote, with which values, and who wrote them since."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from crm_api.crm_objects import CrmId
from target_crm.ledger import tables
from target_crm.ledger.store import CHUNK, Store, awaited_of, id_of
from target_crm.ledger.values import Link, Scope, Source
from target_crm.mapping.values import KeptValue

WRITES = ("created", "updated", "linked", "deleting", "deleted")
"""The actions of the history that tell that the CRM was written, or was about to be."""
UNDO_OF = "undo of run "
"""The beginning of the reason of the writes of an undo; the id of the run that goes back follows."""
NO_LINE = -1  # in place of a line's number
MOST_RUNS = 5  # that are named to who asks for one that is not there


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the history.

    Attributes:
        id: Its number, which counts up.
        scope: The stream's scope.
        stream: The stream's name.
        object: The CRM object's name.
        source_id: The record's source id.
        run_id: The run that wrote it.
        at: Unix seconds.
        action: The word for what was done.
        crm_id: The CRM's id of the record; None where there is none.
        fields: The names of the attributes that were written, as far as the history names them.
        reason: Why it was done.
    """

    id: int
    scope: Scope
    stream: str
    object: str
    source_id: str
    run_id: str
    at: float
    action: str
    crm_id: CrmId | None
    fields: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class NamedRun:
    """A run that the history names.

    Attributes:
        run_id: Its id.
        source: The account and the source name that it wrote.
        at: When it wrote last, in Unix seconds.
    """

    run_id: str
    source: Source
    at: float


class RunHistory:
    """The history of a ledger, by runs.

    Args:
        store: The ledger's database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def sources_of(self, run_id: str) -> list[Source]:
        """Return the accounts and source names that a run wrote, or sent something to that has no answer."""
        written = [each.source for each in self._runs(tables.history.c.run_id == run_id)]
        place = (tables.objects.c.crm, tables.objects.c.account, tables.scopes.c.source_name)
        query = sa.select(*place).join_from(tables.intents, tables.scopes).join(tables.objects)
        sent = self._store.rows(query.where(tables.intents.c.run_id == run_id).distinct())
        return list(dict.fromkeys([*written, *(Source(row.crm, row.account, row.source_name) for row in sent)]))

    def wrote_nothing(self, run_id: str, source: Source) -> bool:
        """Tell whether the ledger keeps runs of a name and a source, each of which ended and wrote nothing."""
        runs = tables.runs
        of_it = (
            runs.c.run_id == run_id,
            runs.c.crm == source.crm,
            runs.c.account == source.account,
            runs.c.source_name == source.name,
        )
        reports = [row.report for row in self._store.rows(sa.select(runs.c.report).where(*of_it))]
        return bool(reports) and not any(report is None or _tells_of_writes(json.loads(report)) for report in reports)

    def last_runs(self, source: Source) -> list[NamedRun]:
        """Return the last runs that wrote something of a source, the latest first."""
        of_it = (
            tables.objects.c.crm == source.crm,
            tables.objects.c.account == source.account,
            tables.scopes.c.source_name == source.name,
        )
        return self._runs(*of_it, tables.history.c.action.in_(WRITES))[:MOST_RUNS]

    def _runs(self, *conditions: sa.ColumnElement[bool]) -> list[NamedRun]:
        history, scopes, objects = tables.history, tables.scopes, tables.objects
        last = sa.func.max(history.c.at)
        place = (history.c.run_id, objects.c.crm, objects.c.account, scopes.c.source_name)
        query = (
            sa.select(*place, last.label("at"))
            .join_from(history, scopes)
            .join(objects)
            .where(*conditions)
            .group_by(*place)
            .order_by(last.desc())
        )
        return [
            NamedRun(row.run_id, Source(row.crm, row.account, row.source_name), row.at)
            for row in self._store.rows(query)
        ]

    def scopes(self, source: Source) -> list[tuple[Scope, str, str]]:
        """Return the streams of a source: the scope, the name, and the object's name."""
        scopes = tables.scopes
        query = sa.select(scopes.c.id, scopes.c.object_id, tables.STREAM_NAME, tables.OBJECT_NAME)
        query = query.join_from(scopes, tables.objects)
        return [
            (Scope(object_id=row.object_id, id=row.id), row.stream, row.object)
            for row in self._store.rows_of(source, query)
        ]

    def lines(self, source: Source, run_id: str) -> list[Line]:
        """Return what a run did of a source, in order."""
        query = _lines().where(tables.history.c.run_id == run_id)
        return [_line(row) for row in self._store.rows_of(source, query)]

    def unanswered(self, source: Source, run_id: str) -> list[Line]:
        """Return what a run sent of a source and got no answer to, as lines of the history that has none of them."""
        intents = tables.intents
        query = (
            sa.select(intents.c.scope_id, intents.c.source_id, intents.c.run_id, intents.c.sent_at, intents.c.crm_id)
            .add_columns(tables.scopes.c.object_id, tables.STREAM_NAME, tables.OBJECT_NAME)
            .join_from(intents, tables.scopes)
            .join(tables.objects)
            .where(intents.c.run_id == run_id)
            .order_by(intents.c.sent_at, intents.c.source_id)
        )
        return [
            Line(
                NO_LINE,
                Scope(object_id=row.object_id, id=row.scope_id),
                row.stream,
                row.object,
                row.source_id,
                row.run_id,
                row.sent_at,
                "sent",
                id_of(row.crm_id),
                (),
                "",
            )
            for row in self._store.rows_of(source, query)
        ]

    def since(self, source_ids: Mapping[Scope, Collection[str]], after: int) -> list[Line]:
        """Return what was written of records since a line of the history, in order.

        Args:
            source_ids: The records, by scope.
            after: The number of that line.
        """
        history = tables.history
        query = _lines().where(history.c.id > after, history.c.action.in_(WRITES))
        found = [
            _line(row)
            for scope, chosen in source_ids.items()
            for row in self._store.among(query.where(history.c.scope_id == scope.id), history.c.source_id, chosen)
        ]
        return sorted(found, key=lambda line: line.id)

    def values(self, line_ids: Iterable[int]) -> dict[int, list[KeptValue]]:
        """Return the values that are kept of lines, by the number of the line."""
        kept = tables.kept_values
        found: dict[int, list[KeptValue]] = {}
        with self._store.read() as connection:
            for chunk in _chunks(sorted(set(line_ids))):
                rows = connection.execute(sa.select(kept).where(kept.c.history_id.in_(chunk)))
                for row in rows.mappings():
                    value = KeptValue(
                        row["attribute"],
                        _value(row["before"]),
                        _value(row["after"]),
                        row["before"] is not None,
                    )
                    found.setdefault(row["history_id"], []).append(value)
        return found

    def records(self, line_ids: Iterable[int]) -> dict[int, Mapping[str, Any]]:
        """Return the records of the CRM that lines hold whole, by the number of the line."""
        history = tables.history
        found: dict[int, Mapping[str, Any]] = {}
        with self._store.read() as connection:
            for chunk in _chunks(sorted(set(line_ids))):
                query = sa.select(history.c.id, history.c.record).where(history.c.id.in_(chunk))
                for number, record in connection.execute(query.where(history.c.record.is_not(None))):
                    found[number] = json.loads(record)
        return found

    def links(self, scope: Scope, source_ids: Collection[str]) -> dict[str, list[Link]]:
        """Return the references that records still lack, by source id."""
        table = tables.links
        query = sa.select(table).where(table.c.scope_id == scope.id)
        found: dict[str, list[Link]] = {}
        for row in self._store.among(query, table.c.source_id, source_ids):
            link = Link(row.attribute, awaited_of(row.stream, row.on_source_id), row.reason)
            found.setdefault(row.source_id, []).append(link)
        return found


def _value(text: str | None) -> Any:
    return None if text is None else json.loads(text)


def _chunks(numbers: Sequence[int]) -> Iterable[Sequence[int]]:
    return (numbers[start : start + CHUNK] for start in range(0, len(numbers), CHUNK))


def _lines() -> sa.Select[Any]:
    history = tables.history
    columns = (history.c.id, history.c.scope_id, history.c.source_id, history.c.run_id, history.c.at, history.c.action)
    return (
        sa.select(*columns, history.c.crm_id, history.c.fields.label("named"), history.c.reason)
        .add_columns(tables.scopes.c.object_id, tables.STREAM_NAME, tables.OBJECT_NAME)
        .join_from(history, tables.scopes)
        .join(tables.objects)
        .order_by(history.c.id)
    )


def _line(row: sa.Row[Any]) -> Line:
    return Line(
        row.id,
        Scope(object_id=row.object_id, id=row.scope_id),
        row.stream,
        row.object,
        row.source_id,
        row.run_id,
        row.at,
        row.action,
        id_of(row.crm_id),
        tuple(json.loads(row.named)),
        row.reason,
    )


def _tells_of_writes(report: Mapping[str, Any]) -> bool:
    return any(counts.get(action) for counts in report.get("streams", {}).values() for action in WRITES)
