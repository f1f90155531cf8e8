"""Ledgers of earlier versions brought up to this one's tables, and copies of ledgers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn

from crm_api.errors import SettingError
from target_crm.ledger import tables

ROWS_AT_ONCE = 1000


def bring_up_to_date(connection: sa.Connection, shown_url: str) -> int:
    """Make the tables, or change those of an earlier version; returns the version that was found.

    Args:
        connection: In a transaction: after a crash the ledger is as it was.
        shown_url: The ledger's, for people.

    Raises:
        SettingError: A newer program made the ledger.
    """
    if connection.dialect.name == "postgresql":  # two runs may make the tables at once
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtext("singer-crm ledger"))))
    tables.metadata.create_all(connection)
    found: int | None = connection.execute(sa.select(tables.version.c.version)).scalar()
    if found is None:
        connection.execute(tables.version.insert().values(version=tables.VERSION))
        return tables.VERSION
    if found > tables.VERSION:
        raise SettingError(
            f"The ledger {shown_url} was made by a newer program (version {found}, this one knows up to "
            f"{tables.VERSION}): update singer-crm, or choose another ledger_url"
        )
    for version in range(found, tables.VERSION):
        _STEPS[version](connection)
    if found < tables.VERSION:
        connection.execute(tables.version.update().values(version=tables.VERSION))
    return found


def _from_1(connection: sa.Connection) -> None:
    """References that are linked later; the history says which request and why, and values where that is wanted."""
    for table, names in ((tables.intents, ("links",)), (tables.history, ("request_id", "reason", "changes"))):
        for name in names:
            definition = CreateColumn(table.c[name]).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {definition}")


_STEPS: Mapping[int, Callable[[sa.Connection], None]] = MappingProxyType({1: _from_1})
"""By the version that each begins with. Tables that are new need no step."""


def copy_rows(url: str, copy_url: str) -> None:
    """Copy a ledger, whatever database holds it and whatever earlier version it is, into another without rows."""
    original, copy = tables.open_engine(url), tables.open_engine(copy_url)
    with original.connect() as reading, copy.begin() as writing:
        bring_up_to_date(writing, copy_url)
        there = sa.inspect(reading)
        for table in tables.metadata.sorted_tables:
            if table is tables.version or not there.has_table(table.name):
                continue
            columns = [table.c[column["name"]] for column in there.get_columns(table.name)]
            rows = reading.execution_options(stream_results=True).execute(sa.select(*columns))
            for part in rows.mappings().partitions(ROWS_AT_ONCE):
                writing.execute(table.insert(), [dict(row) for row in part])
        if writing.dialect.name == "postgresql":  # which counts on by itself only where it gave the number
            for table in (tables.objects, tables.scopes, tables.history):
                sequence = sa.func.pg_get_serial_sequence(table.name, "id")
                last = sa.select(sa.func.coalesce(sa.func.max(table.c.id), 0) + 1).scalar_subquery()
                writing.execute(sa.select(sa.func.setval(sequence, last, sa.false())))
    original.dispose()
    copy.dispose()
