"""The console of a command: streams that may be closed, full, or a log of JSON, and the commands that it recommends."""

from __future__ import annotations

import errno
import io
import json
import logging
import os
import re
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import PurePath
from types import FrameType
from typing import Any

import click
from typing_extensions import override

from crm_api.errors import SIGNAL_OFFSET, Exit
from crm_api.start import heed_interrupts
from crm_api.watching.json_log import use_json_if_asked, use_json_if_set, values_of_config
from crm_api.watching.standard_error import STDERR, LenientFile, is_descriptor, is_stderr, text_of

_CONFIG = "singer-crm config"  # in the context of the command line: the values of --config as they were given
_COMMAND = re.compile(r"singer-crm ((?:[\w.-]+ )+)--config FILE")
_OBEYED = re.compile("[\0-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}


class GuardedCommand(click.Command):
    """A command that ends in a sentence and the right exit code, whichever of its standard streams fails."""

    @override
    def main(self, *arguments: Any, **options: Any) -> Any:
        heed_interrupts()
        guard_standard_streams()
        use_json_if_asked(self.name or "", list(arguments[0]) if arguments and arguments[0] else sys.argv[1:])
        code = self._ended(arguments, options)
        if (error := output_error()) is not None:
            self.say(f"The output cannot be written: {error.strerror}")
            code = code or Exit.FAILED
        sys.exit(code)

    @override
    def invoke(self, ctx: click.Context) -> Any:
        settings = getattr(ctx.params.get("config"), "config", None)  # read by now, from whichever pipes
        use_json_if_set(self.name or "", settings)
        return super().invoke(ctx)

    def _ended(self, arguments: tuple[Any, ...], options: dict[str, Any]) -> int:
        """Run to the end; returns the exit code."""
        try:
            ended = super().main(*arguments, **{**options, "standalone_mode": False})
        except SystemExit as error:
            return error.code if isinstance(error.code, int) else Exit.DONE if error.code is None else Exit.FAILED
        except click.ClickException as error:
            if is_structured():
                self.say(error.format_message())
            else:
                error.show()
            return error.exit_code
        except click.Abort:
            return SIGNAL_OFFSET + signal.SIGINT
        except OSError as error:
            if not is_of_output(error):
                raise
            drop_output()
            self.say(f"The output cannot be written: {error.strerror}")
            return Exit.FAILED
        return ended if isinstance(ended, int) else Exit.DONE

    def say(self, sentence: str) -> None:
        """Say why the command ends."""
        say(self.name or "", sentence)


def say(command: str, sentence: str) -> None:
    """Say on stderr why a command ends: in a log of JSON, as one of its lines."""
    if is_structured():
        logging.getLogger(command).error("%s", sentence)
    else:
        click.echo(sentence, err=True)


def guard_standard_streams() -> None:
    """Let a command run whichever of its standard streams are closed or cannot be written.

    The number of a closed one is given to no file that is opened later, and what stderr does not take is dropped.
    ``sys.stdin`` and ``sys.stdout`` stay None where they are closed.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_WRONLY if number else os.O_RDONLY)  # gets the lowest free number: this one
    old = sys.stderr
    if old is not None and not is_descriptor(old, STDERR):
        return
    sys.stderr = text_of(LenientFile(STDERR, "w", closefd=False))
    for handler in _handlers():
        if isinstance(handler, logging.StreamHandler) and handler.stream is old:
            handler.setStream(sys.stderr)


@contextmanager
def silenced(logger: str, beginning: str) -> Iterator[None]:
    """Drop, for a block, the messages of a library's log that begin so: advice to its programmers, not to its users."""

    def is_other(entry: logging.LogRecord) -> bool:
        return not str(entry.msg).startswith(beginning)

    log = logging.getLogger(logger)
    log.addFilter(is_other)
    try:
        yield
    finally:
        log.removeFilter(is_other)


def guard_log() -> None:
    """Let the handlers that log to a guarded stderr write to it directly, and drop what it does not take.

    No line of the log then takes a way around by Python, as it does through the guarded stream.
    """
    stderr = getattr(sys.stderr, "buffer", None)
    if not isinstance(getattr(stderr, "raw", None), LenientFile):
        return
    direct = text_of(io.FileIO(STDERR, "w", closefd=False))
    for handler in _handlers():
        if isinstance(handler, logging.StreamHandler) and handler.stream is sys.stderr:
            handler.setStream(direct)
            handler.handleError = partial(_tell_or_drop, handler.handleError)  # type: ignore[method-assign]  # of the SDK's making


def _tell_or_drop(tell: Callable[[logging.LogRecord], None], record: logging.LogRecord) -> None:
    if not isinstance(sys.exception(), OSError):
        tell(record)


def output_error() -> OSError | None:
    """Write to stdout what Python still holds for it; returns the reason if that fails, and drops it.

    Python would complain again at its exit, and change the exit code.
    """
    if sys.stdout is None:
        return None
    try:
        sys.stdout.flush()
    except OSError as error:
        drop_output()
        return error
    return None


def is_of_output(error: Exception) -> bool:
    """Tell whether an error is about what is written, such as a help page, and not about a file that is read."""
    return isinstance(error, OSError) and error.errno in _FULL


def drop_output() -> None:
    """Drop what is written to stdout from now on, and what Python still holds for it."""
    if sys.stdout is not None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def handle_hangup(handler: Callable[[int, FrameType | None], None]) -> None:
    """Have a handler called when the terminal goes (SIGHUP), unless nohup or the like lets the command outlive it."""
    if threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, handler)


def is_structured() -> bool:
    """Tell whether stderr is a log of JSON, whichever formatter makes it: then everything else on it is JSON, too."""
    probe = logging.LogRecord("singer-crm", logging.INFO, __file__, 1, "probe", None, None)
    return any(
        _is_object(handler.format(probe))
        for handler in logging.getLogger().handlers
        if isinstance(handler, logging.StreamHandler) and is_stderr(handler.stream)
    )


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except ValueError:
        return False


def _handlers() -> Iterator[logging.Handler]:
    """The handlers of all loggers."""
    loggers = [logging.getLogger(), *logging.getLogger().manager.loggerDict.values()]
    for each in loggers:
        yield from getattr(each, "handlers", ())


def keep_config(context: click.Context, arguments: Sequence[str]) -> list[str]:
    """Keep and return the values of ``--config`` of a command line, before click takes it apart."""
    context.meta[_CONFIG] = given = values_of_config(arguments)
    return given


def unreadable_config(given: Sequence[str], error: Exception, read: Callable[[str], object]) -> str:
    """Say in a sentence which configuration file cannot be read, and what is wrong with it.

    Args:
        given: The values of ``--config``.
        error: What came of reading them all.
        read: Reads one file, or raises: asked only where there are several, since a pipe can be read once.
    """
    files = [each for each in given if each != "ENV"]
    failed = {files[0]: error} if len(files) == 1 else {each: its for each in files if (its := _failed(read, each))}
    file, error = next(iter(failed.items()), (None, error))
    subject = "A configuration file" if file is None else f"The configuration file {file}"
    match error:
        case UnicodeDecodeError():
            problem = "is not valid JSON: it is not text in UTF-8"
        case ValueError() if type(error).__name__ == "JSONDecodeError":  # of json or of simplejson
            problem = f"is not valid JSON: {error}"
        case ValueError() | TypeError():
            problem = "must hold a JSON object"
        case OSError():
            problem = f"cannot be read: {error.strerror or 'there is no such file'}"
        case _:
            problem = f"cannot be read: {error}"
    is_yaml = file is not None and PurePath(file).suffix in {".yml", ".yaml"}
    return f"{subject} {problem}{'. Write the settings as JSON; YAML is for meltano.yml' if is_yaml else ''}"


def _failed(read: Callable[[str], object], file: str) -> Exception | None:
    try:
        read(file)
    except (OSError, TypeError, ValueError) as error:
        return error
    return None


def on_one_line(text: str) -> str:
    r"""Spell out what a terminal obeys, such as ``\x1b`` and ``\n``: a record moves no cursor and fakes no line."""
    return _OBEYED.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def as_typed(command: str) -> str:
    """Return a command of ``singer-crm`` as it can be run; called in the thread that reads the command line."""
    return f"singer-crm {command} {_config()}"


def filled_in(text: str, **places: object) -> str:
    """Return a text whose commands can be run: with the settings in use for FILE, and with what else is known.

    Args:
        text: Commands of ``singer-crm`` stand in it as the documentation gives them, and end in ``--config FILE``.
        places: What stands in a command for a word in capitals, by that word in small letters.
    """

    def typed(command: re.Match[str]) -> str:
        words = (str(places.get(word.lower(), word)) if word.isupper() else word for word in command[1].split())
        return as_typed(" ".join(words))

    return _COMMAND.sub(typed, text)


def _config() -> str:
    context = click.get_current_context(silent=True)
    given: Sequence[str] = () if context is None else context.meta.get(_CONFIG) or context.params.get("config") or ()
    if not isinstance(given, list | tuple) or not given:
        return "--config FILE"
    if (plugin := next(filter(None, map(_plugin_of_meltano, given)), None)) is not None:
        return f"--config FILE, where FILE holds what meltano invoke --dump=config {plugin} prints"
    return " ".join(f"--config {shlex.quote(each)}" for each in given)


def _plugin_of_meltano(config: str) -> str | None:
    """Return the plugin whose settings Meltano wrote into a file, which goes with the run; None for any other file."""
    folders = PurePath(config).parent.parts
    return folders[-1] if folders[-3:-1] == (".meltano", "run") else None
