"""Hides secrets in logs, errors, previews and reports."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from typing_extensions import override

from crm_api.transport.spellings import (
    LONGEST_LETTER,
    MARKS,
    Reading,
    bare_places,
    bare_spellings,
    base64_patterns,
    letters_pattern,
    literal_spellings,
    readings,
)

MASK = "***"
SHORTEST_SECRET = 4  # shorter values would mask ordinary text and protect nothing


class Redactor:
    """Replaces known secrets, in every spelling that a server could give them, by ``***``; see ``spellings``.

    Args:
        secrets: The values to hide; empty and very short ones are ignored.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: tuple[str, ...] = ()
        self._hide({secret for secret in secrets if len(secret) >= SHORTEST_SECRET})

    def learn(self, secret: str) -> None:
        """Hide one more secret from now on, such as a token that was given out during the run."""
        if len(secret) >= SHORTEST_SECRET:
            self._hide({*self._secrets, secret})

    def _hide(self, secrets: set[str]) -> None:
        secrets = secrets | {decoded for each in secrets if len(decoded := unquote(each)) >= SHORTEST_SECRET}
        self._pattern = _pattern(secrets)
        self._bare = sorted({spelling for secret in secrets for spelling in bare_spellings(secret)})
        self._shortest_bare = min(map(len, self._bare), default=sys.maxsize)
        self._letters: tuple[re.Pattern[str], ...] = ()  # made when a text first needs them, which takes a while
        self._longest = LONGEST_LETTER * max(
            (len(secret.encode("utf-8", "surrogatepass")) for secret in secrets), default=0
        )
        self._has_number = any(map(str.isdecimal, secrets))
        self._secrets = tuple(sorted(secrets, key=len, reverse=True))

    def __call__(self, text: str) -> str:
        """Return the text with every secret masked."""
        return self._masked(text, len(text))

    def value(self, value: Any) -> Any:
        """Return a JSON value with every secret masked in its texts and names, and in numbers if a secret is one."""
        if isinstance(value, str):
            return self(value)
        if self._has_number and isinstance(value, int | float) and MASK in (masked := self(str(value))):
            return masked
        if isinstance(value, Mapping):
            return {self(str(name)): self.value(inner) for name, inner in value.items()}
        return list(map(self.value, value)) if isinstance(value, list | tuple) else value

    def cut(self, text: str, limit: int) -> str:
        """Return the first characters of the text with every secret masked, also one that the limit would cut in two.

        It takes time that grows with the limit, not with the text.
        """
        window = 2 * limit + self._longest
        while True:
            part = text[:window]
            is_whole = len(part) == len(text)
            shown = self._masked(part, len(part) if is_whole else len(part) - self._longest)
            if is_whole or len(shown) >= limit:
                return shown[:limit]
            window *= 2

    def _masked(self, text: str, end: int) -> str:
        """Mask a text up to a place; a secret that begins before it must end in the text."""
        parts: list[str] = []
        done = 0
        for start, stop in sorted(self._found(text)):
            if start >= end:
                break
            if start >= done:
                parts += (text[done:start], MASK)
            done = max(done, stop)
        return "".join([*parts, text[done:end]]) if parts else text[:end]

    def _found(self, text: str) -> Iterator[tuple[int, int]]:
        """Find the places of all secrets."""
        if self._pattern is None:
            return
        is_plain = MARKS.search(text) is None
        if not is_plain and not self._letters:
            self._letters = tuple(map(letters_pattern, self._secrets))
        for reading in (Reading(text),) if is_plain else readings(text):
            patterns = (self._pattern,) if is_plain else (self._pattern, *self._letters)
            known = [found.span() for pattern in patterns for found in pattern.finditer(reading.text)]
            if len(reading.text) >= self._shortest_bare:
                known += bare_places(reading.text, self._bare, known)
            yield from ((reading.place(start), reading.place(stop)) for start, stop in known)

    def __repr__(self) -> str:
        return "Redactor(...)"


def secret_texts(config: Mapping[str, Any], schema: Mapping[str, Any]) -> list[str]:
    """Collect all text of settings that a schema marks ``secret``, whatever their type."""
    known = schema["properties"]
    return [text for name, value in config.items() if known.get(name, {}).get("secret") for text in _texts(value)]


def _texts(value: Any) -> list[str]:
    if isinstance(value, Mapping):
        return [text for part in value.values() for text in _texts(part)]
    if isinstance(value, list):
        return [text for part in value for text in _texts(part)]
    return [] if value is None or isinstance(value, bool) else [str(value)]


def _pattern(secrets: Iterable[str]) -> re.Pattern[str] | None:
    """Make the pattern of the usual spellings, longest first; None without secrets."""
    literal = {re.escape(spelling) for secret in secrets for spelling in literal_spellings(secret)}
    patterns = literal.union(*map(base64_patterns, secrets))
    return re.compile("|".join(sorted(patterns, key=lambda each: (-len(each), each)))) if patterns else None


class RedactingFilter(logging.Filter):
    """Masks secrets in the records of the logging handlers it is put on, tracebacks included."""

    def __init__(self, redact: Redactor) -> None:
        super().__init__()
        self._redact = redact
        self._formatter = logging.Formatter()

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = self._redact(_message(record)), None
        if record.exc_info and not record.exc_text:
            record.exc_text = self._formatter.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self._redact(record.exc_text)
        if record.stack_info:
            record.stack_info = self._redact(record.stack_info)
        return True


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # the arguments do not fit the message: logging would say so and go on
        return f"{record.msg} {record.args}"


def guard_logging(redact: Redactor) -> None:
    """Mask secrets on every handler of the root logger, where the records of all loggers arrive."""
    for handler in logging.getLogger().handlers:
        for old in [known for known in handler.filters if isinstance(known, RedactingFilter)]:
            handler.removeFilter(old)
        handler.addFilter(RedactingFilter(redact))
