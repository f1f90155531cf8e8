"""Values of records read as the kind that an attribute wants, whatever the source spelled them as.

Records come from anywhere: numbers as text, text as numbers, instants as ISO 8601, ``datetime``, ``date`` or Unix
seconds, amounts as ``Decimal``. Every function raises ValueError with a text that says what was wanted, and that does
not repeat the value: record values are not logged.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from crm_api.crm_objects import Kind

LARGEST_INTEGER = 2**63 - 1
_TRUE = frozenset({"true", "yes", "y", "t", "1", "on"})
_FALSE = frozenset({"false", "no", "n", "f", "0", "off"})


def is_empty(value: Any) -> bool:
    """Null, blank text, or a list or object without anything in it: sources spell "nothing" in all these ways."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value or value.isspace()
    return isinstance(value, list | tuple | dict) and not value


def read_text(value: Any) -> str:
    """Text, unchanged; numbers, booleans and dates as JSON would spell them."""
    if isinstance(value, str):
        if not value.isascii():
            _check_surrogates(value)
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, int | float | Decimal):
        return format(value, "f") if isinstance(value, Decimal) else str(value)
    raise ValueError("wants text")


def _check_surrogates(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("holds half of a surrogate pair, which is no text") from None


def read_integer(value: Any) -> int:
    """A whole number of at most 64 bits."""
    number = read_number(value)
    if isinstance(number, float):
        if not number.is_integer():
            raise ValueError("wants a whole number")
        number = int(number)
    if abs(number) > LARGEST_INTEGER:
        raise ValueError("wants a number of at most 64 bits")
    return number


def read_id(value: Any) -> int:
    """A positive whole number."""
    if isinstance(value, bool):
        raise ValueError("wants an id, a positive whole number")  # noqa: TRY004 - the value is wrong, not the program
    try:
        number = read_integer(value)
    except ValueError:
        raise ValueError("wants an id, a positive whole number") from None
    if number <= 0:
        raise ValueError("wants an id, a positive whole number")
    return number


def read_number(value: Any) -> int | float:
    """A finite number; whole ones stay whole, and Decimals become what JSON has."""
    if isinstance(value, str):
        try:
            value = Decimal(value.strip().replace("_", "x"))  # Python's own digits 1_000 are nobody's number
        except ArithmeticError:
            raise ValueError("wants a number such as 1234.5, without currency or thousands separators") from None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("wants a number")  # noqa: TRY004 - the value is wrong, not the program
    if isinstance(value, int) and abs(value) <= LARGEST_INTEGER:
        return value
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise ValueError("wants a finite number")
    if isinstance(value, Decimal) and abs(value) <= LARGEST_INTEGER and value == int(value):
        return int(value)
    return number


def read_boolean(value: Any) -> bool:
    """True or false; also 1 and 0, yes and no."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower() if isinstance(value, str | int) else ""
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ValueError("wants true or false")


def read_moment(value: Any) -> datetime | date:
    """An instant, aware: ISO 8601 (UTC if it names no zone) or Unix seconds; a mere day stays a ``date``."""
    if isinstance(value, str):
        text = value.strip()
        try:
            value = date.fromisoformat(text) if len(text) <= len("2024-05-31") else datetime.fromisoformat(text)
        except ValueError:
            raise ValueError("wants an instant such as 2024-05-31T09:30:00Z") from None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("wants an instant such as 2024-05-31T09:30:00Z")  # noqa: TRY004 - the value is wrong, not the program
    try:
        return datetime.fromtimestamp(float(value), UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError("wants Unix seconds within the calendar") from None


def read_day(value: Any) -> date:
    """A calendar day: ISO 8601; of an instant the day as it is written there."""
    if isinstance(value, str):
        text = value.strip()
        try:
            value = date.fromisoformat(text) if len(text) <= len("2024-05-31") else datetime.fromisoformat(text)
        except ValueError:
            raise ValueError("wants a day such as 2024-05-31") from None
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    raise ValueError("wants a day such as 2024-05-31")


READERS: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: read_text,
    Kind.INTEGER: read_integer,
    Kind.NUMBER: read_number,
    Kind.BOOLEAN: read_boolean,
    Kind.MOMENT: read_moment,
    Kind.DAY: read_day,
    Kind.ID: read_id,
}
"""Readers of the kinds that stand alone."""
