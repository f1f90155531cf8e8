"""The debug trace of the plugins: a line for each request, with its path, status and, with log_values, its bodies."""

from __future__ import annotations

import ast
import re
from urllib.parse import parse_qsl, urlencode

from crm_emulator.compare.recording import Exchange, Recording, UnreadableError
from crm_emulator.protocol import decoded_path

CUT_CHARACTERS = 4_000
"""How many characters of a body such a line shows."""

_LINE = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) (/\S*): (\d{3}), \d+ bytes(?:; sent ?(.*?); got ?(.*))?$")
_FORM = "application/x-www-form-urlencoded"


def is_trace(content: bytes) -> bool:
    """Return whether there is a line of the debug trace."""
    return any(_LINE.search(line) for line in content.decode("utf-8", "replace").splitlines())


def read_trace(content: bytes) -> Recording:
    """Read the debug trace; raises UnreadableError where it holds no request."""
    recording = Recording()
    for line in content.decode("utf-8", "replace").splitlines():
        found = _LINE.search(line)
        if found is None:
            continue
        method, address, status, sent, got = found.groups()
        path, _, query = address.partition("?")
        parameters, content_type, body = _sent(sent or "")
        recording.exchanges.append(
            Exchange(
                method=method,
                host="",
                path=decoded_path(path),
                query={**dict(parse_qsl(query, keep_blank_values=True)), **parameters},
                content_type=content_type,
                body=body,
                status=int(status),
                answer=None if got is None else got.encode("utf-8", "replace"),
                unread="is not in the recording (log_values: true records it)" if got is None else "",
                is_cut=got is not None and len(got) >= CUT_CHARACTERS,
            )
        )
    if not recording.exchanges:
        raise UnreadableError("it is neither a HAR file nor a debug trace of the plugins")
    return recording


def _sent(text: str) -> tuple[dict[str, str], str, bytes | None]:
    """Return the parameters of the query, and the body with its type: None for one that was cut."""
    parameters, rest = ({}, text[1:]) if text.startswith(" ") else _literal(text)
    if not rest:
        return parameters, "", b""
    if len(rest) >= CUT_CHARACTERS:
        return parameters, "", None
    form, left = _literal(rest)
    if form and not left:
        return parameters, _FORM, urlencode(form).encode()
    return parameters, "application/json", rest.encode("utf-8", "replace")


def _literal(text: str) -> tuple[dict[str, str], str]:
    """Read a dictionary as Python shows it from the start of a text; return it and the text after it."""
    if not text.startswith("{'"):
        return {}, text
    for end in [found.end() for found in re.finditer("}", text)]:
        try:
            value = ast.literal_eval(text[:end])
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            continue
        return {str(name): str(each) for name, each in value.items()}, text[end:].strip()
    return {}, text
