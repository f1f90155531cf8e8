"""A record as Copper sends it turned into what the stream's schema says. Pure.

Unix seconds become date-time strings in UTC, custom fields become columns, and nothing that Copper sent is dropped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from tap_copper.custom_fields import CustomColumns

_DAY_SECONDS = 86400
_LATEST = 253_402_300_799  # the last second of the year 9999
_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


class Shape:
    """How one stream's records are turned.

    Args:
        properties: The properties of the stream's schema.
        columns: Its custom-field columns, if it has any.
        date_order: ``mdy`` or ``dmy``: how the account writes dates, if ``close_date_iso`` is wanted.
    """

    def __init__(
        self, properties: Mapping[str, Any], columns: CustomColumns | None = None, date_order: str | None = None
    ) -> None:
        self._moments = [name for name, each in properties.items() if each.get("format") == "date-time"]
        self._columns = columns
        self._date_order = date_order if "close_date" in properties else None

    def apply(self, record: dict[str, Any]) -> None:
        """Turn one record, in place."""
        for name in self._moments:
            value = record.get(name)
            if value.__class__ is int:
                record[name] = moment(value)
        if self._columns is not None:
            self._columns.fill(record)
        if self._date_order is not None:
            record["close_date_iso"] = iso_date(record.get("close_date"), self._date_order)


def moment(seconds: int) -> str:
    """Unix seconds as an RFC 3339 date-time in UTC; what no calendar holds stays a number in text."""
    if not 0 <= seconds <= _LATEST:
        return _rare_moment(seconds)
    days, second = divmod(seconds, _DAY_SECONDS)
    minutes, second = divmod(second, 60)
    return f"{_day(days)}T{minutes // 60:02}:{minutes % 60:02}:{second:02}Z"


def seconds_of(text: str) -> int:
    """Unix seconds of an ISO 8601 date or date-time; one without an offset is UTC.

    Raises:
        ValueError: It is none.
    """
    given = datetime.fromisoformat(text)
    return int((given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp())


def iso_date(text: Any, order: str) -> str | None:
    """A date such as ``1/23/2017`` as ``2017-01-23``; None if it is none.

    Args:
        text: What Copper sent.
        order: ``mdy`` or ``dmy``.
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
