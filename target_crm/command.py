"""The command line of target-crm: a configuration file that cannot be read is one sentence."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

import click
from singer_sdk.plugin_base import SingerCommand, _ConfigInput
from typing_extensions import override

from crm_api.errors import SettingError
from target_crm.exit_codes import Exit


def given_config(config: Sequence[str]) -> _ConfigInput:
    """Read configuration files, or ``ENV``.

    Raises:
        SettingError: A file cannot be read, or is no JSON object.
    """
    try:
        return _ConfigInput.from_cli_args(*config)
    except (OSError, TypeError, ValueError) as error:
        raise SettingError(f"A configuration file cannot be used: {error}") from error


class TargetCommand(SingerCommand):
    """The SDK's command, which reads its configuration while it reads its arguments."""

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except (OSError, TypeError, ValueError) as error:
            click.echo(f"A configuration file cannot be used: {error}", err=True)
            sys.exit(Exit.SETTINGS)


def target_command(command: click.Command, logger: logging.Logger) -> TargetCommand:
    """The SDK's command of a target as one of ours."""
    return TargetCommand(
        name=command.name,
        callback=command.callback,
        params=command.params,
        context_settings=command.context_settings,
        help=command.help,
        logger=logger,
    )
