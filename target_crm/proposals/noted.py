"""Settings with notes: the same tree as plain values, for JSON, and as YAML whose comments hold the notes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_$][\w./$-]*(?:'?[ ]?[\w./$()&-]+)*")
_RESERVED = frozenset(("true", "false", "yes", "no", "on", "off", "null", "none", "y", "n"))
_INDENT = "  "


@dataclass(frozen=True)
class Noted:
    """A value with a note.

    Attributes:
        value: A text, number or boolean; a list, or an object by name, of such values, or of ``Noted``.
        note: A remark for people, on the same line.
        above: Remarks for people, on lines of their own above it.
    """

    value: Any
    note: str = ""
    above: tuple[str, ...] = ()


def plain(noted: Noted) -> Any:
    """The value without its notes, as JSON has it."""
    return _bare(noted.value)


def _bare(value: Any) -> Any:
    if isinstance(value, Noted):
        return _bare(value.value)
    if isinstance(value, Mapping):
        return {name: _bare(each) for name, each in value.items()}
    return [_bare(each) for each in value] if isinstance(value, list | tuple) else value


def yaml_text(noted: Noted) -> str:
    """The value as YAML, its notes as comments."""
    return "".join(f"{line}\n" for line in _object(noted.value, ""))


def _object(value: Mapping[str, Noted], indent: str) -> Iterator[str]:
    for name, each in value.items():
        yield from (f"{indent}# {_comment(line)}" for line in each.above)
        yield from _entry(f"{indent}{scalar(name)}:", each, indent)


def _entry(head: str, noted: Noted, indent: str) -> Iterator[str]:
    """The lines of one value behind its name."""
    note = f"  # {_comment(noted.note)}" if noted.note else ""
    value = noted.value
    if isinstance(value, Mapping) and any(isinstance(each, Noted) for each in value.values()):
        yield f"{head}{note}"
        yield from _object(value, indent + _INDENT)
    elif isinstance(value, list) and any(isinstance(each, Noted) for each in value):
        yield f"{head}{note}"
        for each in value:
            yield from _item(each, indent)
    else:
        yield f"{head} {scalar(value)}{note}"


def _item(noted: Noted, indent: str) -> Iterator[str]:
    """The lines of one element of a list: of an object, the first line begins with the dash."""
    if not isinstance(noted.value, Mapping):
        note = f"  # {_comment(noted.note)}" if noted.note else ""
        yield f"{indent}- {scalar(noted.value)}{note}"
        return
    first, *others = _object(noted.value, indent + _INDENT)
    yield f"{indent}- {first.removeprefix(indent + _INDENT)}"
    yield from others


def scalar(value: Any) -> str:
    """A text, number, boolean, or list or object of such, on one line of YAML."""
    if isinstance(value, Mapping):
        inside = ", ".join(f"{scalar(name)}: {scalar(each)}" for name, each in value.items())
        return f"{{{inside}}}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return f"[{', '.join(map(scalar, value))}]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.casefold() not in _RESERVED:
        return value
    return json.dumps(value, ensure_ascii=not str(value).isprintable())


def _comment(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)
