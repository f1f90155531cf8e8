"""The command ``singer-crm check``: whether settings can work, before a run uses them."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from crm_api.errors import CrmError, Exit, SettingError
from target_crm.cli.checked_stream import checked
from target_crm.cli.common import config_option, end_at_once, one_sentence, target_of, url_of_ledger
from target_crm.cli.stores import checked_ledger, stepped_back
from target_crm.cli.taps import TAP, account_of_tap, is_of_tap
from target_crm.command import given_config
from target_crm.crms import account_of, address_errors
from target_crm.report.receiver import checked_receiver
from target_crm.stream_settings import streams_by_name


@click.command()
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
