"""The PostgreSQL session that holds a run's locks: proved to be ours alone, and ended soon after its host is lost."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from crm_api.errors import SettingError
from crm_api.transport.waits import FOR_LEDGER_SERVER, hang_up, place_of, watched_session
from target_crm.ledger.locks import TELL_SECONDS, logger
from target_crm.ledger.server_sessions import CLIENT_SIDE, SERVER_SIDE, SET
from target_crm.ledger.values import LedgerError
from target_crm.ledger.waiting import driver_error

if TYPE_CHECKING:
    import psycopg

# An administrator may end sessions that are silent, or statements that take long; this one is silent by its nature.
OF_LOCKS: Mapping[str, str] = MappingProxyType({"idle_session_timeout": "0", "statement_timeout": "0"})
ANSWER_SECONDS = 15  # for a question that takes a millisecond, unless a pooler has no session left for it
KEY_BITS = 62  # of the lock by which a session is proved: a random one, which nobody else takes
SHOWN_CHARACTERS = 63  # of application_name, which PostgreSQL keeps
POOLER_ADVICE = (
    "locks would not hold. Name the server itself in ledger_url, or a pooler in session mode (PgBouncer: "
    "pool_mode = session)"
)
_OF_SINGLE_STATEMENTS = "not allowed in statement pooling mode"
"""Said by PgBouncer where it shares out single statements, and is asked for a transaction."""
_READ = "SELECT name, setting FROM pg_settings WHERE name = ANY(%s::text[])"
_TAKE = "SELECT pg_backend_pid(), pg_advisory_lock(%s)"
_SEEN = """
SELECT pg_backend_pid(), count(*) FROM pg_locks
WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid() AND ((classid::bigint << 32) | objid::bigint) = %s
"""


class LockSession:
    """A session of its own, in which each statement is a transaction.

    Args:
        engine: Knows how to reach the server; its own connections are not used.
        holder: Names this run in the server's list of sessions.

    Raises:
        SettingError: A pooler gives every transaction another session.
        LedgerError: The server cannot be reached.
    """

    def __init__(self, engine: sa.Engine, holder: str) -> None:
        self._engine = engine
        with self._errors():
            self._connection = self._opened()
            try:
                self._pid = self._prove()
                self._prepare(holder)
            except BaseException:
                self._connection.close()
                raise
        self._turn = threading.Lock()
        self._place = place_of(self._connection)
        FOR_LEDGER_SERVER.witnesses[self._place] = self._witness

    def ask(self, statement: str, *values: object) -> Sequence[tuple[Any, ...]]:
        """Carry out one statement, and return its rows.

        Raises:
            LedgerError: The session is gone.
        """
        with self._turn, self._errors():
            return self._connection.execute(statement, values).fetchall()

    @property
    def is_the_same(self) -> bool:
        """Whether the session is there, and is the one in which the locks were taken."""
        try:
            return self.ask("SELECT pg_backend_pid()") == [(self._pid,)]
        except LedgerError:
            return False

    def close(self) -> None:
        """End the session."""
        if FOR_LEDGER_SERVER.witnesses.get(self._place) == self._witness:
            del FOR_LEDGER_SERVER.witnesses[self._place]
        self._connection.close()

    def _witness(self) -> None:
        """Ask the server something small, for others who wait for it."""
        self.ask("SELECT 1")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        import psycopg  # noqa: PLC0415 - an optional dependency

        try:
            yield
        except psycopg.Error as error:
            raise driver_error(error, self._engine.url.render_as_string(hide_password=False)) from error

    def _opened(self) -> psycopg.Connection[Any]:
        arguments, options = self._engine.dialect.create_connect_args(self._engine.url)
        with FOR_LEDGER_SERVER.told():
            given = {**CLIENT_SIDE, **options, "autocommit": True, "prepare_threshold": None}
            return watched_session(FOR_LEDGER_SERVER).connect(*arguments, **given)

    def _prove(self) -> int:
        """Prove that all transactions of the session come to one process of the server; returns its number.

        A pooler that shares sessions gives the one that was just left to whoever asks next. So a second session begins
        a transaction, and stays in it while the first looks for the lock that it took.

        Raises:
            SettingError: They do not.
        """
        connection, key = self._connection, secrets.randbits(KEY_BITS)
        ((pid, _),) = connection.execute(_TAKE, [key]).fetchall()
        ours = self._sees(key, pid)
        with self._second_session() as other_pid:
            ours = ours and other_pid != pid and self._sees(key, pid)
        if not (ours and self._sees(key, pid) and self._sees(key, pid)):  # twice, for a pooler that takes turns
            raise _shared_sessions()
        connection.execute("SELECT pg_advisory_unlock(%s)", [key])
        return int(pid)

    def _sees(self, key: int, pid: int) -> bool:
        """Tell whether the session is that process, and holds the lock."""
        return bool(self._within_time(self._connection, _SEEN, [key]) == [(pid, 1)])

    @contextmanager
    def _second_session(self) -> Iterator[int]:
        """Hold a transaction of another session open; gives the number of its process."""
        import psycopg  # noqa: PLC0415 - an optional dependency

        with self._opened() as other:
            try:
                self._within_time(other, "BEGIN")
            except psycopg.OperationalError as error:
                # Older drivers know the code of this refusal only by its words.
                if isinstance(error, psycopg.errors.ProtocolViolation) or _OF_SINGLE_STATEMENTS in str(error):
                    raise _shared_sessions() from error
                raise
            ((pid,),) = other.execute("SELECT pg_backend_pid()").fetchall()
            yield int(pid)
            other.execute("ROLLBACK")

    @staticmethod
    def _within_time(connection: psycopg.Connection[Any], statement: str, values: Sequence[object] = ()) -> Any:
        """Ask in a session for which a pooler may have no process of the server; an answer takes a millisecond else."""
        import psycopg  # noqa: PLC0415 - an optional dependency

        too_late = threading.Event()
        tell = threading.Timer(TELL_SECONDS, logger.info, ["Waiting for a second session of the ledger's server"])
        end = threading.Timer(ANSWER_SECONDS, hang_up, [connection.fileno(), too_late])
        for timer in (tell, end):
            timer.daemon = True
            timer.start()
        try:
            cursor = connection.execute(statement.encode(), values)
            return cursor.fetchall() if cursor.description else []
        except psycopg.OperationalError as error:
            if not too_late.is_set():
                raise
            raise LedgerError(
                happened=f"ledger_url leads to a server or a pooler that gave no second session in {ANSWER_SECONDS} s",
                advice="Raise the pool's size (PgBouncer: default_pool_size).",
            ) from error
        finally:
            tell.cancel()
            end.cancel()

    def _prepare(self, holder: str) -> None:
        """Say who holds the session, and have the server notice when its host is lost."""
        wanted = {"application_name": holder[:SHOWN_CHARACTERS], **SERVER_SIDE, **OF_LOCKS}
        self._connection.execute(SET, [list(wanted), list(wanted.values())])
        read = dict(self._connection.execute(_READ, [list(SERVER_SIDE)]).fetchall())
        if self._connection.info.backend_pid != self._pid:
            logger.warning(
                "ledger_url leads through a pooler. If this host is lost, its locks are free when the pooler "
                "notices it: let the pooler use TCP keepalives (PgBouncer: tcp_keepidle), or name the server itself"
            )
        elif not self._connection.info.host.startswith("/") and read != dict(SERVER_SIDE):
            told = ", ".join(f"{name} {value}" for name, value in sorted(read.items()))
            logger.warning(
                "The ledger's server did not take over keepalives (%s). If this host is lost, its locks may stay long",
                told,
            )


def _shared_sessions() -> SettingError:
    return SettingError(f"ledger_url leads through a pooler that shares a session among transactions: {POOLER_ADVICE}")
