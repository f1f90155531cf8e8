"""Quota stores that several processes share: SQLite on one machine, Redis or PostgreSQL on several."""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import filelock
from pyrate_limiter import AbstractBucket, Rate, SQLiteBucket
from typing_extensions import override

from crm_api.errors import SettingError, StopError
from crm_api.exit_codes import Exit
from crm_api.transport.addresses import password_in
from crm_api.transport.quota import MILLISECONDS, QuotaStore
from crm_api.transport.redaction import Redactor

ACCOUNT_CHARACTERS = 16
REDIS_LOCK_SECONDS = 5  # after which the lock of a process that was killed is free again


class QuotaStoreError(StopError):
    """The store that quota_url names failed."""

    exit = Exit.UNREACHABLE
    happened = "The shared store of the quota failed"
    advice = "Check quota_url and the server behind it."


def _store_error(error: Exception, url: str) -> QuotaStoreError:
    """Make an error of a client's exception, without the password that the URL may hold."""
    words = str(error).strip().partition("\n")[0]
    return QuotaStoreError(said=Redactor(filter(None, [password_in(url)]))(f"{type(error).__name__}: {words}"))


class SQLiteStore(QuotaStore):
    """Shares turns on one machine: a SQLite file, and a lock file beside it that a crash frees.

    Args:
        path: Path of the file, which is created if it does not exist.
        account: Hash of the account whose turns they are.
        clock: Unix seconds.
    """

    def __init__(self, path: Path, account: str, *, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._account = account
        self._clock = clock
        self._lock = filelock.FileLock(f"{path}.lock", thread_local=False)
        self._buckets: list[SQLiteBucket] = []

    @override
    def now(self) -> int:
        return int(self._clock() * MILLISECONDS)

    @override
    def bucket(self, name: str, rates: Sequence[Rate]) -> AbstractBucket:
        with self.locked():
            made = SQLiteBucket.init_from_file(list(rates), f"{self._account}_{name}", str(self._path))
        self._buckets.append(made)
        return made

    @override
    @contextmanager
    def locked(self) -> Iterator[None]:
        try:
            with self._lock:
                yield
        except (sqlite3.Error, OSError) as error:
            raise QuotaStoreError(said=str(error)) from error

    @override
    def close(self) -> None:
        for bucket in self._buckets:
            bucket.close()  # type: ignore[no-untyped-call]  # pyrate-limiter leaves it without types


class RedisStore(QuotaStore):
    """Shares turns between machines, by Redis and its clock.

    Args:
        url: URL of the server, ``redis://`` or ``rediss://``.
        account: Hash of the account whose turns they are.

    Raises:
        SettingError: The package ``redis`` is not installed, or the URL is not the URL of a Redis server.
    """

    def __init__(self, url: str, account: str) -> None:
        try:
            import redis  # noqa: PLC0415 - an optional dependency
        except ImportError:
            raise SettingError(
                "quota_url is a Redis URL, for which the extra singer-crm[redis] must be installed"
            ) from None
        try:
            self._client: Any = redis.Redis.from_url(url)
        except ValueError:  # its text may hold a part of the password
            raise SettingError(
                "quota_url must be like redis://:password@host:6379/0, with special characters of the password "
                "encoded (%2F)"
            ) from None
        self._errors: tuple[type[Exception], ...] = (redis.RedisError, OSError)
        self._lost: type[Exception] = redis.exceptions.LockError
        self._url = url
        self._prefix = f"singer-crm:quota:{account}"

    @override
    def now(self) -> int:
        seconds, microseconds = self._client.time()
        return int(seconds) * MILLISECONDS + int(microseconds) // MILLISECONDS

    @override
    def bucket(self, name: str, rates: Sequence[Rate]) -> AbstractBucket:
        from pyrate_limiter import RedisBucket  # noqa: PLC0415 - an optional dependency

        try:
            made: AbstractBucket = RedisBucket.init(list(rates), self._client, f"{self._prefix}:{name}")
        except self._errors as error:
            raise _store_error(error, self._url) from error
        return made

    @override
    @contextmanager
    def locked(self) -> Iterator[None]:
        lock = self._client.lock(f"{self._prefix}:lock", timeout=REDIS_LOCK_SECONDS, sleep=0.005)
        try:
            with lock:
                yield
        except self._lost:
            return  # the lock was held for longer than it lasts: the turn is taken all the same
        except self._errors as error:
            raise _store_error(error, self._url) from error

    @override
    def close(self) -> None:
        self._client.close()


class PostgresStore(QuotaStore):
    """Shares turns between machines, by PostgreSQL and its clock.

    Args:
        url: URL of the database, ``postgresql://``.
        account: Hash of the account whose turns they are.

    Raises:
        SettingError: The package ``psycopg`` is not installed, or the server cannot be reached.
    """

    def __init__(self, url: str, account: str) -> None:
        try:
            import psycopg  # noqa: PLC0415 - an optional dependency
            import psycopg_pool  # noqa: PLC0415 - an optional dependency
        except ImportError:
            raise SettingError(
                "quota_url is a PostgreSQL URL, for which the extra singer-crm[postgres] must be installed"
            ) from None
        self._url = url
        self._account = account
        self._errors: tuple[type[Exception], ...] = (psycopg.Error, psycopg_pool.PoolTimeout, OSError)
        utc = "-c timezone=UTC"  # turns are kept as times without a zone
        try:
            self._connection: Any = psycopg.connect(url, autocommit=True, options=utc)
        except psycopg.Error as error:
            raise _store_error(error, url) from error
        self._pool: Any = psycopg_pool.ConnectionPool(url, min_size=1, max_size=1, kwargs={"options": utc}, open=True)
        digest = hashlib.sha256(f"singer-crm quota {account}".encode()).digest()
        self._lock_key = int.from_bytes(digest[:8], "big", signed=True)

    @override
    def now(self) -> int:
        (milliseconds,) = self._connection.execute(
            "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"
        ).fetchone()
        return int(milliseconds)

    @override
    def bucket(self, name: str, rates: Sequence[Rate]) -> AbstractBucket:
        from pyrate_limiter import PostgresBucket  # noqa: PLC0415 - an optional dependency

        with self.locked():
            made: AbstractBucket = PostgresBucket(self._pool, f"{self._account}_{name}", list(rates))
        return made

    @override
    @contextmanager
    def locked(self) -> Iterator[None]:
        try:
            self._connection.execute("SELECT pg_advisory_lock(%s)", (self._lock_key,))
            try:
                yield
            finally:
                self._connection.execute("SELECT pg_advisory_unlock(%s)", (self._lock_key,))
        except self._errors as error:
            raise _store_error(error, self._url) from error

    @override
    def close(self) -> None:
        self._pool.close()
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
    scheme = urlsplit(url).scheme.partition("+")[0]
    if scheme == "sqlite" and (path := url.partition(":///")[2]):
        return SQLiteStore(Path(path).expanduser(), account)
    if scheme in {"redis", "rediss"}:
        return RedisStore(url, account)
    if scheme in {"postgresql", "postgres"}:
        return PostgresStore("postgresql" + url[url.index("://") :], account)
    raise SettingError(
        "quota_url must be sqlite:////path/of/a/file, redis://host:port or postgresql://user@host/database"
    )
