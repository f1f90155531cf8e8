"""``{name}`` in a path, a parameter or a header, filled from a record and encoded for its place (pure)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec

from crm_api.naming.spelling import spelled_as
from crm_api.values import read_text

_PLACE = re.compile(r"\{([^{}]+)\}")
_DOTS = frozenset({".", ".."})


def places(template: Any) -> tuple[str, ...]:
    """Find the names of the fields that a template needs, also inside an object or a list."""
    if isinstance(template, str):
        return tuple(_PLACE.findall(template))
    if isinstance(template, Mapping):
        return tuple(name for inner in template.values() for name in places(inner))
    if isinstance(template, list | tuple):
        return tuple(name for inner in template for name in places(inner))
    return ()


def field_at(fields: Mapping[str, Any], name: str) -> Any:
    """Look up a field by its name in any spelling, or by a dotted path inside a field; None if there is none."""
    if name in fields:
        return fields[name]
    found: Any = fields
    for part in name.split(".") if "." in name else ():
        found = found.get(part) if isinstance(found, Mapping) else None
    if found is None or found is fields:
        spelt = spelled_as(name, fields)
        return None if spelt is None else fields[spelt]
    return found


def filled_path(template: str, fields: Mapping[str, Any]) -> str:
    """Fill a path or URL; values are percent-encoded, so that each stays in its segment.

    Raises:
        ValueError: A field is missing or empty, or a segment would be ``.`` or ``..``.
    """

    def value(found: re.Match[str]) -> str:
        return quote(_needed(found[1], fields), safe="")

    path = _PLACE.sub(value, template)
    if any(segment in _DOTS for segment in path.partition("?")[0].split("/")):
        raise ValueError(f"{', '.join(places(template))}: a path must not contain . or .. segments")
    return path


def filled_header(template: str, fields: Mapping[str, Any]) -> str:
    """Fill a header.

    Raises:
        ValueError: A field is missing, or holds characters that are not valid in a header.
    """
    text = _PLACE.sub(lambda found: _needed(found[1], fields), template)
    if not text.isprintable() or text != text.strip():
        raise ValueError(f"{', '.join(places(template))} holds characters that are not valid in an HTTP header")
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        raise ValueError(
            f"{', '.join(places(template))} holds characters that are not valid in an HTTP header"
        ) from None
    return text


def filled_value(template: Any, fields: Mapping[str, Any]) -> Any:
    """Fill a parameter or a property; a text that is exactly ``{name}`` becomes the field's value, None without one.

    Raises:
        ValueError: A field inside a longer text is missing.
    """
    if isinstance(template, str):
        whole = _PLACE.fullmatch(template)
        if whole is not None:
            return field_at(fields, whole[1])
        return _PLACE.sub(lambda found: _needed(found[1], fields), template)
    if isinstance(template, Mapping):
        return {name: filled_value(inner, fields) for name, inner in template.items()}
    if isinstance(template, list | tuple):
        return [filled_value(inner, fields) for inner in template]
    return template


def as_text(value: Any) -> str:
    """Write a value for a URL, a form or an XML element: as in JSON, but strings without quotes."""
    if isinstance(value, str):
        return value
    if isinstance(value, float | Decimal):
        return read_text(value)
    if value is None:
        return ""
    encoded = msgspec.json.encode(value, enc_hook=str).decode()
    return encoded[1:-1] if encoded.startswith('"') else encoded


def _needed(name: str, fields: Mapping[str, Any]) -> str:
    text = as_text(field_at(fields, name))
    if not text:
        raise ValueError(f"{name} is missing, and the endpoint's address needs it")
    return text
