"""Turns pages of records into Singer messages, within the stream's selection and maps."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from singer_sdk.helpers._catalog import pop_deselected_record_properties
from singer_sdk.mapper import SameRecordTransform, StreamMap
from singer_sdk.singerlib import SelectionMask

from tap_copper.messages import PageWriter


class Emission:
    """Where the records of one stream go.

    Args:
        writer: Writes the messages.
        maps: The stream's maps.
        mask: What a catalog selects.
        version: Of a full table that an ACTIVATE_VERSION will close.
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
            mapped = [made for record in records if (made := each.transform(record)) is not None]
            self._writer.write_records(each.stream_alias, mapped, extracted, self._version)
