"""Bodies of answers: their JSON, also where the end was not recorded, or what they are instead."""

from __future__ import annotations

import codecs
import json
from typing import Any

from crm_emulator.compare.seen import CUT, Seen
from crm_emulator.messages import decode, encode

_NO_JSON = object()
_DEEPEST_RECORD = 3  # levels: Freshsales' lookup answers with lists in objects


def see(seen: Seen, body: bytes, *, is_cut: bool = False) -> None:
    """Take note of a body."""
    see_value(seen, json_of(body, is_cut=is_cut), body, is_cut=is_cut)


def see_value(seen: Seen, value: Any, body: bytes, *, is_cut: bool = False) -> None:
    """Take note of a body, of which ``json_of`` has read the value."""
    if value is not _NO_JSON:
        seen.add(value)
    elif not is_cut:
        other = "a page" if body.lstrip()[:1] == b"<" else "text that is no JSON"
        seen.add_kind(other if body.strip() else "nothing")


def records_in(body: bytes, *, is_cut: bool = False) -> int:
    """Count the records of a body: what has an id, or stands in a list; not what is inside a record."""
    return records_of(json_of(body, is_cut=is_cut))


def records_of(value: Any) -> int:
    """Count the records in the value of a body."""
    return _records(value, 0)


def _records(value: Any, depth: int) -> int:
    if isinstance(value, list):
        return sum(isinstance(each, dict) for each in value)
    if not isinstance(value, dict) or depth > _DEEPEST_RECORD:
        return 0
    return 1 if "id" in value else sum(_records(each, depth + 1) for each in value.values())


def json_of(body: bytes, *, is_cut: bool = False) -> Any:
    """Return the value of a body; another object than any value of JSON where it is none."""
    text = (_closed(body) if is_cut else body).removeprefix(codecs.BOM_UTF8)
    if text[:1] == b"<":
        return _NO_JSON
    try:
        return decode(text)
    except (ValueError, RecursionError):  # msgspec's errors are ValueErrors
        return _odd_json(text)


def ends_early(body: bytes) -> bool:
    """Return whether a body is JSON whose end is missing: some programs keep so many characters of one and no more."""
    start = body.lstrip()[:1]
    if start not in {b"{", b"["} or body.rstrip()[-1:] == {b"{": b"}", b"[": b"]"}[start]:
        return False
    return json_of(body) is _NO_JSON and json_of(body, is_cut=True) is not _NO_JSON


def _odd_json(text: bytes) -> Any:
    """Read JSON that msgspec refuses: a number that no computer counts with, or half a surrogate."""
    try:
        return json.loads(text, parse_int=_whole)
    except (ValueError, RecursionError):
        return _NO_JSON


def _whole(digits: str) -> int:
    return int(digits[:20])


def _closed(body: bytes) -> bytes:
    """Close a JSON text after its last whole value; each object that was open then has the key ``CUT``."""
    text = body.decode("utf-8", "replace")
    still_open: list[str] = []
    end, open_at_end = 0, ""
    in_text = is_escaped = False
    for place, character in enumerate(text):
        if in_text:
            if not is_escaped and character == '"':
                in_text = False
            is_escaped = character == "\\" and not is_escaped
        elif character == '"':
            in_text = True
        elif character in "{[":
            still_open.append(character)
            end, open_at_end = place + 1, "".join(still_open)
        elif character in "}]" and still_open:
            still_open.pop()
            end, open_at_end = place + 1, "".join(still_open)
        elif character == ",":
            end, open_at_end = place, "".join(still_open)
    mark = encode(CUT).decode() + ":true}"
    closed = text[:end]
    for character in reversed(open_at_end):
        closed += "]" if character == "[" else mark if closed.endswith("{") else f",{mark}"
    return closed.encode()
