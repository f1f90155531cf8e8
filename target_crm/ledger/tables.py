"""The ledger's tables, their version, and the engine that reaches them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import (
    URL,
    Column,
    Engine,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    create_engine,
    event,
    inspect,
    make_url,
)
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError

from crm_api.errors import SettingError
from target_crm.files import PRIVATE, make_private

VERSION = 2
BUSY_SECONDS = 30  # how long a statement waits for another process that holds the file, such as `singer-crm ledger`
PRIVATE_FOLDER = 0o700

metadata = MetaData()

version = Table("ledger_version", metadata, Column("version", Integer, nullable=False))

# One kind of record of one CRM account: what match keys belong to.
objects = Table(
    "objects",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("crm", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("object", Text, nullable=False),
    UniqueConstraint("crm", "account", "object"),
)

# One stream of one source into one kind of record: what source ids belong to.
scopes = Table(
    "scopes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("object_id", ForeignKey(objects.c.id), nullable=False),
    Column("source_name", Text, nullable=False),
    Column("stream", Text, nullable=False),
    UniqueConstraint("source_name", "stream", "object_id"),
)


def _scoped() -> tuple[Column[Any], Column[Any]]:
    return (
        Column("scope_id", ForeignKey(scopes.c.id), primary_key=True),
        Column("source_id", Text, primary_key=True),
    )


# What was written where. crm_id is JSON, so that 7 and "7" stay apart; null once it was deleted.
records = Table(
    "records",
    metadata,
    *_scoped(),
    Column("crm_id", Text),
    Column("origin", Text, nullable=False),
    Column("record_hash", LargeBinary),
    Column("digest", Text),
    Column("written_at", Float, nullable=False),
    Column("run_id", Text, nullable=False),
    Index("records_by_crm_id", "crm_id"),
    sqlite_with_rowid=False,
)

# Writes that were sent, or are about to be, and not yet answered.
intents = Table(
    "intents",
    metadata,
    *_scoped(),
    Column("action", Text, nullable=False),
    Column("crm_id", Text),
    Column("payload", Text, nullable=False),
    Column("keys", Text, nullable=False),
    Column("record_hash", LargeBinary),
    Column("digest", Text),
    Column("sent_at", Float, nullable=False),
    Column("server_at", Float, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("links", Text, nullable=False, server_default="[]"),
    sqlite_with_rowid=False,
)

# Match values that writes of the last minutes gave or took away, until the CRM's own search shows them.
fresh_keys = Table(
    "fresh_keys",
    metadata,
    Column("object_id", ForeignKey(objects.c.id), primary_key=True),
    Column("attribute", Text, primary_key=True),
    Column("value", Text, primary_key=True),
    Column("crm_id", Text, primary_key=True),
    Column("at", Float, nullable=False),
    sqlite_with_rowid=False,
)

# SCHEMA messages of the records that are held, each once.
schemas = Table(
    "schemas", metadata, Column("id", Text, primary_key=True), Column("message", LargeBinary, nullable=False)
)

# Records that were not written: rejected, or waiting for a reference. The message is the line as it arrived.
held = Table(
    "held",
    metadata,
    *_scoped(),
    Column("number", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("status", Integer),
    Column("sent", Text),
    Column("message", LargeBinary, nullable=False),
    Column("schema_id", ForeignKey(schemas.c.id), nullable=False),
    Column("at", Float, nullable=False),
    Column("run_id", Text, nullable=False),
    Index("held_by_number", "number"),
)

# Which record of which stream a waiting record waits for.
waits = Table(
    "waits",
    metadata,
    *_scoped(),
    Column("stream", Text, primary_key=True),
    Column("on_source_id", Text, primary_key=True),
    Index("waits_by_parent", "stream", "on_source_id"),
    sqlite_with_rowid=False,
)

# References that a written record still lacks: each is put in when what it refers to is written. on_source_id is the
# source id of a record of the stream, or, where the stream is empty, the match key of a record of the CRM as JSON.
links = Table(
    "links",
    metadata,
    *_scoped(),
    Column("attribute", Text, primary_key=True),
    Column("stream", Text, nullable=False),
    Column("on_source_id", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("at", Float, nullable=False),
    Index("links_by_parent", "stream", "on_source_id"),
    sqlite_with_rowid=False,
)

# Which source ids arrived, of streams that mirror their source: by the version of the table that is being read.
seen = Table(
    "seen",
    metadata,
    Column("scope_id", ForeignKey(scopes.c.id), primary_key=True),
    Column("version", Text, primary_key=True),
    Column("source_id", Text, primary_key=True),
    sqlite_with_rowid=False,
)

# What was done, when and why; of a deleted record, what it was. changes holds [field, old, new], where that is wanted.
history = Table(
    "history",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("scope_id", ForeignKey(scopes.c.id), nullable=False),
    Column("source_id", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("at", Float, nullable=False),
    Column("action", Text, nullable=False),
    Column("crm_id", Text),
    Column("fields", Text, nullable=False),
    Column("keys", Text, nullable=False),
    Column("record", Text),
    Column("request_id", Text),
    Column("reason", Text, nullable=False, server_default=""),
    Column("changes", Text),
    Index("history_by_record", "scope_id", "source_id"),
)


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
        return create_engine(parsed, pool_pre_ping=True)
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


def has_ledger(url: str) -> bool:
    """Tell whether there is a ledger at a URL."""
    parsed = parsed_url(url)
    if parsed.get_backend_name() == "sqlite" and not (parsed.database and Path(parsed.database).exists()):
        return False
    engine = open_engine(url)
    try:
        return inspect(engine).has_table(version.name)
    finally:
        engine.dispose()


def _sqlite_engine(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise SettingError(
            "ledger_url names no file. Without one the next run would write every record again. Name a file"
        )
    file = Path(url.database)
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
