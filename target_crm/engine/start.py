"""The opening of a run, with its first stream: the account, the ledger, the workers; or a dry run's stand-ins."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from crm_api.console import as_typed
from crm_api.crm import Account, Crm
from crm_api.errors import SettingError
from crm_api.settings import network
from crm_api.transport.redaction import Redactor
from target_crm.concurrency import Stopping, WorkerPool
from target_crm.crms import account_of, signed_by
from target_crm.engine.approval import Approval, Opened
from target_crm.engine.outcome_recorder import OutcomeRecorder
from target_crm.engine.run import RecentWrites, Run, Timing, Window, logger
from target_crm.ledger.copying import copied
from target_crm.ledger.ledger import Ledger
from target_crm.ledger.opening import OpenedLedger, Writing
from target_crm.ledger.outcome_lines import OutcomeLines
from target_crm.ledger.presence import has_ledger, lack_of_ledger
from target_crm.ledger.queries import LedgerQueries
from target_crm.ledger.runs import RunLine
from target_crm.ledger.store import Store, default_url, shown_url
from target_crm.ledger.tables import key_of
from target_crm.ledger.tenants import Tenants
from target_crm.ledger.values import Held, Source
from target_crm.ledger.witness import Generations, StepBack, Witness, compared, read_witness
from target_crm.partition import Partition
from target_crm.report.books import Books
from target_crm.report.outcomes import Observer

if TYPE_CHECKING:
    from crm_api.transport.leases import Leases
    from target_crm.engine.dry_run import DryRunCrm

WHOLE_RUN_SECONDS = 1e9  # in a dry run no search ever shows what the run has written


def open_run(
    config: Mapping[str, Any],
    crm: Crm,
    *,
    run_id: str,
    books: Books,
    began: float,
    stopping: Stopping,
    clock: Callable[[], float],
    approval: Approval | None = None,
    partition: Partition | None = None,
) -> Run:
    """Open what all streams of a run share.

    Args:
        config: The settings.
        crm: Reaches the account.
        run_id: Names the run.
        books: Count what becomes of records.
        began: When the process began (seconds of ``clock``).
        stopping: Whether the run is to end.
        clock: Monotonic seconds.
        approval: Sees what is about to be done, and may object; None: whoever makes a plan, or nobody.
        partition: The share of every stream that is written; None: all of it.

    Raises:
        SettingError: A file or a URL cannot work.
        LedgerError: The ledger cannot be opened.
        CrmError: The CRM does not tell whose account it is.
    """
    told = account_of(crm)
    url = config.get("ledger_url") or default_url()
    observers: list[Observer] = []
    if config["dry_run"]:
        crm, url, approval = _for_dry_run(config, crm, observers, approval)
    if config["require_ledger"] and (lack := lack_of_ledger(url)) is not None:
        raise SettingError(
            f"{lack}, and require_ledger is on: restore the one that is missing, or "
            f"make one with {as_typed('ledger rebuild --stream STREAM --attribute ATTRIBUTE')}"
        )
    before = read_witness(config.get("report_path"))
    if not config["dry_run"] and (reject_path := config.get("rejected_path")):
        from target_crm.report.reject_file import RejectFile  # noqa: PLC0415 - only those who name one need it

        observers.append(RejectFile(reject_path))
    opened = OpenedLedger(url, run_id)
    store = opened.store
    with ExitStack() as unless_it_opens:
        for observer in observers:
            unless_it_opens.callback(observer.close)
        unless_it_opens.callback(opened.close)
        account, source = Tenants(store, config, signed_by(config)).enter(told)
        leases = leases_of(config)
        back = _compare(store, source, before, leases, config)
        lag_seconds = float(config["index_lag_seconds"]) if crm.index_lags else 0.0
        window = Window(lag_seconds, float(config["request_timeout_seconds"]))
        known_elsewhere = source.account if told.by_address else key_of(told.id)
        wait_seconds = float(config["lock_wait_seconds"])
        writing = Writing(run_id, source, known_elsewhere, stopping, wait_seconds, window.seconds, clock)
        generations = Generations(store, before, back, counts=not config["dry_run"])
        locks = opened.sole_writer(writing, None if config["dry_run"] else leases, generations)
        locks.partition = partition
        unless_it_opens.callback(locks.close)
        crm.session.require(locks.permit)
        began_at = store.now()
        _introduce(store, source, account, f"a copy of {_shown_url(config)}" if config["dry_run"] else store.url)
        keep_values_days = float(config["keep_values_days"])
        ledger = Ledger(
            store,
            keeps_values=keep_values_days > 0,
            generations=generations,
            run_line=None if config["dry_run"] else RunLine(store, source, began_at),
        )
        ledger.fresh_keys.forget_stale()
        if config["dry_run"]:
            cast("DryRunCrm", crm).expect_refusals(ledger.held_records.each(source, "rejected"))
        else:
            ledger.kept_values.prune(keep_values_days)
            ledger.prune_history(float(config["history_days"]), keep_values_days)
        if isinstance(approval, Observer):
            observers.append(approval)
        lines = OutcomeLines(store, partial(ledger.scope, source))
        pool = WorkerPool(config["max_concurrency"], stopping)
        if not config["dry_run"] and (config.get("responses_path") or config.get("responses_url")):
            observers.append(_responses(config, run_id, crm.session.redact, stopping, clock))
        run = Run(
            run_id,
            crm,
            source,
            ledger,
            locks,
            OutcomeRecorder(run_id, books, observers, lines, began_at, _shown(crm, log_values=config["log_values"])),
            RecentWrites(WHOLE_RUN_SECONDS if config["dry_run"] else window.seconds, clock),
            pool,
            Timing(began, window, stopping, clock),
            approval or Approval(),
        )
        run.approval.begin(Opened(run_id, crm, source, ledger, pool.gather))
        unless_it_opens.pop_all()
        return run


def _for_dry_run(
    config: Mapping[str, Any], crm: Crm, observers: list[Observer], approval: Approval | None
) -> tuple[Crm, str, Approval | None]:
    """Return the account and the ledger of a dry run, which writes to neither; what would be done is shown."""
    from target_crm.engine.dry_run import DryRunCrm  # noqa: PLC0415 - only a dry run needs it
    from target_crm.report.preview import Preview  # noqa: PLC0415 - only a dry run needs it

    url = config.get("ledger_url") or default_url()
    folder = tempfile.TemporaryDirectory(prefix="singer-crm-dry-run-")
    preview = Preview(crm.session.redact, on_close=folder.cleanup)
    observers.append(preview)
    dry = DryRunCrm(crm, preview.request)
    if approval is None and (plan_path := config.get("plan_path")):
        from target_crm.plans.plan_recorder import PlanRecorder  # noqa: PLC0415 - only who makes a plan needs it
        from target_crm.plans.settings_digest import settings_digest  # noqa: PLC0415 - only who makes a plan needs it

        approval = PlanRecorder(Path(plan_path), settings_digest(config), dry, has_ledger=has_ledger(url))
    return dry, copied(url, Path(folder.name)), approval


def leases_of(config: Mapping[str, Any]) -> Leases | None:
    """Return the leases in the store of the shared quota; None without one."""
    if not (url := config.get("quota_url")):
        return None
    from crm_api.transport.leases import open_leases  # noqa: PLC0415 - only who shares a quota needs it

    return open_leases(url)


def _compare(
    store: Store, source: Source, reported: Witness | None, leases: Leases | None, config: Mapping[str, Any]
) -> StepBack | None:
    """Say that the ledger knows less than it did, if it does.

    Raises:
        SettingError: It does, and require_ledger is on.
        StopError: The store fails.
    """
    url = store.url
    if config["dry_run"]:  # which has a copy of its own
        url = _shown_url(config)
    back = compared(store, url, source, reported, leases)
    if back is not None and config["require_ledger"]:
        raise SettingError(back.said)
    if back is not None:
        logger.warning("%s", back.said)
    return back


def _shown_url(config: Mapping[str, Any]) -> str:
    return shown_url(config.get("ledger_url") or default_url())


def _introduce(store: Store, source: Source, account: Account, ledger: str) -> None:
    """Say whose account it is, and which ledger, how full and how old; warn if it looks like another's."""
    known = LedgerQueries(store).known_of(source.crm, source.account)
    last = known.written_at
    since = "never written" if last is None else f"last written {datetime.fromtimestamp(last, UTC):%Y-%m-%d %H:%M} UTC"
    logger.info(
        "Run %s: account %s (%s) as %s; ledger %s, %d records, %s",
        store.run_id,
        account.name,
        source.account,
        account.user,
        ledger,
        known.records,
        since,
    )
    if known.accounts and source.account not in known.accounts:
        others = ", ".join(sorted(known.accounts))
        logger.warning(
            "The ledger knows only other accounts (%s): every record is looked for in account %s by its match keys",
            others,
            source.account,
        )


def _responses(
    config: Mapping[str, Any], run_id: str, redact: Redactor, stopping: Stopping, clock: Callable[[], float]
) -> Observer:
    """Return what captures outcomes."""
    from target_crm.report.responses import ResponseFile, Responses, Webhook  # noqa: PLC0415 - only some capture them

    path, url = config.get("responses_path"), config.get("responses_url")
    if path and url:
        raise SettingError("Give either responses_path or responses_url, not both")
    if path:
        return Responses(ResponseFile(path), run_id, redact)
    reached = replace(network(config), headers={})  # those are the CRM's
    return Responses(Webhook(str(url), reached, stopping.nap, logger.warning, clock), run_id, redact)


def _shown(crm: Crm, *, log_values: bool) -> Callable[[Held], str]:
    """Return what says why a record is held, on stderr: with the value at fault only where the settings ask for it."""
    if not log_values:
        return attrgetter("reason")
    return lambda held: crm.session.redact(held.reason_with_value)
