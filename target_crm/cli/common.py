"""Shared by the subcommands of ``singer-crm``: the option --config, the target, its ledger, the end in one sentence."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec

import click
from rich.console import Console

from target_crm.command import given_config
from target_crm.crms import signed_by
from target_crm.exit_codes import EXPECTED, ending_of
from target_crm.ledger.keys import key_of
from target_crm.ledger.store import Store, default_url
from target_crm.ledger.tenants import Tenants
from target_crm.target import TargetCrm

Arguments = ParamSpec("Arguments")
WIDTH_OF_FILES = 250
OPERATOR = "operator"  # the run id of the operator's own changes

config_option = click.option(
    "--config",
    multiple=True,
    required=True,
    help="The plugin's settings: a file, or ENV for the environment. May be given several times.",
)


def one_sentence(command: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Let a command end as the plugins do: in one sentence, with their exit code."""

    @wraps(command)
    def run(*arguments: Arguments.args, **options: Arguments.kwargs) -> None:
        try:
            command(*arguments, **options)
        except EXPECTED as error:
            ending = ending_of(error, None)
            click.echo(ending.sentence, err=True)
            sys.exit(ending.code)

    return run


def console() -> Console:
    """Open the console for tables: as wide as the terminal; wide enough not to fold lines where there is none."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_OF_FILES)


def target_of(config: Sequence[str]) -> TargetCrm:
    """Make the target that the settings describe."""
    given = given_config(config)
    return TargetCrm(config=given.config, parse_env_config=given.parse_env)


@contextmanager
def opened_ledger(target: TargetCrm) -> Iterator[Store]:
    """Open the ledger that the settings name, and close it at the end of the block."""
    store = Store(target.config.get("ledger_url") or default_url(), OPERATOR)
    try:
        yield store
    finally:
        store.close()


def own_account(target: TargetCrm, store: Store, found: Collection[str]) -> str | None:
    """Return the account of the settings, as the ledger knows it, among those in which something was found.

    The CRM is asked whose account it is only where the ledger holds several.

    Raises:
        SettingError: Other credentials wrote the account.
        CrmError: The CRM does not say.
    """
    if name := target.config.get("account_name"):
        return key_of(name)
    if len(set(found)) > 1:
        _, source = Tenants(store, target.config, signed_by(target.config)).enter(target.connect().account())
        return source.account
    return next(iter(found), None)
