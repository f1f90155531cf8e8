"""Shared by the subcommands of ``singer-crm``: the option --config, the target, its ledger, the end in one sentence."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial, wraps
from typing import ParamSpec

import click
from rich.console import Console

from crm_api.console import say
from crm_api.errors import SIGNAL_OFFSET, SettingError
from target_crm.command import given_config
from target_crm.concurrency import Stopping
from target_crm.crms import signed_by
from target_crm.exit_codes import EXPECTED, ending_of
from target_crm.ledger.looks import looked_at
from target_crm.ledger.opening import OpenedLedger, Writing
from target_crm.ledger.presence import has_ledger
from target_crm.ledger.sole_writer import SoleWriter
from target_crm.ledger.store import Store, default_url, shown_url
from target_crm.ledger.tables import key_of
from target_crm.ledger.tenants import Tenants
from target_crm.ledger.values import Source
from target_crm.target import TargetCrm

Arguments = ParamSpec("Arguments")
WIDTH_OF_FILES = 250
OPERATOR = "operator"  # the run id of the operator's own changes
LATEST_SECONDS = 60.0  # for which the operator's changes may wait between two of them: nothing is sent to the CRM

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
            say("singer-crm", ending.sentence)
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


def url_of_ledger(target: TargetCrm) -> str:
    """Return the URL of the ledger that the settings name."""
    return target.config.get("ledger_url") or default_url()


def require_ledger(target: TargetCrm) -> None:
    """Refuse to go on without a ledger: a new one would pass for the one that is missing.

    Raises:
        SettingError: There is none.
    """
    url = url_of_ledger(target)
    if not has_ledger(url):
        raise SettingError(f"There is no ledger at {shown_url(url)}: the first run makes it. Nothing was done")


@contextmanager
def opened_ledger(target: TargetCrm, *, makes_it: bool = False) -> Iterator[Store]:
    """Open the ledger that the settings name, and close it at the end of the block.

    Args:
        target: Has the settings.
        makes_it: Whether a ledger that is missing is made.

    Raises:
        SettingError: There is none.
    """
    if not makes_it:
        require_ledger(target)
    store = Store(url_of_ledger(target), OPERATOR)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def seen_ledger(target: TargetCrm) -> Iterator[Store]:
    """Open the ledger that the settings name for a look, which leaves one of an earlier version as it is.

    Raises:
        SettingError: There is none.
    """
    with looked_at(url_of_ledger(target), OPERATOR, partial(click.echo, err=True)) as store:
        yield store


class ChangedLedger:
    """A ledger that the operator changes, where no run is writing what is changed.

    Args:
        opened: The ledger.

    Attributes:
        store: The ledger's database.
    """

    def __init__(self, opened: OpenedLedger) -> None:
        self._opened = opened
        self._writers: dict[tuple[str, str], SoleWriter] = {}
        self.store = opened.store

    def take(self, crm: str, account: str, objects: Iterable[str]) -> None:
        """Become the only writer of objects of an account, until the ledger is closed. Objects may be named again.

        Raises:
            LockedError: A run is writing one of them.
        """
        if (crm, account) not in self._writers:
            source = Source(crm, account, OPERATOR)
            writing = Writing(OPERATOR, source, account, Stopping(), 0.0, LATEST_SECONDS, time.monotonic)
            self._writers[crm, account] = self._opened.sole_writer(writing)
        for object_name in objects:
            self._writers[crm, account].take(object_name)

    def close(self) -> None:
        """Let others write, and close the ledger."""
        for writer in self._writers.values():
            writer.close()
        self._opened.close()


@contextmanager
def changed_ledger(target: TargetCrm) -> Iterator[ChangedLedger]:
    """Open the ledger that the settings name for a change, and close it at the end of the block."""
    changed = ChangedLedger(OpenedLedger(url_of_ledger(target), OPERATOR))
    try:
        yield changed
    finally:
        changed.close()


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
        return Tenants(store, target.config, signed_by(target.config)).recognised(target.connect().account()).account
    return next(iter(found), None)
