"""The ledger's database: where it lies, its transactions, and the statements that the ledger's parts share."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import URL, Engine, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError

from crm_api.crm_objects import CrmId
from crm_api.errors import SettingError
from crm_api.transport.network import names_secret, secrets_in
from target_crm.files import PRIVATE, check_ledger_file, make_private
from target_crm.ledger import tables
from target_crm.ledger.opened_file import OpenedFile
from target_crm.ledger.prepared import removal, replacement
from target_crm.ledger.server_sessions import open_postgres
from target_crm.ledger.tables import shown
from target_crm.ledger.values import Awaited, OnMatch, OnRecord, Scope, Source
from target_crm.ledger.versions import bring_up_to_date, identity_of, is_up_to_date
from target_crm.ledger.waiting import BUSY_SECONDS, DATABASE_ERRORS, WaitTeller, ledger_error

PRIVATE_FOLDER = 0o700
VALUE_HASH_BYTES = 8
FEW = 32  # source ids that are removed one by one, which SQLite does sooner than many at once
CHUNK = 500  # values in one IN list: far below the limits of both databases
_OFTEN_EMPTY = frozenset({tables.waits, tables.held, tables.links})
"""Tables of what is left to be done, which most streams have no rows in."""
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class Store:
    """The database that holds the ledger.

    Args:
        url: The SQLAlchemy URL of a SQLite file or a PostgreSQL database.
        run_id: The run's id, kept with every row.
        clock: Returns Unix seconds.

    Raises:
        SettingError: The URL cannot work, or a newer program made the ledger.
        LedgerError: The database cannot be opened.
        LedgerReplacedError: From ``read`` and ``write``: the file is not the one that was opened.

    Attributes:
        found_version: The version of the ledger as it was found, before it was brought up to date.
        identity: What the ledger is, as it was opened.
        guard: Called at the beginning of each transaction that writes; raises if this run may not write any more. None:
            it may.
    """

    def __init__(self, url: str, run_id: str, *, clock: Callable[[], float] = time.time) -> None:
        self.engine = open_engine(url)
        self._file = OpenedFile(str(self.engine.url.database)) if self.engine.dialect.name == "sqlite" else None
        self.guard: Callable[[sa.Connection], None] | None = None
        self._writing = threading.Lock()
        self._empty: set[tuple[str, int]] = set()
        self._waits = WaitTeller(self.engine)
        self.now, self.run_id = clock, run_id
        self.url = shown_url(url)
        self._given_url = url
        try:
            self.found_version = self._opened()
            with self.read() as connection:
                self.identity = identity_of(connection)
        except BaseException:
            self.close()
            raise

    def _opened(self) -> int:
        """Make the tables, or those of this version, where they are not there: else nobody is waited for."""
        with self.read() as connection:
            if is_up_to_date(connection, self.url):
                return tables.VERSION
        with self.write() as connection:
            return bring_up_to_date(connection, self.url)

    def close(self) -> None:
        """Close the database."""
        self._waits.close()
        self.engine.dispose()

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Open a connection for queries.

        Raises:
            LedgerError: The database fails.
        """
        if self._file is not None:
            self._file.check()
        try:
            with self.engine.connect() as connection:
                yield connection
        except DATABASE_ERRORS as error:
            raise ledger_error(error, self._given_url) from error

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Open a transaction, which is on the disk when the block is left. Threads take turns: SQLite has one writer.

        Raises:
            LedgerError: The database fails, or cannot hold a value; nothing of the block was written.
            LedgerReplacedError: The file is another one, or gone; what was written is in the file that was opened.
            LockLostError: This run may not write any more; nothing of the block was written.
        """
        if self._file is not None:
            self._file.check()
        waits = self._waits
        try:
            with self._writing, self.engine.connect() as connection:
                writer = connection.execution_options(writes=True)
                waits.pid, waits.is_open, waits.began = _process_of(connection), False, time.monotonic()
                try:
                    with writer.begin():
                        waits.is_open = True
                        if self.guard is not None:
                            self.guard(writer)
                        yield writer
                finally:
                    waits.began = None
        except DATABASE_ERRORS as error:
            raise ledger_error(error, self._given_url) from error
        if self._file is not None:
            self._file.written()
            self._file.check()

    def rows(self, query: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        """Return the rows of one query.

        Raises:
            LedgerError: The database fails.
        """
        with self.read() as connection:
            return connection.execute(query).all()

    def has(self, query: sa.Select[Any]) -> bool:
        """Tell whether a query has any rows: what changes nothing need not wait for the disk.

        Raises:
            LedgerError: The database fails.
        """
        return bool(self.rows(query.limit(1)))

    def rows_of(self, source: Source, query: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        """Return the rows of one query that belong to a source; it must have joined scopes and objects.

        Raises:
            LedgerError: The database fails.
        """
        return self.rows(of_source(query, source))

    def among(
        self, query: sa.Select[Any], column: sa.Column[Any], values: Collection[str], source: Source | None = None
    ) -> Iterator[Any]:
        """Yield the rows of a query in which a column has one of many values; with a source, only those of it."""
        query = query if source is None else of_source(query, source)
        with self.read() as connection:
            for chunk in _chunks(values):
                yield from connection.execute(query.where(column.in_(chunk)))

    def put(self, connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
        """Insert rows; a row replaces the one with its key. All rows give values to the same columns."""
        if not rows:
            return
        if table in _OFTEN_EMPTY:
            self._empty.difference_update((table.name, row["scope_id"]) for row in rows)
        if len(rows) > 1:
            key = table.primary_key.columns.keys()
            rows = list({tuple(row[name] for name in key): row for row in rows}.values())
        replacement(connection.dialect, table, tuple(rows[0])).execute(connection, rows)

    def remove(self, connection: sa.Connection, table: sa.Table, scope: Scope, source_ids: Collection[str]) -> None:
        """Delete the rows of source ids."""
        if not source_ids or (table in _OFTEN_EMPTY and self._is_empty(connection, table, scope)):
            return
        if len(source_ids) <= FEW:
            rows = [{"scope": scope.id, "removed": source_id} for source_id in source_ids]
            removal(connection.dialect, table).execute(connection, rows)
            return
        for chunk in _chunks(source_ids):
            connection.execute(_removal(table), {"scope": scope.id, "source_ids": chunk})

    def _is_empty(self, connection: sa.Connection, table: sa.Table, scope: Scope) -> bool:
        """Tell whether a table has no rows of a stream: the only run that writes them remembers that it has put none.

        A transaction that puts some and fails leaves it uncertain, which costs one more question.
        """
        if (table.name, scope.id) in self._empty:
            return True
        if connection.execute(sa.select(table.c.scope_id).where(table.c.scope_id == scope.id).limit(1)).first():
            return False
        self._empty.add((table.name, scope.id))
        return True

    def unhold(self, connection: sa.Connection, scope: Scope, source_ids: Collection[str]) -> None:
        """Delete the held versions of source ids."""
        self.remove(connection, tables.waits, scope, source_ids)
        self.remove(connection, tables.held, scope, source_ids)

    @staticmethod
    def row_id(connection: sa.Connection, table: sa.Table, row: Mapping[str, Any], **more: Any) -> int:
        """Return the id of a row; a new one is inserted, with what more it holds."""
        query = sa.select(table.c.id).where(*(table.c[name] == value for name, value in row.items()))
        if (found := connection.execute(query).scalar()) is None:
            insert = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)
            connection.execute(insert.values({**row, **more}).on_conflict_do_nothing())  # others may do it just now
            found = connection.execute(query).scalar_one()
        return int(found)

    def object_id(self, connection: sa.Connection, source: Source, object_name: str) -> int:
        """Return the id of an object of an account; a new one is inserted."""
        row = {"crm": source.crm, "account": source.account, "object": tables.key_of(object_name)}
        object_text = None if row["object"] == object_name else object_name
        return self.row_id(connection, tables.objects, row, object_text=object_text)


def of_source(query: sa.Select[Any], source: Source) -> sa.Select[Any]:
    """Narrow a query that has joined scopes and objects to the rows of a source."""
    return query.where(
        tables.objects.c.crm == source.crm,
        tables.objects.c.account == source.account,
        tables.scopes.c.source_name == source.name,
    )


BY_MATCH = ""
"""In place of a stream's name in the tables: a record of the CRM is meant, by a match key."""


def stored_awaited(awaited: Awaited) -> tuple[str, str]:
    """Spell what something waits for in the columns stream and on_source_id."""
    return (awaited.stream, awaited.source_id) if isinstance(awaited, OnRecord) else (BY_MATCH, awaited.sought)


def awaited_of(stream: str, on_source_id: str) -> Awaited:
    """Read what something waits for from the columns stream and on_source_id."""
    return OnMatch(on_source_id) if stream == BY_MATCH else OnRecord(stream, on_source_id)


def value_hash(value: str) -> str:
    """Hash a match value, so that the history can recognise it without holding it."""
    return blake2b(value.encode("utf-8", "surrogatepass"), digest_size=VALUE_HASH_BYTES).hexdigest()


def as_json(value: Any) -> str:
    """Encode a value as JSON text, a Decimal as a number. Half a surrogate pair, which JSON forbids, is spelt out."""
    try:
        return _ENCODER.encode(value).decode()
    except UnicodeEncodeError:
        return _ENCODER.encode(_spelt_out(value)).decode()


def _spelt_out(value: Any) -> Any:
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, Mapping):
        return {_spelt_out(name): _spelt_out(each) for name, each in value.items()}
    return [_spelt_out(each) for each in value] if isinstance(value, list | tuple) else value


def id_text(crm_id: CrmId | None) -> str | None:
    """Encode a CRM id as the ledger keeps it."""
    return None if crm_id is None else json.dumps(crm_id)


def id_of(text: str | None) -> CrmId | None:
    """Decode a CRM id that ``id_text`` encoded."""
    if text is not None and text.isdecimal():
        return int(text)
    return None if text is None else json.loads(text)


@cache
def _removal(table: sa.Table) -> sa.Delete:
    """Build the statement that deletes the rows of source ids."""
    records: sa.BindParameter[str] = sa.bindparam("source_ids", expanding=True)
    return table.delete().where(table.c.scope_id == sa.bindparam("scope"), table.c.source_id.in_(records))


def _chunks(values: Collection[str]) -> Iterator[list[str]]:
    every = list(values)
    for start in range(0, len(every), CHUNK):
        yield every[start : start + CHUNK]


def default_url() -> str:
    """Return the URL of the default ledger, which does not depend on the working directory.

    ``$XDG_STATE_HOME/singer-crm/ledger.sqlite`` (XDG base directories; ``~/.local/state`` if unset).
    """
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return f"sqlite:///{Path(state) / 'singer-crm' / 'ledger.sqlite'}"


def open_engine(url: str) -> Engine:
    """Open an engine for SQLite or PostgreSQL. A SQLite file is made private before anything is written into it.

    Raises:
        SettingError: The URL is neither, or the extra that it needs is not installed.
    """
    parsed = parsed_url(url)
    if parsed.get_backend_name() == "sqlite":
        return _sqlite_engine(parsed)
    try:
        return open_postgres(parsed)
    except ModuleNotFoundError as error:
        raise SettingError(
            "ledger_url names PostgreSQL, which needs the extra singer-crm[postgres]. Install it"
        ) from error


def parsed_url(url: str) -> URL:
    """Parse the URL of a ledger and set the driver that we use.

    Raises:
        SettingError: It is neither SQLite's nor PostgreSQL's.
    """
    with suppress(ArgumentError, ValueError):
        parsed = make_url(url)
        scheme = parsed.drivername.partition("+")[0]
        if scheme == "sqlite":
            return parsed
        if scheme in {"postgresql", "postgres"}:
            return parsed.set(drivername="postgresql+psycopg")
    raise SettingError(
        "ledger_url must be a URL such as sqlite:////var/lib/singer-crm/ledger.sqlite or postgresql://user@host/database"
    )


def shown_url(url: str) -> str:
    """Return a URL as people may see it: without a password, wherever in it that stands."""
    parsed, secrets = make_url(url), secrets_in(url)
    hidden = {name: "..." for name, value in parsed.query.items() if names_secret(name) or value in secrets}
    return str(parsed.update_query_dict(hidden))  # which masks the one before the host


def sqlite_file(url: URL) -> Path:
    """Return the file that the URL of a SQLite ledger names.

    Raises:
        SettingError: It names none, or not by its path alone.
    """
    if not url.database or url.database == ":memory:":
        raise SettingError(
            "ledger_url names no file. Without one the next run would write every record again. Name a file"
        )
    if url.database.startswith("file:") or "uri" in url.query:
        # The file would be another one than its name says, and the locks beside it those of nobody.
        raise SettingError("ledger_url must name the file by its path alone, without file: and without uri=true")
    return Path(url.database)


def _sqlite_engine(url: URL) -> Engine:
    file = sqlite_file(url)
    check_ledger_file(file)
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        descriptor = os.open(file, os.O_CREAT | os.O_RDWR, PRIVATE)
        make_private(descriptor)
        os.close(descriptor)
    except OSError as error:
        raise SettingError(f"ledger_url: the file {file} cannot be opened: {error.strerror}") from error
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})
    event.listen(engine, "connect", _on_connect)
    event.listen(engine, "begin", _on_begin)
    return engine


def _on_connect(connection: DBAPIConnection, _: Any) -> None:
    """Keep a journal beside the file and put every commit on the disk, so that it survives a power cut."""
    connection.isolation_level = None  # BEGIN is sent by _on_begin
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_begin(connection: Any) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _process_of(connection: sa.Connection) -> int | None:
    """Return the number of the server's process that serves a connection; None for SQLite, which has none."""
    info = getattr(connection.connection.dbapi_connection, "info", None)
    return None if info is None else int(info.backend_pid)
