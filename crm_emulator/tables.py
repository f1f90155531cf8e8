"""Tables of records in SQLite: a Table, its Columns, and the SQL that follows from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from crm_emulator.messages import Record, encode

_SPREAD = 2654435761  # Knuth's multiplicative hash: neighbouring ids land far apart


@dataclass(frozen=True)
class Column:
    """Something to search or sort by.

    Attributes:
        name: The name that queries use.
        path: The path of the value in the record: ``name``, ``address.city``, ``emails.0.email``.
        kind: ``INTEGER``, ``REAL`` or ``TEXT`` (compared without regard to ASCII case).
        stored: Whether it is kept beside the text (quick to index and filter) or read out of the text when needed.
    """

    name: str
    path: str
    kind: str = "TEXT"
    stored: bool = False

    @cached_property
    def steps(self) -> tuple[str, ...]:
        """The steps of the path."""
        return tuple(self.path.split("."))

    def ddl(self) -> str:
        """Return the column's definition in CREATE TABLE."""
        collation = " COLLATE NOCASE" if self.kind == "TEXT" else ""
        if self.stored:
            return f"{self.name} {self.kind}{collation}"
        path = "".join(f"[{step}]" if step.isdigit() else f".{step}" for step in self.steps)
        return f"{self.name} {self.kind}{collation} AS (json_extract(body, '${path}')) VIRTUAL"


def no_keys(_record: Record) -> Iterable[tuple[str, str]]:
    """Return no keys: for objects whose records are found by columns alone."""
    return ()


@dataclass(frozen=True)
class Table:
    """The records of one object.

    Attributes:
        name: The name of the SQLite table, vendor first: ``copper_people``.
        columns: The columns that its records can be searched and sorted by, beside ``id``.
        keys: Returns the (kind, value) pairs that a record is found by where it can have several: e-mails, tags.
        first_id: The first id given out.
    """

    name: str
    columns: tuple[Column, ...] = ()
    keys: Callable[[Record], Iterable[tuple[str, str]]] = no_keys
    first_id: int = 1

    @property
    def vendor(self) -> str:
        """The vendor to which the table belongs."""
        return self.name.partition("_")[0]

    @property
    def sequence(self) -> str:
        """The name of its id counter."""
        return self.name

    @property
    def has_keys(self) -> bool:
        """True if records of the table can have several keys of one kind."""
        return self.keys is not no_keys

    @property
    def keys_name(self) -> str:
        """The name of the table of its keys."""
        return f"{self.name}_keys"

    @cached_property
    def stored(self) -> tuple[Column, ...]:
        """The columns kept beside the text."""
        return tuple(column for column in self.columns if column.stored)

    @cached_property
    def column_names(self) -> frozenset[str]:
        """The names of all columns."""
        return frozenset(column.name for column in self.columns)

    def position(self, column: str) -> int:
        """Return the position of a stored column in the stored form."""
        return 3 + [stored.name for stored in self.stored].index(column)

    def stored_form(self, record: Record, hidden: int) -> tuple[Any, ...]:
        """Return a record as SQLite stores it."""
        values = [
            _at(record, column.steps) if len(column.steps) > 1 else record.get(column.path) for column in self.stored
        ]
        record_id = record["id"]
        return (record_id, record_id * _SPREAD & 0x7FFFFFFF, hidden, *values, encode(record).decode())

    @cached_property
    def ddl(self) -> list[str]:
        """The statements that create what is missing."""
        statements = [self._create(self.columns)]
        if self.has_keys:
            name = self.keys_name
            statements += [
                f'CREATE TABLE IF NOT EXISTS "{name}" (kind TEXT NOT NULL, value TEXT NOT NULL, id INTEGER NOT NULL)',
                f'CREATE INDEX IF NOT EXISTS "{name}_by_value" ON "{name}" (kind, value, id)',
                f'CREATE INDEX IF NOT EXISTS "{name}_by_id" ON "{name}" (id)',
                f'CREATE INDEX IF NOT EXISTS "{self.name}_hidden" ON "{self.name}" (id) WHERE hidden <> 0',
            ]
        return statements

    def _create(self, columns: Iterable[Column]) -> str:
        stored = "".join(f", {column.ddl()}" for column in columns if column.stored)
        read = "".join(f", {column.ddl()}" for column in columns if not column.stored)
        return (
            f'CREATE TABLE IF NOT EXISTS "{self.name}" (id INTEGER PRIMARY KEY, tie INTEGER NOT NULL, '
            f"hidden INTEGER NOT NULL{stored}, body TEXT NOT NULL{read})"
        )

    def bare_ddl(self) -> list[str]:
        """Return the statements that replace the empty table by one without the columns read out of the record.

        SQLite computes those at every insert, wanted or not, which takes three times as long as the insert itself.
        """
        return [f'DROP TABLE "{self.name}"', self._create(self.stored)]

    def dress_ddl(self) -> list[str]:
        """Return the statements that add those columns to the bare table."""
        return [f'ALTER TABLE "{self.name}" ADD COLUMN {column.ddl()}' for column in self.columns if not column.stored]

    def index_ddl(self, column: str) -> str:
        """Return the statement that indexes a column in the order of an ascending page, with ties and hidden mark."""
        return f'CREATE INDEX IF NOT EXISTS "{self.name}_by_{column}" ON "{self.name}" ({column}, tie, hidden)'

    def drop_index_ddl(self) -> list[str]:
        """Return the statements that drop every index, before many records are written."""
        drops = [f'DROP INDEX IF EXISTS "{self.name}_by_{column.name}"' for column in self.columns]
        return drops + [f'DROP INDEX IF EXISTS "{self.keys_name}_by_{what}"' for what in ("value", "id")]

    @cached_property
    def get_sql(self) -> str:
        """SQL for the text and the hidden mark of a record, by its id."""
        return f'SELECT CAST(body AS BLOB), hidden FROM "{self.name}" WHERE id = ?'  # noqa: S608 - our own name

    @cached_property
    def stored_sql(self) -> str:
        """SQL for the stored form of a record, by its id."""
        return f'SELECT {self._written} FROM "{self.name}" WHERE id = ?'  # noqa: S608 - our own names

    @cached_property
    def put_sql(self) -> str:
        """SQL that writes a stored form."""
        placeholders = ", ".join("?" * (4 + len(self.stored)))
        return f'INSERT OR REPLACE INTO "{self.name}" ({self._written}) VALUES ({placeholders})'  # noqa: S608 - our own names

    @cached_property
    def remove_sql(self) -> str:
        """SQL that deletes a record by its id."""
        return f'DELETE FROM "{self.name}" WHERE id = ?'  # noqa: S608 - our own name

    @cached_property
    def put_key_sql(self) -> str:
        """SQL that writes a key."""
        return f'INSERT INTO "{self.keys_name}" (kind, value, id) VALUES (?, ?, ?)'  # noqa: S608 - our own name

    @cached_property
    def remove_keys_sql(self) -> str:
        """SQL that deletes a record's keys, by its id."""
        return f'DELETE FROM "{self.keys_name}" WHERE id = ?'  # noqa: S608 - our own name

    @cached_property
    def holders_sql(self) -> str:
        """SQL for the ids of the records that hold a key."""
        return f'SELECT DISTINCT id FROM "{self.keys_name}" WHERE kind = ? AND value = ? ORDER BY id'  # noqa: S608 - our own name

    @cached_property
    def key_counts_sql(self) -> str:
        """SQL that counts the records that hold each key of a kind."""
        return f'SELECT value, count(*) FROM "{self.keys_name}" WHERE kind = ? GROUP BY value'  # noqa: S608 - our own name

    @cached_property
    def hidden_key_counts_sql(self) -> str:
        """SQL that counts the hidden records that hold each key of a kind."""
        return (
            f'SELECT value, count(*) FROM "{self.keys_name}" WHERE kind = ? '  # noqa: S608 - our own names
            f'AND id IN (SELECT id FROM "{self.name}" WHERE hidden <> 0) GROUP BY value'
        )

    @cached_property
    def _written(self) -> str:
        return ", ".join(["id", "tie", "hidden", *(column.name for column in self.stored), "body"])


def _at(value: Any, steps: tuple[str, ...]) -> Any:
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value
