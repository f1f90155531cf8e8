"""Text that JSON cannot hold, in an answer that is JSON otherwise: it costs itself alone. Pure.

One byte of Latin-1 in a name, or half of a pair of surrogates, would make the whole answer unreadable. The replacement
character takes its place, and the places are counted.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable
from typing import Any

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F]..)|.)", re.DOTALL)


class MendedText:
    """The body of an answer, mended where it had to be.

    Attributes:
        content: The mended body; None if nothing had to be mended.
        places: How many places were mended.
    """

    def __init__(self) -> None:
        self.content: bytes | None = None
        self.places = 0

    def reader(self, read: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
        """Make a reader of bodies that mends them.

        Args:
            read: Reads a body. A ValueError says that it is broken.
        """

        def read_mended(content: bytes) -> Any:
            self.content, self.places = None, 0
            if not content.strip():
                return None  # blanks are no content
            mended, places = _without_stray_bytes(content.removeprefix(codecs.BOM_UTF8))
            try:
                value = read(mended)
            except ValueError:
                mended, halves = _without_halves(mended)
                if not halves:
                    raise
                places += halves
                value = read(mended)
            if places:
                self.content, self.places = mended, places
            return value

        return read_mended


def _without_stray_bytes(content: bytes) -> tuple[bytes, int]:
    """Replace bytes that are no UTF-8; also returns in how many places."""
    if content.isascii():
        return content, 0
    try:
        content.decode()
    except UnicodeDecodeError:
        text = content.decode("utf-8", "replace")
        kept = content.decode("utf-8", "ignore").count(REPLACEMENT)
        return text.encode(), text.count(REPLACEMENT) - kept
    return content, 0


def _without_halves(content: bytes) -> tuple[bytes, int]:
    """Replace escapes that are half of a pair of surrogates; also returns how many."""
    halves = 0

    def mend(found: re.Match[bytes]) -> bytes:
        nonlocal halves
        if found[1] is None:
            return found[0]
        halves += 1
        return rb"\ufffd"

    return _ESCAPE.sub(mend, content), halves
