"""The ledger's tables, and the steps that bring a ledger of an earlier version up to date."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, Float, ForeignKey, Index, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint
from sqlalchemy.schema import CreateColumn

from crm_api.errors import SettingError

VERSION = 2

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


def bring_up_to_date(connection: sa.Connection, shown_url: str) -> int:
    """Make the tables, or change those of an earlier version.

    Args:
        connection: A connection in a transaction, so that a crash leaves the ledger as it was.
        shown_url: The ledger's URL without its password, for people.

    Raises:
        SettingError: A newer program made the ledger.

    Returns:
        The version that was found.
    """
    if connection.dialect.name == "postgresql":  # two runs may make the tables at once
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext("singer-crm ledger"))))
    metadata.create_all(connection)
    found: int | None = connection.execute(sa.select(version.c.version)).scalar()
    if found is None:
        connection.execute(version.insert().values(version=VERSION))
        return VERSION
    if found > VERSION:
        raise SettingError(
            f"The ledger {shown_url} was made by a newer program (version {found}, this one knows up to "
            f"{VERSION}): update singer-crm, or choose another ledger_url"
        )
    for step in range(found, VERSION):
        _STEPS[step](connection)
    if found < VERSION:
        connection.execute(version.update().values(version=VERSION))
    return found


def _from_1(connection: sa.Connection) -> None:
    """Add the links of intents, and the request, the reason and the values of the history."""
    for table, names in ((intents, ("links",)), (history, ("request_id", "reason", "changes"))):
        for name in names:
            definition = CreateColumn(table.c[name]).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {definition}")


_STEPS: Mapping[int, Callable[[sa.Connection], None]] = MappingProxyType({1: _from_1})
"""The steps, by the version that each begins with. A new table needs no step: it is made anyway."""
