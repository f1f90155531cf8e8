"""Whether there is a ledger at a URL, of which version, and whether it holds anything. Looking makes none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from target_crm.ledger import tables
from target_crm.ledger.store import open_engine, parsed_url, shown_url, sqlite_file
from target_crm.ledger.versions import is_earlier
from target_crm.ledger.waiting import ledger_error


def has_ledger(url: str) -> bool:
    """Tell whether there is a ledger at a URL, be it an empty one.

    Raises:
        SettingError: The URL cannot work.
        LedgerError: The database fails.
    """
    return lack_of_ledger(url, may_be_empty=True) is None


def lack_of_ledger(url: str, *, may_be_empty: bool = False) -> str | None:
    """Say that there is no ledger at a URL, or that it is empty; None if neither is so.

    A ledger is empty if no run was ever counted in it, no stream was imported, and nobody accepted it as it is. Looking
    made such ledgers once.

    Args:
        url: The ledger's URL.
        may_be_empty: Whether an empty ledger is as good as any.

    Raises:
        SettingError: The URL cannot work.
        LedgerError: The database fails.
    """
    parsed = parsed_url(url)
    none = f"There is no ledger at {shown_url(url)}"
    if parsed.get_backend_name() == "sqlite" and _is_missing(sqlite_file(parsed)):
        return none
    with _reading(url) as connection:
        if not sa.inspect(connection).has_table(tables.version.name):
            return none
        if may_be_empty or not _is_empty(connection):
            return None
        return f"The ledger {shown_url(url)} is empty: no run has written it"


def is_of_earlier_version(url: str) -> bool:
    """Tell whether a ledger that is there is of an earlier version, which the next run brings up to date.

    Raises:
        SettingError: It does not say which version it is.
        LedgerError: The database fails.
    """
    with _reading(url) as connection:
        return is_earlier(connection, shown_url(url))


@contextmanager
def _reading(url: str) -> Iterator[sa.Connection]:
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            yield connection
    except SQLAlchemyError as error:
        raise ledger_error(error, url) from error
    finally:
        engine.dispose()


def _is_missing(file: Path) -> bool:
    """Tell whether a file is missing; of one that cannot be reached, its opening says why."""
    try:
        file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _is_empty(connection: sa.Connection) -> bool:
    """Tell whether a ledger of any version is empty."""
    there, identity = sa.inspect(connection), tables.identity
    if there.has_table(tables.scopes.name) and connection.execute(sa.select(tables.scopes.c.id).limit(1)).first():
        return False
    if not there.has_table(identity.name):  # an early version, which counted no runs
        return True
    counted = sa.or_(identity.c.generation > 0, identity.c.accepted_at.is_not(None))
    return connection.execute(sa.select(identity.c.id).where(counted)).first() is None
