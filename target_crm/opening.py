"""What a run opens with its first stream: the account, the ledger, the workers."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from crm_api.crm import Account, Crm
from target_crm.crew import Crew, Stopping
from target_crm.doubt import Window
from target_crm.ledger import Ledger
from target_crm.ledger_store import Store
from target_crm.ledger_tables import default_url
from target_crm.ledger_values import Held, Source
from target_crm.locks import FileLocks
from target_crm.office import Office
from target_crm.outcomes import Books
from target_crm.shelf import Shelf


def open_office(  # noqa: PLR0913 - what a run is made of, all named
    config: Mapping[str, Any],
    crm: Crm,
    account: Account,
    *,
    run_id: str,
    began: float,
    stopping: Stopping,
    books: Books,
    logger: logging.Logger,
    on_hold: Callable[[Sequence[Held]], None] | None,
    clock: Callable[[], float] = time.monotonic,
) -> Office:
    """Open what all streams of a run share.

    Raises:
        SettingError: The ledger's URL cannot work.
        LedgerError: The ledger cannot be opened.
    """
    store = Store(config.get("ledger_url") or default_url(), run_id)
    logger.info("Account %s (%s) as %s; ledger %s", account.name, account.id, account.user, store.url)
    ledger = Ledger(store)
    source = Source(config["crm"], account.id, config["source_name"])
    locks = FileLocks(
        store.file, source, run_id, stopping, wait_seconds=float(config["lock_wait_seconds"]), clock=clock
    )
    ledger.forget_stale_keys()
    lag_seconds = float(config["index_lag_seconds"]) if crm.index_lags else 0.0
    return Office(
        crm,
        run_id,
        source=source,
        locks=locks,
        ledger=ledger,
        shelf=Shelf(store),
        books=books,
        crew=Crew(config["max_concurrency"], stopping),
        stopping=stopping,
        window=Window(lag_seconds, float(config["request_timeout_seconds"])),
        began=began,
        logger=logger,
        on_hold=on_hold,
        clock=clock,
    )
