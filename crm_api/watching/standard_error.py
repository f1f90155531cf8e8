"""The file behind stderr: full, or without a reader, it takes everything all the same."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

from typing_extensions import override

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

STDERR = 2


class LenientFile(io.FileIO):
    """A file that is full, or whose reader has gone, and takes everything all the same."""

    @override
    def write(self, b: ReadableBuffer, /) -> int:
        try:
            return super().write(b) or memoryview(b).nbytes
        except OSError:
            return memoryview(b).nbytes


def text_of(raw: io.FileIO) -> io.TextIOWrapper:
    """Return a text stream over a file, which is written line by line."""
    return io.TextIOWrapper(io.BufferedWriter(raw), "utf-8", errors="backslashreplace", line_buffering=True)


def is_stderr(stream: Any) -> bool:
    """Tell whether what is written to a stream comes out at stderr."""
    return stream in {sys.stderr, sys.__stderr__} or is_descriptor(stream, STDERR)


def is_descriptor(stream: Any, number: int) -> bool:
    """Tell whether a stream writes to the file descriptor of a number."""
    try:
        return bool(stream.fileno() == number)
    except (AttributeError, OSError, ValueError):  # a text in memory
        return False
