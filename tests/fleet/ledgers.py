"""Ledgers over which writers quarrel: how each is reached, how a lock on it dies, and what it holds."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol

from tests.fleet.relays import Link
from tests.machine import import_package
from tests.servers import Server


class SharedLedger(Protocol):
    """A ledger that several writers share.

    Attributes:
        links: Links to it that can go down, one for each of two hosts; empty where it is on the writers' own disk.
    """

    links: Sequence[Link]

    def url(self, host: int) -> str:
        """Its URL, as a writer on a host sees it."""

    def free_locks(self) -> None:
        """Let all locks on it die, as where their holder is away for longer than they live."""

    def rows(self) -> Mapping[str, Sequence[Any]]:
        """All that it holds, by table."""


class FileLedger:
    """A SQLite file in a folder of its own; somebody tidies the lock files away."""

    links: Sequence[Link] = ()

    def __init__(self, folder: Path) -> None:
        self._file = folder / "ledger.sqlite"

    def url(self, host: int) -> str:  # noqa: ARG002 - one machine
        return f"sqlite:///{self._file}"

    def free_locks(self) -> None:
        for file in self._file.parent.glob("*.lock"):
            file.unlink()

    def rows(self) -> Mapping[str, Sequence[Any]]:
        if not self._file.exists():
            return {}
        with closing(sqlite3.connect(f"file:{self._file}?mode=ro", uri=True)) as connection:
            names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            return {name: list(connection.execute(f'SELECT * FROM "{name}"')) for name in names}  # noqa: S608 - its own


class ServerLedger:
    """A database of a PostgreSQL server.

    Args:
        database_url: The database itself, for us.
        seen_at: Its URLs as writers see it, for each of two hosts.
        links: Links that can go down, for each of two hosts.
        server: The server, if it is the test's own.
    """

    def __init__(
        self,
        database_url: str,
        seen_at: Sequence[str] = (),
        links: Sequence[Link] = (),
        server: Server | None = None,
    ) -> None:
        self._database_url = database_url
        self._seen_at = seen_at or (database_url, database_url)
        self.links = links
        self._server = server

    def url(self, host: int) -> str:
        return self._seen_at[host]

    def restart(self) -> None:
        """Let its server crash and come back."""
        assert self._server is not None
        self._server.restart()

    def free_locks(self) -> None:
        self._ask(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
            "AND pid <> pg_backend_pid()"
        )

    def rows(self) -> Mapping[str, Sequence[Any]]:
        names = [name for (name,) in self._ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        return {name: self._ask(f'SELECT t::text FROM "{name}" t') for name in names}  # noqa: S608 - its own

    def _ask(self, statement: str) -> list[Any]:
        psycopg = import_package("psycopg")
        with psycopg.connect(self._database_url, autocommit=True) as connection:
            return list(connection.execute(statement))
