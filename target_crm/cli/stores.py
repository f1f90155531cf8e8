"""The check of the ledger: whether a run could open and write it, and whether it lacks something. Nothing changes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from crm_api.crm import Account
from crm_api.errors import SettingError
from target_crm.cli.common import seen_ledger, url_of_ledger
from target_crm.engine.start import leases_of
from target_crm.ledger.presence import has_ledger
from target_crm.ledger.store import open_engine, parsed_url, shown_url
from target_crm.ledger.tables import key_of
from target_crm.ledger.values import Source
from target_crm.ledger.versions import bring_up_to_date
from target_crm.ledger.waiting import ledger_error
from target_crm.ledger.witness import StepBack, Witness, compared, read_witness, step_back
from target_crm.target import TargetCrm


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


def stepped_back(target: TargetCrm, account: Account) -> StepBack | None:
    """Find out whether the ledger knows less than the last report, or the shared quota's store, says that it did.

    Args:
        target: Has the settings.
        account: The account that they reach.

    Raises:
        CrmError: The ledger or the store fails.
    """
    config, url = target.config, url_of_ledger(target)
    reported, shown = read_witness(config.get("report_path")), shown_url(url)
    if not has_ledger(url):
        return step_back(Witness("", 0, shown), reported, "the last report")
    name = key_of(config.get("account_name") or account.id)
    source = Source(config["crm"], name, key_of(config["source_name"]))
    with seen_ledger(target) as store:
        return compared(store, shown, source, reported, leases_of(config))


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
