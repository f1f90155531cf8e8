"""The command ``singer-crm``: the operator's tool beside target-crm and tap-copper, on their settings."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import Any

import click
from typing_extensions import override

from crm_api.console import GuardedCommand
from crm_api.errors import CrmError, Exit, SettingError
from target_crm.cli.accounts import accounts
from target_crm.cli.apply import apply_file
from target_crm.cli.authorize import authorize
from target_crm.cli.check import checked
from target_crm.cli.common import config_option, end_at_once, one_sentence, target_of, url_of_ledger
from target_crm.cli.demo import demo
from target_crm.cli.ledger import ledger
from target_crm.cli.log import log
from target_crm.cli.map_columns import map_columns
from target_crm.cli.objects import objects
from target_crm.cli.plan import plan
from target_crm.cli.quota import quota
from target_crm.cli.rejected import rejected
from target_crm.cli.runs import runs
from target_crm.cli.stores import checked_ledger, stepped_back
from target_crm.cli.sync import sync
from target_crm.cli.taps import TAP, account_of_tap, is_of_tap
from target_crm.cli.try_one import try_record
from target_crm.cli.undo import undo
from target_crm.command import given_config
from target_crm.crms import account_of, address_errors
from target_crm.report.receiver import checked_receiver
from target_crm.stream_settings import streams_by_name


class _Commands(GuardedCommand, click.Group):
    """The group, whose commands end in a sentence also where nobody can be told what they found."""

    @override
    def invoke(self, ctx: click.Context) -> Any:
        if sys.stdout is None:
            raise click.ClickException("The output cannot be written: stdout is closed")
        return super().invoke(ctx)


@click.group(cls=_Commands)
@click.version_option(package_name="singer-crm", message="singer-crm v%(version)s")
def main() -> None:
    """Propose and check settings, and look after what target-crm writes."""
    shown = logging.StreamHandler(sys.stderr)
    shown.setLevel(logging.WARNING)  # on the handler, since the SDK gives its loggers levels of their own
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[shown])


@main.command()
@config_option
@one_sentence
def check(config: Sequence[str]) -> None:
    """Check the settings, and tell whose account they reach.

    Every name in the setting streams is looked up in the CRM. Nothing is written. Takes settings of target-crm or of
    tap-copper.
    """
    given = given_config(config)
    if is_of_tap(given):
        with address_errors():
            account = account_of_tap(given)
        click.echo(f"Account {account.name} (id {account.id}), as {account.user}")
        click.echo(f"The settings of {TAP} are valid")
        return
    target = target_of(config)
    end_at_once()
    if receiver := target.config.get("notify_url"):
        checked_receiver(receiver)
    crm = target.connect()
    account = account_of(crm)
    click.echo(f"Account {account.name} (id {account.id}), as {account.user}")
    click.echo(f"Ledger {checked_ledger(url_of_ledger(target))}")
    if (back := stepped_back(target, account)) is not None:
        if target.config["require_ledger"]:
            raise SettingError(back.said)
        click.echo(f"Warning: {back.said}")
    wrong = 0
    for stream in streams_by_name(target.config):
        try:
            click.echo(f"Stream {stream}: {checked(target.config, crm, stream)}")
        except CrmError as error:
            wrong += 1
            click.echo(f"Stream {stream}: {error.sentence}")
    sys.exit(Exit.SETTINGS if wrong else Exit.DONE)


for command in (
    accounts,
    apply_file,
    authorize,
    demo,
    ledger,
    log,
    map_columns,
    objects,
    plan,
    quota,
    rejected,
    runs,
    sync,
    try_record,
    undo,
):
    main.add_command(command)
