"""A tap at work: it writes Singer messages into a pipe, from which the target beside it reads."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from abc import ABC, abstractmethod
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from typing_extensions import override

from crm_api.errors import Exit, SettingError
from crm_api.transport.redaction import Redactor
from target_crm.accounts import bound_process
from target_crm.accounts.entries import Entry
from target_crm.accounts.taps import inside_tap
from target_crm.engine.run import logger
from target_crm.files import PRIVATE

STOP_SECONDS = 20.0  # for which a tap that is told to stop may take
LAST_LINES = 20  # of what a command said, which are told if it fails
LONGEST_LINE = 500  # characters of such a line


@dataclass(frozen=True)
class TapEnd:
    """The end of a tap.

    Attributes:
        code: Its exit code, in our words.
        sentence: The reason; empty for one that came to its end.
        requests: How many requests it sent; None if nobody counts them.
    """

    code: int
    sentence: str
    requests: int | None


class TapRun(ABC):
    """A tap at work.

    Attributes:
        output: The end of the pipe from which its messages are read.
    """

    output: BinaryIO

    @abstractmethod
    def stop(self, signal_number: int) -> None:
        """Have it end soon; callable from a signal handler, and more than once."""

    @abstractmethod
    def end(self) -> TapEnd | None:
        """Wait until it has ended; None if it does not end within ``STOP_SECONDS`` of being told to."""

    def has_ended_output(self) -> bool:
        """Tell whether everything it wrote was read, and it can write nothing more."""
        os.set_blocking(self.output.fileno(), False)
        try:
            return not os.read(self.output.fileno(), 1)
        except BlockingIOError:
            return False


def start_tap(entry: Entry, state: str | None, run_id: str) -> TapRun:
    """Start the tap of an entry.

    Args:
        entry: The entry.
        state: The value of the last STATE as text; None without one.
        run_id: Names the run.

    Raises:
        SettingError: The command cannot be run, or the catalog cannot be read.
    """
    return _Inside(entry, state, run_id) if entry.tap.name else _Command(entry, state)


class _Inside(TapRun):
    """A tap that runs in a thread of this process."""

    def __init__(self, entry: Entry, state: str | None, run_id: str) -> None:
        reading, writing = os.pipe()
        self.output = os.fdopen(reading, "rb", buffering=0)
        self._written = os.fdopen(writing, "wb")
        self._tap = inside_tap(entry.tap.name)(
            entry.tap.config,
            select=entry.tap.select,
            catalog=_catalog(entry.tap.catalog),
            state=None if state is None else json.loads(state),
            output=self._written,
            run_id=run_id,
        )
        self._ended: tuple[int, str] = Exit.FAILED, "The tap did not end"
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="tap", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._ended = self._tap.run()
        finally:
            with suppress(OSError):  # the reader has gone
                self._written.close()

    @override
    def stop(self, signal_number: int) -> None:
        if not self._stopped:
            self._stopped = True
            self._tap.stop(signal_number)

    @override
    def end(self) -> TapEnd | None:
        self._thread.join(STOP_SECONDS)
        if self._thread.is_alive():
            return None
        return TapEnd(*self._ended, self._tap.requests)


def _catalog(path: Path | None) -> Any:
    if path is None:
        return None
    try:
        return json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else f"it is not valid JSON: {error}"
        raise SettingError(f"The catalog file {path} cannot be read: {why}") from None


class _Command(TapRun):
    """A tap that is a command of its own: it gets its settings in files that only this user can read."""

    def __init__(self, entry: Entry, state: str | None) -> None:
        self._name = entry.tap.shown
        self._redact = Redactor(entry.secrets)
        self._folder = Path(tempfile.mkdtemp(prefix="singer-crm-tap-"))
        given = [*entry.tap.command, "--config", self._file("config", json.dumps(entry.tap.config))]
        if state is not None:
            given += ["--state", self._file("state", state)]
        if entry.tap.catalog is not None:
            given += ["--catalog", str(entry.tap.catalog)]
        bound = [sys.executable, "-IS", bound_process.__file__, str(os.getpid()), *given]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - the user's own command, word for word
                bound, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
            )
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise SettingError(f"{self._name} cannot be run: {error.strerror}") from None
        self.output = cast("BinaryIO", self._process.stdout)
        self._said: deque[str] = deque(maxlen=LAST_LINES)
        self._stopped = False
        self._listening = threading.Thread(target=self._listen, name="tap-log", daemon=True)
        self._listening.start()

    def _file(self, name: str, text: str) -> str:
        path = self._folder / f"{name}.json"
        path.touch(PRIVATE, exist_ok=False)
        path.write_text(text, "utf-8")
        return str(path)

    def _listen(self) -> None:
        for line in cast("BinaryIO", self._process.stderr):
            said = self._redact(line.decode("utf-8", "replace").rstrip())[:LONGEST_LINE]
            if said:
                self._said.append(said)
                logger.info("%s: %s", self._name, said)

    @override
    def stop(self, signal_number: int) -> None:
        if not self._stopped:
            self._stopped = True
            self._process.terminate()

    @override
    def end(self) -> TapEnd | None:
        try:
            code = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._listening.join(STOP_SECONDS)
        shutil.rmtree(self._folder, ignore_errors=True)
        if code == 0 or self._stopped:
            return TapEnd(Exit.DONE, "", None)
        last = f": {self._said[-1]}" if self._said else ""
        if code < 0:
            killed = f"{self._name} was ended by signal {signal.Signals(-code).name}{last}"
            return TapEnd(Exit.UNREACHABLE, killed, None)
        for line in [*self._said][:-1]:
            logger.warning("%s: %s", self._name, line)
        return TapEnd(Exit.FAILED, f"{self._name} ended with exit code {code}{last}", None)
