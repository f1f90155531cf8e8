"""Values of records, read as the kind of value that an attribute must have, whatever their spelling.

Records come from anywhere: numbers as text, text as numbers, instants as ISO 8601, ``datetime``, ``date`` or Unix
seconds, amounts as ``Decimal``. Every function raises ValueError with a text that follows an attribute's name ("must be
a number") and does not repeat the value: record values are not logged.
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


def read_text(value: Any) -> str:
    """Read text, unchanged; numbers, booleans and dates as JSON would spell them."""
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
            raise ValueError("must be a number such as 1234.5, without currency or thousands separators") from None
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
    """Read true or false; also 1 and 0, yes and no."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower() if isinstance(value, str | int) else ""
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ValueError("must be true or false")


def read_moment(value: Any) -> datetime | date:
    """Read an instant, aware: ISO 8601 (UTC if it names no zone) or Unix seconds; a mere day stays a ``date``."""
    if isinstance(value, str):
        text = value.strip()
        try:
            value = date.fromisoformat(text) if len(text) <= len("2024-05-31") else datetime.fromisoformat(text)
        except ValueError:
            raise ValueError("must be an instant such as 2024-05-31T09:30:00Z") from None
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError("must be an instant such as 2024-05-31T09:30:00Z")  # noqa: TRY004 - the value is wrong, not the program
    try:
        return datetime.fromtimestamp(float(value), UTC)
    except (ValueError, OverflowError, OSError):
        raise ValueError("must be Unix seconds within the calendar") from None


def read_day(value: Any) -> date:
    """Read a calendar day: ISO 8601; of an instant, the day as it is written there."""
    if isinstance(value, str):
        text = value.strip()
        try:
            value = date.fromisoformat(text) if len(text) <= len("2024-05-31") else datetime.fromisoformat(text)
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
