"""Witnesses of a ledger: what a report, or the store of a shared quota, says that it was. They tell an older copy.

A ledger counts up a generation at the beginning and at the end of each run, and its history grows meanwhile. A ledger
that counts less than a witness says was restored from a backup, and one of another id at the same place began anew:
what was written since is unknown to it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crm_api.console import as_typed
from crm_api.errors import StopError
from target_crm.ledger import tables
from target_crm.ledger.store import Store
from target_crm.ledger.values import Source

if TYPE_CHECKING:
    from crm_api.transport.leases import Leases

ACCEPT = "ledger accept-restore"


@dataclass(frozen=True)
class Witness:
    """A ledger as it was at a moment.

    Attributes:
        id: The ledger's random name.
        generation: The ledger's generation.
        url: Where it lay, without a password.
        high_water: The number of the newest line of its history.
        at: When that was (Unix seconds).
        lacks: What an earlier witness said of it, as long as it knows less than that and nobody has accepted it.
    """

    id: str
    generation: int
    url: str
    high_water: int = 0
    at: float = 0.0
    lacks: Witness | None = None


def witness_in(told: Any) -> Witness | None:
    """Read a witness; None if it is none. Reports of earlier versions have none."""
    if not isinstance(told, Mapping):
        return None
    ledger_id, generation, url = told.get("id"), told.get("generation"), told.get("url")
    if not (isinstance(ledger_id, str) and isinstance(generation, int) and isinstance(url, str)):
        return None
    high_water, at = told.get("high_water"), told.get("at")
    return Witness(
        ledger_id,
        generation,
        url,
        high_water if isinstance(high_water, int) else 0,
        float(at) if isinstance(at, int | float) else 0.0,
        witness_in(told.get("lacks")),
    )


def witness_of(report: Any) -> Witness | None:
    """Read the witness in a report; None if there is none."""
    return witness_in(report.get("ledger")) if isinstance(report, Mapping) else None


def read_witness(report_path: str | None) -> Witness | None:
    """Read the witness in the report of the last run; None if there is none."""
    if not report_path or not (file := Path(report_path)).is_file():
        return None
    with suppress(OSError, ValueError):
        return witness_of(json.loads(file.read_bytes()))
    return None


def noted_witness(note: str | None) -> Witness | None:
    """Read the witness in a note of the store of the shared quota; None if there is none."""
    with suppress(ValueError):
        return witness_in(json.loads(note or "null"))
    return None


def compared(
    store: Store, url: str, source: Source, reported: Witness | None, leases: Leases | None
) -> StepBack | None:
    """Compare a ledger with what the last report, and the store of the shared quota, say of it.

    Args:
        store: The ledger's database, or a copy.
        url: Where the ledger lies, without a password.
        source: The CRM account and the source name.
        reported: What the last report says; None if it says nothing.
        leases: The leases in the store of the shared quota; None without one.

    Raises:
        StopError: The store, or the ledger, fails.
    """
    noted = None if leases is None else noted_witness(leases.noted(note_name(source, url)))
    if reported is None and noted is None:
        return None
    now, accepted_at = witness_now(store, url), store.identity.accepted_at
    return step_back(now, reported, "the last report", accepted_at) or step_back(
        now, noted, "the store that quota_url names", accepted_at
    )


def note_name(source: Source, url: str) -> str:
    """Return the name of the note on a ledger and an account that it keeps."""
    return f"{source.crm} {source.account} {url}"


def witness_now(store: Store, url: str) -> Witness:
    """Return what a ledger is now.

    Args:
        store: The ledger's database, or a copy.
        url: Where the ledger lies, without a password.

    Raises:
        LedgerError: The ledger fails.
    """
    identity, history = tables.identity.c, tables.history.c
    newest = sa.select(sa.func.coalesce(sa.func.max(history.id), 0)).scalar_subquery()
    row = store.rows(sa.select(identity.ledger_id, identity.generation, newest.label("high_water")))[0]
    return Witness(row.ledger_id, row.generation, url, row.high_water, store.now())


@dataclass(frozen=True)
class StepBack:
    """A ledger knows less than it did.

    Attributes:
        said: Says so, for people.
        before: What it was.
    """

    said: str
    before: Witness


def step_back(now: Witness, witness: Witness | None, told_by: str, accepted_at: float | None = None) -> StepBack | None:
    """Find out whether a ledger knows less than it did; None if nothing says so.

    A step back stays one, however many runs a ledger counts after it: what it lacked then it still lacks. It ends where
    the ledger is again what it was, or where somebody accepts it.

    Args:
        now: What the ledger is.
        witness: What a witness says that it was.
        told_by: Names the witness, for people.
        accepted_at: When somebody accepted the ledger as it was then (Unix seconds); witnesses of before are void.
    """
    if witness is None:
        return None
    before = witness.lacks or witness
    if accepted_at is not None and before.at <= accepted_at:
        return None if before is witness else step_back(now, replace(witness, lacks=None), told_by, accepted_at)
    is_back = (now.generation, now.high_water) >= (before.generation, before.high_water)
    if before is not witness and witness.id == before.id == now.id:  # it may have counted up to there anew
        is_back = (now.generation, now.high_water) == (before.generation, before.high_water)
    if now.id == before.id and is_back:
        return None
    if now.id == before.id:
        is_now, was = (
            (f"generation {now.generation}", before.generation)
            if now.generation != before.generation
            else (f"{now.high_water} lines of history", before.high_water)
        )
        what = f"is an older copy of itself ({is_now}; {told_by} names {was})"
        if now.generation > before.generation:
            what = f"was an older copy of itself when it was carried on, as {told_by} tells"
    elif now.url == before.url:
        what = f"is not the one that {told_by} names: it was removed or replaced, or another machine has its own"
    else:
        return None  # another ledger was chosen
    said = (
        f"The ledger {now.url} {what}. What was written since is unknown to it, and could be written twice. Put the "
        f"newer one back; or, if this is what you want, run {as_typed(ACCEPT)}"
    )
    return StepBack(said, before)


class Generations:
    """Counts the generations of the ledger of one run.

    Args:
        store: The ledger's database.
        before: The witness of the last run.
        back: The ledger knows less than it did; None if nothing says so.
        counts: Whether the run counts; a dry run does not, and passes the last witness on.
    """

    def __init__(
        self, store: Store, before: Witness | None = None, back: StepBack | None = None, *, counts: bool = True
    ) -> None:
        self._store = store
        self._back = back
        self._counts = counts
        self._last = before
        if counts:
            self._count()

    def now(self) -> dict[str, Any] | None:
        """Return the witness for the report: of this run's count, or of the last one where it does not count."""
        if self._last is None:
            return None
        return asdict(self._last) | ({} if self._back is None else {"warning": self._back.said})

    def at_end(self) -> dict[str, Any] | None:
        """Count up at the end of the run, if the ledger is still there; return the witness for the report."""
        if self._counts:
            with suppress(StopError):
                self._count()
        return self.now()

    def note(self) -> str:
        """Return the witness as it is by now, as a note for later runs.

        Raises:
            LedgerError: The ledger fails.
        """
        return json.dumps(asdict(self._witness()))

    def _count(self) -> None:
        table = tables.identity
        with self._store.write() as connection:
            connection.execute(table.update().values(generation=table.c.generation + 1))
        self._last = self._witness()

    def _witness(self) -> Witness:
        lacks = None if self._back is None else self._back.before
        return replace(witness_now(self._store, self._store.url), lacks=lacks)


def accept_restore(store: Store) -> None:
    """Carry on with a ledger that knows less than it did: what witnesses said of it until now is void.

    No record counts as unchanged until it was compared with the CRM.
    """
    table, records = tables.identity, tables.records
    with store.write() as connection:
        known = sa.select(sa.func.max(records.c.written_at)).scalar_subquery()
        connection.execute(table.update().values(doubted_at=known, accepted_at=store.now()))
        connection.execute(records.update().values(record_hash=None, digest=None))
        connection.execute(tables.attribute_digests.delete())
