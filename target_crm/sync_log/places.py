"""Places in a ledger up to which it was read: where they lie, and whether what a STATE says of them is still true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from target_crm.ledger import tables
from target_crm.ledger.store import Store
from target_crm.report.run_reports import iso_time
from target_crm.sync_log.open_writers import wait_for_writers

CLOCK_DIFFERENCE_SECONDS = 3600.0  # by which a later line may seem older: clocks of hosts differ, and are put back


@dataclass(frozen=True, slots=True)
class Ends:
    """The ends of what a ledger holds at a moment.

    Attributes:
        history: The number of the newest line of the history; 0 if there is none.
        runs: The number of the last beginning or end of a run; 0 if there is none.
        at: When the newest line was written (Unix seconds).
    """

    history: int
    runs: int
    at: float


class Places:
    """Tells where to go on reading a ledger, and up to where.

    Args:
        store: The ledger's database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def ledger(self) -> str:
        """The ledger's random name."""
        return self._store.identity.id

    @cached_property
    def ends(self) -> Ends:
        """The ends as they were first asked for: whatever is numbered lower is there by then, whoever writes.

        SQLite has one writer at a time. In PostgreSQL, several take numbers and commit in any order: those are waited
        for that may have taken a lower one.
        """
        history, runs = tables.history, tables.runs
        newest = sa.select(sa.func.coalesce(sa.func.max(history.c.id), 0)).scalar_subquery()
        last = sa.select(sa.func.coalesce(sa.func.max(runs.c.number), 0)).scalar_subquery()
        at = sa.select(sa.func.coalesce(sa.func.max(history.c.at), 0.0)).scalar_subquery()
        query = sa.select(newest.label("history"), last.label("runs"), at.label("at"))
        (row,) = self._store.rows(query)
        if self._store.engine.dialect.name == "postgresql":
            wait_for_writers(self._store, [history, runs])
        return Ends(row.history, row.runs, row.at)

    def mark(self) -> dict[str, Any]:
        """Return what a STATE is to hold beside the number up to which the ledger was read.

        Texts, since targets of the SDK fail on a STATE with a number that has a fraction.
        """
        return {"ledger": self.ledger, "at": iso_time(self.ends.at), "restored_at": self._restored_at}

    @property
    def _restored_at(self) -> str | None:
        accepted_at = self._store.identity.accepted_at
        return None if accepted_at is None else iso_time(accepted_at)

    def doubt(self, number: int, end: int, mark: Mapping[str, Any]) -> str | None:
        """Say why the ledger must be read from its beginning although a STATE names a number; None: it need not.

        Args:
            number: The number up to which it was read.
            end: The highest number that it holds.
            mark: What the STATE holds beside the number, as ``mark`` returned it.
        """
        if mark.get("ledger") not in {None, self.ledger}:
            return "the STATE is of another ledger"
        if number > end or mark.get("restored_at") != self._restored_at:
            return "the ledger was restored since"
        if self._began_anew(number, mark.get("at")):
            return "the lines of the history began to be numbered anew, since all of them had been pruned"
        return None

    def _began_anew(self, number: int, at: Any) -> bool:
        """Tell whether lines up to a number are newer than they can be."""
        try:
            newest = datetime.fromisoformat(at).timestamp() + CLOCK_DIFFERENCE_SECONDS
        except (TypeError, ValueError):
            return False
        history = tables.history
        query = sa.select(history.c.id).where(history.c.at > newest, history.c.id <= number)
        return bool(self._store.rows(query.limit(1)))
