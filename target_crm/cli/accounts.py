"""The commands ``singer-crm accounts``: the entries of accounts.yml, what is wrong with them, and how they stand."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from crm_api.errors import Exit
from target_crm.accounts.accounts_file import accounts_of, chosen, schema_text
from target_crm.accounts.checks import checked_entries
from target_crm.accounts.entries import Accounts
from target_crm.cli.account_options import accounts_option, names_argument, output_option
from target_crm.cli.account_state import state
from target_crm.cli.common import console, end_at_once, one_sentence


@click.group()
def accounts() -> None:
    """Look after the accounts of accounts.yml, which singer-crm sync keeps in step."""


@accounts.command("schema")
def show_schema() -> None:
    """Print the JSON schema of accounts.yml, for editors."""
    click.echo(schema_text(), nl=False)


@accounts.command("list")
@accounts_option
@output_option
@one_sentence
def list_accounts(path: Path, output: str) -> None:
    """List the accounts: where the records of each come from and where they go."""
    found = accounts_of(path)
    rows = [_row(found, name) for name in found.names]
    if output == "json":
        for row in rows:
            click.echo(json.dumps(row, ensure_ascii=False))
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("account", "tap", "crm", "into", "source", ""):
        table.add_column(heading, overflow="fold")
    for row in rows:
        said = row["flaw"] or ("" if row["enabled"] else "not enabled")
        table.add_row(row["account"], *(row[name] or "" for name in ("tap", "crm", "into", "source_name")), said)
    console().print(table, markup=False)


def _row(found: Accounts, name: str) -> dict[str, Any]:
    entry = found.entries.get(name)
    target = {} if entry is None else entry.target
    return {
        "account": name,
        "was": None if entry is None or entry.key == name else entry.key,
        "enabled": name not in found.disabled,
        "tap": None if entry is None else entry.tap.shown,
        "crm": target.get("crm"),
        "into": target.get("account_name") or target.get("domain"),
        "source_name": target.get("source_name"),
        "flaw": found.flaws.get(name),
    }


@accounts.command("check")
@names_argument
@accounts_option
@output_option
@click.option("--connect", is_flag=True, help="Ask each CRM whose account it is, too.")
@one_sentence
def check(names: Sequence[str], path: Path, output: str, *, connect: bool) -> None:
    """Check accounts: all of them, or those that are named.

    Every key, reference and setting is checked, and whether two entries are one account. Ends with exit code 2 if
    something is wrong.
    """
    found = accounts_of(path)
    meant = chosen(found, names)
    wrong = 0
    end_at_once()
    for name, flaw, account in checked_entries(found, meant, connects=connect):
        end_at_once()  # the plugins take signals when they are made
        wrong += bool(flaw)
        if output == "json":
            line = {"account": name, "flaw": flaw or None, "reached": account or None}
            click.echo(json.dumps(line, ensure_ascii=False))
        else:
            click.echo(f"{name}: {flaw or (f'reaches {account}' if account else 'well')}")
    sys.exit(Exit.SETTINGS if wrong else Exit.DONE)


accounts.add_command(state)
