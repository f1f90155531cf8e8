"""Options that the commands about accounts share."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from crm_api.errors import SettingError

SCHEDULE = "default"  # the pipeline of a run that names none
_PIPELINE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")

accounts_option: Callable[[Any], Any] = click.option(
    "--accounts",
    "path",
    type=click.Path(path_type=Path),
    default="accounts.yml",
    envvar="SINGER_CRM_ACCOUNTS",
    show_default=True,
    show_envvar=True,
    help="The file with the accounts.",
)
output_option: Callable[[Any], Any] = click.option(
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Print lines for people, or a JSON object a line for programs.",
)
names_argument: Callable[[Any], Any] = click.argument("names", metavar="[ACCOUNT]...", nargs=-1)


def checked_pipeline(name: str | None) -> str:
    """Return the name of a pipeline; that of the schedule if none is given.

    Raises:
        SettingError: It has other characters than names have.
    """
    if name is not None and not _PIPELINE.fullmatch(name):
        raise SettingError("--pipeline must be letters, digits or one of _.-, 100 at most")
    return name or SCHEDULE
