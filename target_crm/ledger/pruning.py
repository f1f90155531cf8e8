"""The pruning of the history: what is older than the settings say goes, but for what the brakes on deletes need."""

from __future__ import annotations

import sqlalchemy as sa

from target_crm.delete_brakes import DAYS
from target_crm.ledger import tables
from target_crm.ledger.absences import MOVES, SECONDS_A_DAY
from target_crm.ledger.store import Store

PRUNED_AT_ONCE = 5_000  # rows of the history, which take a tenth of a second
SLICES_A_RUN = 40  # so that pruning takes seconds, and keeps up with 200,000 rows a run


def prune_history(store: Store, days: float) -> None:
    """Remove the oldest part of the history. What is very much is removed by several runs.

    That a record of a mirrored stream came or went stays, without its values, for as long as the brake on deletes by
    absence looks back.

    Args:
        store: The ledger's database.
        days: How long the history is kept; 0: for ever.
    """
    if not days:
        return
    history, kept, seen = tables.history, tables.kept_values, tables.seen
    is_old = history.c.at < store.now() - days * SECONDS_A_DAY
    is_mirrored = sa.exists().where(seen.c.scope_id == history.c.scope_id)
    is_recent = history.c.at >= store.now() - DAYS * SECONDS_A_DAY
    is_needed = sa.and_(is_recent, history.c.action.in_(MOVES), is_mirrored)
    if days < DAYS:
        hidden = {"changes": None, "keys": "[]"}
        has_values = sa.or_(history.c.changes.is_not(None), history.c["keys"] != "[]")
        with store.write() as connection:
            connection.execute(history.update().where(is_old, is_needed, has_values).values(**hidden))
    old = (
        sa.select(history.c.id)
        .where(is_old, ~is_needed)
        .where(history.c.id.not_in(sa.select(kept.c.history_id)))
        .order_by(history.c.at)
        .limit(PRUNED_AT_ONCE)
    )
    for _ in range(SLICES_A_RUN):
        with store.write() as connection:  # each slice by itself, so that no other process waits long
            if connection.execute(history.delete().where(history.c.id.in_(old))).rowcount < PRUNED_AT_ONCE:
                return
