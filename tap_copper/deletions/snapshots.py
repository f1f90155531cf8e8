"""Snapshots: the ids that each run has seen, one generation for each run; a later run tells by them what is gone."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from crm_api.errors import Exit, SettingError, StopError
from crm_api.transport.store_failures import is_setting, words_of
from crm_api.transport.waits import FOR_SNAPSHOT_SERVER, watched_session

PRIVATE = 0o600
KEPT_BEFORE_BASE = 2  # a target's STATE may be older than the run before this one
KEPT_ENDS = 10  # runs from one base that no run has gone on from: killed ones, and the first runs of other pipelines
BATCH = 1000
LARGEST = 2**63 - 1  # of ids and generations: what a column of 64 bits holds
CONNECT_SECONDS = 30  # to a server that does not answer

_metadata = sa.MetaData()
_generations = sa.Table(
    "generations",
    _metadata,
    sa.Column("account", sa.String(64), primary_key=True),
    sa.Column("generation", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("base", sa.BigInteger),
)
_ids = sa.Table(
    "ids",
    _metadata,
    sa.Column("account", sa.String(64), primary_key=True),
    sa.Column("generation", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("stream", sa.String(64), primary_key=True),
    sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)


class SnapshotStoreError(StopError):
    """The database of the snapshots cannot be reached, or fails."""

    exit = Exit.UNREACHABLE
    happened = "The store of the snapshots failed"
    advice = "Check snapshot_url and the server or the disk behind it."


class Snapshots:
    """The generations of one account, in a database.

    Args:
        url: A SQLAlchemy URL; that of PostgreSQL may leave out the driver.
        account: The account's id.

    Raises:
        SettingError: The URL cannot work, or its server does not let us in.
        SnapshotStoreError: The database cannot be reached, or fails; every method may raise it.
    """

    def __init__(self, url: str, account: str) -> None:
        self._account = account
        self._url = url
        with self._errors():
            self._engine = _engine(sa.make_url(url))
            try:
                _make_private(self._engine.url)
                _metadata.create_all(self._engine)
            except BaseException:
                self._engine.dispose()
                raise

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except (sa.exc.SQLAlchemyError, ImportError, OSError) as error:
            raise _store_error(error, self._url) from error

    @contextmanager
    def _read(self) -> Iterator[sa.Connection]:
        with self._errors(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _write(self) -> Iterator[sa.Connection]:
        with self._errors(), self._engine.begin() as connection:
            yield connection

    def begin(self, base: int | None) -> int:
        """Begin a generation, and drop generations that no STATE can name any more.

        Several pipelines may read one account and keep their ids here, each with a STATE of its own: only ancestors of
        the generation that this STATE names are dropped, and branches that no run has gone on from.

        Args:
            base: The generation that STATE names; None if it names none.

        Returns:
            The new generation.
        """
        with self._write() as connection:
            mine = sa.select(_generations.c.generation, _generations.c.base)
            rows = connection.execute(mine.where(_generations.c.account == self._account)).all()
            known: dict[int, int | None] = {row.generation: row.base for row in rows}
            for old in _outlived(known, base):
                for table in (_ids, _generations):
                    connection.execute(
                        table.delete().where(table.c.account == self._account, table.c.generation == old)
                    )
            new = max([*known, base or 0]) + 1
            connection.execute(_generations.insert().values(account=self._account, generation=new, base=base))
        return new

    def knows(self, generation: int) -> bool:
        """Whether a generation is kept."""
        query = sa.select(_generations).where(
            _generations.c.account == self._account, _generations.c.generation == generation
        )
        with self._read() as connection:
            return connection.execute(query).first() is not None

    def add(self, generation: int, stream: str, ids: Iterable[int]) -> None:
        """Add ids of a stream to a generation; ids that it holds already stay, and such as no database keeps go."""
        frame = {"account": self._account, "generation": generation, "stream": stream}
        rows = [{**frame, "id": each} for each in ids if -LARGEST <= each <= LARGEST]
        if not rows:
            return
        with self._write() as connection:
            for first in range(0, len(rows), BATCH):
                part = rows[first : first + BATCH]
                given = self._of(generation, stream).where(_ids.c.id.in_([row["id"] for row in part]))
                known = set(connection.scalars(given).all())
                if new := [row for row in part if row["id"] not in known]:
                    connection.execute(_ids.insert(), new)

    def carry(self, base: int, generation: int, but: Collection[str]) -> None:
        """Keep what an earlier generation holds of streams that this run does not list.

        Args:
            base: The earlier generation.
            generation: The generation of this run.
            but: Names of the streams that this run lists.
        """
        columns = ["account", "generation", "stream", "id"]
        of_base = (_ids.c.account == self._account, _ids.c.generation == base)
        with self._write() as connection:
            streams = connection.scalars(sa.select(_ids.c.stream).where(*of_base).distinct()).all()
            for stream in streams:
                if stream not in but:
                    given = sa.select(_ids.c.account, sa.literal(generation), _ids.c.stream, _ids.c.id).where(
                        *of_base, _ids.c.stream == stream, _ids.c.id.not_in(self._of(generation, stream))
                    )
                    connection.execute(_ids.insert().from_select(columns, given))

    def count(self, generation: int, stream: str) -> int:
        """Count the ids of a stream that a generation holds."""
        with self._read() as connection:
            query = sa.select(sa.func.count()).select_from(self._of(generation, stream).subquery())
            return int(connection.execute(query).scalar_one())

    def missing(self, base: int, generation: int, stream: str) -> list[int]:
        """The ids of a stream that an earlier generation holds and this run's does not, in ascending order."""
        query = self._of(base, stream).where(_ids.c.id.not_in(self._of(generation, stream))).order_by(_ids.c.id)
        with self._read() as connection:
            return list(connection.scalars(query).all())

    def _of(self, generation: int, stream: str) -> sa.Select[int]:
        return sa.select(_ids.c.id).where(
            _ids.c.account == self._account, _ids.c.generation == generation, _ids.c.stream == stream
        )


def _engine(url: sa.URL) -> sa.Engine:
    """Open an engine; PostgreSQL's with the driver that the extra installs, and an end to waits for a connection."""
    given: dict[str, int] = {}
    if url.drivername in {"postgresql", "postgres"}:
        url = url.set(drivername="postgresql+psycopg")
    if url.drivername == "postgresql+psycopg" and "connect_timeout" not in url.query:
        given = {"connect_timeout": CONNECT_SECONDS}
    engine = sa.create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args=given)
    if engine.driver == "psycopg":
        sa.event.listen(engine, "do_connect", _connected)
    return engine


def _connected(_: sa.Dialect, __: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Any:
    with FOR_SNAPSHOT_SERVER.told():
        return watched_session(FOR_SNAPSHOT_SERVER).connect(*arguments, **options)


def _store_error(error: Exception, url: str) -> StopError:
    """Make an error of what the database said, without the password that the URL may hold."""
    if isinstance(error, ModuleNotFoundError) and error.name == "psycopg":
        return SettingError("snapshot_url names PostgreSQL, which needs the extra singer-crm[postgres]. Install it")
    orig = getattr(error, "orig", None)
    if isinstance(error, sa.exc.DBAPIError) and isinstance(orig, Exception):
        if not is_setting(orig):
            return SnapshotStoreError(said=words_of(orig, url))
        error = orig
    return SettingError(f"snapshot_url cannot be used: {words_of(error, url)}")


def _outlived(known: Mapping[int, int | None], base: int | None) -> set[int]:
    """The generations that no STATE can name any more.

    Args:
        known: The base of each generation.
        base: The generation that the STATE of this run names; None if it names none.
    """
    line: list[int] = []
    ancestor = base
    while ancestor is not None and ancestor in known and ancestor not in line:
        line.append(ancestor)
        ancestor = known[ancestor]
    outlived = set(line[1 + KEPT_BEFORE_BASE :])
    for generation in sorted(known):  # none is older than its base
        if known[generation] in outlived and generation not in line:
            outlived.add(generation)
    ends: dict[int | None, list[int]] = {}
    for generation in sorted(known.keys() - set(known.values()) - set(line)):
        ends.setdefault(known[generation], []).append(generation)
    return outlived.union(*(alike[:-KEPT_ENDS] for alike in ends.values()))


def check_store(url: str) -> None:
    """Check that a run could keep snapshots in a database. Nothing of it is changed.

    Raises:
        SettingError: The URL cannot work, or its server does not let us in.
        SnapshotStoreError: The database cannot be reached, or fails.
    """
    try:
        engine = _engine(sa.make_url(url))
        if engine.dialect.name == "sqlite" and not Path(engine.url.database or "").exists():
            return  # the first run makes it
        try:
            with engine.connect() as connection, connection.begin() as transaction:
                _metadata.create_all(connection)
                transaction.rollback()
        finally:
            engine.dispose()
    except (sa.exc.SQLAlchemyError, ImportError, OSError) as error:
        raise _store_error(error, url) from error


def default_url() -> str:
    """The URL of the database where no setting names one: in the user's state folder (XDG base directories)."""
    state = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return f"sqlite:///{Path(state) / 'singer-crm' / 'snapshots.sqlite'}"


def _make_private(url: sa.URL) -> None:
    """Make the file of a SQLite URL, which only its owner may read."""
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        return
    path = Path(url.database)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=PRIVATE)
    path.chmod(PRIVATE)
