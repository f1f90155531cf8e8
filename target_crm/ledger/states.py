"""The STATE of entries of accounts.yml, by entry and pipeline, kept in the ledger that their records are kept in.

A run reads it before its tap begins, and replaces it when the target has written everything before it. It is replaced
only where it is still what this run has read: so of two runs that overlap, the one that has read less moves nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from crm_api.errors import Exit, StopError
from target_crm.ledger import tables
from target_crm.ledger.store import Store


class StateMovedError(StopError):
    """Another run of the same entry and pipeline has moved STATE meanwhile."""

    exit = Exit.BUSY
    advice = "Run again: the next run begins where the other one ended."


@dataclass(frozen=True, slots=True)
class KeptState:
    """A STATE as it is kept.

    Attributes:
        pipeline: The pipeline that it belongs to.
        text: Its value, as the very text that came.
        at: When it was kept (Unix seconds).
        run_id: The run that kept it.
    """

    pipeline: str
    text: str
    at: float
    run_id: str


def states_of(store: Store, entry: str) -> Sequence[KeptState]:
    """Return the STATE of each pipeline of an entry.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    table = tables.states
    columns = table.c.pipeline, table.c.state, table.c.at, table.c.run_id
    rows = store.rows(sa.select(*columns).where(table.c.entry == entry).order_by(table.c.pipeline))
    return [KeptState(row.pipeline, row.state, row.at, row.run_id) for row in rows]


def state_of(store: Store, entry: str, pipeline: str) -> KeptState | None:
    """Return the STATE of a pipeline of an entry; None if there is none.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    with store.read() as connection:
        return _found(connection, entry, pipeline)


def set_state(store: Store, entry: str, pipeline: str, text: str) -> None:
    """Keep a STATE, in place of any other.

    Raises:
        LedgerError: The ledger cannot be written.
    """
    with store.write() as connection:
        _put(store, connection, entry, KeptState(pipeline, text, store.now(), store.run_id))


def clear_state(store: Store, entry: str, pipeline: str) -> bool:
    """Forget a STATE; tell whether there was one.

    Raises:
        LedgerError: The ledger cannot be written.
    """
    table = tables.states
    with store.write() as connection:
        gone = connection.execute(table.delete().where(table.c.entry == entry, table.c.pipeline == pipeline))
        return bool(gone.rowcount)


class MovingState:
    """The STATE that one run moves.

    Args:
        entry: The entry's key.
        pipeline: The pipeline.
        found: The STATE that the run began with, as it was kept; None if there was none.
    """

    def __init__(self, entry: str, pipeline: str, found: KeptState | None) -> None:
        self._entry = entry
        self._pipeline = pipeline
        self._last = found
        self.moves = 0
        """How many times STATE was moved."""

    def check(self, store: Store) -> None:
        """Check that nobody has moved STATE since it was read.

        Raises:
            StateMovedError: Somebody has.
            LedgerError: The ledger cannot be read.
        """
        with store.read() as connection:
            self._compare(connection)

    def move(self, store: Store, text: str) -> None:
        """Keep a STATE: everything before it is written.

        Args:
            store: The ledger's database; a run that is no longer the only writer cannot write into it.
            text: The value of the STATE message.

        Raises:
            StateMovedError: Another run has moved it meanwhile; nothing is changed.
            LedgerError: The ledger cannot be written.
        """
        state = KeptState(self._pipeline, text, store.now(), store.run_id)
        with store.write() as connection:
            self._compare(connection)
            _put(store, connection, self._entry, state)
        self._last = state
        self.moves += 1

    def _compare(self, connection: sa.Connection) -> None:
        there = _found(connection, self._entry, self._pipeline)
        if there == self._last:
            return
        by = "It was cleared" if there is None else f"Run {there.run_id} has moved it"
        raise StateMovedError(happened=f"The STATE of pipeline {self._pipeline} changed while this run read. {by}")


def _found(connection: sa.Connection, entry: str, pipeline: str) -> KeptState | None:
    table = tables.states
    query = sa.select(table.c.pipeline, table.c.state, table.c.at, table.c.run_id)
    row = connection.execute(query.where(table.c.entry == entry, table.c.pipeline == pipeline)).one_or_none()
    return None if row is None else KeptState(row.pipeline, row.state, row.at, row.run_id)


def _put(store: Store, connection: sa.Connection, entry: str, state: KeptState) -> None:
    row = {
        "entry": entry,
        "pipeline": state.pipeline,
        "state": state.text,
        "at": state.at,
        "run_id": state.run_id,
    }
    store.put(connection, tables.states, [row])
