"""Quota stores that several processes share: SQLite on one machine, PostgreSQL or Redis (``redis_quota``) on more."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import filelock
from typing_extensions import override

from crm_api.errors import SettingError
from crm_api.transport.store_failures import QuotaStoreError, shown_text, store_error, whole_number
from crm_api.transport.turns import (
    CONNECT_SECONDS,
    HELD,
    LOCK_WAIT_SECONDS,
    MILLISECONDS,
    Pause,
    QuotaStore,
    TurnLog,
)
from crm_api.transport.waits import FOR_QUOTA_STORE, hang_up

ACCOUNT_CHARACTERS = 16
_TABLES = (
    """CREATE TABLE IF NOT EXISTS singer_crm_turns (
        account VARCHAR(16), bucket VARCHAR(8), turn VARCHAR(40), moment BIGINT, PRIMARY KEY (account, bucket, turn)
    )""",
    "CREATE INDEX IF NOT EXISTS singer_crm_turns_moment ON singer_crm_turns (account, bucket, moment)",
    "CREATE TABLE IF NOT EXISTS singer_crm_pauses (account VARCHAR(16) PRIMARY KEY, ends_at BIGINT, reason TEXT)",
)
_PUT = (
    "INSERT INTO singer_crm_turns (account, bucket, turn, moment) VALUES (?, ?, ?, ?) "
    "ON CONFLICT (account, bucket, turn) DO UPDATE SET moment = excluded.moment"
)
_NEWEST = "SELECT moment FROM singer_crm_turns WHERE account = ? AND bucket = ? ORDER BY moment DESC LIMIT 1 OFFSET ?"
_FORGET = "DELETE FROM singer_crm_turns WHERE account = ? AND bucket = ? AND (moment < ? OR moment > ?)"
_PAUSE = "SELECT ends_at, substr(reason, 1, 500) FROM singer_crm_pauses WHERE account = ?"
_SET_PAUSE = (
    "INSERT INTO singer_crm_pauses (account, ends_at, reason) VALUES (?, ?, ?) "
    "ON CONFLICT (account) DO UPDATE SET ends_at = excluded.ends_at, reason = excluded.reason"
)
_LIFT_PAUSE = "DELETE FROM singer_crm_pauses WHERE account = ?"


class _SQLTurns(TurnLog):
    """Keeps turns in a table.

    Args:
        execute: Carries out a statement with ``?`` for its values; returns the rows of a query.
        account: Hash of the account whose turns they are.
        bucket: Name of the rates whose turns they are.
    """

    def __init__(self, execute: Callable[..., list[Any]], account: str, bucket: str) -> None:
        self._execute = execute
        self._place = account, bucket

    @override
    def put(self, turn: str, moment: int) -> None:
        self._execute(_PUT, *self._place, turn, moment)

    @override
    def newest(self, index: int) -> int | None:
        rows = self._execute(_NEWEST, *self._place, index)
        return whole_number(rows[0][0]) if rows else None

    @override
    def forget(self, before: int, after: int) -> None:
        self._execute(_FORGET, *self._place, before, after)


class _SQLStore(QuotaStore):
    """Keeps turns and the pause in tables.

    Args:
        account: Hash of the account whose turns they are.
    """

    def __init__(self, account: str) -> None:
        self._account = account

    @abstractmethod
    def _execute(self, statement: str, *values: Any) -> list[Any]:
        """Carry out a statement with ``?`` for its values; return the rows of a query."""

    @override
    def turns(self, name: str) -> TurnLog:
        return _SQLTurns(self._execute, self._account, name)

    @override
    def pause(self) -> Pause | None:
        rows = self._execute(_PAUSE, self._account)
        return Pause(whole_number(rows[0][0]), shown_text(rows[0][1])) if rows else None

    @override
    def set_pause(self, pause: Pause | None) -> None:
        if pause is None:
            self._execute(_LIFT_PAUSE, self._account)
        else:
            self._execute(_SET_PAUSE, self._account, pause.until, pause.reason)


class SQLiteStore(_SQLStore):
    """Shares turns on one machine: a SQLite file, and a lock file beside it that a crash frees.

    Args:
        path: Path of the file, which is created if it does not exist.
        account: Hash of the account whose turns they are.
        clock: Unix seconds.

    Raises:
        QuotaStoreError: The file cannot be opened.
    """

    def __init__(self, path: Path, account: str, *, clock: Callable[[], float] = time.time) -> None:
        super().__init__(account)
        self._clock = clock
        self._lock = filelock.FileLock(f"{path}.lock", thread_local=False, timeout=LOCK_WAIT_SECONDS)
        try:
            self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA synchronous=OFF")  # turns that a lost machine forgets harm nobody
        except sqlite3.Error as error:
            raise store_error(error, "") from error
        with self.locked():
            for statement in _TABLES:
                self._execute(statement)

    @override
    def _execute(self, statement: str, *values: Any) -> list[Any]:
        return self._connection.execute(statement, values).fetchall()

    @override
    def now(self) -> int:
        return int(self._clock() * MILLISECONDS)

    @override
    @contextmanager
    def locked(self) -> Iterator[None]:
        try:
            with ExitStack() as held:
                with FOR_QUOTA_STORE.told():
                    held.enter_context(self._lock)
                    self._execute("BEGIN IMMEDIATE")
                try:
                    yield
                except BaseException:
                    self._execute("ROLLBACK")
                    raise
                self._execute("COMMIT")
        except filelock.Timeout:
            raise QuotaStoreError(said=HELD) from None
        except (sqlite3.Error, OSError) as error:
            raise store_error(error, "") from error

    @override
    def close(self) -> None:
        self._connection.close()


_POSTGRES_FORM = (
    "quota_url must be like postgresql://user:password@host:5432/database, with special characters of the password "
    "encoded (%2F)"
)


def _check_postgres(url: str) -> None:
    """Check that a password with special characters has not become another part of the URL, which texts would show."""
    try:
        _ = urlsplit(url).port
    except ValueError:
        raise SettingError(_POSTGRES_FORM) from None


def _with_limit(url: str) -> str:
    """Give a URL of PostgreSQL an end to waits for a connection, unless it names one."""
    if "connect_timeout=" in url:
        return url
    return f"{url}{'&' if '?' in url else '?'}connect_timeout={CONNECT_SECONDS}"


class PostgresStore(_SQLStore):
    """Shares turns between machines, by PostgreSQL and its clock.

    A turn is taken in one transaction, which holds the lock: a pooler may stand between.

    Args:
        url: URL of the database, ``postgresql://``.
        account: Hash of the account whose turns they are.

    Raises:
        SettingError: The package ``psycopg`` is not installed.
        QuotaStoreError: The server cannot be reached, or its tables cannot be made.
    """

    def __init__(self, url: str, account: str) -> None:
        try:
            import psycopg  # noqa: PLC0415 - an optional dependency
        except ImportError:
            raise SettingError(
                "quota_url is a PostgreSQL URL, for which the extra singer-crm[postgres] must be installed"
            ) from None
        super().__init__(account)
        self._url = url
        self._errors: tuple[type[Exception], ...] = (psycopg.Error, OSError)
        digest = hashlib.sha256(f"singer-crm quota {account}".encode()).digest()
        self._lock_key = int.from_bytes(digest[:8], "big", signed=True)
        try:
            # A pooler cannot carry prepared statements from one transaction to the next.
            self._connection: Any = psycopg.connect(_with_limit(url), autocommit=True, prepare_threshold=None)
            try:
                self._make_tables((psycopg.errors.UniqueViolation, psycopg.errors.DuplicateTable))
            except BaseException:
                self._connection.close()
                raise
        except psycopg.ProgrammingError as error:
            if error.sqlstate is None:  # the URL cannot be read; the text may hold a part of the password
                raise SettingError(_POSTGRES_FORM) from None
            raise store_error(error, url) from error
        except self._errors as error:
            raise store_error(error, url) from error

    def _make_tables(self, made_meanwhile: tuple[type[Exception], ...]) -> None:
        if self._execute("SELECT 1 FROM pg_class WHERE oid = to_regclass('singer_crm_pauses')"):
            return
        for statement in _TABLES:
            with suppress(*made_meanwhile):
                self._execute(statement)

    @override
    def _execute(self, statement: str, *values: Any) -> list[Any]:
        cursor = self._connection.execute(statement.replace("?", "%s"), values)
        return list(cursor.fetchall()) if cursor.description else []

    @override
    def now(self) -> int:
        rows = self._execute("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
        return int(rows[0][0])

    @override
    @contextmanager
    def locked(self) -> Iterator[None]:
        try:
            with FOR_QUOTA_STORE.told(self._hang_up), self._connection.transaction():
                self._execute(f"SET LOCAL lock_timeout = '{LOCK_WAIT_SECONDS}s'")
                self._execute("SELECT pg_advisory_xact_lock(?)", self._lock_key)
                yield
        except self._errors as error:
            raise store_error(error, self._url) from error

    def _hang_up(self) -> None:
        """End the connection: libpq waits for the answer of a server that has stopped without end."""
        with suppress(*self._errors):
            hang_up(self._connection.fileno())

    @override
    def close(self) -> None:
        self._connection.close()


def open_store(url: str, *, base_url: str, credential: str) -> QuotaStore:
    """Open the store that ``quota_url`` names.

    Processes with the same credential at the same address share their turns; the store does not hold the credential.

    Args:
        url: ``sqlite:////absolute/path``, ``redis://…``, ``rediss://…`` or ``postgresql://…``.
        base_url: Base URL of the CRM.
        credential: The key, the token or the account's name.

    Raises:
        SettingError: The URL is none of these, or a package that it needs is not installed.
        QuotaStoreError: The server cannot be reached.
    """
    account = hashlib.sha256(f"{base_url} {credential}".encode()).hexdigest()[:ACCOUNT_CHARACTERS]
    scheme = url.partition("://")[0].lower().partition("+")[0]
    if scheme == "sqlite" and (path := url.partition(":///")[2]):
        return SQLiteStore(Path(path).expanduser(), account)
    if scheme in {"redis", "rediss"}:
        from crm_api.transport.redis_quota import RedisStore  # noqa: PLC0415 - few keep it there

        return RedisStore(url, account)
    if scheme in {"postgresql", "postgres"}:
        _check_postgres(url)
        return PostgresStore("postgresql" + url[url.index("://") :], account)
    raise SettingError(
        "quota_url must be sqlite:////path/of/a/file, redis://host:port or postgresql://user@host/database"
    )
