"""Which names of keys may be shown: none that is a value somewhere in the recording, or that could be somebody's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from crm_emulator.messages import decode

HIDDEN = "{key}"

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,48}")
_LONG = 16  # characters; such a value is not shown as a part of a key either
_DIGITS = 6  # in a name: more of them make it a number of an account, or a secret
_SHORTEST = 3  # characters of a value that is worth hiding
_NO_NAME = re.compile(r"[^A-Za-z0-9_-]+")
_FEW = 4  # words of a text; longer ones are prose
_WORDS = 2_000  # characters of a text whose words are looked at


@dataclass(slots=True)
class ShownNames:
    """Decides it: holds the values of a recording, in lower case, as far as they could be names of keys.

    Attributes:
        signed: Of headers and cookies, which are hidden even where the emulator repeats them.
        others: All others: of addresses, of what was sent and of what came back.
        known: Names that the emulator uses itself, which are nobody's.
        hides_unknown: Whether a name that the emulator does not use is hidden, whatever it is.
    """

    signed: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    hides_unknown: bool = False
    _long: tuple[str, ...] = ()

    def settle(self, known: Iterable[str]) -> None:
        """Take the emulator's own names, once the recording is read."""
        self.known = {name for name in known if name.lower() not in self.signed}
        self._long = tuple(each for each in self.signed | self.others if len(each) >= _LONG)

    def shown(self, name: str) -> str:
        """Return a key as it may be shown."""
        return HIDDEN if self._hides(name) else name

    def _hides(self, name: str) -> bool:
        if not _NAME.fullmatch(name) or sum(map(str.isdigit, name)) > _DIGITS:
            return True
        lower = name.lower()
        if lower in self.signed:
            return True
        if name in self.known:
            return False
        return self.hides_unknown or lower in self.others or any(each in lower for each in self._long)


def words_of(text: str) -> Iterator[str]:
    """Split a text, as it is and percent-decoded, into what could be names of keys, in lower case."""
    for each in {text[:_WORDS], unquote_plus(text[:_WORDS])}:
        for word in (each, *_NO_NAME.split(each)):
            if len(word) >= _SHORTEST and _NAME.fullmatch(word):
                yield word.lower()


def texts_in(value: Any) -> Iterator[str]:
    """Return all texts in a JSON value, but for keys; of a text that is JSON itself, those in it."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += each.values()
        elif isinstance(each, list):
            waiting += each
        elif isinstance(each, str):
            inner = _decoded(each)
            if isinstance(inner, dict | list):
                waiting.append(inner)
            else:
                yield each


def values_of(value: Any) -> Iterator[str]:
    """Return the texts of a JSON value that could be names of keys, and the words of short ones, such as a name."""
    for text in texts_in(value):
        if text.count(" ") < _FEW:
            yield from words_of(text)


def _decoded(text: str) -> Any:
    if text[:1] not in {"{", "["}:
        return None
    try:
        return decode(text)
    except (ValueError, RecursionError):
        return None
