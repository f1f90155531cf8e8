"""Shared by the subcommands of ``singer-crm``: the option --config, the target, its ledger, the end in one sentence."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec

import click
from rich.console import Console

from crm_api.errors import SIGNAL_OFFSET
from target_crm.command import given_config
from target_crm.exit_codes import EXPECTED, ending_of
from target_crm.ledger.store import Store, default_url
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


def end_at_once() -> None:
    """Let a signal end a command that writes nothing at once, also while it waits for an answer."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(SIGNAL_OFFSET + number))


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
