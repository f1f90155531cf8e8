"""Records read out of the bytes of Copper's answers. Pure.

An answer that has another form than it must have says what was expected, and what came where in it; what it holds is
never shown.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from crm_api.transport.nesting import WrongFormError
from tap_copper.search.query import Row

Record = dict[str, Any]

_KINDS = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "a boolean",
    int: "a number",
    float: "a number with a fraction",
    type(None): "null",
}
_MOST_NAMES = 5
_MOST_DIGITS = 4_000


def _finite(text: str) -> float | str:
    """A number with a fraction or an exponent; one that is too large for a number stays the text that it is."""
    found = float(text)
    return found if math.isfinite(found) else text


def _whole(text: str) -> int | str:
    """A whole number; one of more digits than Python reads stays the text that it is."""
    return int(text) if len(text) <= _MOST_DIGITS else text


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


_decode: Callable[[bytes], Any] = msgspec.json.Decoder().decode


def _decode_vast(content: bytes) -> Any:
    value = json.loads(content.decode(), parse_int=_whole, parse_float=_finite, parse_constant=_no_number)
    json.dumps(value, ensure_ascii=False).encode()  # half a pair of surrogates is refused here, too
    return value


def value_in(content: bytes) -> Any:
    """Decode JSON; a number such as 1e400, or one of thousands of digits, comes as text.

    Raises:
        ValueError: It is not JSON.
    """
    try:
        return _decode(content)
    except msgspec.ValidationError:  # what is not JSON at all raises another error
        return _decode_vast(content)


def record_in(content: bytes, keys: Iterable[str] = ("id",)) -> Record:
    """Decode an answer that is one object.

    Raises:
        WrongFormError: It is not an object, or lacks a key.
        ValueError: It is not JSON.
    """
    value = value_in(content)
    if not isinstance(value, dict):
        raise WrongFormError(f"expected one record, got {_shown(value)}")
    _keyed([value], keys)
    return value


def records_in(content: bytes, keys: Iterable[str] = ("id",)) -> list[Record]:
    """Decode an answer that is an array of objects.

    Raises:
        WrongFormError: It is not an array of objects, or an object lacks a key.
        ValueError: It is not JSON.
    """
    value = value_in(content)
    if not isinstance(value, list):
        raise WrongFormError(f"expected a list of records, got {_shown(value)}")
    _keyed(value, keys)
    return value


def sound_records_in(content: bytes) -> list[Record]:
    """Decode of an answer the objects that have an id, whatever stands beside them.

    Raises:
        ValueError: It is not JSON.
    """
    value = value_in(content)
    elements = value if isinstance(value, list) else ()
    return [each for each in elements if isinstance(each, dict) and type(each.get("id")) is int]


def lists_in(content: bytes, keys: Iterable[str] = ("id",)) -> dict[str, list[Record]]:
    """Decode an answer that is an object of arrays of objects, by name.

    Raises:
        WrongFormError: It is something else, or an object in an array lacks a key.
        ValueError: It is not JSON.
    """
    value = value_in(content)
    if not isinstance(value, dict):
        raise WrongFormError(f"expected an object with lists of records, got {_shown(value)}")
    for name, records in value.items():
        if not isinstance(records, list):
            raise WrongFormError(f"expected a list of records in {name!r}, got {_shown(records)}")
        _keyed(records, keys, f" in {name!r}")
    return value


def rows_reader(key: str) -> Callable[[bytes], list[Row]]:
    """Make a decoder that reads the ids and the replication values of an answer's records and skips the rest.

    Args:
        key: Name of the replication key.
    """
    row = msgspec.defstruct(
        "row", [("id", int), ("second", int | None, msgspec.field(name=key, default=None))], gc=False
    )
    decode = msgspec.json.Decoder(list[row]).decode  # type: ignore[valid-type]  # made at run time, by the stream's key

    def rows_in(content: bytes) -> list[Row]:
        with _told_where(content, key):
            return [(each.id, each.second) for each in decode(content)]  # type: ignore[attr-defined]  # see above

    return rows_in


@contextmanager
def _told_where(content: bytes, key: str) -> Iterator[None]:
    try:
        yield
    except msgspec.ValidationError as error:
        for place, record in enumerate(records_in(content), 1):
            if type(record.get(key)) not in {int, type(None)}:
                found = _shown(record[key])
                sentence = f"expected a number in {key} of record {place} (id {record['id']}), got {found}"
                raise WrongFormError(sentence) from error
        raise


def _keyed(records: Sequence[Any], keys: Iterable[str], where: str = "") -> None:
    """Check that each of some records is an object and has its keys."""
    for place, record in enumerate(records, 1):
        if not isinstance(record, dict):
            raise WrongFormError(f"expected an object as record {place} of {len(records)}{where}, got {_shown(record)}")
        for key in keys:
            found = record.get(key)
            if key == "id" and type(found) is not int:
                raise WrongFormError(f"expected a number in id of record {place}{where}, got {_shown(found)}")
            if found is None or isinstance(found, dict | list):
                raise WrongFormError(f"expected {key} in record {place}{where}, got {_shown(found)}")


def _shown(value: Any) -> str:
    """Name the kind of a value; of an object also the names that tell an envelope or an error."""
    names = f" with {', '.join(list(map(str, value))[:_MOST_NAMES])}" if isinstance(value, dict) and value else ""
    return _KINDS[type(value)] + names
