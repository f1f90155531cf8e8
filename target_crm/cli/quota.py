"""``singer-crm quota``: shows the pause that processes with one ``quota_url`` share, and ends it."""

from __future__ import annotations

from collections.abc import Sequence

import click

from crm_api.errors import SettingError
from crm_api.transport.quota import Quota
from target_crm.cli.common import config_option, one_sentence, target_of
from target_crm.cli.taps import is_of_tap, session_of_tap
from target_crm.command import given_config


@click.group()
def quota() -> None:
    """Look at the shared quota, and end a pause."""


@quota.command()
@config_option
@one_sentence
def show(config: Sequence[str]) -> None:
    """Tell whether a pause holds every process back.

    Tells for how long, too, and who was asked to wait.
    """
    shared = _shared(config)
    click.echo(_told(shared))
    shared.close()


@quota.command()
@config_option
@one_sentence
def clear(config: Sequence[str]) -> None:
    """End the pause.

    Every process that waits for its end goes on within ten seconds.
    """
    shared = _shared(config)
    click.echo(_told(shared))
    if shared.paused:
        shared.end_pause()
        click.echo("The pause is ended")
    shared.close()


def _shared(config: Sequence[str]) -> Quota:
    given = given_config(config)
    session = session_of_tap(given) if is_of_tap(given) else target_of(config).connect().session
    if not session.quota.is_shared:
        raise SettingError("quota_url is not set: a pause then ends with the process that was asked to wait")
    return session.quota


def _told(shared: Quota) -> str:
    paused = shared.paused
    return f"No request is sent for {paused[0]:.0f} seconds more: {paused[1]}" if paused else "There is no pause"
