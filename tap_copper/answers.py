"""The form that an answer must have. One that has another is broken, as if it had been cut short: asked for again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

Record = dict[str, Any]

_record = msgspec.json.Decoder(Record)
_records = msgspec.json.Decoder(list[Record])
_lists = msgspec.json.Decoder(dict[str, list[Record]])


def record_in(content: bytes, keys: Iterable[str] = ("id",)) -> Record:
    """The one object that an answer is.

    Raises:
        ValueError: It is none, or lacks a key.
    """
    return _keyed([_record.decode(content)], keys)[0]


def records_in(content: bytes, keys: Iterable[str] = ("id",)) -> list[Record]:
    """The array of objects that an answer is.

    Raises:
        ValueError: It is none, or one of them lacks a key.
    """
    return _keyed(_records.decode(content), keys)


def lists_in(content: bytes, keys: Iterable[str] = ("id",)) -> dict[str, list[Record]]:
    """The arrays of objects that an answer holds by name.

    Raises:
        ValueError: It is something else, or an object lacks a key.
    """
    found = _lists.decode(content)
    for records in found.values():
        _keyed(records, keys)
    return found


def _keyed(records: list[Record], keys: Iterable[str]) -> list[Record]:
    for key in keys:
        if any(record.get(key) is None for record in records):
            raise ValueError(f"a record without {key}")
    return records
