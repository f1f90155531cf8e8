"""Links in the ledger: the references that written records still lack, and a count of all that is missing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache
from typing import Any

import sqlalchemy as sa

from target_crm.ledger import tables
from target_crm.ledger.store import BY_MATCH, Store, awaited_of, id_of, stored_awaited
from target_crm.ledger.tables import key_of
from target_crm.ledger.values import Entry, Known, Link, Missing, Scope, Source, Unlinked

EXAMPLES = 3
IN_CONFLICT = (
    "somebody in the CRM has put another value there, and conflicts is review; decide with singer-crm rejected replay "
    "--take source, or --take crm"
)
"""The reason why a link is not made that somebody has to decide about."""


class Links:
    """The pending links of a ledger.

    Args:
        store: The ledger's database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def written(self, source: Source, stream: str, source_ids: Collection[str]) -> list[Unlinked]:
        """Return the records that lack a reference to one of these records of a stream, which the CRM now has."""
        query = _lacking().where(tables.links.c.stream == key_of(stream))
        rows = self._store.among(query, tables.links.c.on_source_id, source_ids, source)
        return self._whole(source, rows)

    def ready(self, source: Source) -> list[Unlinked]:
        """Return the records whose missing reference the CRM now has, and those that refer by a match key."""
        links, parents, objects = tables.links, tables.scopes.alias(), tables.objects.alias()
        parent = tables.records.alias()
        there = (
            sa.select(1)
            .select_from(
                parent.join(parents, parent.c.scope_id == parents.c.id).join(
                    objects, parents.c.object_id == objects.c.id
                )
            )
            .where(
                parent.c.source_id == links.c.on_source_id,
                parent.c.crm_id.is_not(None),
                parents.c.stream == links.c.stream,
                parents.c.source_name == source.name,
                objects.c.crm == source.crm,
                objects.c.account == source.account,
            )
            .correlate(links)
        )
        query = _lacking().where(sa.or_(links.c.stream == BY_MATCH, there.exists()))
        return self._whole(source, self._store.rows_of(source, query))

    def by_match(self, source: Source) -> list[Unlinked]:
        """Return the records that lack a reference by a match key."""
        return self._whole(source, self._store.rows_of(source, _lacking().where(tables.links.c.stream == BY_MATCH)))

    def to_decide(self, source: Source) -> list[Unlinked]:
        """Return the records with a link that somebody has to decide about."""
        return self._whole(source, self._store.rows_of(source, _lacking().where(tables.links.c.reason == IN_CONFLICT)))

    def accounts_to_decide(self, crm: str, source_name: str) -> list[str]:
        """Return the accounts of a CRM in which a link of a source name waits for somebody to decide."""
        query = _of_source(sa.select(tables.objects.c.account).distinct(), tables.links)
        of_it = tables.objects.c.crm == crm, tables.scopes.c.source_name == source_name
        return [row.account for row in self._store.rows(query.where(*of_it, tables.links.c.reason == IN_CONFLICT))]

    def refused(self, scope: Scope, source_id: str, attributes: Collection[str], reason: str) -> None:
        """Keep the reason why links could not be made."""
        links = tables.links
        where = links.c.scope_id == scope.id, links.c.source_id == source_id, links.c.attribute.in_(list(attributes))
        with self._store.write() as connection:
            connection.execute(links.update().where(*where).values(reason=reason))

    def missing(self, source: Source) -> list[Missing]:
        """Count the missing references, of held records and of written ones."""
        waits, links, held = tables.waits, tables.links, tables.held
        waiting = _of_source(sa.select(tables.STREAM_NAME, sa.literal(""), waits.c.stream, waits.c.source_id), waits)
        waiting = waiting.join(
            held, sa.and_(held.c.scope_id == waits.c.scope_id, held.c.source_id == waits.c.source_id)
        ).where(held.c.state == "waiting")
        lacking = _of_source(
            sa.select(tables.STREAM_NAME, links.c.attribute, links.c.stream, links.c.source_id, links.c.reason), links
        )
        found: dict[tuple[str, str, str], list[tuple[str, str]]] = {}
        for query in (waiting, lacking):
            for row in self._store.rows_of(source, query):
                stream, attribute, on, source_id, *reason = tuple(row)
                found.setdefault((stream, attribute, on), []).append((source_id, *(reason or [""])))
        return [
            Missing(
                *place,
                len(each),
                tuple(source_id for source_id, _ in each[:EXAMPLES]),
                next((reason for _, reason in each if reason), ""),
            )
            for place, each in sorted(found.items())
        ]

    def _whole(self, source: Source, rows: Iterable[sa.Row[Any]]) -> list[Unlinked]:
        """Return the records of some links, each with all the references that it lacks."""
        by_scope: dict[int, set[str]] = {}
        for row in rows:
            by_scope.setdefault(row.scope_id, set()).add(row.source_id)
        whole: dict[tuple[int, str], Unlinked] = {}
        for scope_id, source_ids in by_scope.items():
            query = _lacking().where(tables.links.c.scope_id == scope_id)
            for row in self._store.among(query, tables.links.c.source_id, source_ids, source):
                place, link = (
                    (scope_id, row.source_id),
                    Link(row.attribute, awaited_of(row.on_stream, row.on_source_id), row.reason),
                )
                before = whole[place].links if place in whole else ()
                known = Known(id_of(row.crm_id), row.origin, row.record_hash, row.digest, row.written_at)
                scope = Scope(id=scope_id, object_id=row.object_id)
                whole[place] = Unlinked(row.stream, row.object, scope, row.source_id, (*before, link), known)
        return list(whole.values())


@cache
def _lacking() -> sa.Select[Any]:
    """Select the links of records that the CRM has, in the order in which they were noted."""
    links, records, scopes, objects = tables.links, tables.records, tables.scopes, tables.objects
    columns = (records.c.crm_id, records.c.origin, records.c.record_hash, records.c.digest, records.c.written_at)
    query = sa.select(
        links.c.scope_id,
        links.c.source_id,
        links.c.attribute,
        links.c.stream.label("on_stream"),
        links.c.on_source_id,
        links.c.reason,
        tables.STREAM_NAME,
        scopes.c.object_id,
        tables.OBJECT_NAME,
        *columns,
    )
    same = sa.and_(records.c.scope_id == links.c.scope_id, records.c.source_id == links.c.source_id)
    query = query.join_from(links, records, same).join(scopes, scopes.c.id == links.c.scope_id).join(objects)
    return query.where(records.c.crm_id.is_not(None)).order_by(links.c.at, links.c.source_id)


def _of_source(query: sa.Select[Any], table: sa.Table) -> sa.Select[Any]:
    return query.join_from(table, tables.scopes, table.c.scope_id == tables.scopes.c.id).join(tables.objects)


def link_rows(scope: Scope, entry: Entry, now: float) -> list[dict[str, Any]]:
    """Make the rows of the links that an answer leaves to be made."""
    links = [(link, *stored_awaited(link.on)) for link in entry.links]
    return [
        {
            "scope_id": scope.id,
            "source_id": entry.source_id,
            "at": now,
            "attribute": link.attribute,
            "stream": stream,
            "on_source_id": on_source_id,
            "reason": link.reason,
        }
        for link, stream, on_source_id in links
    ]
