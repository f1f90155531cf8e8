"""The log as JSON: with ``log_format: json`` every line of stderr is a JSON object, whoever writes it.

The lines have the form of the SDK's own structured log, which Meltano reads.
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from typing_extensions import override

from crm_api.watching.standard_error import STDERR, LenientFile, is_stderr, text_of

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

SETTING = "log_format"
JSON = "json"
_PLUGINS: Mapping[str, tuple[str, ...]] = {"singer-crm": ("target-crm", "tap-copper")}
"""The plugins whose settings a command takes; left out: its own alone."""
_METRIC = "METRIC: "
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """Makes a JSON object of an entry of the log.

    Args:
        command: Name of the command, for each line.
    """

    def __init__(self, command: str) -> None:
        super().__init__()
        self._command = command

    @override
    def format(self, record: logging.LogRecord) -> str:
        said = record.getMessage() if record.args else str(record.msg)
        line = _line(self._command, record.levelname.lower(), record.name, said, record.created)
        line["pid"] = record.process
        line["thread_name"] = record.threadName
        extra = {name: value for name, value in vars(record).items() if name not in _USUAL}
        line["stream_name"] = extra.pop("stream_name", None)
        if said.startswith(_METRIC):
            with suppress(ValueError):
                line["metric_info"] = json.loads(said.removeprefix(_METRIC))
                line["message"] = _METRIC.rstrip(": ")
        if record.exc_info and record.exc_info[1] is not None:
            line["exception"] = _exception(record.exc_info[1], record.exc_text)
        elif record.exc_text:
            line["message"] = f"{said}\n{record.exc_text}"
        line["extra"] = extra
        return json.dumps(line, default=str, separators=(",", ":"))


class JsonLines(LenientFile):
    """Stderr for whatever is no entry of the log: each line that is no JSON object becomes the message of one.

    Args:
        command: Name of the command, for each line.
    """

    def __init__(self, command: str) -> None:
        super().__init__(STDERR, "w", closefd=False)
        self._command = command
        self._rest = b""
        self._lock = threading.RLock()

    @override
    def write(self, b: ReadableBuffer, /) -> int:
        with self._lock:
            given = bytes(b)
            *lines, self._rest = (self._rest + given).split(b"\n")
            for line in lines:
                self._write_line(line)
            return len(given)

    def finish(self) -> None:
        """Write what has not come to the end of its line."""
        with self._lock:
            rest, self._rest = self._rest, b""
            self._write_line(rest)

    def _write_line(self, line: bytes) -> None:
        text = line.decode("utf-8", "backslashreplace").rstrip("\r")
        if not text.strip():
            return
        if not _is_object(text):
            text = json.dumps(_line(self._command, "info", self._command, text, time.time()), separators=(",", ":"))
        super().write(f"{text}\n".encode())


def use_json_if_asked(command: str, arguments: Sequence[str]) -> None:
    """Make a log of JSON if the environment or a file of settings asks for it, before anything else is read.

    Args:
        command: Name of the command.
        arguments: Its arguments. A pipe among the files is left to whoever reads the settings.
    """
    if any(given == JSON for given in _given(command, arguments)):
        use_json(command)


def use_json_if_set(command: str, settings: object) -> None:
    """Make a log of JSON if settings, once they are read, ask for it.

    Args:
        command: Name of the command.
        settings: A mapping, or anything else that has no settings.
    """
    if isinstance(settings, Mapping) and settings.get(SETTING) == JSON:
        use_json(command)


def use_json(command: str) -> None:
    """Make a log of JSON of stderr, for the rest of this process, whatever writes to it."""
    formatter = JsonFormatter(command)
    root = logging.getLogger()
    if not root.handlers:  # of a command that has not come to the point where it sets up its log
        own = logging.StreamHandler(sys.stderr)
        own.setLevel(logging.WARNING)
        root.addHandler(own)
    for handler in root.handlers:
        if isinstance(handler, logging.StreamHandler) and is_stderr(handler.stream):
            handler.setFormatter(formatter)
    if sys.stderr is None or not is_stderr(sys.stderr) or _lines_of(sys.stderr) is not None:
        return
    lines = JsonLines(command)
    old, sys.stderr = sys.stderr, text_of(lines)
    for handler in root.handlers:
        if isinstance(handler, logging.StreamHandler) and handler.stream is old:
            handler.setStream(sys.stderr)
    atexit.register(lines.finish)
    logging.captureWarnings(capture=True)
    log = logging.getLogger(command)
    sys.excepthook = lambda kind, error, trace: _tell(log, "The command ended in an error", (kind, error, trace))
    threading.excepthook = lambda given: _tell_of_thread(log, given)
    sys.unraisablehook = lambda given: _tell_ignored(log, given.err_msg, given.exc_value)


def values_of_config(arguments: Sequence[str]) -> list[str]:
    """Return the values of ``--config`` of a command line."""
    return [
        each.removeprefix("--config=") if each.startswith("--config=") else each
        for before, each in pairwise(["", *arguments])
        if each.startswith("--config=") or before == "--config"
    ]


def _tell(log: logging.Logger, what: str, error: Any) -> None:
    log.error("%s: %s", what, error[0].__name__, exc_info=error)


def _tell_of_thread(log: logging.Logger, given: threading.ExceptHookArgs) -> None:
    if given.exc_value is not None:
        name = "?" if given.thread is None else given.thread.name
        _tell(log, f"A thread ended in an error ({name})", (given.exc_type, given.exc_value, given.exc_traceback))


def _tell_ignored(log: logging.Logger, what: str | None, error: BaseException | None) -> None:
    log.warning("%s: %s", what or "An error was ignored", type(error).__name__)


def _lines_of(stream: TextIO) -> JsonLines | None:
    raw = getattr(getattr(stream, "buffer", None), "raw", None)
    return raw if isinstance(raw, JsonLines) else None


def _given(command: str, arguments: Sequence[str]) -> Iterator[object]:
    """Yield the values of the setting, from wherever it can be read now."""
    for plugin in _PLUGINS.get(command, (command,)):
        yield os.environ.get(f"{plugin.upper().replace('-', '_')}_{SETTING.upper()}")
    for file in values_of_config(arguments):
        with suppress(OSError, ValueError):
            path = Path(file)
            settings = json.loads(path.read_bytes()) if path.is_file() else None
            if isinstance(settings, dict):
                yield settings.get(SETTING)


def _line(command: str, level: str, logger: str, message: str, at: float) -> dict[str, Any]:
    return {
        "level": level,
        "pid": os.getpid(),
        "logger_name": logger,
        "ts": at,
        "thread_name": threading.current_thread().name,
        "app_name": command,
        "stream_name": None,
        "message": message,
    }


def _exception(error: BaseException, text: str | None) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "type": type(error).__name__,
        "module": type(error).__module__,
        "message": str(error),
        "traceback": [
            {"filename": each.filename, "function": each.name, "lineno": each.lineno, "line": each.line or ""}
            for each in frames
        ],
        "text": text,
    }


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
