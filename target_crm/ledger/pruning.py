"""The pruning of the history and the runs: what is older than the settings say goes, but for what is still needed."""

from __future__ import annotations

import sqlalchemy as sa

from target_crm.delete_brakes import DAYS
from target_crm.ledger import tables
from target_crm.ledger.absences import MOVES, SECONDS_A_DAY
from target_crm.ledger.store import Store

PRUNED_AT_ONCE = 5_000  # rows of the history, which take a tenth of a second
SLICES_A_RUN = 40  # so that pruning takes seconds, and keeps up with 200,000 rows a run


def prune_history(store: Store, days: float, values_days: float = 0) -> None:
    """Remove the oldest part of the history, and the oldest runs. What is very much is removed by several runs.

    That a record of a mirrored stream came or went stays, without its values, for as long as the brake on deletes by
    absence looks back. A run stays as long as its values do, and as long as one of its writes has no answer; the newest
    one in any case, so that their numbers go on counting up.

    Args:
        store: The ledger's database.
        days: How long the history is kept; 0: for ever.
        values_days: How long the values of writes are kept.
    """
    if not days:
        return
    _prune_runs(store, max(days, values_days))
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
    if not store.has(old):
        return
    for _ in range(SLICES_A_RUN):
        with store.write() as connection:  # each slice by itself, so that no other process waits long
            if connection.execute(history.delete().where(history.c.id.in_(old))).rowcount < PRUNED_AT_ONCE:
                return


def _prune_runs(store: Store, days: float) -> None:
    runs, intents = tables.runs, tables.intents
    old = (
        sa.select(runs.c.run_id, runs.c.began_at)
        .where(runs.c.began_at < store.now() - days * SECONDS_A_DAY)
        .where(runs.c.run_id.not_in(sa.select(intents.c.run_id)))
        .order_by(runs.c.began_at)
        .limit(PRUNED_AT_ONCE)
    )
    if not store.has(old):
        return
    with store.write() as connection:
        newest = sa.select(sa.func.max(runs.c.number)).scalar_subquery()
        key = sa.tuple_(runs.c.run_id, runs.c.began_at)
        connection.execute(runs.delete().where(key.in_(old), runs.c.number < newest))
