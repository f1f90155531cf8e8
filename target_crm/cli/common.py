"""What the parts of the ``singer-crm`` command share: its settings, and ending with one sentence."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec

import click
from rich.console import Console

from target_crm.command import given_config
from target_crm.exit_codes import EXPECTED, ending_of
from target_crm.ledger.store import Store
from target_crm.ledger.tables import default_url
from target_crm.target import TargetCrm

Arguments = ParamSpec("Arguments")
WIDTH_OF_FILES = 250
OPERATOR = "operator"  # stands for a run where the operator changes something

config_option = click.option(
    "--config",
    multiple=True,
    required=True,
    help="Settings of the plugin: a file, or ENV for the environment. Can be given several times.",
)


def one_sentence(command: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """End with one sentence and an exit code where the plugins do."""

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
    """Where tables are printed: as wide as the terminal, and never folded where there is none."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else WIDTH_OF_FILES)


def target_of(config: Sequence[str]) -> TargetCrm:
    """The target that the settings describe."""
    given = given_config(config)
    return TargetCrm(config=given.config, parse_env_config=given.parse_env)


@contextmanager
def opened_ledger(target: TargetCrm) -> Iterator[Store]:
    """The ledger that the settings name, for as long as the block lasts."""
    store = Store(target.config.get("ledger_url") or default_url(), OPERATOR)
    try:
        yield store
    finally:
        store.close()
