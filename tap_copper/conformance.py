"""Values of records brought into the types that the stream's schema names. Pure.

Accounts hold what no documentation names: a number as text, an object where there should be text, a date in the year
20224. A target ends at the first record that its SCHEMA does not allow, so such a value is converted where nothing of
it is lost, and is null where it cannot be.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

Schema = Mapping[str, Any]
Check = Callable[[Any], bool]

_WHOLE = re.compile(r"[+-]?[0-9]{1,300}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,300}(?:\.[0-9]{0,300})?|\.[0-9]{1,300})(?:[eE][+-]?[0-9]{1,3})?")
_ABSENT = object()


@dataclass
class UnfitColumn:
    """The values of one column that its type cannot hold.

    Attributes:
        first_id: Id of the first record that had one.
        values: How many there were.
    """

    first_id: Any
    values: int = 0


class UnfitValues(dict[str, UnfitColumn]):
    """The values that columns could not hold, by column."""

    def note(self, column: str, record: Mapping[str, Any]) -> None:
        """Count one more value of a column."""
        self.setdefault(column, UnfitColumn(record.get("id"))).values += 1


class Conformer:
    """Brings the records of one stream into the types of its schema.

    Args:
        properties: The properties of the schema.
        unfit: Counts the values that are lost to their column.
    """

    def __init__(self, properties: Mapping[str, Schema], unfit: UnfitValues) -> None:
        self._properties = properties
        self._unfit = unfit

    def apply(self, records: Sequence[dict[str, Any]]) -> None:
        """Convert, in place, what does not fit; what cannot be converted is null, or absent where null is no value."""
        if self._is_page(records):
            return
        for record in records:
            for name, is_valid in self._columns.items():
                if name in record and not is_valid(record[name]):
                    self._fit(record, name, is_valid)

    def _fit(self, record: dict[str, Any], name: str, is_valid: Check) -> None:
        """Convert one value: as a whole, or else as far as its parts can be."""
        value, lost = fitted(record[name], self._properties[name])
        if value is not _ABSENT and is_valid(value):
            record[name] = value
        elif is_valid(None):
            record[name], lost = None, record[name] is not None
        else:
            del record[name]
            lost = True
        if lost:
            self._unfit.note(name, record)

    @cached_property
    def _is_page(self) -> Check:
        """Looks at a page of records at once, which takes a fiftieth of the time of reading it."""
        return _check(page_schema(self._properties))

    @cached_property
    def _columns(self) -> dict[str, Check]:
        return {name: _check(schema) for name, schema in self._properties.items()}


def page_schema(properties: Mapping[str, Schema]) -> dict[str, Any]:
    """Make the schema of a list of records that have such properties."""
    return {"type": "array", "items": {"type": "object", "properties": dict(properties)}}


def fitted(value: Any, schema: Schema) -> tuple[Any, bool]:
    """Convert a value to what a schema allows.

    Returns:
        The value, or a mark that stands for no value, which no schema allows; and whether something of it is lost.
    """
    kinds = _kinds(schema)
    if not kinds or (value is None and "null" in kinds):
        return value, False
    if isinstance(value, dict) and "object" in kinds:
        return _fitted_object(value, schema)
    if isinstance(value, list) and "array" in kinds:
        return _fitted_list(value, schema)
    for kind in kinds:
        found = None if kind not in _CONVERSIONS else _CONVERSIONS[kind](value)
        if found is not None:
            return found, False
    if "array" in kinds and not isinstance(value, dict):
        return _fitted_list([value], schema)
    return (None if "null" in kinds else _ABSENT), True


def _fitted_object(value: Mapping[str, Any], schema: Schema) -> tuple[Any, bool]:
    properties = schema.get("properties") or {}
    made: dict[str, Any] = {}
    lost = False
    for name, each in value.items():
        made[name], is_lost = fitted(each, properties[name]) if name in properties else (each, False)
        lost = lost or is_lost
    return {name: each for name, each in made.items() if each is not _ABSENT}, lost


def _fitted_list(values: Sequence[Any], schema: Schema) -> tuple[Any, bool]:
    items = schema.get("items")
    made = [fitted(each, items) if isinstance(items, Mapping) else (each, False) for each in values]
    return [each for each, _ in made if each is not _ABSENT], any(lost for _, lost in made)


def json_text(value: Any) -> str:
    """Spell a value as text: text as it is, anything else as JSON does."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def number_of(value: Any) -> int | float | None:
    """Read a number, also one that is spelled as text; None if it is not one, or is no finite one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    text = value.strip() if isinstance(value, str) else ""
    if _WHOLE.fullmatch(text):
        return int(text)
    if not _NUMBER.fullmatch(text):
        return None
    found = float(text)
    return found if math.isfinite(found) else None


def whole_number_of(value: Any) -> int | None:
    """Read a number without a fraction, also one that is spelled as text; None if it is not one."""
    found = number_of(value)
    return None if found is None or found != int(found) else int(found)


def seconds_of_number(value: Any) -> int | None:
    """Read Unix seconds, also with a fraction or spelled as text; None if it is another text or value.

    Eight digits are a day, such as 20260131.
    """
    if isinstance(value, str) and len(value.strip()) == len("20260131"):
        return None
    found = number_of(value)
    return None if found is None else int(found)


def truth_of(value: Any) -> bool | None:
    """Read a boolean, also one that is spelled as text or as 0 or 1; None if it is not one."""
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return bool(value) if isinstance(value, bool | int | float) and value in {0, 1} else None


_CONVERSIONS: dict[str, Callable[[Any], Any]] = {
    "integer": whole_number_of,
    "number": number_of,
    "boolean": truth_of,
    "string": lambda value: None if value is None else json_text(value),
}


def _kinds(schema: Schema) -> Iterator[str] | Sequence[str]:
    kinds = schema.get("type") if isinstance(schema, Mapping) else None
    return [kinds] if isinstance(kinds, str) else kinds or ()


def _check(schema: Any) -> Check:
    import jsonschema_rs  # noqa: PLC0415 - it loads slowly, and the first request need not wait for it

    # In draft 4 alone 1.0 is no integer, as it is none to targets that read numbers as decimals.
    return jsonschema_rs.Draft4Validator(schema, validate_formats=True).is_valid
