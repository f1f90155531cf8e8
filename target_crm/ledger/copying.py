"""Copies of ledgers, from any database into any other."""

from __future__ import annotations

import sqlalchemy as sa

from target_crm.ledger import tables
from target_crm.ledger.store import open_engine

ROWS_AT_ONCE = 1000


def copy_rows(url: str, copy_url: str) -> None:
    """Copy a ledger of this or an earlier version into an empty one, from any database into any other."""
    original, copy = open_engine(url), open_engine(copy_url)
    with original.connect() as reading, copy.begin() as writing:
        tables.bring_up_to_date(writing, copy_url)
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
