"""Singer messages as bytes on stdout, a page of records at a time."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
from singer_sdk.contrib.msgspec import MsgSpecWriter
from singer_sdk.singerlib.encoding.simple import Message
from typing_extensions import override

_ENCODER = msgspec.json.Encoder()


class PageWriter(MsgSpecWriter):
    """Writes records by the page, and lets whatever is not a record pass at once.

    The SDK builds, encodes and flushes every record by itself, which is most of its cost. Here a page becomes one piece
    of bytes; a message of another kind flushes, so that a STATE never stays behind.
    """

    @override
    def write_message(self, message: Message) -> None:
        _write(self.format_message(message))
        sys.stdout.buffer.flush()

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
        _write(_ENCODER.encode_lines([{**frame, "record": record} for record in records]))


def _write(lines: bytes | bytearray) -> None:
    """Write all of it. Where PYTHONUNBUFFERED is set, a signal lets a write end with half a line."""
    left = memoryview(bytes(lines))
    while left:
        left = left[sys.stdout.buffer.write(left) :]
