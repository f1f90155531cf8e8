"""All records of all vendors, in SQLite: the ready JSON text of each, and columns to search it by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

from crm_emulator.database import Database
from crm_emulator.messages import Record, decode, encode
from crm_emulator.query import Query, Range
from crm_emulator.range_counts import RangeCounts
from crm_emulator.search_lag import SearchLag
from crm_emulator.tables import Table

_TOO_LARGE = 1 << 63  # for an integer of SQLite


class Store(Database):
    """The state of the emulator.

    Every method may be called from any thread. A record is stored as the JSON text that its vendor answers with, so
    that a page is joined from texts without decoding them.

    Args:
        path: A SQLite file that keeps the state; left out, the state lives in memory.

    Attributes:
        lag: How far searches are behind writes.
        id_shift: The number added to the first id of each table: no two accounts of a vendor hold the same ids.
    """

    def __init__(self, path: str | None = None) -> None:
        super().__init__(path)
        self.lag = SearchLag(self.connection)
        self.id_shift = 0
        self._range_counts: dict[tuple[str, str], RangeCounts] = {}
        self._counts: dict[tuple[str, tuple[Any, ...]], int] = {}
        self._indexes: set[tuple[str, str]] = set()
        self._old: dict[tuple[str, int], Record | None] | None = None

    def index(self, table: Table, column: str) -> None:
        """Index a column the first time that something is sorted or found by it."""
        if (table.name, column) not in self._indexes and not self.lag.reverted:
            self._indexes.add((table.name, column))
            if column in table.column_names:
                self.connection.execute(table.index_ddl(column))

    # One record

    def first_id(self, table: Table) -> int:
        """Return the first id of a table in this store."""
        return table.first_id + self.id_shift

    def next_id(self, table: Table) -> int:
        """Return a fresh id of the table's sequence."""
        with self.lock:
            found = self.connection.execute(
                "INSERT INTO sequences VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET last = last + 1 RETURNING last",
                (table.sequence, self.first_id(table)),
            ).fetchall()
            return int(found[0][0])

    def reserve_ids(self, table: Table, upto: int) -> None:
        """Reserve all ids of a table up to and including ``upto``."""
        with self.lock:
            self.connection.execute(
                "INSERT INTO sequences VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET last = max(last, excluded.last)",
                (table.sequence, upto),
            )

    def get(self, table: Table, record_id: int, *, hidden: bool = False) -> Record | None:
        """Return the record with this id, or None; hidden ones only when asked for."""
        text = self.text(table, record_id, hidden=hidden)
        return None if text is None else decode(text)

    def text(self, table: Table, record_id: int, *, hidden: bool = False) -> bytes | None:
        """Return the JSON text of the record with this id, or None; hidden records only when asked for."""
        if not 0 <= record_id < _TOO_LARGE:
            return None
        with self.lock:
            row = self.connection.execute(table.get_sql, (record_id,)).fetchone()
        return None if row is None or (row[1] and not hidden) else row[0]

    def put(self, table: Table, record: Record, *, hidden: int = 0) -> None:
        """Write a record, new or known, under its ``id``."""
        with self.transaction():
            self._leave(table, record["id"])
            stored = table.stored_form(record, hidden)
            self.connection.execute(table.put_sql, stored)
            if table.has_keys:
                keys = [(kind, value, record["id"]) for kind, value in table.keys(record)]
                self.connection.executemany(table.put_key_sql, keys)
            self._change_range_counts(table, stored, present=True)

    def set_text(self, table: Table, record_id: int, record: Record) -> None:
        """Change only what is answered for a record, not what it is sorted or found by."""
        with self.lock:
            self.connection.execute(
                f'UPDATE "{table.name}" SET body = ? WHERE id = ?',  # noqa: S608 - our own name
                (encode(record).decode(), record_id),
            )

    def remove(self, table: Table, record_id: int) -> None:
        """Take a record out for good, if it is there."""
        with self.transaction():
            self._leave(table, record_id)
            self.connection.execute(table.remove_sql, (record_id,))

    def _leave(self, table: Table, record_id: int) -> None:
        """Note the version that is about to go, and take it out of what is counted and found by key."""
        self.lag.note(table, record_id)
        if self._old is not None and (table.name, record_id) not in self._old:
            self._old[table.name, record_id] = self.get(table, record_id)
        self._counts.clear()
        if self._range_counts:
            old = self.connection.execute(table.stored_sql, (record_id,)).fetchone()
            if old is not None:
                self._change_range_counts(table, old, present=False)
        if table.has_keys:
            self.connection.execute(table.remove_keys_sql, (record_id,))

    @contextmanager
    def noting_old(self) -> Iterator[dict[tuple[str, int], Record | None]]:
        """Note what each record that a block writes was before, by table and id; None for a new or a hidden one."""
        outer, self._old = self._old, {}
        try:
            yield self._old
        finally:
            self._old = outer

    def load(self, table: Table, records: Iterable[tuple[Record, int]]) -> None:
        """Write many new records fast, each with its hidden mark."""
        keys: list[tuple[str, str, int]] = []

        def stored() -> Iterator[tuple[Any, ...]]:
            for record, hidden in records:
                keys.extend((kind, value, record["id"]) for kind, value in table.keys(record))
                yield table.stored_form(record, hidden)

        with self.transaction():
            is_empty = self.connection.execute(f'SELECT 1 FROM "{table.name}" LIMIT 1').fetchone() is None  # noqa: S608 - our name
            self._execute(table.drop_index_ddl())
            self._execute(table.bare_ddl() if is_empty else [])
            self.connection.executemany(table.put_sql, stored())
            keys.sort()
            if keys:
                self.connection.executemany(table.put_key_sql, keys)
            self._execute(table.dress_ddl() if is_empty else [])
            self._execute(table.ddl)
            last = self.connection.execute(f'SELECT max(id) FROM "{table.name}"').fetchone()[0]  # noqa: S608 - our name
            if last is not None:
                self.reserve_ids(table, last)
        self.forget()

    def rewrite(self, table: Table, change: Callable[[Record], None]) -> None:
        """Change every record of a table in start, without touching what it is sorted or found by."""

        def changed(text: str) -> str:
            record = decode(text)
            change(record)
            return encode(record).decode()

        with self.transaction():
            self.connection.create_function("changed", 1, changed)
            self.connection.execute(f'UPDATE "{table.name}" SET body = changed(body)')  # noqa: S608 - our own name

    def clear(self) -> None:
        """Remove every record and restart the ids."""
        with self.transaction():
            there = {name for (name,) in self.connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            for table in (table for table in self.tables.values() if table.name in there):
                self.connection.execute(f'DELETE FROM "{table.name}"')  # noqa: S608 - our own name
                if table.has_keys:
                    self.connection.execute(f'DELETE FROM "{table.keys_name}"')  # noqa: S608 - our own name
            self.connection.execute("DELETE FROM sequences")
            self.lag.clear()
            self.forget()

    # Many records

    def holders(self, table: Table, kind: str, value: str) -> list[int]:
        """Return the ids of the records that hold this key, ascending."""
        with self.lock:
            return [row[0] for row in self.connection.execute(table.holders_sql, (kind, value))]

    def key_counts(self, table: Table, kind: str) -> list[tuple[str, int]]:
        """Count the visible records that hold each value of a kind of key."""
        with self.lock:
            counts = dict(self.connection.execute(table.key_counts_sql, (kind,)))
            for value, hidden in self.connection.execute(table.hidden_key_counts_sql, (kind,)):
                counts[value] -= hidden
        return [(value, count) for value, count in counts.items() if count]

    def random_id(self, table: Table, random: Random) -> int | None:
        """Return the id of some visible record, or None if there is none."""
        with self.lock:
            start = random.getrandbits(31)
            return next(
                (
                    row[0]
                    for sql in ("tie >= ? ORDER BY tie", "tie < ? ORDER BY tie DESC")
                    for row in self.connection.execute(
                        f'SELECT id FROM "{table.name}" WHERE hidden = 0 AND {sql} LIMIT 1',  # noqa: S608 - our own name
                        (start,),
                    )
                ),
                None,
            )

    def page(self, query: Query, limit: int, offset: int = 0) -> list[bytes]:
        """Return the JSON texts of the records that a query meets, in its order."""
        with self.lock:
            self._prepare(query)
            sql, arguments = query.page_sql()
            return [row[0] for row in self.connection.execute(sql, (*arguments, limit, offset))]

    def records(self, query: Query, limit: int = -1, offset: int = 0) -> list[Record]:
        """Return the records that a query meets, in its order."""
        return [decode(text) for text in self.page(query, limit, offset)]

    def ids(self, query: Query, limit: int = -1, offset: int = 0) -> list[int]:
        """Return the ids of the records that a query meets, in its order."""
        with self.lock:
            self._prepare(query)
            sql, arguments = query.ids_sql()
            return [row[0] for row in self.connection.execute(sql, (*arguments, limit, offset))]

    def count(self, query: Query) -> int:
        """Count the records that a query meets; cheap for a range of one integer column, remembered otherwise."""
        with self.lock:
            span = query.single_range()
            if span is not None and not self.lag.reverted:
                return self._range_counts_of(query.table, span).count(span)
            sql, arguments = query.count_sql()
            if self.lag.reverted:
                return int(self.connection.execute(sql, arguments).fetchone()[0])
            found = self._counts.get((sql, arguments))
            if found is None:
                self._prepare(query)
                found = int(self.connection.execute(sql, arguments).fetchone()[0])
                self._counts[sql, arguments] = found
            return found

    def forget(self) -> None:
        """Count anew from the tables, and look again which indexes are there."""
        self._range_counts.clear()
        self._counts.clear()
        self._indexes.clear()

    def _prepare(self, query: Query) -> None:
        for column in query.indexed:
            self.index(query.table, column)

    def _range_counts_of(self, table: Table, span: Range) -> RangeCounts:
        counts = self._range_counts.get((table.name, span.column))
        if counts is None:
            self.index(table, span.column)
            values: Sequence[tuple[int]] = self.connection.execute(
                f'SELECT {span.column} FROM "{table.name}" WHERE hidden = 0 AND {span.column} IS NOT NULL '  # noqa: S608 - our own names
                f"ORDER BY {span.column}"
            ).fetchall()
            counts = RangeCounts(value for (value,) in values)
            self._range_counts[table.name, span.column] = counts
        return counts

    def _change_range_counts(self, table: Table, stored: tuple[Any, ...], *, present: bool) -> None:
        if self.lag.reverted:
            return
        for (name, column), counts in self._range_counts.items():
            if name == table.name and stored[2] == 0:
                counts.change(stored[table.position(column)], present=present)
