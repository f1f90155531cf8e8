"""The start of the command ``crm-emulator``, whatever is not installed and whichever standard stream is closed."""

from __future__ import annotations

import io
import os
import signal
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


def main() -> None:
    """Run the command."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # while imports are read: no traceback of them
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    _guard_standard_streams()
    try:
        from crm_emulator.__main__ import main as serve  # noqa: PLC0415 - its imports may be missing

        serve()
    except ModuleNotFoundError as error:
        sys.exit(f"crm-emulator needs {error.name}, which is not installed: pip install 'singer-crm[emulator]'")


def _guard_standard_streams() -> None:
    """Give the number of a closed stream to no other file, and drop what stderr does not take."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_WRONLY if number else os.O_RDONLY)  # gets the lowest free number: this one
    lenient = io.BufferedWriter(_Lenient(2, "w", closefd=False))
    sys.stderr = io.TextIOWrapper(lenient, "utf-8", errors="backslashreplace", line_buffering=True)


class _Lenient(io.FileIO):
    """A file that takes everything, also where it is full or nobody reads it."""

    def write(self, data: ReadableBuffer, /) -> int:
        """Write what can be written."""
        try:
            return super().write(data) or memoryview(data).nbytes
        except OSError:
            return memoryview(data).nbytes
