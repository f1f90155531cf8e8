"""The witness of a ledger: what the last report says that the ledger was, by which an older copy is told.

A ledger counts up a generation at the beginning and at the end of each run. The report keeps the last one. A ledger
that counts less was restored from a backup, and one of another id at the same place began anew: what was written since
is unknown to it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from crm_api.errors import StopError
from target_crm.files import file_errors, open_private, write_through
from target_crm.ledger import tables
from target_crm.ledger.store import Store

ACCEPT = "singer-crm ledger accept-restore"


@dataclass(frozen=True)
class Witness:
    """A ledger as it was when a run ended.

    Attributes:
        id: The ledger's random name.
        generation: The ledger's generation.
        url: Where it lay, without a password.
    """

    id: str
    generation: int
    url: str


def witness_of(report: Any) -> Witness | None:
    """Read the witness in a report; None if there is none, as in reports of earlier versions."""
    told = report.get("ledger") if isinstance(report, Mapping) else None
    if not isinstance(told, Mapping):
        return None
    ledger_id, generation, url = told.get("id"), told.get("generation"), told.get("url")
    if isinstance(ledger_id, str) and isinstance(generation, int) and isinstance(url, str):
        return Witness(ledger_id, generation, url)
    return None


def read_witness(report_path: str | None) -> Witness | None:
    """Read the witness in the report of the last run; None if there is none."""
    if not report_path or not (file := Path(report_path)).is_file():
        return None
    with suppress(OSError, ValueError):
        return witness_of(json.loads(file.read_bytes()))
    return None


def _write(report_path: str, report: Mapping[str, Any]) -> None:
    with file_errors("report_path", report_path), open_private(report_path, "report_path", os.O_TRUNC) as file:
        write_through(file, json.dumps(report, indent=2).encode() + b"\n")


def step_back(now: Witness, before: Witness | None) -> str | None:
    """Say that a ledger knows less than it did; None if nothing says so."""
    if before is None or (now.id == before.id and now.generation >= before.generation):
        return None
    if now.id == before.id:
        what = f"is an older copy of itself (generation {now.generation}; the last report names {before.generation})"
    elif now.url == before.url:
        what = "is not the one that the last report names: it was removed or replaced"
    else:
        return None  # another ledger was chosen
    return (
        f"The ledger {now.url} {what}. What was written since is unknown to it, and could be written twice. Put the "
        f"newer one back; or, if this is what you want, run {ACCEPT}"
    )


class Generations:
    """Counts the generations of the ledger of one run.

    Args:
        store: The ledger's database.
        before: The witness of the last run.
        counts: Whether the run counts; a dry run does not, and passes the last witness on.
    """

    def __init__(self, store: Store, before: Witness | None = None, *, counts: bool = True) -> None:
        self._store = store
        self._counts = counts
        self._last = before
        if counts:
            self._last = Witness(store.identity.id, self._next(), store.url)

    def now(self) -> dict[str, Any] | None:
        """Return the witness for the report: of this run's count, or of the last one where it does not count."""
        return None if self._last is None else asdict(self._last)

    def at_end(self) -> dict[str, Any] | None:
        """Count up at the end of the run, if the ledger is still there; return the witness for the report."""
        if self._counts and self._last is not None:
            with suppress(StopError):
                self._last = Witness(self._last.id, self._next(), self._last.url)
        return self.now()

    def _next(self) -> int:
        table = tables.identity
        counted = table.update().values(generation=table.c.generation + 1).returning(table.c.generation)
        with self._store.write() as connection:
            return int(connection.execute(counted).scalar_one())


def accept_restore(store: Store, report_path: str | None) -> None:
    """Carry on with a ledger that knows less than it did.

    No record counts as unchanged until it was compared with the CRM. The report gets the ledger as its witness.
    """
    table, records = tables.identity, tables.records
    before = read_witness(report_path)
    with store.write() as connection:
        known = sa.select(sa.func.max(records.c.written_at)).scalar_subquery()
        newest = max(store.identity.generation, before.generation if before else 0)
        connection.execute(table.update().values(doubted_at=known, generation=newest + 1))
        connection.execute(records.update().values(record_hash=None, digest=None))
        connection.execute(tables.attribute_digests.delete())
    if before is not None and report_path:
        report = json.loads(Path(report_path).read_bytes())
        report["ledger"] = asdict(Witness(store.identity.id, newest + 1, store.url))
        _write(report_path, report)
