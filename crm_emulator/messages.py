"""Requests to and answers from an emulated CRM, free of any server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode

Record = dict[str, Any]
"""One record as its vendor's JSON object."""


class MalformedBodyError(Exception):
    """The request's body is not the JSON that its route reads."""


class RefusalError(Exception):
    """A record or a request that a CRM refuses, in its own words; the base of each CRM's errors."""


_LONGEST_NUMBER = 18  # digits: what a database can hold, and more than an id has


def is_whole(text: str) -> bool:
    """Return whether a text is a whole number of a length that ids and pages have."""
    return text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER


def encode(value: object) -> bytes:
    """JSON in UTF-8, without spaces."""
    return _encode(value)


def spelled(value: object) -> str:
    """Return a value as a CRM's sentence repeats it: a text as it is, anything else in JSON's spelling."""
    return value if isinstance(value, str) else _encode(value).decode()


def decode(text: bytes | str) -> Any:
    """Return the value of a JSON text; raises ``msgspec.DecodeError``."""
    return _decode(text)


@dataclass(frozen=True, slots=True)
class Request:
    """One request as a vendor's endpoint sees it.

    Attributes:
        method: The method, in capitals.
        path: The path with the vendor's prefix, without the query; percent-decoded but for characters that would change
            its structure, such as ``%2F``.
        query: The last value of each parameter.
        headers: The values of the headers, by lower-case name.
        body: The body as it came.
        route: The template of the route it met (``/people/{id}``), or ``""``.
        parameters: The values of the template's parameters, by name.
    """

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    route: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        """Return the body's value, ``{}`` for an empty body; raises MalformedBodyError."""
        if not self.body.strip():
            return {}
        try:
            return _decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise MalformedBodyError(str(error)) from error


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer as a vendor's endpoint gives it; the server adds ``Date`` and ``Content-Length``."""

    status: int
    body: bytes = b""
    content_type: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


def json_answer(status: int, value: object, *headers: tuple[str, str]) -> Answer:
    """Return an answer whose body is the JSON of ``value``."""
    return Answer(status, _encode(value), headers=headers)
