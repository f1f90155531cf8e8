"""Values that JSON forbids and some taps send nevertheless: NaN, infinities, half a surrogate pair."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from typing_extensions import override

HALF = "half of a surrogate pair"
SPELLINGS = frozenset({"NaN", "Infinity", "-Infinity"})
_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*+"|-?Infinity|NaN', re.DOTALL)


class NotJson:
    """NaN, an infinity, or what is beyond all bounds. Encoding it fails, so that it is never sent.

    Args:
        spelling: The text as it arrived, or what it is, for people.
    """

    def __init__(self, spelling: str) -> None:
        self.spelling = spelling

    @override
    def __repr__(self) -> str:
        return self.spelling


def odd_values(record: Mapping[str, Any]) -> dict[str, str]:
    """Find the attributes of a record that hold what JSON cannot carry, at any depth; for each, what that is."""
    found = ((name, _odd_in(name) or _odd_in(value)) for name, value in record.items())
    return {name: odd for name, odd in found if odd}


def _odd_in(value: Any) -> str:
    """The first odd value inside a value; empty if there is none."""
    parts = [value]
    while parts:
        part = parts.pop()
        if isinstance(part, NotJson):
            return part.spelling
        if isinstance(part, str) and not _is_whole(part):
            return HALF
        if isinstance(part, Mapping):
            parts += [*part.keys(), *part.values()]
        elif isinstance(part, list | tuple):
            parts += part
    return ""


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def without_nan(message: bytes) -> bytes:
    """Put null in place of NaN and infinities, so that a message is JSON; every other character stays."""
    return _TOKENS.sub(lambda found: found[0] if found[0].startswith(b'"') else b"null", message)


def nan_places(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """List NaN and infinities in a record: ``{"at": ["details"], "value": "NaN"}``."""
    return [{"at": list(path), "value": spelling} for path, spelling in _nan_in(record, ())]


def _nan_in(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if isinstance(value, NotJson) and value.spelling in SPELLINGS:
        yield path, value.spelling
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from _nan_in(each, (*path, name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _nan_in(each, (*path, number))


def put_nan_back(record: Mapping[str, Any], places: Any) -> None:
    """Put NaN and infinities back where ``nan_places`` found them and there still is null; others were mended."""
    for place in places if isinstance(places, list) else ():
        match place:
            case {"at": [*path, last], "value": str(spelling)} if spelling in SPELLINGS:
                inner = _at(record, path)
                there = isinstance(inner, dict) and last in inner and inner[last] is None
                listed = isinstance(inner, list) and isinstance(last, int) and inner[last : last + 1] == [None]
                if there or listed:
                    inner[last] = NotJson(spelling)


def _at(value: Any, path: Sequence[Any]) -> Any:
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def spelt_out(value: Any) -> Any:
    """Copy a value for people, with the spelling of what JSON cannot carry in place of that."""
    if isinstance(value, NotJson):
        return value.spelling
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, Mapping):
        return {spelt_out(name): spelt_out(each) for name, each in value.items()}
    return [spelt_out(each) for each in value] if isinstance(value, list | tuple) else value
