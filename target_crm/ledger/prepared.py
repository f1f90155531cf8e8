"""Statements that every record needs: compiled once, and handed to the driver without being looked at again.

SQLAlchemy looks at a statement each time that it is executed, which takes longer than SQLite takes to carry it out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

Row = Mapping[str, Any]


class Prepared:
    """A statement for one kind of database.

    Args:
        statement: The statement.
        types: The types of its parameters, by name.
        dialect: The kind of database.
    """

    def __init__(
        self, statement: sa.ClauseElement, types: Mapping[str, sa.types.TypeEngine[Any]], dialect: sa.Dialect
    ) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=list(types))
        self._text = str(compiled)
        self._order: Sequence[str] | None = getattr(compiled, "positiontup", None)
        self._converted = {
            name: convert
            for name, each in types.items()
            if (convert := each.dialect_impl(dialect).bind_processor(dialect)) is not None
        }

    def execute(self, connection: sa.Connection, rows: Iterable[Row]) -> None:
        """Execute the statement for each row of parameters.

        Raises:
            SQLAlchemyError: The database fails.
        """
        given = [self._parameters(row) for row in rows]
        connection.exec_driver_sql(self._text, given[0] if len(given) == 1 else given)

    def _parameters(self, row: Row) -> Any:
        converted = self._converted
        if converted:
            row = {name: converted[name](value) if name in converted else value for name, value in row.items()}
        return dict(row) if self._order is None else tuple([row[name] for name in self._order])


_PREPARED: dict[tuple[Any, ...], Prepared] = {}


def _once(kind: type[sa.Dialect], *key: Any, make: Callable[[], Prepared]) -> Prepared:
    """Return what was made for a kind of database and a key before; else make it."""
    found = _PREPARED.get((kind, *key))
    if found is None:
        found = _PREPARED[kind, *key] = make()
    return found


def insertion(dialect: sa.Dialect, table: sa.Table, names: Sequence[str]) -> Prepared:
    """Return the statement that inserts a row with values for these columns."""

    def made() -> Prepared:
        return Prepared(table.insert().inline(), {name: table.c[name].type for name in names}, dialect)

    return _once(type(dialect), "insert", table, *names, make=made)


def replacement(dialect: sa.Dialect, table: sa.Table, names: Sequence[str]) -> Prepared:
    """Return the statement that inserts a row with values for these columns, or replaces the one with its key."""

    def made() -> Prepared:
        key = list(table.primary_key.columns)
        insert: Any = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
        statement = insert(table).inline()
        replaced = {column.name: statement.excluded[column.name] for column in table.c if column not in key}
        if replaced:
            statement = statement.on_conflict_do_update(index_elements=key, set_=replaced)
        else:
            statement = statement.on_conflict_do_nothing()
        return Prepared(statement, {name: table.c[name].type for name in names}, dialect)

    return _once(type(dialect), "replace", table, *names, make=made)


def removal(dialect: sa.Dialect, table: sa.Table) -> Prepared:
    """Return the statement that deletes the row of a source id; its parameters are ``scope`` and ``removed``."""

    def made() -> Prepared:
        scope: sa.BindParameter[int] = sa.bindparam("scope")
        removed: sa.BindParameter[str] = sa.bindparam("removed")
        statement = table.delete().where(table.c.scope_id == scope, table.c.source_id == removed)
        return Prepared(statement, {"scope": table.c.scope_id.type, "removed": table.c.source_id.type}, dialect)

    return _once(type(dialect), "remove", table, make=made)
