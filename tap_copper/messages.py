"""Singer messages as bytes on stdout, a page of records at a time."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from singer_sdk.contrib.msgspec import MsgSpecWriter
from singer_sdk.helpers._state import StateWriter
from singer_sdk.helpers.types import TapState
from singer_sdk.singerlib import ActivateVersionMessage, StateMessage
from singer_sdk.singerlib.encoding.simple import Message
from typing_extensions import override

from tap_copper.errors import OutputError

_ENCODER = msgspec.json.Encoder()


class PageWriter(MsgSpecWriter):
    """Writes records by the page, and lets whatever is not a record pass at once.

    The SDK builds, encodes and flushes every record by itself, which is most of its cost. Here a page becomes one piece
    of bytes; a message of another kind flushes, so that a STATE never stays behind.
    """

    unsettled = False
    """Whether a record, or the end of a full table, has been written since the last STATE."""

    @override
    def write_message(self, message: Message) -> None:
        with _told():
            _write(self.format_message(message))
            sys.stdout.buffer.flush()
        self.unsettled = isinstance(message, ActivateVersionMessage) or (
            self.unsettled and not isinstance(message, StateMessage)
        )

    def write_records(
        self, stream: str, records: Iterable[dict[str, Any]], extracted: datetime, version: int | None
    ) -> None:
        """Write RECORD messages.

        Args:
            stream: Name of the stream.
            records: Its records.
            extracted: When Copper sent them.
            version: Of a full table, for the ACTIVATE_VERSION that will follow.
        """
        frame = {"time_extracted": extracted, "type": "RECORD", "stream": stream}
        if version is not None:
            frame["version"] = version
        self.unsettled = True
        with _told():
            _write(_ENCODER.encode_lines([{**frame, "record": record} for record in records]))


class SettlingStateWriter(StateWriter):
    """Writes a STATE that has changed, and also one that has not, where records have come since the last.

    A target that waits for a STATE before it lets go of records gets one, also of a table without bookmark.

    Args:
        writer: Writes the messages.
    """

    def __init__(self, writer: PageWriter) -> None:
        super().__init__(writer)
        self._writer = writer

    @override
    def write_state(self, state: TapState) -> None:
        if self._writer.unsettled:
            self._last_emitted_state = None
        super().write_state(state)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise  # who reads the output has gone: the command says so
    except OSError as error:
        raise OutputError(said=error.strerror or type(error).__name__) from error


def _write(lines: bytes | bytearray) -> None:
    """Write all of it. Where PYTHONUNBUFFERED is set, a signal lets a write end with half a line."""
    left = memoryview(bytes(lines))
    while left:
        left = left[sys.stdout.buffer.write(left) :]
