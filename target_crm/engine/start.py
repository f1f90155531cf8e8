"""What a run opens with its first stream: the account, the ledger, the workers; or, for a dry run, their stand-ins."""

from __future__ import annotations

import logging
import sqlite3
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Engine, make_url

from crm_api.crm import Account, Crm
from crm_api.errors import SettingError
from crm_api.settings import network
from target_crm.concurrency import Stopping, WorkerPool
from target_crm.engine.dry_run import DryRunCrm
from target_crm.engine.in_doubt import Window
from target_crm.engine.run import Office
from target_crm.ledger.claims import Claims
from target_crm.ledger.held import HeldRecords
from target_crm.ledger.ledger import Ledger
from target_crm.ledger.links import Links
from target_crm.ledger.locks import DatabaseLocks, FileLocks, Locks
from target_crm.ledger.queries import LedgerQueries
from target_crm.ledger.store import Store
from target_crm.ledger.tables import default_url, has_ledger, parsed_url
from target_crm.ledger.values import Source
from target_crm.ledger.versions import copy_rows
from target_crm.report.outcomes import Books
from target_crm.report.preview import Preview
from target_crm.report.reject_file import RejectFile
from target_crm.report.responses import ResponseFile, Responses, Webhook
from target_crm.report.summary import begin_report

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
        crm = DryRunCrm(crm, preview.request)
        folder = tempfile.TemporaryDirectory(prefix="singer-crm-dry-run-")
        url = _copied(url, Path(folder.name))
    if config["require_ledger"] and not has_ledger(url):
        raise SettingError(
            f"There is no ledger at {make_url(url)}, and require_ledger is on: bring back the one that was lost, or "
            "make one with singer-crm ledger rebuild"
        )
    if report_path := config.get("report_path"):
        begin_report(report_path)
    reject_path = config.get("rejected_path")
    reject_file = RejectFile(reject_path) if reject_path and preview is None else None
    store = Store(url, run.id)
    source = Source(config["crm"], account.id, config["source_name"])
    _introduce(store, source, account, run.logger)
    locks = _locks(store.engine, source, run, float(config["lock_wait_seconds"]))
    ledger = Ledger(store, history_values=config["history_values"], check=locks.check)
    ledger.forget_stale_keys()
    lag_seconds = float(config["index_lag_seconds"]) if crm.index_lags else 0.0
    window = Window(lag_seconds, float(config["request_timeout_seconds"]))
    return Office(
        crm,
        run.id,
        account=account,
        source=source,
        locks=locks,
        ledger=ledger,
        claims=Claims(store),
        held_records=HeldRecords(store),
        links=Links(store),
        books=run.books,
        pool=WorkerPool(config["max_concurrency"], run.stopping),
        stopping=run.stopping,
        window=window,
        fresh_seconds=window.seconds if preview is None else WHOLE_RUN_SECONDS,
        began=run.began,
        logger=run.logger,
        reject_file=reject_file,
        responses=None if preview is not None else _responses(config, run),
        preview=preview,
        folder=folder,
        clock=run.clock,
    )


def _introduce(store: Store, source: Source, account: Account, logger: logging.Logger) -> None:
    """Say whose account it is, and which ledger, how full and how old; warn if it looks like another's."""
    known = [each for each in LedgerQueries(store).accounts() if each.crm == source.crm]
    here = [each for each in known if each.account == source.account]
    records = sum(each.records for each in here)
    last = max((each.written_at for each in here if each.written_at is not None), default=None)
    since = "never written" if last is None else f"last written {datetime.fromtimestamp(last, UTC):%Y-%m-%d %H:%M} UTC"
    logger.info(
        "Account %s (%s) as %s; ledger %s, %d records, %s",
        account.name,
        account.id,
        account.user,
        store.url,
        records,
        since,
    )
    if known and not here:
        others = ", ".join(sorted({each.account for each in known}))
        logger.warning(
            "The ledger knows only other accounts (%s): every record is looked for in account %s by its match keys",
            others,
            account.id,
        )


def _responses(config: Mapping[str, Any], run: Run) -> Responses | None:
    path, url = config.get("responses_path"), config.get("responses_url")
    if path and url:
        raise SettingError("Give either responses_path or responses_url, not both")
    if path:
        return Responses(ResponseFile(path), run.id)
    if url:
        reached = replace(network(config), headers={})  # those are the CRM's
        return Responses(Webhook(url, reached, run.stopping.nap, run.logger.warning, run.clock), run.id)
    return None


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
