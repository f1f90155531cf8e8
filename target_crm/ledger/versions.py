"""Versions: bringing a ledger of an earlier version up to date, and copying a ledger."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn

from crm_api.errors import SettingError
from target_crm.ledger import tables

ROWS_AT_ONCE = 1000


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
    """Add the links of intents, and the request, the reason and the values of the history."""
    for table, names in ((tables.intents, ("links",)), (tables.history, ("request_id", "reason", "changes"))):
        for name in names:
            definition = CreateColumn(table.c[name]).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {definition}")


_STEPS: Mapping[int, Callable[[sa.Connection], None]] = MappingProxyType({1: _from_1})
"""The steps, by the version that each begins with. A new table needs no step: it is made anyway."""


def copy_rows(url: str, copy_url: str) -> None:
    """Copy a ledger of this or an earlier version into an empty one, from any database into any other."""
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
