"""The parameters of a call, from the query, a form body or a JSON body (reference section 1)."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec

from crm_emulator.apptivo.answers import FailureError
from crm_emulator.messages import decode, is_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_emulator.messages import Request


def parameters(request: Request) -> Mapping[str, str]:
    """Query and form merged; where both have a parameter the form wins (which really does is unknown)."""
    if not is_form(request):
        return request.query
    return {**request.query, **_form(request.body)}


@lru_cache(maxsize=8)
def _form(body: bytes) -> dict[str, str]:
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def is_form(request: Request) -> bool:
    """Return whether the body is a form."""
    return _content_type(request) == "application/x-www-form-urlencoded"


def is_json(request: Request) -> bool:
    """Return whether the body is JSON."""
    return _content_type(request) == "application/json" and bool(request.body.strip())


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def read_json(values: Mapping[str, str], name: str, kind: type, empty: Any = None) -> Any:
    """Return the JSON in a parameter; raises FailureError if it is missing (with ``empty`` None) or of another type."""
    text = values.get(name, "")
    if not text.strip():
        if empty is not None:
            return empty
        raise FailureError(f"{name} is required")
    try:
        value = decode(text)
    except msgspec.DecodeError:
        raise FailureError(f"{name} is not valid JSON") from None
    if not isinstance(value, kind):
        raise FailureError(f"{name} must be a JSON {'object' if kind is dict else 'array'}")
    return value


def read_id(values: Mapping[str, str], name: str) -> int:
    """Return the id in a parameter; raises FailureError."""
    text = values.get(name, "").strip()
    if not is_whole(text):
        raise FailureError(f"{name} is required")
    return int(text)


def is_yes(values: Mapping[str, str], name: str) -> bool:
    """Return whether a flag is set: ``Y`` or ``true``."""
    return values.get(name, "").strip().lower() in {"y", "true"}
