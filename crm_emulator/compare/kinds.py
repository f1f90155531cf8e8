"""The kinds of values in JSON bodies: the forms of texts, and where one kind stands for another."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

NULL = "null"
TEXT = "text"
NUMBERS = frozenset({"id", "integer", "number", "seconds"})

FORMS: Mapping[str, str] = {
    "day": r"\d{1,2}/\d{1,2}/\d{4}",
    "padded day": r"\d\d/\d\d/\d{4}",
    "date": r"\d{4}-\d\d-\d\d",
    "amount": r"-?\d+\.\d+",
    "instant": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d",
    "zulu": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",
    "zulu milliseconds": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "stamp": r"[A-Z][a-z]{2} \d\d, \d{4} \d\d:\d\d:\d\d [AP]M",
    "path": r"/\S+",
    "id text": r"\d+",
}
"""The forms that a text may have, as patterns; each is a kind, as ``text`` is, which is any text."""

_PATTERNS = {name: re.compile(pattern) for name, pattern in FORMS.items()}
_PLACEHOLDER = re.compile(
    r"\W*(?:redacted|removed|hidden|masked|anonymi[sz]ed|saniti[sz]ed|filtered|censored|scrubbed)\W*|\W*(?:x{2,}\W*)+"
    r"|[*#\u2022\u2588]{3,}|\u2026",
    re.IGNORECASE,
)
_LONGEST_PLACEHOLDER = 40  # characters
_LONGEST_FORM = 200  # characters; a longer text has no form


def fits(kind: str, value: Any) -> bool:
    """Return whether a value that is neither an object nor a list is of a kind."""
    if kind == NULL:
        return value is None
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in NUMBERS:
        return isinstance(value, (int, float) if kind == "number" else int) and not isinstance(value, bool)
    return isinstance(value, str) and (kind == TEXT or _PATTERNS[kind].fullmatch(value) is not None)


def forms_of(text: str) -> frozenset[str]:
    """Return all forms that a text has; none for a text that is just text."""
    if len(text) > _LONGEST_FORM:
        return frozenset()
    return frozenset(name for name, pattern in _PATTERNS.items() if pattern.fullmatch(text))


def is_hidden(text: str) -> bool:
    """Return whether a text stands where somebody has hidden a value, as ``***`` or ``[REDACTED]``."""
    return 0 < len(text) <= _LONGEST_PLACEHOLDER and _PLACEHOLDER.fullmatch(text) is not None


_KINDS: Mapping[type, str] = {
    type(None): NULL,
    bool: "boolean",
    int: "integer",
    float: "number",
    str: TEXT,
    dict: "object",
    list: "list",
}


def kind_of(value: Any) -> str:
    """Return ``null``, ``boolean``, ``integer``, ``number``, ``text``, ``object`` or ``list``."""
    return _KINDS[type(value)]
