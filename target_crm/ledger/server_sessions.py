"""Sessions of a PostgreSQL server: none waits without end, and a host that is lost gives up soon what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import URL, Dialect, Engine, create_engine, event

from crm_api.transport.waits import FOR_LEDGER_SERVER, watched_session
from target_crm.ledger.waiting import BUSY_SECONDS

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
# Settings that the server does not have are left out; a pooler refuses those that come with the connection.
SET = """
SELECT count(set_config(name, wanted.value, false))
FROM unnest(%s::text[], %s::text[]) AS wanted (name, value) JOIN pg_settings USING (name)
"""


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
        return watched_session(FOR_LEDGER_SERVER).connect(*arguments, **options)


def _on_connect(connection: Any, _: Any) -> None:
    wanted = {**SERVER_SIDE, "lock_timeout": f"{BUSY_SECONDS}s"}
    connection.execute(SET, [list(wanted), list(wanted.values())])
    connection.commit()
