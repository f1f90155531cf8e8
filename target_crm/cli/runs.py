"""The command ``singer-crm runs``: the runs of target-crm that the ledger keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import click
from rich.table import Table

from crm_api.errors import Exit, SettingError, StopError
from target_crm.cli.common import (
    OPERATOR,
    config_option,
    console,
    end_at_once,
    one_sentence,
    opened_ledger,
    seen_ledger,
    target_of,
)
from target_crm.cli.page import page_option, put_page
from target_crm.engine.notify import note_silence, tell
from target_crm.ledger.runs import KeptRuns, accounts_of
from target_crm.ledger.tables import key_of
from target_crm.ledger.values import Source
from target_crm.pages.runs_page import runs_page
from target_crm.report.endings import in_a_word
from target_crm.report.receiver import SETTING as NOTIFY_URL
from target_crm.report.receiver import checked_receiver
from target_crm.report.run_reports import run_reports
from target_crm.report.thresholds import NOT_RUN_FOR, SETTING, duration
from target_crm.target import TargetCrm

LAST = 20
WIDTH_WITH_NAMES = 120  # columns of a terminal from which on there is room for the names of runs
DIGEST_DIGITS = 12  # of a plan's SHA-256 that tell it from others
MINUTE_SECONDS = 60
HOUR_SECONDS = 3600


@click.command()
@config_option
@click.option(
    "--last",
    type=click.IntRange(min=1),
    help=f"List so many runs, the newest first: {LAST} by default, for a page all.",
)
@click.option(
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Print a table for people, or a JSON list for programs.",
)
@page_option
@click.option(
    "--notify",
    is_flag=True,
    help="List nothing: tell notify_url if no run came to its end for too long, or if that is over. For cron.",
)
@click.option(
    "--not-run-for",
    metavar="DURATION",
    help="How long is too long, such as 90m, 26h or 2d; else not_run_for in notify_when says it.",
)
@one_sentence
def runs(
    config: Sequence[str],
    last: int | None,
    output: str,
    html: str | None,
    *,
    notify: bool,
    not_run_for: str | None,
) -> None:
    """List the runs of target-crm, or draw them.

    Shows when each began, for how long it ran, from which source, how its records ended, its requests, and how it
    ended. All runs of the ledger are listed; with account_name, those of that account. Dry runs are not kept, nor is a
    run that ended before it opened the ledger: by a wrong setting, or since the CRM could not be reached.
    """
    if html is not None and output != "text":
        raise click.UsageError("--html makes a page in place of printing: leave out --output")
    target = target_of(config)
    end_at_once()
    if notify:
        _notify(target, not_run_for)
        return
    if not_run_for is not None:
        raise click.UsageError("--not-run-for belongs to --notify")
    if html is not None:
        put_page(html, runs_page(reports_of_runs(target, last), datetime.now(UTC).isoformat()))
        return
    reports = reports_of_runs(target, last or LAST)
    if output == "json":
        click.echo(json.dumps(reports, indent=2, ensure_ascii=False))
    elif reports:
        _print(reports)
    else:
        click.echo("The ledger keeps no run yet", err=True)


def reports_of_runs(target: TargetCrm, last: int | None) -> list[dict[str, Any]]:
    """Return the reports of the newest runs of a target's ledger, the newest first.

    Args:
        target: Has the settings; with account_name, the runs of that account alone are meant.
        last: How many; None: all that the ledger keeps.

    Raises:
        SettingError: There is no ledger.
        LedgerError: It cannot be read.
    """
    name = target.config.get("account_name")
    with seen_ledger(target) as store:
        return run_reports(KeptRuns(store, None if name is None else key_of(name)).newest(last))


def _notify(target: TargetCrm, not_run_for: str | None) -> None:
    """Tell the receiver of each account that a source writes, if something is to be told.

    Raises:
        SettingError: It is not said whom to tell, or how long is too long; or there is no ledger.
        StopError: The receiver does not take it.
    """
    config = target.config
    limit = not_run_for or (config.get(SETTING) or {}).get(NOT_RUN_FOR)
    if not config.get(NOTIFY_URL):
        raise SettingError(f"There is nobody to tell: set {NOTIFY_URL}")
    if limit is None:
        raise SettingError(f"Say how long is too long: --not-run-for 26h, or {NOT_RUN_FOR} in {SETTING}")
    longest_seconds = duration(limit, f"{SETTING}.{NOT_RUN_FOR}" if not_run_for is None else "--not-run-for")
    checked_receiver(config[NOTIFY_URL])
    crm, source_name = config["crm"], key_of(config["source_name"])
    own = config.get("account_name")
    with opened_ledger(target) as store:
        accounts = accounts_of(store, crm, source_name) if own is None else [key_of(own)]
        sources = [Source(crm, account, source_name) for account in accounts or [""]]  # where none was ever written
        for source in sources:
            note_silence(store, source, longest_seconds, limit)
    told = 0
    for source in sources:
        taken, failure = tell(config, source, OPERATOR)
        told += taken
        if failure:
            raise NotToldError(said=failure)
    if told:
        click.echo(f"{'1 notice was' if told == 1 else f'{told} notices were'} sent to {NOTIFY_URL}", err=True)


class NotToldError(StopError):
    """The receiver of notices did not take one."""

    exit = Exit.UNREACHABLE
    happened = f"A notice did not reach {NOTIFY_URL}"
    advice = "The next call, and the next run, try again."


def _print(reports: Sequence[Mapping[str, Any]]) -> None:
    shown = console()
    has_room = shown.width >= WIDTH_WITH_NAMES
    table = Table(box=None, pad_edge=False)
    table.add_column("began (UTC)", no_wrap=True)
    table.add_column("took", justify="right", no_wrap=True)
    table.add_column("source", overflow="fold")
    table.add_column("records", overflow="fold", min_width=20)
    table.add_column("requests", justify="right", no_wrap=True)
    table.add_column("ended", no_wrap=True)
    if has_room:
        table.add_column("run", overflow="fold")
    has_several = len({(each["crm"], each["account"]) for each in reports}) > 1
    for each in reports:
        began = f"{datetime.fromisoformat(each['began_at']):%Y-%m-%d %H:%M}"
        account = f" into {each['crm']} {each['account']}" if has_several else ""
        requests = "" if each["requests"] is None else f"{each['requests']:,}"
        source, end = f"{each['source_name']}{account}{_what(each)}", _end(each, has_room=has_room)
        cells = began, _took(each["seconds"]), source, _records(each), requests, end
        table.add_row(*cells, *([each["run_id"]] if has_room else []))
    shown.print(table, markup=False)
    if not has_room:
        click.echo("The names of the runs: in a wider terminal, or with --output json", err=True)


def _what(report: Mapping[str, Any]) -> str:
    """Say what a run was that is no pipeline's."""
    if report["undo_of"] is not None:
        return f", takes back {report['undo_of']}"
    return "" if report["plan"] is None else f", applies plan {report['plan'][:DIGEST_DIGITS]}"


def _took(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < MINUTE_SECONDS:
        return f"{seconds:.1f} s"
    if seconds < HOUR_SECONDS:
        return f"{seconds / MINUTE_SECONDS:.0f} min"
    return f"{seconds / HOUR_SECONDS:.1f} h"


def _records(report: Mapping[str, Any]) -> str:
    """Say how the records of a run ended, and how many it deleted because their source no longer has them."""
    if report["outcomes"] is None:
        return ""
    counts = {**report["outcomes"], "deleted": report["deleted"]}
    return ", ".join(f"{count:,} {outcome}" for outcome, count in counts.items() if count) or "none"


def _end(report: Mapping[str, Any], *, has_room: bool) -> str:
    code = report["exit_code"]
    if report["ended_at"] is None:
        return "no end: killed, or still running" if has_room else "no end"
    why = in_a_word(code)
    if code == Exit.DONE:
        return why
    return f"exit {code}: {why}" if has_room and why else f"exit {code}"
