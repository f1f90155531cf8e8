"""The attributes of records that stream maps read: they are used up, though the records keep them (pure)."""

from __future__ import annotations

import ast
import fnmatch
from collections.abc import Iterator, Mapping
from typing import Any

_RECORD = frozenset({"_", "record"})
"""Names by which an expression may call the whole record."""
_SOURCE, _OPERATOR = "__source__", "__"
_FILTER = "__filter__"


def read_by_maps(stream_maps: Any, source: str, stream: str) -> frozenset[str]:
    """Return the attributes of a stream's records that its stream maps read and do not write.

    Args:
        stream_maps: The setting stream_maps.
        source: The stream's name before stream maps.
        stream: Its name after them.
    """
    if not isinstance(stream_maps, Mapping):
        return frozenset()
    read: set[str] = set()
    written: set[str] = set()
    for key, rules in stream_maps.items():
        if not isinstance(rules, Mapping):
            continue
        is_other = _SOURCE in rules and key != stream
        if is_other or not fnmatch.fnmatchcase(source, str(rules.get(_SOURCE, key))):
            continue
        for name, rule in rules.items():
            if isinstance(rule, str) and (name == _FILTER or not name.startswith(_OPERATOR)):
                read.update(_names_in(rule))
                written.add(name)
    return frozenset(read - written)


def _names_in(expression: str) -> Iterator[str]:
    """Give the names of attributes that an expression reads, however it reaches them."""
    try:
        tree = ast.parse(expression)
    except (SyntaxError, ValueError):
        return
    functions = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and id(node) not in functions:
            yield node.id
        elif isinstance(node, ast.Subscript) and _is_record(node.value):
            yield from _text_in(node.slice)
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_record(node.func.value):
            yield from (text for argument in node.args[:1] for text in _text_in(argument))


def _is_record(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in _RECORD


def _text_in(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
