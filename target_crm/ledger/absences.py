"""The records of a stream that were there some days ago, and those of them that were deleted for being absent since."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from target_crm.delete_brakes import Absences
from target_crm.ledger import tables
from target_crm.ledger.store import Store
from target_crm.ledger.values import Scope

SECONDS_A_DAY = 86_400
_BEGAN = ("created", "matched")
_ENDED = "deleted"
MOVES = (*_BEGAN, _ENDED)
"""The actions of the history that say that a record came or went."""


class AbsenceHistory:
    """Counts deletes by absence over several runs.

    Args:
        store: The ledger's database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def since(self, scope: Scope, days: int, absent: Collection[str], reason: str) -> Absences:
        """Count what was there so many days ago, and what of it is gone or about to go.

        Where fewer than that were there as the per-run brake needs, all that has been there since counts: a ledger may
        be younger. A record that was deleted and came back is there.

        Args:
            scope: The stream.
            days: How many days ago.
            absent: The source ids that are about to be deleted for being absent.
            reason: The reason with which the history holds a delete by absence that counts.
        """
        live = self._count(scope, tables.records.c.crm_id.is_not(None))
        rows = self._store.rows(_moved(scope, self._then(days), reason))
        new = {row.source_id for row in rows if not row.was_there and row.is_live}
        lost = [row for row in rows if row.was_there and not row.is_live]
        came_and_went = [row for row in rows if not row.was_there and not row.is_live]
        gone = sum(row.by_absence for row in lost)
        return Absences(
            gone=gone + sum(source_id not in new for source_id in absent),
            there=live - len(new) + len(lost),
            gone_of_all=gone + sum(row.by_absence for row in came_and_went) + len(absent),
            all=live + len(lost) + len(came_and_went),
        )

    def at_worst(self, scope: Scope, days: int, absent: int) -> Absences:
        """Count as ``since`` does, without reading the history: in truth no more are gone, and no fewer were there.

        Args:
            scope: The stream.
            days: How many days ago.
            absent: The number of records that are about to be deleted for being absent.
        """
        then = self._then(days)
        untouched = self._count(scope, tables.records.c.crm_id.is_not(None), tables.records.c.written_at < then)
        deleted = self._count(scope, tables.records.c.crm_id.is_(None), tables.records.c.written_at >= then)
        return Absences(gone=deleted + absent, there=untouched)

    def _then(self, days: int) -> float:
        return self._store.now() - days * SECONDS_A_DAY

    def _count(self, scope: Scope, *conditions: sa.ColumnElement[bool]) -> int:
        query = sa.select(sa.func.count()).where(tables.records.c.scope_id == scope.id, *conditions)
        ((count,),) = self._store.rows(query)
        return int(count)


def _moved(scope: Scope, then: float, reason: str) -> sa.Select[Any]:
    """Select the records that came or went since then: whether they were there, are, and went for being absent."""
    history, records = tables.history, tables.records
    moves = sa.and_(history.c.scope_id == scope.id, history.c.action.in_(MOVES))
    before = sa.func.max(sa.case((history.c.at < then, history.c.id)))
    since = sa.func.min(sa.case((history.c.at >= then, history.c.id)))
    moved = (
        sa.select(
            history.c.source_id,
            before.label("before"),
            since.label("since"),
            sa.func.max(history.c.id).label("last"),
        )
        .where(moves)
        .group_by(history.c.source_id)
        .having(since.is_not(None))
        .subquery()
    )
    decisive, last = history.alias(), history.alias()
    # Without an entry before then, the first one since says it: what was deleted was there, what was created was not.
    told_before = sa.and_(moved.c.before.is_not(None), decisive.c.action != _ENDED)
    told_since = sa.and_(moved.c.before.is_(None), decisive.c.action == _ENDED)
    return (
        sa.select(
            moved.c.source_id,
            sa.or_(told_before, told_since).label("was_there"),
            records.c.crm_id.is_not(None).label("is_live"),
            sa.and_(last.c.action == _ENDED, last.c.reason == reason).label("by_absence"),
        )
        .join(decisive, decisive.c.id == sa.func.coalesce(moved.c.before, moved.c.since))
        .join(last, last.c.id == moved.c.last)
        .outerjoin(records, sa.and_(records.c.scope_id == scope.id, records.c.source_id == moved.c.source_id))
    )
