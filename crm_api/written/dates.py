"""Dates as people and exports write them, where they have one meaning (pure).

``31.05.2024`` is written day first wherever it is written so; ``05/06/2024`` is not read, since its order depends on
who wrote it.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMES = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december", "sept",
)  # fmt: skip
_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?"
_TIME = (
    r"(?:[\sT,]\s*(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?P<fraction>[.,]\d+)?)?"
    r"(?:\s*(?P<half>[ap])\.?m\.?)?(?:\s*(?P<zone>Z|UTC|GMT|[+-]\d\d(?::?\d\d)?))?)?"
)
_DAYS = tuple(
    re.compile(rf"{_WEEKDAY}{day}{_TIME}", re.IGNORECASE | re.ASCII)
    for day in (
        r"(?P<year>\d{4})(?P<mark>[-/.])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})",
        r"(?P<day>\d{1,2})\.\s?(?P<month>\d{1,2})\.\s?(?P<year>\d{4})",
        r"(?P<day>\d{1,2})(?:st|nd|rd|th)?[\s-](?P<month>[a-z]{3,9})\.?,?[\s-](?P<year>\d{4})",
        r"(?P<month>[a-z]{3,9})\.?\s(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s(?P<year>\d{4})",
    )
)
_NOON = 12


def read_written_date(text: str) -> datetime | date:
    """Read a day, or an instant (UTC if it names no zone), in ISO 8601 or another form that has one meaning.

    Raises:
        ValueError: It is none, or one that has several meanings.
    """
    text = text.strip()
    try:
        return date.fromisoformat(text) if len(text) <= len("2024-05-31") else datetime.fromisoformat(text)
    except ValueError:
        found = next((found for form in _DAYS if (found := form.fullmatch(text))), None)
        if found is None:
            raise
    day = date(int(found["year"]), _month(found["month"]), int(found["day"]))
    return day if found["hour"] is None else datetime.fromisoformat(f"{day.isoformat()}T{_time(found)}{_zone(found)}")


def _month(written: str) -> int:
    if written.isdecimal():
        return int(written)
    name = written.lower()
    if name not in {*_MONTHS, *_NAMES}:
        raise ValueError("is no month")
    return _MONTHS.index(name[:3]) + 1


def _time(found: re.Match[str]) -> str:
    hour = int(found["hour"])
    if found["half"]:
        if not 1 <= hour <= _NOON:
            raise ValueError("is no hour")
        hour = hour % _NOON + (_NOON if found["half"].lower() == "p" else 0)
    fraction = (found["fraction"] or "").replace(",", ".")
    return f"{time(hour, int(found['minute']), int(found['second'] or 0)).isoformat()}{fraction}"


def _zone(found: re.Match[str]) -> str:
    zone = found["zone"] or ""
    return "+00:00" if zone.upper() in {"Z", "UTC", "GMT"} else zone


def within_calendar(moment: datetime) -> bool:
    """Whether an instant lies between the years 1 and 9999 in every time zone, so that zones can be converted."""
    try:
        moment.astimezone(UTC)
    except OverflowError:
        return False
    return True
