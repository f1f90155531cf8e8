"""The commands ``singer-crm accounts state``: the STATE of an account, read, put in place, or forgotten."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Any

import click

from crm_api.errors import SettingError
from target_crm.accounts.accounts_file import accounts_of, chosen
from target_crm.accounts.entries import Entry
from target_crm.cli.account_options import SCHEDULE, accounts_option, checked_pipeline
from target_crm.cli.common import OPERATOR, one_sentence
from target_crm.ledger.looks import looked_at
from target_crm.ledger.presence import has_ledger
from target_crm.ledger.states import clear_state, set_state, state_of
from target_crm.ledger.store import Store

pipeline_option = click.option("--pipeline", help=f"The pipeline whose STATE it is; else {SCHEDULE}.")
name_argument = click.argument("name", metavar="ACCOUNT")


@click.group()
def state() -> None:
    """Look at the STATE of an account, move one in from elsewhere, or forget it."""


def entry_of(path: Path, name: str) -> Entry:
    """Return an entry that can be run.

    Raises:
        SettingError: There is none of that name, or it is wrong.
    """
    accounts = accounts_of(path)
    chosen(accounts, [name])
    if name in accounts.flaws:
        raise SettingError(accounts.flaws[name])
    return accounts.entries[name]


@state.command()
@name_argument
@pipeline_option
@accounts_option
@click.option("--meltano", is_flag=True, help="Print it as meltano state set takes it.")
@one_sentence
def get(name: str, path: Path, pipeline: str | None, *, meltano: bool) -> None:
    """Print the STATE of an account; nothing if there is none."""
    entry, kept_under = entry_of(path, name), checked_pipeline(pipeline)
    found = None
    if has_ledger(entry.ledger_url):
        with looked_at(entry.ledger_url, OPERATOR, partial(click.echo, err=True)) as store:
            found = state_of(store, entry.key, kept_under)
    if found is None:
        click.echo(f"{name} has no STATE in pipeline {kept_under}", err=True)
    else:
        click.echo(f'{{"singer_state": {found.text}}}' if meltano else found.text)


@state.command("set")
@name_argument
@click.argument("file", type=click.File("r"), default="-")
@pipeline_option
@accounts_option
@one_sentence
def set_(name: str, file: IO[str], path: Path, pipeline: str | None) -> None:
    """Put a STATE in place of the one of an account.

    FILE, or stdin, holds the value of a STATE message, the whole message, or what meltano state get prints.
    """
    entry, kept_under = entry_of(path, name), checked_pipeline(pipeline)
    text = _value_in(file)
    with _ledger(entry) as store:
        set_state(store, entry.key, kept_under, text)
    click.echo(f"{name} goes on from this STATE in pipeline {kept_under}", err=True)


@state.command()
@name_argument
@pipeline_option
@accounts_option
@one_sentence
def clear(name: str, path: Path, pipeline: str | None) -> None:
    """Forget the STATE of an account: its next run reads everything."""
    entry, kept_under = entry_of(path, name), checked_pipeline(pipeline)
    was_there = False
    if has_ledger(entry.ledger_url):
        with _ledger(entry) as store:
            was_there = clear_state(store, entry.key, kept_under)
    said = "begins anew" if was_there else "had no STATE"
    click.echo(f"{name} {said} in pipeline {kept_under}", err=True)


@contextmanager
def _ledger(entry: Entry) -> Iterator[Store]:
    with closing(Store(entry.ledger_url, OPERATOR)) as store:
        yield store


def _value_in(file: IO[str]) -> str:
    """Read the value of a STATE.

    Raises:
        SettingError: It is not a JSON object.
    """
    try:
        value: Any = json.load(file)
    except (ValueError, OSError) as error:
        raise SettingError(f"{file.name} is not a STATE: {error}. Give a JSON object") from None
    if isinstance(value, dict) and value.get("type") == "STATE":
        value = value.get("value")
    if isinstance(value, dict) and isinstance(value.get("singer_state"), dict):
        value = value["singer_state"]
    if not isinstance(value, dict):
        raise SettingError(f"{file.name} is not a STATE: it must hold a JSON object")
    return json.dumps(value, ensure_ascii=False)
