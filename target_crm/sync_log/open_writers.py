"""Transactions that write a ledger while it is read: numbers that they took, and have not committed yet.

In PostgreSQL several take numbers and commit in any order, so that a lower number can turn up after a higher one was
read. Whoever took one holds a lock on the table, which any user of the database sees: it is enough to wait until those
that are open now have ended. Nobody is held up for it, and a user that may only read can do it.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from target_crm.ledger.store import Store
from target_crm.ledger.waiting import LedgerRefusedError, try_until

_IS_STANDBY = sa.text("SELECT pg_is_in_recovery()")
_WRITERS = sa.text(
    "SELECT DISTINCT virtualtransaction FROM pg_locks "
    "WHERE locktype = 'relation' AND granted AND pid IS DISTINCT FROM pg_backend_pid() "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) "
    "AND relation = ANY (ARRAY(SELECT to_regclass(name)::oid FROM unnest(CAST(:names AS text[])) AS name)) "
    "AND mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')"
)


class StandbyError(LedgerRefusedError):
    """The ledger's server is a copy of another one, and does not see who writes there."""

    happened = "ledger_url names a standby server of PostgreSQL, which does not tell what is still being written"
    advice = "Name the primary server; a user that may only read is enough."


def wait_for_writers(store: Store, tables: Sequence[sa.Table]) -> None:
    """Wait until all transactions have ended that are writing tables now.

    Args:
        store: The ledger's database, in PostgreSQL.
        tables: The tables.

    Raises:
        StandbyError: The server does not see them.
        BusyLedgerError: One of them goes on and on.
    """
    with store.read() as connection:
        if connection.execute(_IS_STANDBY).scalar_one():
            raise StandbyError
    names = [table.name for table in tables]
    left = _writers(store, names)

    def have_ended() -> bool:
        left.intersection_update(_writers(store, names) if left else ())
        return not left

    try_until(have_ended, "another program's transaction in the ledger's database goes on")


def _writers(store: Store, names: Sequence[str]) -> set[str]:
    with store.read() as connection:
        return set(connection.execute(_WRITERS, {"names": list(names)}).scalars())
