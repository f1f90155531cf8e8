"""The locks of a ledger, as somebody sees them who takes none: which are held, by whom, and since when.

Looking is hardly ever in the way of a run: a lock file is looked up in the system's own list, and tried only where the
list does not name it and the process that last held it is alive.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from target_crm.ledger import tables
from target_crm.ledger.locks import is_locked, lock_file, lock_name
from target_crm.ledger.store import Store
from target_crm.ledger.values import Source

SYSTEMS_LOCKS = Path("/proc/locks")  # Linux
_ENDED = frozenset("ZX")  # states of processes in proc(5)
_NAMED = re.compile(r"process (\d+) on ([^,]+)")
_SESSIONS = sa.text(
    "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted AND database = (SELECT oid FROM pg_database "
    "WHERE datname = current_database()) AND ((classid::bigint << 32) | objid::bigint) = hashtextextended(:name, 0)"
)
_END = sa.text("SELECT pg_terminate_backend(:pid)")


@dataclass(frozen=True, slots=True)
class HeldLock:
    """A lock that a run holds.

    Attributes:
        crm: The CRM.
        account: The account, as the ledger knows it.
        object_name: What the run writes.
        holder: The run, for people.
        since: When it became the only writer (Unix seconds).
        pid: The number of the process that holds the lock: of the server's session with PostgreSQL, else of the run,
            if the system tells it.
        is_session: Whether ``pid`` is a session of the server, which the server can end.
    """

    crm: str
    account: str
    object_name: str
    holder: str
    since: float
    pid: int | None
    is_session: bool


def held_locks(store: Store) -> Iterator[HeldLock]:
    """Yield the locks that are held.

    Raises:
        LedgerError: The ledger cannot be read.
    """
    epochs, objects = tables.epochs, tables.objects
    columns = objects.c.crm, objects.c.account, tables.OBJECT_NAME, epochs.c.share, epochs.c.holder, epochs.c.since
    query = sa.select(*columns).join(objects, epochs.c.object_id == objects.c.id)
    is_server = store.engine.dialect.name != "sqlite"
    processes = {} if is_server else _processes()
    for row in store.rows(query.order_by(objects.c.crm, objects.c.account, objects.c.object, epochs.c.share)):
        lock = f"{row.object}#{row.share}" if row.share else row.object
        if is_server:
            name = lock_name(Source(row.crm, row.account, ""), lock)
            with store.read() as connection:
                pid = connection.execute(_SESSIONS, {"name": name}).scalar()
            is_held = pid is not None
        else:
            file = lock_file(Path(store.engine.url.database or ""), Source(row.crm, row.account, ""), lock)
            is_held, pid = _held(file, row.holder, processes)
        if is_held:
            what = f"{row.object} (share {row.share})" if row.share else row.object
            yield HeldLock(row.crm, row.account, what, row.holder, row.since, pid, is_server)


def end_session(store: Store, lock: HeldLock) -> bool:
    """Have the server end the session that holds a lock; its run notices, sends nothing more, and ends.

    Returns:
        Whether the server did.

    Raises:
        LedgerError: The server does not let this user do so.
    """
    with store.read() as connection:
        return bool(connection.execute(_END, {"pid": lock.pid}).scalar())


def _processes() -> Mapping[tuple[int, int], int]:
    """Return the numbers of processes that have locked whole files, by device and inode."""
    try:
        lines = SYSTEMS_LOCKS.read_text("ascii").splitlines()
    except OSError:
        return {}
    found = {}
    for line in lines:  # 1: FLOCK  ADVISORY  WRITE 8465 08:01:1835 0 EOF; one that waits has -> before FLOCK
        words = line.split()
        if words[1] == "FLOCK":
            major, minor, inode = words[5].split(":")
            found[os.makedev(int(major, 16), int(minor, 16)), int(inode)] = int(words[4])
    return found


def _held(file: Path, holder: str, processes: Mapping[tuple[int, int], int]) -> tuple[bool, int | None]:
    """Tell whether a file is locked, and by which process, if that is known.

    Args:
        file: The lock file.
        holder: Who took it last, as ``process_name`` names processes.
        processes: The processes that have locked files, by device and inode.
    """
    try:
        found = file.stat()
    except OSError:
        return False, None
    if (pid := processes.get((found.st_dev, found.st_ino))) is not None:
        return True, pid
    named = _NAMED.match(holder)
    pid = int(named[1]) if named and named[2] == socket.gethostname() else None
    if pid is not None and not is_alive(pid):
        return False, None
    return is_locked(file), pid


def is_alive(pid: int) -> bool:
    """Tell whether a process of a number is at work on this machine: one that only waits to be buried is not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's
        return True
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except (OSError, IndexError):  # no such list, or gone meanwhile
        return True
    return state not in _ENDED
