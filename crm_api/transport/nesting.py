"""Depth of JSON values: what is nested too deeply is not read, since code that follows a value calls itself."""

from __future__ import annotations

import re
from array import array
from itertools import accumulate
from typing import Any

import msgspec

DEEPEST = 100  # lists and objects in each other; answers of CRMs have less than ten, and Python's stack has 1,000
_BEGINNING = re.compile(rb"\s*[\[{]")
_STRING = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_OTHERS = bytes(set(range(256)) - set(b"[]{}"))
_AS_LISTS = bytes.maketrans(b"{}", b"[]")
_STEPS = bytes.maketrans(b"[]", b"\x01\xff")  # up and down, as signed bytes
_USUAL_LEVELS = 8
_PIECE = 1 << 16


class TooDeepError(ValueError):
    """A value is nested too deeply to be read."""

    def __init__(self) -> None:
        super().__init__(f"the answer is nested more than {DEEPEST} deep")


def check_nesting(content: bytes) -> None:
    """Check the depth of JSON, in time that grows with its length alone; of anything else nothing is said.

    Raises:
        TooDeepError: It is nested more than ``DEEPEST`` deep.
    """
    if content.count(b"[") + content.count(b"{") <= DEEPEST or not _BEGINNING.match(content):
        return
    # A page of records is a few levels of pairs, which are soon taken away; brackets in its text may stay behind.
    brackets = content.translate(_AS_LISTS, _OTHERS)
    for _ in range(_USUAL_LEVELS):
        brackets = brackets.replace(b"[]", b"")
    if brackets and _depth(_STRING.sub(b"", content).translate(_AS_LISTS, _OTHERS)) > DEEPEST:
        raise TooDeepError


def _depth(brackets: bytes) -> int:
    """Find the greatest depth of brackets, or the first one that is too great."""
    level = deepest = 0
    for start in range(0, len(brackets), _PIECE):
        steps = array("b", brackets[start : start + _PIECE].translate(_STEPS))
        *levels, level = accumulate(steps, initial=level)
        deepest = max(deepest, level, *levels)
        if deepest > DEEPEST:
            break
    return deepest


def read_json(content: bytes | str) -> Any:
    """Read JSON.

    Raises:
        ValueError: It is not JSON, or is nested too deeply.
    """
    check_nesting(content.encode() if isinstance(content, str) else content)
    try:
        return msgspec.json.decode(content)
    except RecursionError:
        raise TooDeepError from None
