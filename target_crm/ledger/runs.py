"""The lines of runs in the ledger: when each began and ended, how, and its report."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from target_crm.ledger import tables
from target_crm.ledger.notices import Notices
from target_crm.ledger.store import Store, as_json
from target_crm.ledger.values import Source


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run as the ledger keeps it.

    Attributes:
        run_id: The run's name. A scheduler that tries a task again may give several runs one name.
        began_at: When it opened the ledger (Unix seconds).
        source: The account that it wrote, and from which source.
        ended_at: When it ended (Unix seconds); None if it was killed, or still runs.
        exit_code: The exit code of its process; None if it was killed, or still runs.
        report: What the report file says, as JSON values; None if it was killed, or still runs.
        number: A number that counts up with each beginning and end of a run.
    """

    run_id: str
    began_at: float
    source: Source
    ended_at: float | None
    exit_code: int | None
    report: Mapping[str, Any] | None
    number: int


class RunLine:
    """The line of one run.

    Args:
        store: The ledger's database.
        source: The account that is written, and from which source.
        began_at: When the run began (Unix seconds).

    Attributes:
        source: See above.
        notices: What is to be told about the source's thresholds.
    """

    def __init__(self, store: Store, source: Source, began_at: float) -> None:
        self._store = store
        self.source = source
        self.notices = Notices(store, source)
        self._began_at = began_at

    def begin(self) -> None:
        """Keep that the run has begun: one that is killed leaves this.

        Raises:
            LedgerError: The ledger fails.
        """
        self._put(ended_at=None, exit_code=None, report=None)

    def end(self, exit_code: int, report: Mapping[str, Any]) -> None:
        """Keep how the run ended.

        Args:
            exit_code: The exit code of the process.
            report: What the report file says.

        Raises:
            LedgerError: The ledger fails.
            LockLostError: Another run has taken over from this one, which may not write any more.
        """
        self._put(ended_at=self._store.now(), exit_code=exit_code, report=as_json(report))

    def _put(self, **more: Any) -> None:
        table, source = tables.runs, self.source
        key = {"run_id": self._store.run_id, "began_at": self._began_at}
        row = {**key, "crm": source.crm, "account": source.account, "source_name": source.name, **more}
        with self._store.write() as connection:
            if connection.dialect.name == "postgresql":  # else two that begin at once take one number
                connection.exec_driver_sql(f"LOCK TABLE {table.name} IN SHARE ROW EXCLUSIVE MODE")
            last = connection.execute(sa.select(sa.func.coalesce(sa.func.max(table.c.number), 0))).scalar_one()
            self._store.put(connection, table, [{**row, "number": last + 1}])


class KeptRuns:
    """The runs that a ledger keeps.

    Args:
        store: The ledger's database.
        account: The key of the account whose runs are meant; None: those of all accounts.
    """

    def __init__(self, store: Store, account: str | None = None) -> None:
        self._store = store
        self._query = sa.select(tables.runs)
        if account is not None:
            self._query = self._query.where(tables.runs.c.account == account)

    def newest(self, most: int | None = None) -> Iterator[KeptRun]:
        """Yield so many runs, or all of them, the one that began last first."""
        began = tables.runs.c.began_at.desc(), tables.runs.c.number.desc()
        for row in self._store.rows(self._query.order_by(*began).limit(most)):
            yield run_of(row)


def last_end(store: Store, source: Source, codes: Collection[int], since: float) -> float | None:
    """Return when a run of a source last came to its end (Unix seconds); None if none ever did.

    A run that has not ended counts from its beginning, if that is not longer ago: it may be at work.

    Args:
        store: The ledger's database.
        source: The account and the source; with an empty account, all accounts are meant.
        codes: The exit codes of runs that came to their end.
        since: The time in Unix seconds from which on a run may be at work.
    """
    table = tables.runs
    of_it = [table.c.crm == source.crm, table.c.source_name == source.name]
    if source.account:
        of_it.append(table.c.account == source.account)
    ended = sa.select(sa.func.max(table.c.ended_at)).where(*of_it, table.c.exit_code.in_(codes))
    begun = sa.select(sa.func.max(table.c.began_at)).where(
        *of_it, table.c.ended_at.is_(None), table.c.began_at >= since
    )
    found = [row[0] for query in (ended, begun) for row in store.rows(query) if row[0] is not None]
    return max(found, default=None)


def accounts_of(store: Store, crm: str, source_name: str) -> list[str]:
    """Return the accounts that runs of a source wrote, or of which something was to be told."""
    found: dict[str, None] = {}
    for table in (tables.runs, tables.notices):
        query = sa.select(table.c.account).where(table.c.crm == crm, table.c.source_name == source_name).distinct()
        found |= {row.account: None for row in store.rows(query.order_by(table.c.account))}
    return list(found)


class Beginnings:
    """When runs began, by their names, of which several may have one.

    Args:
        store: The ledger's database.
    """

    def __init__(self, store: Store) -> None:
        table = tables.runs
        self._by_name: dict[str, list[float]] = {}
        for row in store.rows(sa.select(table.c.run_id, table.c.began_at).order_by(table.c.began_at)):
            self._by_name.setdefault(row.run_id, []).append(row.began_at)

    def of(self, run_id: str, at: float) -> float | None:
        """Return when the run of a name began that was at work at a moment; None if the ledger keeps no such run."""
        began = self._by_name.get(run_id, [])
        place = bisect_right(began, at)
        return began[place - 1] if place else None


def run_of(row: sa.Row[Any]) -> KeptRun:
    """Read a run out of its row."""
    report = None if row.report is None else json.loads(row.report)
    source = Source(row.crm, row.account, row.source_name)
    return KeptRun(row.run_id, row.began_at, source, row.ended_at, row.exit_code, report, row.number)
