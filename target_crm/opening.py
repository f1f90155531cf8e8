"""What a run opens with its first stream: the account, the ledger, the workers; or, for a dry run, their stand-ins."""

from __future__ import annotations

import logging
import sqlite3
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine

from crm_api.crm import Crm
from target_crm.crew import Crew, Stopping
from target_crm.doubt import Window
from target_crm.ledger import Ledger
from target_crm.ledger_store import Store
from target_crm.ledger_tables import copy_rows, default_url, parsed_url
from target_crm.ledger_values import Source
from target_crm.locks import DatabaseLocks, FileLocks, Locks
from target_crm.office import Office
from target_crm.outcomes import Books
from target_crm.preview import Preview
from target_crm.rehearsal import Rehearsal
from target_crm.rejected import RejectFile
from target_crm.shelf import Shelf

WHOLE_RUN_SECONDS = 1e9  # in a dry run no search ever shows what the run has written


@dataclass(frozen=True)
class Run:
    """One run of the target.

    Attributes:
        id: Names it.
        began: Monotonic seconds.
        stopping: Whether it is to end.
        books: What became of every record.
        logger: For warnings.
        clock: Monotonic seconds.
    """

    id: str
    began: float
    stopping: Stopping
    logger: logging.Logger
    books: Books = field(default_factory=Books)
    clock: Callable[[], float] = time.monotonic


def open_office(config: Mapping[str, Any], crm: Crm, run: Run) -> Office:
    """Open what all streams of a run share.

    Raises:
        SettingError: A file or a URL cannot work.
        LedgerError: The ledger cannot be opened.
        CrmError: The CRM does not tell whose account it is.
    """
    account = crm.account()
    url = config.get("ledger_url") or default_url()
    preview, folder = None, None
    if config["dry_run"]:
        preview = Preview(crm.session.redact)
        crm = Rehearsal(crm, preview.request)
        folder = tempfile.TemporaryDirectory(prefix="singer-crm-dry-run-")
        url = _copied(url, Path(folder.name))
    reject_path = config.get("rejected_path")
    reject_file = RejectFile(reject_path) if reject_path and preview is None else None
    store = Store(url, run.id)
    run.logger.info("Account %s (%s) as %s; ledger %s", account.name, account.id, account.user, store.url)
    source = Source(config["crm"], account.id, config["source_name"])
    ledger = Ledger(store)
    ledger.forget_stale_keys()
    lag_seconds = float(config["index_lag_seconds"]) if crm.index_lags else 0.0
    window = Window(lag_seconds, float(config["request_timeout_seconds"]))
    wait_seconds = float(config["lock_wait_seconds"])
    return Office(
        crm,
        run.id,
        account=account,
        source=source,
        locks=_locks(store.engine, source, run, wait_seconds),
        ledger=ledger,
        shelf=Shelf(store),
        books=run.books,
        crew=Crew(config["max_concurrency"], run.stopping),
        stopping=run.stopping,
        window=window,
        fresh_seconds=window.seconds if preview is None else WHOLE_RUN_SECONDS,
        began=run.began,
        logger=run.logger,
        reject_file=reject_file,
        preview=preview,
        folder=folder,
        clock=run.clock,
    )


def _locks(engine: Engine, source: Source, run: Run, wait_seconds: float) -> Locks:
    if engine.dialect.name == "postgresql":
        return DatabaseLocks(engine, source, run.id, run.stopping, wait_seconds=wait_seconds, clock=run.clock)
    file = Path(engine.url.database or "")
    return FileLocks(file, source, run.id, run.stopping, wait_seconds=wait_seconds, clock=run.clock)


def _copied(url: str, folder: Path) -> str:
    """The URL of a copy of the ledger, for a run that must leave it alone; empty if there is none."""
    parsed = parsed_url(url)
    copy = folder / "ledger.sqlite"
    if parsed.get_backend_name() != "sqlite":
        copy_rows(url, f"sqlite:///{copy}")
    elif parsed.database and Path(parsed.database).exists():
        # Opened as any reader would, so that what another run has only written to the journal is copied too.
        there = f"file:{quote(parsed.database)}?mode=ro"
        with closing(sqlite3.connect(there, uri=True)) as original, closing(sqlite3.connect(copy)) as target:
            original.backup(target)
    return f"sqlite:///{copy}"
