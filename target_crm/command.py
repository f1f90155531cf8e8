"""The command line of target-crm: its own options, and a sentence in place of a traceback where they cannot be read.

It is a file of its own because only the command line needs click and the SDK's command.
"""

from __future__ import annotations

import logging
import os
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import click
from singer_sdk.plugin_base import SingerCommand, _ConfigInput
from typing_extensions import override

from crm_api.console import GuardedCommand, is_of_output, keep_config, unreadable_config
from crm_api.errors import CrmError, SettingError
from crm_api.plugin_options import TARGET
from crm_api.run_id import given_run_id
from crm_api.watching.asked_for import open_telemetry
from target_crm.exit_codes import Ending, told_ending
from target_crm.report.metrics_file import SETTING as METRICS_PATH
from target_crm.report.metrics_file import write_metrics
from target_crm.report.report_file import SETTING as REPORT_PATH
from target_crm.report.report_file import ReportFile

_UNREADABLE = (OSError, TypeError, ValueError)  # as the SDK raises them: no such file, not an object, not JSON


def given_config(config: Sequence[str]) -> _ConfigInput:
    """Read the configuration files, or the environment for the word ``ENV``.

    Raises:
        SettingError: A file cannot be read, or does not hold a JSON object.
    """
    try:
        return _ConfigInput.from_cli_args(*config)
    except _UNREADABLE as error:
        raise SettingError(_sentence(config, error)) from error


def end_early(error: Exception, config: Mapping[str, Any], run_id: str | None, logger: logging.Logger) -> int:
    """Say and report what kept a run from beginning; returns the exit code.

    Args:
        error: What kept it.
        config: The settings, as far as they could be read.
        run_id: The value of ``--run-id``, if it was given.
        logger: The target's log.
    """
    ending = told_ending(error, None, logger)
    _report(ending, config, run_id)
    open_telemetry("target-crm", run_id, logger).finish(ending.code)
    return ending.code


def _report(ending: Ending, config: Mapping[str, Any], run_id: str | None) -> None:
    """Write a report, and metrics, that say no more than how the run ended, where the settings name files."""
    path, metrics_path = (_path(config, setting) for setting in (REPORT_PATH, METRICS_PATH))
    if path is None and metrics_path is None:
        return
    name = None
    with suppress(SettingError):
        name = given_run_id(run_id)
    report = {
        "run_id": name or uuid.uuid4().hex,
        "ended": ending.sentence,
        "exit_code": ending.code,
        "retry": ending.retry,
        "retry_after_seconds": ending.retry_after_seconds,
        "streams": {},
        "closed": True,
    }
    with suppress(CrmError):  # the run has ended in a worse error, which is told
        ReportFile(path).write(report)
    with suppress(CrmError):
        write_metrics(metrics_path, report, {}, time.time())


def _path(config: Mapping[str, Any], setting: str) -> str | None:
    path = config.get(setting) or os.environ.get(f"TARGET_CRM_{setting.upper()}")
    return path if isinstance(path, str) else None


def _sentence(given: Sequence[str], error: Exception) -> str:
    return unreadable_config(given, error, _ConfigInput.from_cli_args)


class TargetCommand(GuardedCommand, SingerCommand):
    """The SDK's command, which reads the configuration while it reads its arguments."""

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given = keep_config(ctx, args)  # click takes the list apart
        try:
            rest = super().parse_args(ctx, args)
        except _UNREADABLE as error:
            if is_of_output(error):
                raise
            sys.exit(end_early(SettingError(_sentence(given, error)), _readable(given), None, self.logger))
        if ctx.params.pop("dry_run", False):
            ctx.params["config"] = ctx.params.get("config") or _ConfigInput()
            ctx.params["config"].config["dry_run"] = True
            os.environ["TARGET_CRM_DRY_RUN"] = "true"  # with --config ENV it comes before a file
        return rest


def _readable(files: Sequence[str]) -> dict[str, Any]:
    """The settings of those configuration files that can be read."""
    settings: dict[str, Any] = {}
    for file in files:
        with suppress(*_UNREADABLE):
            settings |= _ConfigInput.from_cli_args(file).config
    return settings


def target_command(command: click.Command, logger: logging.Logger) -> TargetCommand:
    """Make a ``TargetCommand`` of the command that the SDK makes for a target."""
    return TargetCommand(
        name=command.name,
        callback=command.callback,
        params=[*command.params, *TARGET.own],
        context_settings=command.context_settings,
        help=command.help,
        logger=logger,
    )
