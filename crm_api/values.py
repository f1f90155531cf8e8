"""Values of records, read as the kind of value that an attribute must have, whatever their spelling.

Records come from anywhere: numbers as text, text as numbers, instants as ISO 8601, ``datetime``, ``date`` or Unix
seconds, amounts as ``Decimal``. Every function raises ValueError with a text that follows an attribute's name ("must be
a number") and does not repeat the value: record values are not logged.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from crm_api.crm_objects import Kind
from crm_api.written.dates import read_written_date, within_calendar

LARGEST_INTEGER = 2**63 - 1
LARGEST_WHOLE = 10**18  # beyond it a number that comes with a fraction or an exponent stays as it is spelt
SMALLEST_UNIX_SECONDS = 10**8  # March 1973: a smaller number in a date is a spreadsheet's day, or a day without dashes
LAST_UNIX_SECOND = 253_402_300_799  # of the year 9999: a greater number counts milliseconds
LAST_SPREADSHEET_DAY = 2_958_465  # 9999-12-31
_BEFORE_LEAP_DAY = 60  # of 1900, which spreadsheets count, and which was none
_DAY_SECONDS = 86_400
_TRUE = frozenset({"true", "yes", "y", "t", "1", "on"})
_FALSE = frozenset({"false", "no", "n", "f", "0", "off"})


def is_empty(value: Any) -> bool:
    """Whether a value says nothing: null, blank text, or an empty list or object."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value or value.isspace()
    return isinstance(value, list | tuple | dict) and not value


def has_value(value: Any) -> bool:
    """Whether there is a value: not null, blank, an empty list, or an object of nothing but nulls."""
    if isinstance(value, Mapping):
        return any(has_value(each) for each in value.values())
    return not is_empty(value)


_WORD = re.compile(r"[^\W\d_]+")
_CATEGORIES = tuple(
    words.split()
    for words in (
        "fax telefax",
        "mobile cell cellular cellphone handy iphone sms",
        "home personal private residence house privat",
        "work business office company corporate job main direct professional",
        "googleplus google",
        "twitter x",
        "other",
    )
)
"""Words of one meaning, by which systems call the kinds of e-mail, phone and address; of several words the first row
that holds one of them counts, so that a fax at work is a fax."""


def nearest_category(given: str, choices: Sequence[str]) -> str | None:
    """Find which of the categories that a CRM has is nearest to one that it may lack; None: none of them, nor other.

    Args:
        given: A category of any system: ``Home``, ``WORK``, ``Mobile Phone``.
        choices: The CRM's categories, in its spelling.
    """
    words = [word.casefold() for word in _WORD.findall(given)]
    known = {"".join(map(str.casefold, _WORD.findall(choice))): choice for choice in reversed(choices)}
    if "".join(words) in known:
        return known["".join(words)]
    for alike in _CATEGORIES:
        if not set(alike).isdisjoint(words):
            if (found := next((known[word] for word in alike if word in known), None)) is not None:
                return found
            break
    return known.get("other")


def read_text(value: Any) -> str:
    """Read text, unchanged; numbers, booleans and dates as JSON would spell them, whole numbers without a fraction.

    A spreadsheet holds 15550101 as 15550101.0, and so does a data frame once a column has a gap.
    """
    if isinstance(value, str):
        if not value.isascii():
            _check_surrogates(value)
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, float | Decimal):
        if not math.isfinite(value):
            raise ValueError(f"must be text: {value} cannot be sent")
        if -LARGEST_WHOLE < value < LARGEST_WHOLE and value == int(value):
            return str(int(value))
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    if isinstance(value, int):
        return str(value)
    raise ValueError("must be text")


def _check_surrogates(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("holds half of a surrogate pair, which is not text") from None


def read_integer(value: Any) -> int:
    """Read a whole number of at most 64 bits."""
    number = read_number(value)
    if isinstance(number, float):
        if not number.is_integer():
            raise ValueError("must be a whole number")
        number = int(number)
    if abs(number) > LARGEST_INTEGER:
        raise ValueError("must be a number of at most 64 bits")
    return number


def read_id(value: Any) -> int:
    """Read an id, a positive whole number."""
    if isinstance(value, bool):
        raise ValueError("must be an id, a positive whole number")  # noqa: TRY004 - the value is wrong, not the program
    try:
        number = read_integer(value)
    except ValueError:
        raise ValueError("must be an id, a positive whole number") from None
    if number <= 0:
        raise ValueError("must be an id, a positive whole number")
    return number


def read_number(value: Any) -> int | float:
    """Read a finite number; whole numbers stay whole, and a Decimal becomes an int or a float."""
    if isinstance(value, str):
        try:
            value = Decimal(value.strip().replace("_", "x"))  # 1_000 is a number in Python alone
        except ArithmeticError:
            raise ValueError("must be a number such as 1234.5") from None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("must be a number")  # noqa: TRY004 - the value is wrong, not the program
    if isinstance(value, int) and abs(value) <= LARGEST_INTEGER:
        return value
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError("must be a finite number")
    if isinstance(value, Decimal) and abs(value) <= LARGEST_INTEGER and value == int(value):
        return int(value)
    return number


def read_boolean(value: Any) -> bool:
    """Read true or false; also 1 and 0, which data frames spell 1.0 and 0.0, yes and no."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower().removesuffix(".0") if isinstance(value, str | int | float | Decimal) else ""
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ValueError("must be true or false")


def read_moment(value: Any) -> datetime | date:
    """Read an instant, aware: text (UTC if it names no zone), Unix seconds or milliseconds; a day stays a ``date``."""
    if isinstance(value, str):
        try:
            value = read_written_date(value)
        except ValueError:
            raise ValueError("must be an instant such as 2024-05-31T09:30:00Z") from None
    if isinstance(value, datetime):
        moment: datetime = value if value.tzinfo else value.replace(tzinfo=UTC)
        if not within_calendar(moment):
            raise ValueError("must be an instant from the year 1 to 9999")
        return moment
    if isinstance(value, date):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("must be an instant such as 2024-05-31T09:30:00Z")  # noqa: TRY004 - the value is wrong, not the program
    try:
        seconds = float(value) / 1000 if LAST_UNIX_SECOND < value <= 1000 * LAST_UNIX_SECOND else float(value)
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError("must be Unix seconds within the calendar") from None


def read_spreadsheet_day(value: float | Decimal) -> datetime | date:
    """Read a day as spreadsheets count it: 1 is 1900-01-01, and a fraction is the time, taken for UTC.

    Days from March 1900 on are one too high, since spreadsheets count a 29 February 1900.
    """
    wrong = "must be a day as spreadsheets count it, from 1 (1900-01-01) to 2958465 (9999-12-31)"
    if not math.isfinite(value) or not 1 <= value < LAST_SPREADSHEET_DAY + 1 or int(value) == _BEFORE_LEAP_DAY:
        raise ValueError(wrong)
    days = int(value)
    day = date(1899, 12, 31 if days < _BEFORE_LEAP_DAY else 30) + timedelta(days)
    if value == days:
        return day
    seconds = round((Decimal(str(value)) - days) * _DAY_SECONDS)
    try:
        return datetime.combine(day, time(), UTC) + timedelta(seconds=seconds)
    except OverflowError:
        raise ValueError(wrong) from None


def read_day(value: Any) -> date:
    """Read a calendar day; of an instant, the day as it is written there."""
    if isinstance(value, str):
        try:
            value = read_written_date(value)
        except ValueError:
            raise ValueError("must be a day such as 2024-05-31") from None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    raise ValueError("must be a day such as 2024-05-31")


READERS: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: read_text,
    Kind.INTEGER: read_integer,
    Kind.NUMBER: read_number,
    Kind.BOOLEAN: read_boolean,
    Kind.MOMENT: read_moment,
    Kind.DAY: read_day,
    Kind.ID: read_id,
}
"""Readers of kinds whose values have no parts, by kind."""
