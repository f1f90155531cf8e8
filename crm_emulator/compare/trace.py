"""The debug trace of the plugins: a line for each request, with its path, status and, with log_values, its bodies."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, urlencode

from crm_emulator.compare.bodies import json_of
from crm_emulator.compare.other_files import what_text_is
from crm_emulator.compare.recording import Exchange, Recording, UnreadableError
from crm_emulator.protocol import decoded_path

CUT_CHARACTERS = 4_000
"""How many characters of a body such a line shows."""

_LINE = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) (/\S*): (\d{3}), \d+ bytes(?:; sent ?(.*?); got ?(.*))?", re.DOTALL)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_BEGINS = re.compile(r"\S{0,4}\d{4}-\d\d-\d\d[T ]\d\d:")  # a line of a log, which begins with its time
_ADDED = re.compile(
    r"(?:\s+(?:cmd_type|consumer|job_name|name|producer|run_id|stdio|string_id|level)=\S*)+\s*$"
)  # by Meltano
_FORM = "application/x-www-form-urlencoded"
_JSON = json.JSONDecoder()


def is_trace(content: bytes) -> bool:
    """Return whether there is a line of the debug trace."""
    return any(_LINE.search(line) for line in content.decode("utf-8", "replace").splitlines())


def read_trace(content: bytes) -> Recording:
    """Read the debug trace, also as Meltano or a structured log shows it.

    Raises:
        UnreadableError: It holds no request.
    """
    recording = Recording()
    for message in _messages(content.decode("utf-8", "replace")):
        found = _LINE.search(message)
        if found is None:
            continue
        method, address, status, sent, got = found.groups()
        path, _, query = address.partition("?")
        parameters, content_type, body = _sent(sent or "")
        answer = None if got is None else _without_additions(got)
        recording.add(
            Exchange(
                method=method,
                host="",
                path=decoded_path(path),
                query={**dict(parse_qsl(query, keep_blank_values=True)), **parameters},
                content_type=content_type,
                body=body,
                status=int(status),
                answer=None if answer is None else answer.encode("utf-8", "replace"),
                unread="is not in the recording (log_values: true records it)" if answer is None else "",
                is_cut=answer is not None and len(answer) >= CUT_CHARACTERS,
            )
        )
    if not recording.exchanges:
        raise UnreadableError(what_text_is(content))
    return recording


def _messages(text: str) -> Iterator[str]:
    """Put the lines of a log together into its messages: a body may hold line breaks."""
    message = ""
    for line in _COLOURS.sub("", text).splitlines():
        said = _structured(line)
        if message and not said and not _BEGINS.match(line) and not _LINE.search(line):
            message += f"\n{line}" if len(message) < 3 * CUT_CHARACTERS else ""
            continue
        yield message
        message = said or line
    yield message


def _structured(line: str) -> str:
    """Return the message of a line of a structured log, a dash for one of no request; empty if it is no such line."""
    value = json_of(line.encode("utf-8", "replace")) if line[:2] == '{"' else None
    if not isinstance(value, dict) or not {"level", "message", "event"} & value.keys():
        return ""
    return next((each for each in value.values() if isinstance(each, str) and _LINE.search(each)), "-")


def _without_additions(got: str) -> str:
    """Return the body, without what a log adds to the end of its line."""
    try:
        _, end = _JSON.raw_decode(got)
    except (ValueError, RecursionError):
        return _ADDED.sub("", got)
    return got[:end]


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
