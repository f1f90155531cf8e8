"""The SQLite database under the store: its tables, its transactions, dumped and restored as a whole."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from threading import RLock
from zlib import crc32

from crm_emulator.tables import Table

_MAGIC = b"SQLite format 3\0"


class ForeignStateError(ValueError):
    """A state that this version of the emulator cannot take."""


class Transaction:
    """A transaction under way."""

    def __init__(self) -> None:
        self.is_rolled_back = False

    def roll_back(self) -> None:
        """Roll it back at its end."""
        self.is_rolled_back = True


class Database:
    """A SQLite database that any thread may use.

    Args:
        path: The file that keeps the database; left out, it lives in memory.

    Attributes:
        lock: The lock held while the database is used.
        tables: The tables that are defined, by name.
    """

    def __init__(self, path: str | None = None) -> None:
        self.lock = RLock()
        self.connection = sqlite3.connect(path or ":memory:", check_same_thread=False, isolation_level=None)
        self.connection.execute("PRAGMA synchronous=OFF")  # an emulator survives kill -9, not a power cut
        self.connection.execute(f"PRAGMA journal_mode={'WAL' if path else 'MEMORY'}")
        self.connection.execute("PRAGMA cache_size=-65536")
        self.connection.execute("PRAGMA temp_store=MEMORY")
        self.connection.execute("CREATE TABLE IF NOT EXISTS sequences (name TEXT PRIMARY KEY, last INTEGER NOT NULL)")
        self.tables: dict[str, Table] = {}
        self._transaction: Transaction | None = None

    def forget(self) -> None:
        """Forget all that is remembered of the contents, which have changed past this object."""

    def define(self, *tables: Table) -> None:
        """Say which tables there will be."""
        self.tables |= {table.name: table for table in tables}

    def create(self, *tables: Table) -> None:
        """Create the tables that are not there yet."""
        with self.transaction():
            for table in tables:
                self._execute(table.ddl)

    def _execute(self, statements: Iterable[str]) -> None:
        for statement in statements:
            self.connection.execute(statement)

    def seal(self) -> None:
        """Mark a new file as ours once all tables are defined; raises ForeignStateError if an old file is not ours."""
        with self.lock:
            marked = self.connection.execute("PRAGMA user_version").fetchone()[0]
            version = self._version()
            if marked not in {0, version}:
                raise ForeignStateError("the file was written by another version of the emulator")
            self.connection.execute(f"PRAGMA user_version = {version}")

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Run a block in a transaction: all of it or nothing. A nested transaction joins the outermost."""
        with self.lock:
            if self._transaction is not None:
                yield self._transaction
                return
            self._transaction = Transaction()
            self.connection.execute("BEGIN")
            try:
                yield self._transaction
            except BaseException:
                self._transaction.roll_back()
                raise
            finally:
                is_rolled_back, self._transaction = self._transaction.is_rolled_back, None
                self.connection.execute("ROLLBACK" if is_rolled_back else "COMMIT")
                if is_rolled_back:
                    self.forget()

    @contextmanager
    def savepoint(self) -> Iterator[None]:
        """Run a block inside a transaction: if it fails, the block is undone and the transaction goes on."""
        with self.transaction():
            self.connection.execute("SAVEPOINT item")
            try:
                yield
            except BaseException:
                self.connection.execute("ROLLBACK TO item")
                self.forget()
                raise
            finally:
                self.connection.execute("RELEASE item")

    def dump(self) -> bytes:
        """Return the whole state as the bytes of a SQLite file, which ``database`` or ``load`` take again."""
        with self.lock:
            state = bytearray(self.connection.serialize())
        state[18:20] = b"\x01\x01"  # the header's journal versions: no write-ahead log, which memory cannot have
        return bytes(state)

    def restore(self, state: bytes) -> None:
        """Replace the whole state by a dump; raises ForeignStateError, and then nothing is replaced."""
        if not state.startswith(_MAGIC):
            raise ForeignStateError("this is not a dump of the emulator")
        with self.lock, closing(sqlite3.connect(":memory:")) as source:
            try:
                source.deserialize(state)
                version = source.execute("PRAGMA user_version").fetchone()[0]
            except sqlite3.Error as error:
                raise ForeignStateError(f"this is not a dump of the emulator: {error}") from error
            if version != self._version():
                raise ForeignStateError("this state was dumped by another version of the emulator")
            source.backup(self.connection)
            self.forget()

    def _version(self) -> int:
        """Return a number that changes with the shape of the tables."""
        shape = "\n".join(statement for table in self.tables.values() for statement in table.ddl)
        return crc32(shape.encode()) & 0x7FFFFFFF

    def close(self) -> None:
        """Close the database."""
        with self.lock:
            self.connection.close()
