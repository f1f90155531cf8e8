"""Depth and number of values in an answer: what is nested too deeply, or holds too many, is not read.

Code that follows a value calls itself; and two bytes can be a value that takes a hundred bytes of memory.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import msgspec

DEEPEST = 100  # lists and objects in each other; answers of CRMs have less than ten, and Python's stack has 1,000
FEWEST_VALUES = 1_000_000  # that are always read: some 100 MiB of memory
BYTES_A_VALUE = 16  # of the largest answer that is taken; records of CRMs have about ten for each value
XML_WEIGHT = 4  # an element or an attribute takes as much memory as so many values of JSON
_MARKS = (b",", b":", b"[", b"{")
_BEGINNING = re.compile(rb"\s*[\[{]")
_OTHERS = bytes(set(range(256)) - set(b"[]{}"))
_AS_LISTS = bytes.maketrans(b"{}", b"[]")
_STEPS = bytes.maketrans(b"[]", b"\x01\xff")  # up and down, as signed bytes
_USUAL_LEVELS = 8
_PIECE = 1 << 16


class NotReadError(ValueError):
    """An answer is not read, and the next one would be no better.

    Attributes:
        advice: What the user can change.
        attempts: How often it is asked for all the same.
    """

    advice = ""
    attempts = 1


class WrongFormError(NotReadError):
    """An answer is whole, and has another form than it must have: a proxy may be to blame, for a moment."""

    attempts = 3


class TooDeepError(NotReadError):
    """A value is nested too deeply to be read."""

    def __init__(self) -> None:
        super().__init__(f"the answer is nested more than {DEEPEST} deep")


class TooManyError(NotReadError):
    """An answer holds more values than are read."""

    advice = "Raise max_answer_bytes if the answer should hold so many."

    def __init__(self, most: int) -> None:
        super().__init__(f"the answer holds more than {most:,} values")


def check_number(content: bytes, most_bytes: int) -> None:
    """Check how many values JSON or XML holds, where answers may have so many bytes.

    Raises:
        TooManyError: There are more than one for each ``BYTES_A_VALUE``.
    """
    most = max(FEWEST_VALUES, most_bytes // BYTES_A_VALUE)
    if len(content) <= most // XML_WEIGHT:
        return
    if content.lstrip()[:1] == b"<":
        most //= XML_WEIGHT
        count = content.count(b"<") - content.count(b"</") + content.count(b"=")
    else:
        count = sum(map(content.count, _MARKS))
        if count > most:
            count = sum(piece.count(mark) for piece in _outside_strings(content) for mark in _MARKS)
    if count > most:
        raise TooManyError(most)


def _outside_strings(content: bytes) -> Iterator[bytes]:
    """Read what stands outside the strings of JSON, piece by piece: there may be a string for every few bytes."""
    is_inside = False
    for start in range(0, len(plain := content.replace(b"\\\\", b"").replace(b'\\"', b"")), _PIECE):
        parts = plain[start : start + _PIECE].split(b'"')
        yield b"".join(parts[is_inside::2])
        is_inside ^= len(parts) % 2 == 0


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
    if not brackets:
        return
    brackets = b"".join(piece.translate(_AS_LISTS, _OTHERS) for piece in _outside_strings(content))
    if _depth(brackets) > DEEPEST:
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
