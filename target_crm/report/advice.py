"""The operator's commands that a run recommends, so that they can be run as they stand."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import click

_CONFIG = "singer-crm config"  # in the context of the command line


def remember_config(context: click.Context, given: Sequence[str]) -> None:
    """Keep the values of ``--config`` as they were given."""
    context.meta[_CONFIG] = list(given)


def list_of_rejected() -> str:
    """The command that lists rejected records, with the settings that this command line got."""
    return f"singer-crm rejected list {_config()}"


def _config() -> str:
    context = click.get_current_context(silent=True)
    given: Sequence[str] = () if context is None else context.meta.get(_CONFIG) or context.params.get("config") or ()
    if not isinstance(given, list | tuple) or not given:
        return "--config FILE"
    return " ".join(f"--config {shlex.quote(each)}" for each in given)
