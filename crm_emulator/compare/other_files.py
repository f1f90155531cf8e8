"""Files that are no recording: what they are, so that whoever chose one is told what to do."""

from __future__ import annotations

import re
from typing import Any

_RECORD = "record with mitmproxy or a browser, and save a HAR"
_NEITHER = f"it is neither a HAR file nor a debug trace of the plugins; {_RECORD}"
_CURL = re.compile(rb"\s*(?:HTTP/[\d.]+ \d{3}\b|[*<>] |curl )")
_CASSETTE = re.compile(rb"\s*(?:---\s*)?(?:http_interactions|interactions):")
_SINGER = re.compile(rb'\s*\{.{0,40}"type"\s*:\s*"(?:SCHEMA|RECORD|STATE|ACTIVATE_VERSION|BATCH)"')
_PROGRAMS = {b"\x89PNG": "a picture", b"%PDF": "a PDF", b"SQLite format 3\x00": "a database"}


def what_text_is(content: bytes) -> str:
    """Say what a file that is no JSON object, or that holds no request, is instead, and what to do."""
    for start, name in _PROGRAMS.items():
        if content.startswith(start):
            return f"it is {name}; {_RECORD}"
    if _CURL.match(content):
        return f"it is what curl printed, which does not say what was asked; {_RECORD}"
    if _CASSETTE.match(content):
        return f"it is a cassette of VCR; {_RECORD}"
    if _SINGER.match(content):
        return "it holds Singer messages; give what the plugin says on stderr with log_values and level DEBUG"
    if content.lstrip()[:1] == b"[":
        return f"it is a list in JSON, and no HAR; {_RECORD}"
    return _NEITHER


def what_json_is(value: Any) -> str:
    """Say what a JSON object that is no HAR is instead, and what to do; empty: it says nothing of itself."""
    if not isinstance(value, dict):
        return ""
    if value.get("_type") == "export" or "insomnia" in str(value.get("type", "")):
        return f"it is a collection of Insomnia, which holds no answers; {_RECORD}"
    info = value.get("info")
    if isinstance(info, dict) and ("_postman_id" in info or "getpostman" in str(info.get("schema"))):
        return f"it is a collection of Postman, which holds no traffic; {_RECORD}"
    if "openapi" in value or "swagger" in value:
        return f"it is a description of an API, and no recording; {_RECORD}"
    if value.get("type") in {"SCHEMA", "RECORD", "STATE"}:
        return what_text_is(b'{"type": "STATE"')
    return "" if "log" in value else f"it is JSON, and no HAR: it has no log; {_RECORD}"
