"""The command ``singer-crm``: the operator's tool beside target-crm and tap-copper, on their settings."""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from typing import Any

import click
from typing_extensions import override

from crm_api.console import GuardedCommand
from crm_api.start import end_at_interrupt, heed_interrupts, importing


class _Later(click.Command):
    """A command that is imported when it is run: the list of commands needs none.

    Args:
        name: The name of the command.
        place: The module in this folder that has it, and its name there.
        does: What it does, as the list of commands tells it.
    """

    def __init__(self, name: str, place: str, does: str) -> None:
        super().__init__(name, short_help=does)
        module, _, self._name = place.partition(":")
        self._module = f"{__package__}.{module}"

    def found(self) -> click.Command:
        """Return the command itself."""
        if self._module not in sys.modules:
            end_at_interrupt()
            with importing():
                import_module(self._module)
            heed_interrupts()
        command: click.Command = getattr(sys.modules[self._module], self._name)
        return command


class _Commands(GuardedCommand, click.Group):
    """The group, whose commands end in a sentence also where nobody can be told what they found."""

    @override
    def invoke(self, ctx: click.Context) -> Any:
        if sys.stdout is None:
            raise click.ClickException("The output cannot be written: stdout is closed")
        return super().invoke(ctx)

    @override
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, left = super().resolve_command(ctx, args)
        return name, command.found() if isinstance(command, _Later) else command, left


@click.group(cls=_Commands)
@click.version_option(package_name="singer-crm", message="singer-crm v%(version)s")
def main() -> None:
    """Propose and check settings, and look after what target-crm writes."""
    shown = logging.StreamHandler(sys.stderr)
    shown.setLevel(logging.WARNING)  # on the handler, since the SDK gives its loggers levels of their own
    logging.basicConfig(level=logging.WARNING, format="%(message)s", handlers=[shown])


for name, place, does in (
    ("accounts", "accounts:accounts", "Look after the accounts of accounts.yml, which singer-crm sync keeps in step."),
    ("apply", "apply:apply_file", "Carry out a plan, where it is still true."),
    ("authorize", "authorize:authorize", "Get an access token, which does not expire."),
    ("check", "check:check", "Check the settings, and tell whose account they reach."),
    ("demo", "demo:demo", "Run both plugins against an emulated account."),
    ("ledger", "ledger:ledger", "List, explain or correct what the ledger holds."),
    ("log", "log:log", "Emit what the ledger tells, as Singer messages for a warehouse."),
    ("map", "map_columns:map_columns", "Propose settings for the streams of a tap or a CSV file."),
    ("objects", "objects:objects", "List what can be written, and by which names."),
    ("plan", "plan:plan", "Look at a plan."),
    ("quota", "quota:quota", "Look at the shared quota, and end a pause."),
    ("rejected", "rejected:rejected", "List, show, replay or drop rejected records."),
    ("runs", "runs:runs", "List the runs of target-crm, or draw them."),
    ("sync", "sync:sync", "Sync accounts of accounts.yml: read each with its tap, and write it with target-crm."),
    ("try", "try_one:try_record", "Write one record and show each request and its answer."),
    ("undo", "undo:undo", "Take back what a run wrote."),
):
    main.add_command(_Later(name, place, does))
