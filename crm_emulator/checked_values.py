"""Values that somebody gave in JSON or in Python: checked for their kind, and shown in JSON's spelling."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

import msgspec

_WORDS: Mapping[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
}
_MANY = 1_000_000  # a bound that nobody needs to hear of who is below the other
_SHOWN = 200  # characters of a value that a message repeats


def shown(value: object) -> str:
    """Return a value as a message shows it: a text in quotes, anything else as JSON spells it."""
    if isinstance(value, str) or (isinstance(value, float) and not isfinite(value)):
        text = repr(value)
    else:
        try:
            text = msgspec.json.encode(value).decode()
        except (TypeError, msgspec.MsgspecError, RecursionError):
            text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def require_kind(what: str, value: object, kind: type) -> None:
    """Raise ValueError unless a value is of a kind: bool, int, float (a whole number is one, too) or str."""
    kinds = (int, float) if kind is float else (kind,)
    if type(value) not in kinds:
        raise ValueError(f"{what} must be {_WORDS[kind]}, not {shown(value)}")


def require_within(what: str, value: float, least: float, most: float) -> None:
    """Raise ValueError unless a number lies between two others."""
    if not least <= value <= most:
        bounds = f"{least:g} or more" if value < least and most > _MANY else f"between {least:g} and {most:.15g}"
        raise ValueError(f"{what} must be {bounds}, not {shown(value)}")


def require_object(what: str, value: Any, known: Iterable[str], needed: Iterable[str] = ()) -> dict[str, Any]:
    """Return an object of JSON that has the needed keys and no unknown ones; raises ValueError."""
    names = list(known)
    if not isinstance(value, Mapping):
        raise ValueError(f"{what} must be an object of {', '.join(names)}, not {shown(value)}")  # noqa: TRY004 - a wrong value, whoever sent it
    for name in value:
        if name not in names:
            raise ValueError(f"{what} has no {name!r}; it has {', '.join(names) or 'nothing'}")
    for name in needed:
        if name not in value:
            raise ValueError(f"{what} lacks {name!r}")
    return dict(value)
