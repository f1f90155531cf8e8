"""A search index that lags behind writes: searches see the records as they were some seconds ago."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterator

    from crm_emulator.tables import Table


@dataclass(frozen=True, slots=True)
class _Version:
    """A record as it was until a write: its stored form (None: it was not there) and its keys."""

    until: float  # when the index learns of the write
    table: Table
    record_id: int
    stored: tuple[Any, ...] | None
    keys: tuple[tuple[str, str, int], ...]


class SearchLag:
    """Remembers what recent writes replaced, and shows it again while a search runs.

    Attributes:
        now: Returns the present time in Unix seconds.
        seconds: Return how many seconds each vendor's index lags, by vendor.
        reverted: Whether the old versions are being shown.

    The search itself is the ordinary one: the old versions are put back inside a savepoint, which is then rolled
    back. So a lagging index differs from a prompt one in nothing but time.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._versions: list[_Version] = []
        self.now: Callable[[], float] = float
        self.seconds: dict[str, Callable[[], float]] = {}
        self.reverted = False

    def clear(self) -> None:
        """Forget all old versions, as if the index had caught up."""
        self._versions.clear()

    def note(self, table: Table, record_id: int) -> None:
        """Remember a record that is about to be written."""
        lags = self.seconds.get(table.vendor)
        seconds = lags() if lags else 0.0
        if seconds <= 0:
            return
        connection = self._connection
        stored = connection.execute(table.stored_sql, (record_id,)).fetchone()
        keys: tuple[tuple[str, str, int], ...] = ()
        if table.has_keys:
            keys = tuple(
                connection.execute(f'SELECT kind, value, id FROM "{table.keys_name}" WHERE id = ?', (record_id,))  # noqa: S608 - our own name
            )
        self._versions.append(_Version(self.now() + seconds, table, record_id, stored, keys))

    @contextmanager
    def as_searched(self, vendor: str) -> Iterator[None]:
        """Run a block that sees a vendor's records as its lagging index does."""
        now = self.now()
        self._versions = [version for version in self._versions if version.until > now]
        versions = [version for version in self._versions if version.table.vendor == vendor]
        if not versions or self.reverted:
            yield
            return
        connection = self._connection
        connection.execute("SAVEPOINT lag")
        self.reverted = True
        try:
            for version in reversed(versions):
                self._put_back(version)
            yield
        finally:
            self.reverted = False
            connection.execute("ROLLBACK TO lag")
            connection.execute("RELEASE lag")

    def _put_back(self, version: _Version) -> None:
        connection, table = self._connection, version.table
        connection.execute(table.remove_sql, (version.record_id,))
        if version.stored is not None:
            connection.execute(table.put_sql, version.stored)
        if table.has_keys:
            connection.execute(table.remove_keys_sql, (version.record_id,))
            connection.executemany(table.put_key_sql, version.keys)
