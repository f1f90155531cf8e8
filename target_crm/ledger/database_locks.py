"""Locks of a PostgreSQL ledger: advisory locks of the server, which any host that reaches it sees."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from typing_extensions import override

from target_crm.concurrency import Stopping
from target_crm.ledger.lock_session import LockSession
from target_crm.ledger.locks import LockLostError, Locks, lock_name
from target_crm.ledger.values import LedgerError, Source

_KEY = "hashtextextended(%s, 0)"
_HOLDER = f"""
SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE locktype = 'advisory' AND granted AND ((classid::bigint << 32) | objid::bigint) = {_KEY}
"""  # noqa: S608 - there is nothing of a user's in it


class DatabaseLocks(Locks):
    """Advisory locks of the server that holds the ledger.

    Args:
        session: The session that holds them.
        source: The CRM account and the source name.
        stopping: Waits, and stops waiting at a signal.
        wait_seconds: How long to wait for another run to end.
        clock: Returns monotonic seconds.
    """

    def __init__(
        self,
        session: LockSession,
        source: Source,
        stopping: Stopping,
        *,
        wait_seconds: float,
        clock: Callable[[], float],
    ) -> None:
        super().__init__(stopping, wait_seconds=wait_seconds, clock=clock)
        self._session = session
        self._source = source
        self._held: dict[str, str] = {}
        """The names of the locks that are held, with what their functions' names end with."""

    @override
    def check(self) -> None:
        if self._taken and not self._session.is_the_same:
            raise LockLostError(happened="The ledger's database closed the connection that holds the locks")

    def _name(self, object_name: str) -> str:
        return lock_name(self._source, object_name)

    @override
    def _try(self, object_name: str, *, shared: bool = False) -> bool:
        suffix = "_shared" if shared else ""
        taken = self._session.ask(f"SELECT pg_try_advisory_lock{suffix}({_KEY})", self._name(object_name)) == [(True,)]
        if taken:
            self._held[object_name] = suffix
        return taken

    @override
    def _release(self, object_name: str) -> None:
        suffix = self._held.pop(object_name)
        self._session.ask(f"SELECT pg_advisory_unlock{suffix}({_KEY})", self._name(object_name))

    @override
    def _holder(self, object_name: str) -> str:
        rows = self._session.ask(_HOLDER, self._name(object_name))
        return str(rows[0][0]) if rows else ""

    @override
    def _free(self) -> None:
        with suppress(LedgerError):  # a session that is gone holds no lock
            for object_name in sorted(self._held):
                self._release(object_name)  # the server ends a session some time after its client: nobody is to wait
        self._session.close()
