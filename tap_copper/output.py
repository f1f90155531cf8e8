"""Singer messages as bytes on stdout, a page of records at a time."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, BinaryIO

import msgspec
from singer_sdk.contrib.msgspec import MsgSpecWriter
from singer_sdk.exceptions import MapExpressionError
from singer_sdk.helpers._catalog import pop_deselected_record_properties
from singer_sdk.helpers._state import StateWriter
from singer_sdk.helpers.types import TapState
from singer_sdk.mapper import SameRecordTransform, StreamMap
from singer_sdk.singerlib import ActivateVersionMessage, SelectionMask, StateMessage
from singer_sdk.singerlib.encoding.simple import Message
from typing_extensions import override

from tap_copper.errors import OutputError

_ENCODER = msgspec.json.Encoder()


class PageWriter(MsgSpecWriter):
    """Writes records by the page, and any other message at once.

    The SDK builds, encodes and flushes every record by itself, which is most of its cost. Here a page becomes one piece
    of bytes; a message of another kind flushes, so that a STATE never stays behind.

    Args:
        output: Takes the messages; None: stdout does, whichever it is by then.
    """

    unsettled = False
    """Whether a record, or the end of a full table, has been written since the last STATE."""

    def __init__(self, output: BinaryIO | None = None) -> None:
        super().__init__()
        self._given = output

    @property
    def _output(self) -> BinaryIO:
        return self._given or sys.stdout.buffer

    @override
    def write_message(self, message: Message) -> None:
        with _named_errors():
            _write(self._output, self.format_message(message))
            self._output.flush()
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
            version: The version of a full table, which an ACTIVATE_VERSION will close; None for other streams.
        """
        frame = {"time_extracted": extracted, "type": "RECORD", "stream": stream}
        if version is not None:
            frame["version"] = version
        self.unsettled = True
        with _named_errors():
            _write(self._output, _ENCODER.encode_lines([{**frame, "record": record} for record in records]))


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
def _named_errors() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise  # the program that reads the output has gone: the command says so
    except OSError as error:
        raise OutputError(said=error.strerror or type(error).__name__) from error


def _write(output: BinaryIO, lines: bytes | bytearray) -> None:
    """Write whole lines. Where PYTHONUNBUFFERED is set, a signal lets a single write end with half a line."""
    left = memoryview(bytes(lines))
    while left:
        left = left[output.write(left) :]


class Emission:
    """Writes the records of one stream, by its catalog entry and its maps.

    Args:
        writer: Writes the messages.
        maps: The stream's maps.
        mask: Which properties the catalog selects.
        version: The version of a full table, which an ACTIVATE_VERSION will close; None for other streams.
    """

    def __init__(self, writer: PageWriter, maps: Sequence[StreamMap], mask: SelectionMask, version: int | None) -> None:
        self._writer = writer
        self._maps = maps
        self._mask = mask
        self._version = version
        # The SDK walks every property of every record to drop the deselected ones: here only those are looked for.
        deselected = [breadcrumb for breadcrumb, selected in mask.items() if breadcrumb and not selected]
        self._deselected = [breadcrumb[1] for breadcrumb in deselected if len(breadcrumb) == 2]  # noqa: PLR2004 - ("properties", name)
        self._deep = len(self._deselected) < len(deselected)
        self._plain = len(maps) == 1 and type(maps[0]) is SameRecordTransform and not maps[0].flattening_enabled

    def write(self, records: list[dict[str, Any]], extracted: datetime) -> None:
        """Write a page of records, which may be changed in place."""
        if self._deep:
            for record in records:
                pop_deselected_record_properties(record, {}, self._mask)
        elif self._deselected:
            for record in records:
                for name in self._deselected:
                    record.pop(name, None)
        if self._plain:
            self._writer.write_records(self._maps[0].stream_alias, records, extracted, self._version)
            return
        for each in self._maps:
            mapped = [made for record in records if (made := _mapped(each, record)) is not None]
            self._writer.write_records(each.stream_alias, mapped, extracted, self._version)


def _mapped(stream_map: StreamMap, record: dict[str, Any]) -> dict[str, Any] | None:
    """Map a record; None if the map drops it.

    Raises:
        MapExpressionError: An expression failed, however: it may divide by a value that is 0 today.
    """
    try:
        return stream_map.transform(record)
    except MapExpressionError:
        raise
    except Exception as error:
        raise MapExpressionError(f"{type(error).__name__}: {error}") from error
