"""The opening of a ledger for a run that writes: first the proof that locks hold there, then the ledger itself."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from crm_api.run_id import process_name
from target_crm.concurrency import Stopping
from target_crm.ledger import tables
from target_crm.ledger.locks import FileLocks, Locks
from target_crm.ledger.sole_writer import Epochs, SoleWriter
from target_crm.ledger.store import Store, open_engine, parsed_url
from target_crm.ledger.values import LedgerError, Source
from target_crm.ledger.witness import Generations, note_name

BOOT = Path("/proc/sys/kernel/random/boot_id")  # Linux: another one on each machine, the same in its containers

if TYPE_CHECKING:
    from crm_api.transport.leases import Leases
    from target_crm.ledger.lease import Lease
    from target_crm.ledger.lock_session import LockSession


@dataclass(frozen=True, slots=True)
class Writing:
    """A run that is to write.

    Attributes:
        run_id: Names the run.
        source: The CRM account and the source name.
        account: The account's name for other ledgers: the CRM's own id of it, where the CRM tells one.
        stopping: Waits, and stops waiting at a signal.
        wait_seconds: How long to wait for another run to end.
        window_seconds: For how long a create without an answer can still turn up in the CRM.
        clock: Returns monotonic seconds.
    """

    run_id: str
    source: Source
    account: str
    stopping: Stopping
    wait_seconds: float
    window_seconds: float
    clock: Callable[[], float]


class OpenedLedger:
    """A ledger that is open, and in which locks are proved to hold.

    Args:
        url: The ledger's URL.
        run_id: Names the run.

    Raises:
        SettingError: The URL cannot work, or locks do not hold there.
        LedgerError: The database cannot be opened.

    Attributes:
        store: The ledger's database.
    """

    def __init__(self, url: str, run_id: str) -> None:
        self._holder = process_name(run_id)
        self._session = _lock_session(url, self._holder)
        try:
            self.store = Store(url, run_id)
        except BaseException:
            if self._session is not None:
                self._session.close()
            raise

    def close(self) -> None:
        """Close a ledger of which ``sole_writer`` was not called, or failed."""
        if self._session is not None:
            self._session.close()
        self.store.close()

    def sole_writer(
        self, writing: Writing, leases: Leases | None = None, generations: Generations | None = None
    ) -> SoleWriter:
        """Return what makes a run the only writer of what it takes; closing that closes the session of the locks.

        Args:
            writing: The run.
            leases: The leases in the store of the shared quota, where the ledger gets a witness, too; None without one.
            generations: Counts the ledger's generations, for that witness; None without one.
        """
        return SoleWriter(
            self.store,
            _locks(self.store, self._session, writing, self._holder),
            Epochs(self.store, writing.source, self._holder),
            None
            if leases is None or generations is None
            else _lease(self.store, writing, self._holder, leases, generations),
            window_seconds=writing.window_seconds,
            clock=writing.clock,
        )


def _lock_session(url: str, holder: str) -> LockSession | None:
    """Open the session that holds locks in a database; None for a file."""
    if parsed_url(url).get_backend_name() == "sqlite":
        return None
    from target_crm.ledger.lock_session import LockSession  # noqa: PLC0415 - an optional dependency

    return LockSession(open_engine(url), holder)


def _locks(store: Store, session: LockSession | None, writing: Writing, holder: str) -> Locks:
    if session is None:
        file = Path(store.engine.url.database or "")
        return FileLocks(
            file, writing.source, holder, writing.stopping, wait_seconds=writing.wait_seconds, clock=writing.clock
        )
    from target_crm.ledger.database_locks import DatabaseLocks  # noqa: PLC0415 - an optional dependency

    return DatabaseLocks(
        session, writing.source, writing.stopping, wait_seconds=writing.wait_seconds, clock=writing.clock
    )


def _lease(store: Store, writing: Writing, holder: str, leases: Leases, generations: Generations) -> Lease:
    from crm_api.transport.leases import Claim  # noqa: PLC0415 - only who shares a quota needs it
    from target_crm.ledger.lease import Lease  # noqa: PLC0415 - only who shares a quota needs it

    account = f"{writing.source.crm} {writing.account}"
    # Two runs may bear one name, which a scheduler gave them: each gives back only its own lease.
    claim = Claim(account, identity(store), f"{writing.run_id} {secrets.token_hex(8)}", holder)
    name = note_name(writing.source, store.url)
    return Lease(
        leases,
        claim,
        writing.stopping,
        wait_seconds=writing.wait_seconds,
        clock=writing.clock,
        noted=lambda: (name, generations.note()),
    )


def identity(store: Store) -> str:
    """Return what tells a ledger from others, and a file from its copies, also where a whole disk was copied."""
    ((ledger_id,),) = store.rows(sa.select(tables.identity.c.ledger_id))
    if store.engine.dialect.name != "sqlite":
        return f"{ledger_id} {_place(store)}"
    found = Path(store.engine.url.database or "").stat()
    return f"{ledger_id} {found.st_dev} {found.st_ino} {_machine()}"


def _place(store: Store) -> str:
    """Return what tells a database from its copies: its number, and the server's where one may know it."""
    ((number,),) = store.rows(sa.select(sa.text("oid FROM pg_database WHERE datname = current_database()")))
    with suppress(LedgerError):
        ((server,),) = store.rows(sa.select(sa.text("system_identifier FROM pg_control_system()")))
        return f"{server} {number}"
    return str(number)


def _machine() -> str:
    """Return what tells this machine, its containers included, from others: none of them can share a SQLite file."""
    with suppress(OSError):
        return BOOT.read_text("ascii").strip()
    return f"{uuid.getnode():x}"
