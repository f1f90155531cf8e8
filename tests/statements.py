"""Compile each SQL statement once a process, not once a run: SQLAlchemy keeps what it compiled with the engine."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, event


class _Compiled:
    """The statements that any engine of this process has compiled, by dialect; a cache as SQLAlchemy wants it."""

    def __init__(self) -> None:
        self._known: dict[tuple[Any, ...], Any] = {}

    def get(self, key: tuple[Any, ...]) -> Any:
        return self._known.get(_shared(key))

    def __setitem__(self, key: tuple[Any, ...], statement: Any) -> None:
        self._known[_shared(key)] = statement


def _shared(key: tuple[Any, ...]) -> tuple[Any, ...]:
    """The key with the class of the dialect in place of the engine's own."""
    dialect, *rest = key
    return (type(dialect), *rest)


_compiled = _Compiled()


@event.listens_for(Engine, "engine_connect")
def _share(connection: Connection) -> None:
    connection.execution_options(compiled_cache=_compiled)
