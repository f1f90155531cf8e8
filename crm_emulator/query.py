"""A search over one table, as a value, and the SQL that answers it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from crm_emulator.tables import Table


@dataclass(frozen=True, slots=True)
class Range:
    """An integer column between two bounds, both inclusive; None leaves a side open."""

    column: str
    low: int | None = None
    high: int | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """Condition of any other form: SQL over the table's columns, and the values of its question marks."""

    sql: str
    arguments: tuple[Any, ...] = ()
    column: str = ""  # the column whose index helps, if any


@dataclass(frozen=True, slots=True)
class Query:
    """Search over one table.

    Attributes:
        table: The table to search.
        where: The conditions, all of which must hold.
        sort: The column (or SQL expression) to sort by; empty is the table's own order.
        descending: Whether the order is descending.
        tie: The SQL expression that orders records of one sort value.
        hidden: The hidden marks that are shown; None is all.
    """

    table: Table
    where: tuple[Range | Condition, ...] = ()
    sort: str = ""
    descending: bool = False
    tie: str = "id"
    hidden: tuple[int, ...] | None = (0,)

    @property
    def indexed(self) -> list[str]:
        """The columns worth an index."""
        return [self.sort, *(condition.column for condition in self.where if condition.column)]

    def single_range(self) -> Range | None:
        """Return the query's range if it is a single one, of a stored integer column over visible records."""
        if self.hidden != (0,) or len(self.where) != 1 or not isinstance(self.where[0], Range):
            return None
        stored = {column.name for column in self.table.stored}
        return self.where[0] if self.where[0].column in stored else None

    def page_sql(self) -> tuple[str, tuple[Any, ...]]:
        """Return the SQL and arguments for the records' texts; limit and offset follow the arguments."""
        inner, arguments = self.ids_sql()
        name = self.table.name
        # Ids first: that part is answered by a covering index alone, however deep the offset.
        sql = f'SELECT CAST(r.body AS BLOB) FROM ({inner}) AS p CROSS JOIN "{name}" AS r ON r.id = p.id'  # noqa: S608 - our own names
        return sql, arguments

    def ids_sql(self) -> tuple[str, tuple[Any, ...]]:
        """Return the SQL and arguments for the records' ids; limit and offset follow the arguments."""
        where, arguments = self._where()
        direction = " DESC" if self.descending else ""
        order = f"{self.sort}{direction}, {self.tie}{direction}" if self.sort else f"{self.tie}{direction}"
        return f'SELECT id FROM "{self.table.name}"{where} ORDER BY {order} LIMIT ? OFFSET ?', arguments  # noqa: S608 - our own names

    def count_sql(self) -> tuple[str, tuple[Any, ...]]:
        """Return the SQL and arguments that count the records."""
        where, arguments = self._where()
        return f'SELECT count(*) FROM "{self.table.name}"{where}', arguments  # noqa: S608 - our own names

    def _where(self) -> tuple[str, tuple[Any, ...]]:
        parts: list[str] = []
        arguments: list[Any] = []
        if self.hidden is not None:
            parts.append(f"hidden IN ({', '.join(str(mark) for mark in self.hidden)})")
        for condition in self.where:
            if isinstance(condition, Range):
                if condition.low is not None:
                    parts.append(f"{condition.column} >= ?")
                    arguments.append(condition.low)
                if condition.high is not None:
                    parts.append(f"{condition.column} <= ?")
                    arguments.append(condition.high)
            else:
                parts.append(f"({condition.sql})")
                arguments += condition.arguments
        return (" WHERE " + " AND ".join(parts) if parts else ""), tuple(arguments)
