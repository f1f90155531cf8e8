"""Hides secrets in logs, errors, previews and reports."""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from typing_extensions import override

MASK = "***"
SHORTEST_SECRET = 4  # shorter values would mask ordinary text and protect nothing


class Redactor:
    """Replaces known secrets, in every spelling that HTTP gives them, by ``***``.

    Args:
        secrets: The values to hide; empty and very short ones are ignored.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        spellings: set[str] = set()
        for secret in secrets:
            if secret and len(secret) >= SHORTEST_SECRET:
                spellings |= _spellings(secret)
        self._spellings = spellings
        self._pattern = _pattern(spellings)

    def learn(self, secret: str) -> None:
        """Hide one more secret from now on, such as a token that was given out during the run."""
        if len(secret) >= SHORTEST_SECRET:
            self._spellings = self._spellings | _spellings(secret)
            self._pattern = _pattern(self._spellings)

    def __call__(self, text: str) -> str:
        """Return the text with every secret masked."""
        return self._pattern.sub(MASK, text) if self._pattern else text

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


def _pattern(spellings: set[str]) -> re.Pattern[str] | None:
    longest_first = sorted(spellings, key=lambda spelling: (-len(spelling), spelling))
    return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


def _spellings(secret: str) -> set[str]:
    return {
        secret,
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        base64.b64encode(secret.encode()).decode(),
    }


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
