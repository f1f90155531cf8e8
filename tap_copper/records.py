"""Records, from the bytes of Copper's answer to the form that the stream's schema says. Pure.

An answer that has another form than it must have is broken, as if it had been cut short: the request is repeated. Unix
seconds become date-time strings in UTC, custom fields become columns, and nothing that Copper sent is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

import msgspec

from tap_copper.custom_fields import CustomColumns

Record = dict[str, Any]

_record = msgspec.json.Decoder(Record)
_records = msgspec.json.Decoder(list[Record])
_lists = msgspec.json.Decoder(dict[str, list[Record]])
_DAY_SECONDS = 86400
_LATEST = 253_402_300_799  # the last second of the year 9999
_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


def record_in(content: bytes, keys: Iterable[str] = ("id",)) -> Record:
    """Decode an answer that is one object.

    Raises:
        ValueError: It is not an object, or lacks a key.
    """
    return _keyed([_record.decode(content)], keys)[0]


def records_in(content: bytes, keys: Iterable[str] = ("id",)) -> list[Record]:
    """Decode an answer that is an array of objects.

    Raises:
        ValueError: It is not an array of objects, or an object lacks a key.
    """
    return _keyed(_records.decode(content), keys)


def lists_in(content: bytes, keys: Iterable[str] = ("id",)) -> dict[str, list[Record]]:
    """Decode an answer that is an object of arrays of objects, by name.

    Raises:
        ValueError: It is something else, or an object in an array lacks a key.
    """
    found = _lists.decode(content)
    for records in found.values():
        _keyed(records, keys)
    return found


def _keyed(records: list[Record], keys: Iterable[str]) -> list[Record]:
    for key in keys:
        if any(record.get(key) is None for record in records):
            raise ValueError(f"a record without {key}")
        if key == "id" and not all(type(record[key]) is int for record in records):
            raise ValueError("an id that is not a number")
    return records


class Shape:
    """The form that one stream's records are brought into.

    Args:
        properties: The properties of the stream's schema.
        columns: Its custom-field columns, if it has any.
        date_order: The order in which the account writes dates, ``mdy`` or ``dmy``; None for no ``close_date_iso``.
    """

    def __init__(
        self, properties: Mapping[str, Any], columns: CustomColumns | None = None, date_order: str | None = None
    ) -> None:
        self._moments = [name for name, each in properties.items() if each.get("format") == "date-time"]
        self._columns = columns
        self._date_order = date_order if "close_date" in properties else None

    def apply(self, records: Sequence[Record]) -> None:
        """Bring records into the form, in place."""
        for record in records:
            for name in self._moments:
                value = record.get(name)
                if value.__class__ is int:
                    record[name] = moment(value)
        if self._columns is not None:
            self._columns.fill(records)
        if self._date_order is not None:
            for record in records:
                record["close_date_iso"] = iso_date(record.get("close_date"), self._date_order)


def moment(seconds: int) -> str:
    """Write Unix seconds as an RFC 3339 date-time in UTC; a number that no calendar holds stays a number, as text."""
    if not 0 <= seconds <= _LATEST:
        return _rare_moment(seconds)
    days, second = divmod(seconds, _DAY_SECONDS)
    minutes, second = divmod(second, 60)
    return f"{_day(days)}T{minutes // 60:02}:{minutes % 60:02}:{second:02}Z"


def seconds_of(text: str) -> int:
    """Read an ISO 8601 date or date-time as Unix seconds; one without an offset is UTC.

    Raises:
        ValueError: The text is neither.
    """
    given = datetime.fromisoformat(text)
    return int((given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp())


def iso_date(text: Any, order: str) -> str | None:
    """Write a date such as ``1/23/2017`` as ``2017-01-23``; None if it is not a date.

    Args:
        text: The value that Copper sent.
        order: The order of month and day in it: ``mdy`` or ``dmy``.
    """
    found = _DATE.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        return None
    first, second, year = map(int, found.groups())
    month, day = (first, second) if order == "mdy" else (second, first)
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


@lru_cache(maxsize=20_000)
def _day(days: int) -> str:
    return datetime.fromtimestamp(days * _DAY_SECONDS, UTC).date().isoformat()


def _rare_moment(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return str(seconds)
