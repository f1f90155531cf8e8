"""Leases in the store of the shared quota: which ledger writes an account, told to all who share the store.

A lease ends by itself unless it is renewed, by the store's own clock, so that one that was lost with its host frees
the account. One that would last longer than any lease does was taken before the clock was put back, and has ended,
unless its run renews it. It is a courtesy among those who reach the store, not a lock. Beside it stands what a run
noted of its ledger for the runs after it.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from typing_extensions import override

from crm_api.transport.store_failures import shown_text, store_error
from crm_api.transport.waits import FOR_QUOTA_STORE, watched_session

LEASE_SECONDS = 30  # after which a lease that nobody renewed is free
BUSY_SECONDS = 10  # how long the store may be busy with somebody else's lease, which takes a moment
TABLE = "singer_crm_leases"
NOTES = "singer_crm_notes"
_MADE = f"""
CREATE TABLE IF NOT EXISTS {TABLE} (
    account TEXT NOT NULL, run_id TEXT NOT NULL, ledger TEXT NOT NULL, holder TEXT NOT NULL,
    until DOUBLE PRECISION NOT NULL, PRIMARY KEY (account, run_id)
)
"""
_NOTES_MADE = f"CREATE TABLE IF NOT EXISTS {NOTES} (name TEXT PRIMARY KEY, note TEXT NOT NULL)"
_MAKE_LOCK = 0x73696E676572  # PostgreSQL makes a table twice at once, and fails: whoever makes this one holds the lock
_NOTE_KEY = "singer-crm:note:"
# Redis has no rows with an end of their own in one key: each is a field, whose value tells its end by Redis's clock.
_TAKE_IN_REDIS = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local rows = redis.call('HGETALL', KEYS[1])
for at = 1, #rows, 2 do
    local row = cjson.decode(rows[at + 1])
    if row['until'] <= now or row['until'] > now + tonumber(ARGV[4]) then
        redis.call('HDEL', KEYS[1], rows[at])
    elseif row['ledger'] ~= ARGV[2] then
        return string.sub(tostring(row['holder']), 1, 300)
    end
end
local own = {ledger = ARGV[2], holder = ARGV[3], ['until'] = now + tonumber(ARGV[4])}
redis.call('HSET', KEYS[1], ARGV[1], cjson.encode(own))
redis.call('EXPIRE', KEYS[1], tonumber(ARGV[4]))
return false
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """A run's wish to write an account from its ledger.

    Attributes:
        account: The CRM and the account.
        ledger: Which ledger it is; runs of one ledger do not exclude each other.
        run_id: The run.
        holder: Names the run, for people.
    """

    account: str
    ledger: str
    run_id: str
    holder: str


class Leases(ABC):
    """Keeps leases. Safe for threads."""

    @abstractmethod
    def take(self, claim: Claim) -> str | None:
        """Take a lease for ``LEASE_SECONDS`` from now, or renew it.

        Returns:
            None, or the holder of a lease of another ledger, which stands in the way.

        Raises:
            StopError: The store fails.
        """

    @abstractmethod
    def release(self, claim: Claim) -> None:
        """Give a lease back.

        Raises:
            StopError: The store fails.
        """

    @abstractmethod
    def note(self, name: str, note: str) -> None:
        """Keep a note under a name, in place of the one before.

        Raises:
            StopError: The store fails.
        """

    @abstractmethod
    def noted(self, name: str) -> str | None:
        """Return the note under a name; None if there is none.

        Raises:
            StopError: The store fails.
        """


class SQLiteLeases(Leases):
    """Leases in an SQLite file, by the machine's clock.

    Args:
        path: Path of the file.
        clock: Unix seconds.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._clock = clock

    @override
    def take(self, claim: Claim) -> str | None:
        with self._transaction() as connection:
            connection.execute(_MADE)
            return _taken(connection, claim, self._clock(), "?")

    @override
    def release(self, claim: Claim) -> None:
        with self._transaction() as connection:
            connection.execute(
                f"DELETE FROM {TABLE} WHERE account = ? AND run_id = ?",  # noqa: S608 - a constant
                (claim.account, claim.run_id),
            )

    @override
    def note(self, name: str, note: str) -> None:
        with self._transaction() as connection:
            connection.execute(_NOTES_MADE)
            connection.execute(_put_note("?"), (name, note))

    @override
    def noted(self, name: str) -> str | None:
        with self._transaction() as connection:
            connection.execute(_NOTES_MADE)
            return _note_in(connection.execute(_get_note("?"), (name,)).fetchone())

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
        except sqlite3.Error as error:
            raise store_error(error, "") from error


class RedisLeases(Leases):
    """Leases in Redis, by its clock.

    Args:
        url: URL of the server.
    """

    def __init__(self, url: str) -> None:
        import redis  # noqa: PLC0415 - an optional dependency; the quota has asked for it before

        self._errors = (redis.RedisError, OSError)
        self._client: Any = redis.Redis.from_url(url, socket_timeout=BUSY_SECONDS)
        self._take = self._client.register_script(_TAKE_IN_REDIS)
        self._url = url

    @override
    def take(self, claim: Claim) -> str | None:
        try:
            holder = self._take([_key(claim)], [claim.run_id, claim.ledger, claim.holder, LEASE_SECONDS])
        except self._errors as error:
            raise store_error(error, self._url) from error
        return None if holder is None else shown_text(holder)

    @override
    def release(self, claim: Claim) -> None:
        try:
            self._client.hdel(_key(claim), claim.run_id)
        except self._errors as error:
            raise store_error(error, self._url) from error

    @override
    def note(self, name: str, note: str) -> None:
        try:
            self._client.set(_NOTE_KEY + name, note)
        except self._errors as error:
            raise store_error(error, self._url) from error

    @override
    def noted(self, name: str) -> str | None:
        try:
            note = self._client.get(_NOTE_KEY + name)
        except self._errors as error:
            raise store_error(error, self._url) from error
        return None if note is None else note.decode(errors="replace")


class PostgresLeases(Leases):
    """Leases in PostgreSQL, by its clock.

    Args:
        url: URL of the database.
    """

    def __init__(self, url: str) -> None:
        import psycopg  # noqa: PLC0415 - an optional dependency; the quota has asked for it before

        self._connect = watched_session(FOR_QUOTA_STORE).connect
        self._errors = (psycopg.Error, OSError)
        self._url = url

    @override
    def take(self, claim: Claim) -> str | None:
        with self._transaction() as connection:
            _make(connection, TABLE, _MADE)
            key = int.from_bytes(hashlib.sha256(_key(claim).encode()).digest()[:8], "big", signed=True)
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (key,))
            (now,) = connection.execute("SELECT extract(epoch FROM clock_timestamp())::float8").fetchone()
            return _taken(connection, claim, now, "%s")

    @override
    def release(self, claim: Claim) -> None:
        with self._transaction() as connection:
            connection.execute(
                f"DELETE FROM {TABLE} WHERE account = %s AND run_id = %s",  # noqa: S608 - a constant
                (claim.account, claim.run_id),
            )

    @override
    def note(self, name: str, note: str) -> None:
        with self._transaction() as connection:
            _make(connection, NOTES, _NOTES_MADE)
            connection.execute(_put_note("%s"), (name, note))

    @override
    def noted(self, name: str) -> str | None:
        with self._transaction() as connection:
            if not _is_made(connection, NOTES):
                return None
            return _note_in(connection.execute(_get_note("%s"), (name,)).fetchone())

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        """Open a connection for a moment: a lease is renewed seldom, and a pooler may share out transactions."""
        try:
            with (
                FOR_QUOTA_STORE.told(),
                self._connect(self._url, connect_timeout=BUSY_SECONDS, prepare_threshold=None) as connection,
            ):
                connection.execute(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'")
                yield connection
        except self._errors as error:
            raise store_error(error, self._url) from error


def open_leases(url: str) -> Leases:
    """Open the leases in the store that ``quota_url`` names, which is known to be one."""
    scheme = url.partition("://")[0].lower().partition("+")[0]
    if scheme == "sqlite":
        return SQLiteLeases(Path(url.partition(":///")[2]).expanduser())
    if scheme in {"redis", "rediss"}:
        return RedisLeases(url)
    return PostgresLeases("postgresql" + url[url.index("://") :])


def _taken(connection: Any, claim: Claim, now: float, place: str) -> str | None:
    """Take a lease in a transaction that excludes others; ``place`` is how the database spells a parameter."""
    others = connection.execute(
        f"SELECT substr(holder, 1, 300) FROM {TABLE} WHERE account = {place} AND ledger <> {place} "  # noqa: S608 - constants
        f"AND until > {place} AND until <= {place}",
        (claim.account, claim.ledger, now, now + LEASE_SECONDS),
    ).fetchone()
    if others is not None:
        return shown_text(others[0])
    connection.execute(
        f"DELETE FROM {TABLE} WHERE account = {place} AND (run_id = {place} OR until <= {place} OR until > {place})",  # noqa: S608 - constants
        (claim.account, claim.run_id, now, now + LEASE_SECONDS),
    )
    connection.execute(
        f"INSERT INTO {TABLE} (account, run_id, ledger, holder, until) VALUES ({', '.join([place] * 5)})",  # noqa: S608 - constants
        (claim.account, claim.run_id, claim.ledger, claim.holder, now + LEASE_SECONDS),
    )
    return None


def _is_made(connection: Any, table: str) -> bool:
    """Tell whether PostgreSQL has a table."""
    return bool(connection.execute("SELECT to_regclass(%s)", (table,)).fetchone() != (None,))


def _make(connection: Any, table: str, statement: str) -> None:
    """Make a table in PostgreSQL unless it is there."""
    if not _is_made(connection, table):
        connection.execute("SELECT pg_advisory_xact_lock(%s)", (_MAKE_LOCK,))
        connection.execute(statement)


def _put_note(place: str) -> str:
    return (
        f"INSERT INTO {NOTES} (name, note) VALUES ({place}, {place}) "  # noqa: S608 - constants
        "ON CONFLICT (name) DO UPDATE SET note = excluded.note"
    )


def _get_note(place: str) -> str:
    return f"SELECT note FROM {NOTES} WHERE name = {place}"  # noqa: S608 - constants


def _note_in(row: Any) -> str | None:
    return None if row is None else str(row[0])


def _key(claim: Claim) -> str:
    return f"singer-crm:lease:{claim.account}"
