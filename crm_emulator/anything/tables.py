"""The tables of the catch-all: the records, what it was sent, and the answers that tests have set."""

from __future__ import annotations

from crm_emulator.tables import Column, Table

RECORDS = Table("anything_records", (Column("collection", "collection"), Column("place", "place")), first_id=1)

TABLES: dict[str, Table] = {
    "records": RECORDS,
    "requests": Table("anything_requests", (Column("method", "method"), Column("path", "path")), first_id=1),
    "answers": Table("anything_answers", (Column("route", "route"),), first_id=1),
    "idempotent": Table("anything_idempotent", (Column("key", "key"),), first_id=1),
}
