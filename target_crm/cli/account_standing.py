"""The commands ``singer-crm accounts status``, ``locks``, ``unlock``: how accounts stand, and who writes them now."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from crm_api.errors import Exit
from target_crm.accounts.accounts_file import accounts_of, chosen
from target_crm.accounts.entries import Accounts
from target_crm.accounts.standing import Standing, standings
from target_crm.cli.account_options import accounts_option, names_argument, output_option
from target_crm.cli.common import OPERATOR, console, one_sentence
from target_crm.ledger.held_locks import HeldLock, end_session
from target_crm.ledger.store import Store
from target_crm.report.run_reports import iso_time

say = partial(click.echo, err=True)


@click.command()
@names_argument
@accounts_option
@output_option
@one_sentence
def status(names: Sequence[str], path: Path, output: str) -> None:
    """Tell how accounts stand: their STATE, their last run, and what of them is being written now."""
    accounts = accounts_of(path)
    rows = [_row(each) for each in _standings(accounts, names)]
    if output == "json":
        for row in rows:
            click.echo(json.dumps(row, ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("account", "last run (UTC)", "ended", "STATE of", "kept (UTC)", "being written"):
        table.add_column(heading, overflow="fold")
    for row in rows:
        last, states = row["last_run"], row["states"]
        pipelines = "\n".join(each["pipeline"] for each in states)
        kept = "\n".join(_minute(each["at"]) for each in states)
        began = _minute(last["began_at"]) if last else "never"
        written = ", ".join(each["object"] for each in row["locks"])
        table.add_row(row["account"], began, _ended(last), pipelines, kept, written)
    console().print(table, markup=False)
    _tell_flaws(accounts, names)


@click.command()
@names_argument
@accounts_option
@output_option
@one_sentence
def locks(names: Sequence[str], path: Path, output: str) -> None:
    """List which objects of accounts are being written, by which process, and since when."""
    accounts = accounts_of(path)
    for each in _standings(accounts, names):
        for lock in each.locks:
            row = {"account": each.name, **_lock(lock)}
            click.echo(json.dumps(row, ensure_ascii=False) if output == "json" else _in_words(row))
    _tell_flaws(accounts, names)


@click.command()
@click.argument("name", metavar="ACCOUNT")
@accounts_option
@one_sentence
def unlock(name: str, path: Path) -> None:
    """Take an account from a run that holds it and does not end.

    With a ledger in PostgreSQL the server ends the session that holds the locks: the run notices, sends nothing more
    and ends with exit code 4, and the next one finds out what became of its requests. A lock beside an SQLite file is
    free as soon as its process is gone: the command says which process that is.
    """
    accounts = accounts_of(path)
    (standing,) = _standings(accounts, [name])
    if not standing.locks:
        click.echo(f"Nobody writes {name}: there is nothing to unlock", err=True)
        return
    entry = accounts.entries[name]
    left: dict[int | None, str] = {}
    ended: dict[int | None, str] = {}
    with closing(Store(entry.ledger_url, OPERATOR)) as store:
        for lock in standing.locks:
            if lock.pid in ended:
                continue
            does_end = lock.is_session and end_session(store, lock)
            (ended if does_end else left)[lock.pid] = lock.holder
    for holder in ended.values():
        click.echo(
            f"The session of {holder} is ended: that run sends nothing more, and ends with exit code 4", err=True
        )
    for pid, holder in left.items():
        how = f"End that process: kill {pid}" if pid is not None else "End that process"
        click.echo(f"{name} is held by {holder}, which is alive. {how}", err=True)
    sys.exit(Exit.BUSY if left else Exit.DONE)


def _standings(accounts: Accounts, names: Sequence[str]) -> Iterator[Standing]:
    meant = chosen(accounts, names)
    yield from standings([accounts.entries[name] for name in meant if name in accounts.entries], say)


def _tell_flaws(accounts: Accounts, names: Sequence[str]) -> None:
    for name in chosen(accounts, names):
        if name in accounts.flaws:
            say(f"{name}: {accounts.flaws[name]}")


def _row(standing: Standing) -> dict[str, Any]:
    last = standing.last_run
    return {
        "account": standing.name,
        "last_run": None
        if last is None
        else {
            "run_id": last.run_id,
            "began_at": iso_time(last.began_at),
            "ended_at": None if last.ended_at is None else iso_time(last.ended_at),
            "exit_code": last.exit_code,
            "rejected": None if last.report is None else last.report["pending"],
            "waiting": None if last.report is None else last.report["waiting"],
        },
        "states": [
            {"pipeline": each.pipeline, "at": iso_time(each.at), "run_id": each.run_id} for each in standing.states
        ],
        "locks": [_lock(each) for each in standing.locks],
    }


def _lock(lock: HeldLock) -> dict[str, Any]:
    return {
        "crm": lock.crm,
        "object": lock.object_name,
        "holder": lock.holder,
        "since": iso_time(lock.since),
        "process": None if lock.is_session else lock.pid,
    }


def _in_words(row: Mapping[str, Any]) -> str:
    return f"{row['account']}: {row['object']} is written by {row['holder']}, since {_minute(row['since'])} UTC"


def _minute(moment: str) -> str:
    return f"{datetime.fromisoformat(moment).astimezone(UTC):%Y-%m-%d %H:%M}"


def _ended(last: Mapping[str, Any] | None) -> str:
    if last is None:
        return ""
    if last["ended_at"] is None:
        return "no end: killed, or still running"
    held = [f"{last[each]:,} {each}" for each in ("rejected", "waiting") if last[each]]
    return ", ".join(["well" if last["exit_code"] == Exit.DONE else f"exit {last['exit_code']}", *held])
