"""Sessions of a PostgreSQL server: none waits without end, and a host that is lost gives up soon what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Dialect, Engine, create_engine, event
from typing_extensions import override

from crm_api.transport.waits import FOR_LEDGER_SERVER, hang_up
from target_crm.ledger.waiting import BUSY_SECONDS

if TYPE_CHECKING:
    import psycopg

# A server that hears nothing of a client for 10 seconds asks every 5; after 20 it ends the session, and with it the
# locks: a host that is lost holds them for 25 seconds at most.
SERVER_SIDE: Mapping[str, str] = MappingProxyType(
    {
        "tcp_keepalives_idle": "10",
        "tcp_keepalives_interval": "5",
        "tcp_keepalives_count": "3",
        "tcp_user_timeout": "20000",
    }
)
# The same on our side, so that a server that is lost is noticed as well. Libpq's names; ledger_url may give others.
CLIENT_SIDE: Mapping[str, int] = MappingProxyType(
    {
        "connect_timeout": 30,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": 20_000,
    }
)
CONNECT_SECONDS = 10  # in which a server lets a second session in, unless it has stopped
# Settings that the server does not have are left out; a pooler refuses those that come with the connection.
SET = """
SELECT count(set_config(name, wanted.value, false))
FROM unnest(%s::text[], %s::text[]) AS wanted (name, value) JOIN pg_settings USING (name)
"""


_STATE = "SELECT state FROM pg_stat_activity WHERE pid = %s"


def open_postgres(url: URL) -> Engine:
    """Open an engine for a PostgreSQL server.

    Raises:
        ModuleNotFoundError: The driver is not installed.
    """
    given = {name: value for name, value in CLIENT_SIDE.items() if name not in url.query}
    engine = create_engine(url, pool_pre_ping=True, connect_args=given)
    event.listen(engine, "do_connect", _connected)
    event.listen(engine, "connect", _on_connect)
    return engine


def _connected(_: Dialect, __: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    with FOR_LEDGER_SERVER.told():
        return watched_session().connect(*arguments, **options)


@cache
def watched_session() -> type[psycopg.Connection[Any]]:
    """Return the class of sessions that end if their server has stopped in the midst of a statement.

    The keepalives of CLIENT_SIDE tell a host that is lost. Of a process that has stopped, such as in a machine that was
    paused, the kernel still answers, and libpq waits without end.
    """
    import psycopg  # noqa: PLC0415 - an optional dependency

    class Session(psycopg.Connection[Any]):
        @override
        def wait(self, *arguments: Any, **options: Any) -> Any:
            with FOR_LEDGER_SERVER.told(self._end_if_stopped, quietly=True):
                return super().wait(*arguments, **options)

        def _end_if_stopped(self) -> None:
            if _has_stopped(self):
                hang_up(self.fileno())

    return Session


def _has_stopped(session: psycopg.Connection[Any]) -> bool:
    """Whether a server that is busy with a statement, as we think, answers nobody, or has not read the statement."""
    import psycopg  # noqa: PLC0415 - an optional dependency

    try:
        with psycopg.connect(
            session.info.dsn, password=session.info.password, connect_timeout=CONNECT_SECONDS
        ) as other:
            found = other.execute("SELECT state FROM pg_stat_activity WHERE pid = %s", [session.info.backend_pid])
            state = found.fetchone()
    except psycopg.errors.ConnectionTimeout:
        return True
    except psycopg.Error:
        return False  # it is there, and what ails it the statement will meet
    return state is not None and str(state[0]).startswith("idle")


def _on_connect(connection: Any, _: Any) -> None:
    wanted = {**SERVER_SIDE, "lock_timeout": f"{BUSY_SECONDS}s"}
    connection.execute(SET, [list(wanted), list(wanted.values())])
    connection.commit()
