"""Records, brought into the form that the stream's schema says. Pure.

Unix seconds become date-time strings in UTC, custom fields become columns, and what has another type than its column
is converted; what a column cannot hold is counted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from tap_copper.conformance import Conformer, UnfitValues, seconds_of_number
from tap_copper.custom_fields import CustomColumns, keep_apart

Record = dict[str, Any]

_DAY_SECONDS = 86400
_LATEST = 253_402_300_799  # the last second of the year 9999
_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)", re.ASCII)


class Shape:
    """The form that one stream's records are brought into.

    Args:
        properties: The properties of the stream's schema.
        columns: Its custom-field columns, if it has any.
        date_order: The order in which the account writes dates, ``mdy`` or ``dmy``; None for no ``close_date_iso``.

    Attributes:
        unfit: The values that their columns could not hold.
    """

    def __init__(
        self, properties: Mapping[str, Any], columns: CustomColumns | None = None, date_order: str | None = None
    ) -> None:
        self.unfit = UnfitValues()
        self._moments = [name for name, each in properties.items() if _is_moment(each)]
        self._columns = columns
        self._has_fields = "custom_fields" in properties
        self._date_order = date_order if "close_date" in properties else None
        self._conformer = Conformer(properties, self.unfit)

    def apply(self, records: Sequence[Record]) -> None:
        """Bring records into the form, in place."""
        for record in records:
            for name in self._moments:
                value = record.get(name)
                if value.__class__ is int and 0 <= value <= _LATEST:
                    record[name] = moment(value)
                elif value is not None:
                    record[name] = self._date_time(value, name, record)
        if self._has_fields:
            keep_apart(records)
        if self._columns is not None:
            self._columns.fill(records, self.unfit)
        if self._date_order is not None:
            for record in records:
                record["close_date_iso"] = iso_date(record.get("close_date"), self._date_order)
        self._conformer.apply(records)

    def _date_time(self, value: Any, name: str, record: Record) -> str | None:
        found = date_time_of(value)
        if found is None:
            self.unfit.note(name, record)
        return found


def _is_moment(schema: Any) -> bool:
    return isinstance(schema, Mapping) and schema.get("format") == "date-time"


def moment(seconds: int) -> str:
    """Write Unix seconds as an RFC 3339 date-time in UTC; a number that no calendar holds stays a number, as text."""
    if not 0 <= seconds <= _LATEST:
        return _rare_moment(seconds) or str(seconds)
    days, second = divmod(seconds, _DAY_SECONDS)
    minutes, second = divmod(second, 60)
    return f"{_day(days)}T{minutes // 60:02}:{minutes % 60:02}:{second:02}Z"


def date_time_of(value: Any) -> str | None:
    """Read a date-time from whatever stands in its place: Unix seconds, also as text or with a fraction, or ISO 8601.

    Returns:
        It as RFC 3339 writes it; None if it is none, or lies in no year from 1 to 9999.
    """
    seconds = seconds_of_number(value)
    if seconds is not None:
        return _rare_moment(seconds)
    try:
        return _in_rfc_3339(value) if isinstance(value, str) else None
    except (ValueError, OverflowError):
        return None


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


def _in_rfc_3339(text: str) -> str | None:
    seconds = seconds_of(text)
    return text if _DATE_TIME.fullmatch(text) else _rare_moment(seconds)


def _rare_moment(seconds: int) -> str | None:
    try:
        return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return None
