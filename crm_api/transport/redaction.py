"""Hides secrets in logs, errors, previews and reports."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain
from types import TracebackType
from typing import Any
from urllib.parse import unquote

from typing_extensions import override

from crm_api.transport.spellings import (
    BETWEEN,
    LONGEST_LETTER,
    MARKS,
    ODD,
    SPELLED,
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
        self._hide({secret for secret in secrets if len(secret) >= SHORTEST_SECRET})

    def learn(self, secret: str) -> None:
        """Hide one more secret from now on, such as a token that was given out during the run."""
        if len(secret) >= SHORTEST_SECRET:
            self._hide({*self._secrets.texts, secret})

    def _hide(self, secrets: set[str]) -> None:
        secrets = secrets | {decoded for each in secrets if len(decoded := unquote(each)) >= SHORTEST_SECRET}
        self._longest = LONGEST_LETTER * max(
            (len(secret.encode("utf-8", "surrogatepass")) for secret in secrets), default=0
        )
        self._has_number = any(map(str.isdecimal, secrets))
        self._secrets = _Secrets(secrets)

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
        secrets = self._secrets
        if not secrets.texts:
            return
        if MARKS.search(text) is None:
            known = [found.span() for found in secrets.find_usual(text)]
            yield from [*known, *secrets.find_bare(text, known)]
            return
        for reading in readings(text):
            matches = chain(secrets.find_usual(reading.text), secrets.find_letters(reading.text))
            known = [found.span() for found in matches]
            known += secrets.find_bare(reading.text, known)
            yield from ((reading.place(start), reading.place(stop)) for start, stop in known)

    def __repr__(self) -> str:
        return "Redactor(...)"


class _Secrets:
    """Secrets with the patterns that find them, which are made when a text first needs them: that takes a while.

    Args:
        secrets: The texts to find.

    Attributes:
        texts: The texts to find, longest first.
    """

    def __init__(self, secrets: Collection[str]) -> None:
        self.texts = tuple(sorted(secrets, key=len, reverse=True))
        usual = {(each, re.escape(each)) for secret in secrets for each in literal_spellings(secret)}
        usual = usual.union(*map(base64_patterns, secrets))
        self._patterns = {pattern for _, pattern in usual}
        self._held = tuple({held for held, _ in usual})
        self._bare = sorted({spelling for secret in secrets for spelling in bare_spellings(secret)})
        self._shortest_bare = min(map(len, self._bare), default=sys.maxsize)

    def find_usual(self, text: str) -> Iterator[re.Match[str]]:
        """Find the usual spellings. Hardly any text holds what is in each of them, which is told much sooner."""
        return self._usual.finditer(text) if any(held in text for held in self._held) else iter(())

    def find_letters(self, text: str) -> Iterator[re.Match[str]]:
        """Find spellings in which each letter has one of its own."""
        if SPELLED.search(text) is None:
            return iter(())
        return chain.from_iterable(pattern.finditer(text) for pattern in self._letters)

    def find_bare(self, text: str, known: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """Find secrets of which only the letters and digits are there, besides those whose places are known."""
        if len(text) < self._shortest_bare:
            return iter(())
        if not ODD.search(text):  # hardly any text holds one, which is told much sooner than where it is
            bare = BETWEEN.sub("", text).lower()
            if not any(spelling in bare for spelling in self._bare):
                return iter(())
        return bare_places(text, self._bare, known)

    @cached_property
    def _usual(self) -> re.Pattern[str]:
        return re.compile("|".join(sorted(self._patterns, key=lambda each: (-len(each), each))))

    @cached_property
    def _letters(self) -> tuple[re.Pattern[str], ...]:
        return tuple(map(letters_pattern, self.texts))


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
        if record.exc_info and record.exc_info[1] is not None:  # a log of JSON takes the error apart by itself
            record.exc_info = _shown(record.exc_info[1], self._redact)
        if isinstance(facts := vars(record).get("facts"), Mapping):
            vars(record)["facts"] = self._redact.value(facts)
        if record.stack_info:
            record.stack_info = self._redact(record.stack_info)
        return True


def _shown(error: BaseException, redact: Redactor) -> tuple[type[BaseException], BaseException, TracebackType | None]:
    """Return an error as a log may show it: its class by name, its text without secrets, where it was raised."""
    kind = type(type(error).__name__, (Exception,), {"__module__": type(error).__module__})
    return kind, kind(redact(str(error))).with_traceback(error.__traceback__), error.__traceback__


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
