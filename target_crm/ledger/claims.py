"""Claims: which source records a CRM record belongs to, and how a delete on either side ends a claim."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

import sqlalchemy as sa

from crm_api.crm_objects import CrmId
from target_crm.ledger import tables
from target_crm.ledger.outcome_lines import Counted, write_counted
from target_crm.ledger.planned_lines import PlannedLines
from target_crm.ledger.store import Store, id_text
from target_crm.ledger.tables import key_of
from target_crm.ledger.values import CLAIMS_NOTHING, Known, Origin, Scope


class Claims:
    """The claims of source records on CRM records. Several source records can claim one CRM record.

    Args:
        store: The ledger's database.
        planned_lines: The lines of the plan that is carried out.
    """

    def __init__(self, store: Store, planned_lines: PlannedLines) -> None:
        self._store = store
        self._planned_lines = planned_lines

    def live(self, scope: Scope, crm_ids: Collection[CrmId]) -> dict[CrmId, list[tuple[int, str]]]:
        """Return who claims CRM records, by CRM id: stream ids and source ids that their source has not deleted."""
        records = tables.records
        query = sa.select(records.c.crm_id, records.c.scope_id, records.c.source_id).where(
            _beside(scope), records.c.origin.not_in(CLAIMS_NOTHING)
        )
        claims: dict[CrmId, list[tuple[int, str]]] = {}
        for crm_id, scope_id, source_id in self._store.among(query, records.c.crm_id, [*map(json.dumps, crm_ids)]):
            claims.setdefault(json.loads(crm_id), []).append((scope_id, source_id))
        return claims

    def unsettle(self, scope: Scope, crm_ids: Collection[CrmId]) -> None:
        """Let no source record that claims these CRM records count as unchanged, before the CRM records are deleted.

        Otherwise a record that returns after a crash would not be written, since the ledger does not know that the
        delete was sent.
        """
        records = tables.records
        with self._store.write() as connection:
            connection.execute(
                records.update()
                .where(_beside(scope), records.c.crm_id.in_([*map(json.dumps, crm_ids)]))
                .values(record_hash=None, digest=None)
            )

    def lost(
        self, scope: Scope, crm_id: CrmId, reason: str, deleting: Scope, counted: Collection[Counted] = ()
    ) -> None:
        """End every claim on a CRM record that was deleted; a source record that returns is created again.

        Args:
            scope: Where the ledger knows the CRM record.
            crm_id: The CRM's id of it.
            reason: Why it was deleted, for the history.
            deleting: The stream that deleted it.
            counted: The records of that stream which ended so.
        """
        cleared = {"crm_id": None, "record_hash": None, "digest": None}
        self._end(scope, crm_id, reason, cleared, deleting, counted)

    def taken_back(self, scope: Scope, crm_id: CrmId, reason: str, *, again: bool) -> None:
        """End every claim on a CRM record that an undo deleted.

        Args:
            scope: The scope of a source record that stood for it.
            crm_id: The CRM's id.
            reason: Why, for the history.
            again: Whether the source's records are created again by the next run; else only once they have changed.
        """
        cleared = {"crm_id": None, "record_hash": None, "digest": None}
        self._end(scope, crm_id, reason, cleared if again else {"crm_id": None, "origin": Origin.UNDONE})

    def _end(
        self,
        scope: Scope,
        crm_id: CrmId,
        reason: str,
        cleared: Mapping[str, str | None],
        deleting: Scope | None = None,
        counted: Collection[Counted] = (),
    ) -> None:
        records, history = tables.records, tables.history
        gone = sa.and_(_beside(scope), records.c.crm_id == id_text(crm_id))
        with self._store.write() as connection:
            found = connection.execute(sa.select(records.c.scope_id, records.c.source_id).where(gone)).all()
            connection.execute(records.update().where(gone).values(**cleared, **self._by_this_run()))
            for of_scope, source_id in found:
                for table in (tables.intents, tables.links, tables.attribute_digests):
                    connection.execute(
                        table.delete().where(table.c.scope_id == of_scope, table.c.source_id == source_id)
                    )
                event = self._event(of_scope, source_id, "deleted", crm_id, reason)
                connection.execute(history.insert(), [event])
                self._planned_lines.keep(connection, of_scope, [source_id], self._store.now())
            if deleting is not None:
                write_counted(connection, self._store, deleting, counted)
            connection.execute(_match_values(scope, crm_id))

    def forget_match_values(self, scope: Scope, crm_id: CrmId) -> None:
        """Forget the match values that our writes gave a record which the CRM no longer has: nothing matches it now."""
        with self._store.write() as connection:
            connection.execute(_match_values(scope, crm_id))

    def leave(self, scope: Scope, left: Mapping[str, Known], reason: str) -> None:
        """End the claims of records that their source deleted and that stay in the CRM.

        Another source record that claims a CRM record which we created becomes its creator, so that the CRM record
        is deleted with the last of them.

        Args:
            scope: The records' scope.
            left: The records as the ledger knows them, by source id.
            reason: Why they stay, for the history.
        """
        records = tables.records
        with self._store.write() as connection:
            for source_id, known in left.items():
                if known.origin in CLAIMS_NOTHING:
                    continue
                connection.execute(
                    records.update()
                    .where(records.c.scope_id == scope.id, records.c.source_id == source_id)
                    .values(origin=Origin.LEFT, record_hash=None, digest=None)
                )
                if known.origin != Origin.MATCHED:
                    heirs = (_beside(scope), records.c.crm_id == id_text(known.crm_id))
                    connection.execute(
                        records.update().where(*heirs, records.c.origin == Origin.MATCHED).values(origin=known.origin)
                    )
                event = self._event(scope.id, source_id, "left", known.crm_id, reason)
                connection.execute(tables.history.insert(), [event])

    def _by_this_run(self) -> dict[str, object]:
        return {"written_at": self._store.now(), "run_id": self._store.run_id}

    def _event(
        self, scope_id: int, source_id: str, action: str, crm_id: CrmId | None, reason: str
    ) -> dict[str, object]:
        return {
            "scope_id": scope_id,
            "source_id": source_id,
            "run_id": self._store.run_id,
            "at": self._store.now(),
            "action": action,
            "crm_id": id_text(crm_id),
            "fields": "[]",
            "keys": "[]",
            "reason": reason,
        }


def _match_values(scope: Scope, crm_id: CrmId) -> sa.Delete:
    """Remove what the ledger remembers of a CRM record until the CRM's search shows it."""
    fresh_keys = tables.fresh_keys
    return fresh_keys.delete().where(
        fresh_keys.c.object_id == scope.object_id, fresh_keys.c.crm_id == key_of(json.dumps(crm_id))
    )


def _beside(scope: Scope) -> sa.ColumnElement[bool]:
    """Select the records of all streams that write the same object of the same account."""
    scopes, same = tables.scopes, tables.scopes.alias()
    object_id = sa.select(same.c.object_id).where(same.c.id == scope.id).scalar_subquery()
    return tables.records.c.scope_id.in_(sa.select(scopes.c.id).where(scopes.c.object_id == object_id))
