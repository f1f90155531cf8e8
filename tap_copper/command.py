"""The command line: an error becomes a sentence on stderr and an exit code; level DEBUG adds a stack trace."""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import click
from singer_sdk.plugin_base import SingerCommand, _ConfigInput
from typing_extensions import override

from crm_api.console import GuardedCommand, drop_output, is_of_output, is_structured, keep_config, unreadable_config
from crm_api.errors import SIGNAL_OFFSET, CrmError, Exit, SettingError
from crm_api.watching.asked_for import open_telemetry
from tap_copper.account import Account
from tap_copper.errors import IncompleteError, OutputClosedError, OutputError, StoppedError


class TapCommand(GuardedCommand, SingerCommand):
    """The SDK's command, which ends like a command and not like a program that broke."""

    @override
    def _ended(self, arguments: tuple[Any, ...], options: dict[str, Any]) -> int:
        try:
            if sys.stdout is None:
                raise OutputClosedError  # noqa: TRY301 - ended like an output that is closed later
            return super()._ended(arguments, options)
        except Exception as error:  # noqa: BLE001 - whatever it is, the user gets a sentence
            return self._told(error)

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given = keep_config(ctx, args)  # click takes the list apart
        try:
            return super().parse_args(ctx, args)  # the SDK reads the configuration while it reads its arguments
        except BrokenPipeError as error:  # --discover and --about print while arguments are read
            raise OutputClosedError from error
        except click.BadParameter as error:
            raise SettingError(error.format_message()) from error
        except (OSError, TypeError, ValueError) as error:
            if is_of_output(error):
                raise
            raise SettingError(unreadable_config(given, error, _ConfigInput.from_cli_args)) from error

    def _told(self, error: Exception) -> int:
        """Say what ended the run; returns the exit code."""
        if isinstance(error, OutputClosedError | OutputError):
            drop_output()  # Python would complain again when it flushes at exit
        if self.logger.isEnabledFor(logging.DEBUG):
            self.logger.debug("%s", "".join(traceback.format_exception(error)))
        for sentence in sentences(error):
            self.say(sentence if is_structured() else f"{self.name}: {sentence}")
        return exit_code(error)


@contextmanager
def watched(account: Account) -> Iterator[None]:
    """Have OpenTelemetry watch the block, which is the run, if the environment asks for it.

    Raises:
        SettingError: The session cannot be opened.
    """
    telemetry = open_telemetry("tap-copper", account.run_id, account.logger, crm="copper")
    code: int = Exit.DONE
    try:
        account.session.watch(telemetry)
        yield
    except Exception as error:
        code = exit_code(error)
        raise
    finally:
        telemetry.finish(code)


def give_up(name: str, signal_number: int) -> None:
    """End at once: a signal came twice, or the run has not ended in time because nobody reads its output."""
    said = f"Stopped by signal {signal_number} in the middle; the last STATE says how far the run came"
    line = (
        json.dumps({"level": "error", "logger_name": name, "message": said}) if is_structured() else f"{name}: {said}"
    )
    with suppress(OSError):
        os.write(2, f"{line}\n".encode())
    os._exit(SIGNAL_OFFSET + signal_number)


def sentences(error: Exception) -> list[str]:
    """The sentences that tell of an error, each for a line of its own."""
    if isinstance(error, IncompleteError):
        return error.sentences
    return [*getattr(error, "__notes__", ()), _sentence(error)]


def _sentence(error: Exception) -> str:
    match error:
        case CrmError():
            text = error.sentence
        case StoppedError() | OutputClosedError():
            text = str(error)
        case FileNotFoundError():
            text = f"There is no file {error.filename}"
        case ValueError() if type(error).__name__ == "JSONDecodeError":
            text = f"A file is not valid JSON: {error}"
        case _:
            where = "Set TAP_COPPER_LOGLEVEL=DEBUG to see where."
            text = f"{type(error).__name__}: {' '.join(str(error).split())}. {where}"
    return text


def exit_code(error: Exception) -> int:
    """The exit code that an error ends with."""
    match error:
        case StoppedError():
            return SIGNAL_OFFSET + error.signal_number
        case CrmError():
            return error.exit
        case IncompleteError() if error.unanswered:
            return Exit.UNREACHABLE
        case _:
            return Exit.FAILED
