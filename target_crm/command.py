"""The command line of target-crm: a configuration file that cannot be read ends it in one sentence.

It is a file of its own because only the command line needs click and the SDK's command.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence

import click
from singer_sdk.plugin_base import SingerCommand, _ConfigInput
from typing_extensions import override

from crm_api.errors import SettingError
from target_crm.exit_codes import Exit

_UNREADABLE = (OSError, TypeError, ValueError)  # as the SDK raises them: no such file, not an object, not JSON


def given_config(config: Sequence[str]) -> _ConfigInput:
    """Read the configuration files, or the environment for the word ``ENV``.

    Raises:
        SettingError: A file cannot be read, or does not hold a JSON object.
    """
    try:
        return _ConfigInput.from_cli_args(*config)
    except _UNREADABLE as error:
        raise SettingError(_sentence(error)) from error


def _sentence(error: Exception) -> str:
    return f"A configuration file cannot be read: {error}"


class TargetCommand(SingerCommand):
    """The SDK's command, which reads the configuration while it reads its arguments."""

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except _UNREADABLE as error:
            click.echo(_sentence(error), err=True)
            sys.exit(Exit.SETTINGS)


def target_command(command: click.Command, logger: logging.Logger) -> TargetCommand:
    """Make a ``TargetCommand`` of the command that the SDK makes for a target."""
    return TargetCommand(
        name=command.name,
        callback=command.callback,
        params=command.params,
        context_settings=command.context_settings,
        help=command.help,
        logger=logger,
    )
