"""The versions of the ledger: its tables are made, or those of an earlier version brought up to date."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
from sqlalchemy.schema import CreateColumn, CreateIndex, CreateTable

from crm_api.errors import SettingError
from target_crm.ledger import tables
from target_crm.ledger.tables import MOST_BYTES, VERSION, key_of, version
from target_crm.ledger.waiting import try_until

SECRET_BYTES = 32
DIGESTED_KEYS = 3  # the version from which on keys that are long or odd are digested
MANY_ROWS = 200_000  # from which on it is said beforehand how long it may take
ROWS_A_SECOND = 100_000  # measured on two cores, with the slower one of the databases
logger = logging.getLogger("target-crm")


@dataclass(frozen=True)
class Identity:
    """The identity of one ledger, whatever file or database it lies in.

    Attributes:
        id: A random name.
        secret: The key of digests.
        generation: A number that counts up at the beginning and the end of each run.
        doubted_at: The time since which the ledger lacks what was written, in Unix seconds; None if it lacks nothing.
        accepted_at: When it was accepted as it was, whatever it lacked (Unix seconds); None if it never was.
    """

    id: str
    secret: bytes = field(repr=False)
    generation: int
    doubted_at: float | None
    accepted_at: float | None


def bring_up_to_date(connection: sa.Connection, shown_url: str) -> int:
    """Make the tables, or change those of an earlier version.

    Args:
        connection: A connection in a transaction, so that a crash leaves the ledger as it was.
        shown_url: The ledger's URL without its password, for people.

    Raises:
        SettingError: A newer program made the ledger, or it does not say which version it is.

    Returns:
        The version that was found.
    """
    if connection.dialect.name == "postgresql":  # two runs may make the tables at once
        lock = sa.select(sa.func.pg_try_advisory_xact_lock(sa.func.hashtext("singer-crm ledger")))
        busy = "another program makes the ledger's tables or brings them up to date"
        try_until(lambda: bool(connection.execute(lock).scalar_one()), busy)
    found = _found(connection, shown_url)
    if found == VERSION:
        return VERSION
    if found is not None and found > VERSION:
        raise SettingError(
            f"The ledger {shown_url} was made by a newer program (version {found}, this one knows up to "
            f"{VERSION}): update singer-crm, or choose another ledger_url"
        )
    if found is not None:
        _announce(connection, shown_url, found)
        tables.metadata.create_all(connection)
        for step in range(found, VERSION):
            _STEPS[step](connection)
    else:
        for statement in _definitions(connection.dialect.name):
            connection.exec_driver_sql(statement)
    _introduce(connection)
    connection.execute(version.delete())
    connection.execute(version.insert().values(version=VERSION))
    return found or VERSION


@cache
def _definitions(dialect: str) -> tuple[str, ...]:
    """Return the statements that make the tables of a new ledger: each is compiled once, no table is looked for."""
    made: list[CreateTable | CreateIndex] = []
    for table in tables.metadata.sorted_tables:
        indexes = sorted(table.indexes, key=lambda each: str(each.name))
        made += [CreateTable(table, if_not_exists=True)]
        made += [CreateIndex(index, if_not_exists=True) for index in indexes]
    spoken = sa.make_url(f"{dialect}://").get_dialect()()
    return tuple(str(each.compile(dialect=spoken)) for each in made)


def is_up_to_date(connection: sa.Connection, shown_url: str) -> bool:
    """Tell whether the ledger is there and of this version, without waiting for anybody who writes it.

    Args:
        connection: Reads the ledger.
        shown_url: The ledger's URL without its password, for people.

    Raises:
        SettingError: It does not say which version it is.
    """
    try:  # of a ledger that is as it should be one question is enough
        if connection.execute(sa.select(version.c.version)).all() == [(VERSION,)]:
            return True
    except sa.exc.DatabaseError:  # there is no such table
        connection.rollback()
    return _found(connection, shown_url) == VERSION


def is_earlier(connection: sa.Connection, shown_url: str) -> bool:
    """Tell whether the ledger is there and of an earlier version, which the next run brings up to date.

    Args:
        connection: Reads the ledger.
        shown_url: The ledger's URL without its password, for people.

    Raises:
        SettingError: It does not say which version it is.
    """
    found = _found(connection, shown_url)
    return found is not None and found < VERSION


def _found(connection: sa.Connection, shown_url: str) -> int | None:
    """Return the version of the ledger; None if there is none yet.

    Raises:
        SettingError: Its table of versions holds anything but one number from 1 on.
    """
    if not sa.inspect(connection).has_table(version.name):
        return None
    columns = {column["name"] for column in sa.inspect(connection).get_columns(version.name)}
    rows = connection.execute(sa.select(version.c.version)).scalars().all() if "version" in columns else ["no number"]
    if len(rows) == 1 and isinstance(rows[0], int) and rows[0] > 0:
        return rows[0]
    holds = ", ".join(map(str, rows)) or "nothing"
    raise SettingError(
        f"The ledger {shown_url} does not say which version it is: its table {version.name} holds {holds} in place of "
        f"one number from 1 to {VERSION}. Restore the ledger from a backup, or choose another ledger_url"
    )


def _announce(connection: sa.Connection, shown_url: str, found: int) -> None:
    """Say how long it may take, if there are many rows."""
    counts = (
        connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
        for table in (tables.records, tables.history, tables.held, tables.seen)
    )
    rows = sum(counts)
    if rows >= MANY_ROWS:
        logger.warning(
            "Bringing the ledger %s from version %d to %d: %d rows, which may take %d seconds. Let it end",
            shown_url,
            found,
            VERSION,
            rows,
            max(rows // ROWS_A_SECOND, 1),
        )


def _introduce(connection: sa.Connection) -> None:
    """Give the ledger its id and its secret."""
    if connection.execute(sa.select(tables.identity.c.id)).first() is None:
        connection.execute(
            tables.identity.insert().values(
                id=1, ledger_id=secrets.token_hex(16), secret=secrets.token_bytes(SECRET_BYTES), generation=0
            )
        )


def identity_of(connection: sa.Connection) -> Identity:
    """Read what the ledger is."""
    table = tables.identity
    columns = table.c.ledger_id, table.c.secret, table.c.generation, table.c.doubted_at, table.c.accepted_at
    row = connection.execute(sa.select(*columns)).one()
    return Identity(row.ledger_id, bytes(row.secret), row.generation, row.doubted_at, row.accepted_at)


def _add_columns(connection: sa.Connection, table: sa.Table, *names: str) -> None:
    there = {column["name"] for column in sa.inspect(connection).get_columns(table.name)}
    for name in names:
        if name not in there:
            definition = CreateColumn(table.c[name]).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {definition}")


def _from_1(connection: sa.Connection) -> None:
    """Add the links of intents, and the request, the reason and the values of the history."""
    _add_columns(connection, tables.intents, "links")
    _add_columns(connection, tables.history, "request_id", "reason", "changes")


def _from_2(connection: sa.Connection) -> None:
    """Let keys hold digests of what is long or odd, and index what can be of any length by its hash."""
    for table, name in ((tables.objects, "object_text"), (tables.scopes, "stream_text")):
        _add_columns(connection, table, name)
    _add_columns(connection, tables.fresh_keys, "crm_id_text")
    connection.exec_driver_sql("DROP INDEX IF EXISTS links_by_parent")
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("DROP INDEX IF EXISTS records_by_crm_id")
    for table in (tables.links, tables.history, tables.records):
        for index in sorted(table.indexes, key=lambda each: str(each.name)):
            index.create(connection, checkfirst=True)
    for key in KEYS:
        for text in _in_order(_unusual(connection, key)):
            same = sa.type_coerce(key.column, sa.Text) == text
            connection.execute(sa.update(key.column.table).where(same, *key.where).values(key.of(text)))
    intents = tables.intents
    columns = intents.c.scope_id, intents.c.source_id, intents.c.links  # the others may be of a later version
    for row in connection.execute(sa.select(*columns).where(intents.c.links != "[]")).mappings().all():
        where = intents.c.scope_id == row["scope_id"], intents.c.source_id == row["source_id"]
        connection.execute(intents.update().where(*where).values(links=_keyed_links(row["links"])))


def _from_3(connection: sa.Connection) -> None:
    """Let two runs have one name; no run was kept until now."""
    tables.runs.drop(connection)
    tables.runs.create(connection)


def _from_4(connection: sa.Connection) -> None:
    """Let intents hold what updates replace."""
    _add_columns(connection, tables.intents, "before")


def _unusual(connection: sa.Connection, key: _Key) -> Sequence[str]:
    """Return the texts of a column that may not be keys: those that are long, hold NUL, or look digested or escaped."""
    text = sa.type_coerce(key.column, sa.Text)
    unusual = [text.contains("…#"), text.contains("\u2400")]
    if connection.dialect.name == "sqlite":  # for which a text ends at a NUL
        content = sa.cast(key.column, sa.LargeBinary)
        unusual += [sa.func.length(content) > MOST_BYTES, sa.func.instr(content, b"\0") > 0]
    else:
        unusual.append(sa.func.octet_length(text) > MOST_BYTES)
    return connection.execute(sa.select(text).where(sa.or_(*unusual), *key.where).distinct()).scalars().all()


def _in_order(texts: Sequence[str]) -> Iterator[str]:
    """Yield texts so that none becomes the key that another one still looks like."""
    pending = dict.fromkeys(texts)
    while pending:
        ready = [text for text in pending if (key := key_of(text)) == text or key not in pending]
        for text in ready:
            del pending[text]
        yield from ready


@dataclass(frozen=True)
class _Key:
    """A column that holds keys from version 3 on, and held texts of any kind before.

    Attributes:
        column: The column.
        whole: The column that gets the whole text of a digested key; None if nobody needs it.
        where: The rows whose column is a key.
    """

    column: sa.Column[Any]
    whole: sa.Column[Any] | None = None
    where: tuple[sa.ColumnElement[bool], ...] = ()

    def of(self, text: str) -> dict[str, str | None]:
        """Return the values for a text."""
        key = key_of(text)
        return {self.column.name: key} | (
            {} if self.whole is None else {self.whole.name: None if key == text else text}
        )


KEYS = (
    _Key(tables.objects.c.account),
    _Key(tables.objects.c.object, tables.objects.c.object_text),
    _Key(tables.scopes.c.source_name),
    _Key(tables.scopes.c.stream, tables.scopes.c.stream_text),
    _Key(tables.fresh_keys.c.value),
    _Key(tables.fresh_keys.c.crm_id, tables.fresh_keys.c.crm_id_text),
    _Key(tables.waits.c.stream),
    _Key(tables.waits.c.on_source_id),
    _Key(tables.links.c.stream),
    _Key(tables.links.c.on_source_id, where=(tables.links.c.stream != "",)),  # else it is a match key, kept whole
    *(_Key(table.c.source_id) for table in tables.metadata.sorted_tables if "source_id" in table.c),
)


def of_version_2(table: sa.Table, row: Mapping[Any, Any]) -> dict[str, Any]:
    """Return a row of a ledger of version 1 or 2 as it is kept from version 3 on."""
    changed = dict(row)
    for key in KEYS:
        if key.column.table is table and not (key.where and row["stream"] == ""):
            changed |= key.of(row[key.column.name])
    if table is tables.intents and "links" in row:
        changed["links"] = _keyed_links(row["links"])
    return changed


def _keyed_links(text: str) -> str:
    """Put keys in place of the streams and source ids in the links of a write without an answer."""
    return json.dumps([[name, key_of(stream), key_of(on) if stream else on] for name, stream, on in json.loads(text)])


_STEPS: Mapping[int, Callable[[sa.Connection], None]] = MappingProxyType(
    {1: _from_1, 2: _from_2, 3: _from_3, 4: _from_4}
)
"""The steps, by the version that each begins with. A new table needs no step: it is made anyway."""
