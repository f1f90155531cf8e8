"""Copies of ledgers, from any database into any other."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from target_crm.ledger import tables
from target_crm.ledger.store import open_engine, parsed_url
from target_crm.ledger.values import LedgerError
from target_crm.ledger.versions import DIGESTED_KEYS, bring_up_to_date, of_version_2
from target_crm.ledger.waiting import ledger_error

ROWS_AT_ONCE = 1000


def copied(url: str, folder: Path) -> str:
    """Copy the ledger for a run that must leave it alone; returns the copy's URL. Without a ledger it is empty.

    Raises:
        LedgerError: It cannot be read.
    """
    copy = folder / "ledger.sqlite"
    try:
        _copy(url, copy)
    except SQLAlchemyError as error:
        raise ledger_error(error, url) from error
    except sqlite3.Error as error:
        raise LedgerError(said=str(error)) from error
    return f"sqlite:///{copy}"


def _copy(url: str, copy: Path) -> None:
    parsed = parsed_url(url)
    if parsed.get_backend_name() != "sqlite":
        copy_rows(url, f"sqlite:///{copy}")
    elif parsed.database and Path(parsed.database).exists():
        # Opened as any reader would, so that what another run has only written to the journal is copied too.
        there = f"file:{quote(parsed.database)}?mode=ro"
        with closing(sqlite3.connect(there, uri=True)) as original, closing(sqlite3.connect(copy)) as target:
            original.backup(target)


def copy_rows(url: str, copy_url: str) -> None:
    """Copy a ledger of this or an earlier version into an empty one, from any database into any other."""
    original, copy = open_engine(url), open_engine(copy_url)
    if original.dialect.name == "postgresql":  # one view of all tables, also while a run writes; SQLite gives no other
        original = original.execution_options(isolation_level="REPEATABLE READ")
    with original.connect() as reading, copy.begin() as writing:
        bring_up_to_date(writing, copy_url)
        if sa.inspect(reading).has_table(tables.version.name):  # else there is no ledger yet
            _copy_tables(reading, writing)
    original.dispose()
    copy.dispose()


def _copy_tables(reading: sa.Connection, writing: sa.Connection) -> None:
    there = sa.inspect(reading)
    old = reading.execute(sa.select(sa.func.max(tables.version.c.version))).scalar_one() < DIGESTED_KEYS
    if there.has_table(tables.identity.name):
        writing.execute(tables.identity.delete())  # the copy continues the original
    for table in tables.metadata.sorted_tables:
        if table is tables.version or not there.has_table(table.name):
            continue
        columns = [table.c[column["name"]] for column in there.get_columns(table.name)]
        rows = reading.execution_options(stream_results=True).execute(sa.select(*columns))
        for part in rows.mappings().partitions(ROWS_AT_ONCE):
            writing.execute(table.insert(), [of_version_2(table, row) if old else dict(row) for row in part])
    if writing.dialect.name == "postgresql":  # which counts on by itself only where it gave the number
        for table in (tables.objects, tables.scopes, tables.history, tables.accounts):
            sequence = sa.func.pg_get_serial_sequence(table.name, "id")
            last = sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0) + 1).scalar_subquery()
            writing.execute(sa.select(sa.func.setval(sequence, last, sa.false())))
