"""The check of the ledger: whether a run could open and write it. Nothing of it is changed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from crm_api.errors import SettingError
from target_crm.ledger.store import open_engine, parsed_url, shown_url
from target_crm.ledger.versions import bring_up_to_date
from target_crm.ledger.waiting import ledger_error


def checked_ledger(url: str) -> str:
    """Check that a run could use the ledger, and say in one line which it is.

    Args:
        url: The value of ``ledger_url``, or the default.

    Raises:
        SettingError: The URL cannot work, the file cannot be opened, or a newer program made the ledger.
        LedgerError: The database cannot be reached or written.
    """
    parsed = parsed_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database and not Path(parsed.database).exists():
        _check_folder(Path(parsed.database).parent)
        return f"{shown_url(url)}: the first run makes it"
    with _ledger_errors(url):
        _try_opening(url)
    return shown_url(url)


def _try_opening(url: str) -> None:
    """Open the ledger as a run does, and take back what that would change."""
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            writer = connection.execution_options(writes=True)
            transaction = writer.begin()
            try:
                bring_up_to_date(writer, shown_url(url))
            finally:
                transaction.rollback()
    finally:
        engine.dispose()


@contextmanager
def _ledger_errors(url: str) -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        raise ledger_error(error, url) from error


def _check_folder(folder: Path) -> None:
    """Check that a ledger could be made in a folder; a folder that is missing is made for that, and removed again."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise SettingError(f"ledger_url: no file can be made in the folder {folder}: {error.strerror}") from error
    finally:
        for each in missing:
            if each.exists():
                os.rmdir(each)  # noqa: PTH106 - only if it is empty
