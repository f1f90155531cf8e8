"""The options of both plugins' commands, and their help and version, told without importing what they are made of.

The SDK gives every plugin the same options. To ask it for them takes longer than all else that a help needs.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click

from crm_api.console import GuardedCommand
from crm_api.run_id import RUN_ID

HELP, VERSION = ["--help"], ["--version"]
PACKAGE, SDK_PACKAGE = "singer-crm", "singer-sdk"
_OF_PLUGINS: tuple[click.Parameter, ...] = (
    click.Option(["--version"], is_flag=True, help="Display the package version."),
    click.Option(["--about"], is_flag=True, help="Display package metadata and settings."),
    click.Option(
        ["--format", "about_format"],
        help="Specify output style for --about",
        type=click.Choice(["json", "markdown"], case_sensitive=False),
    ),
    click.Option(
        ["--config"], multiple=True, help="Configuration file location or 'ENV' to use environment variables."
    ),
)


@dataclass(frozen=True)
class Plugin:
    """A plugin as its help shows it.

    Attributes:
        name: The name of its command.
        does: What it does, in the SDK's words.
        of_sdk: The options that the SDK gives plugins of its kind, beside those of all plugins.
        own: The options that are ours.
    """

    name: str
    does: str
    of_sdk: Sequence[click.Parameter]
    own: Sequence[click.Parameter]

    def tell(self, arguments: Sequence[str]) -> None:
        """Tell the help or the version, and end the process, if that is all that a command line asks for.

        Args:
            arguments: The arguments of the command line.
        """
        if list(arguments) not in (HELP, VERSION) or sys.stdout is None:
            return
        options = [*_OF_PLUGINS, *self.of_sdk, *self.own]
        GuardedCommand(self.name, help=self.does, params=options, callback=self._tell_version).main(list(arguments))

    def _tell_version(self, **_: object) -> None:
        from importlib.metadata import version  # noqa: PLC0415 - a help needs none

        click.echo(f"{self.name} v{version(PACKAGE)}, Meltano SDK v{version(SDK_PACKAGE)}")


TAP = Plugin(
    "tap-copper",
    "Execute the Singer tap.",
    (
        click.Option(["--discover"], is_flag=True, help="Run the tap in discovery mode."),
        click.Option(
            ["--test"],
            is_flag=False,
            flag_value="all",
            help="Use --test to sync a single record for each stream. Use --test=schema to test schema output without "
            "syncing records.",
        ),
        click.Option(["--catalog"], help="Use a Singer catalog file with the tap.", type=click.File()),
        click.Option(["--state"], help="Use a bookmarks file for incremental replication.", type=click.File()),
    ),
    (click.Option(["--run-id"], help=f"Name of the run for others who wait at quota_url. {RUN_ID} names it, too."),),
)
TARGET = Plugin(
    "target-crm",
    "Execute the Singer target.",
    (
        click.Option(
            ["--input", "file_input"],
            help="A path to read messages from instead of from standard in.",
            type=click.File("r"),
        ),
    ),
    (
        click.Option(["--run-id"], help=f"Name of the run in ledger, locks, report and log. {RUN_ID} names it, too."),
        click.Option(
            ["--allow-deletes"],
            type=click.IntRange(min=0),
            help="Let this run delete so many records that are absent from the source, past the brakes on deletes.",
        ),
        click.Option(
            ["--dry-run"], is_flag=True, help="Show what the run would do and write nothing, as the setting dry_run."
        ),
    ),
)
