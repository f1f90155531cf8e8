"""Hides secrets in logs, errors, previews and reports, whatever an answer, a log or an encoder may make of them.

Each letter of a secret may be spelled in its own way: as it is, percent-encoded, as an HTML entity, as an escape of
JSON or Python. Such an encoding may stand inside another one, and base64 may begin at any letter of what surrounds it.
"""

from __future__ import annotations

import base64
import html
import json
import logging
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import cache, cached_property
from html.entities import html5
from itertools import chain
from typing import Any, NamedTuple
from urllib.parse import quote, quote_plus

from typing_extensions import override

MASK = "***"
SHORTEST_SECRET = 4  # shorter values would mask ordinary text and protect nothing
LONGEST_LETTER = 64  # characters in which any of these encodings, one inside another, spells a byte
LAYERS = 2  # encodings around those that a letter's own pattern knows
SHORTEST_CORE = 6  # letters of base64; fewer could be ordinary text
MARKS = re.compile(r"[%&\\=]")
"""A text without one of these holds no encoded letter."""
SPELLED = re.compile(r"[%&\\=+]")
"""A text without one of these holds no letter that is spelled otherwise, a space among them."""
_CONTROLS = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}
_BASE64 = "[A-Za-z0-9+/_-]"


class Redactor:
    """Replaces known secrets, in every spelling that a server could give them, by ``***``.

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
        self._longest = LONGEST_LETTER * max(
            (len(secret.encode("utf-8", "surrogatepass")) for secret in secrets), default=0
        )
        self._secrets = _Secrets(secrets)

    def __call__(self, text: str) -> str:
        """Return the text with every secret masked."""
        return self._masked(text, len(text))

    def value(self, value: Any) -> Any:
        """Return a JSON value with every secret masked in its texts and names."""
        if isinstance(value, str):
            return self(value)
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
        if MARKS.search(text) is None:
            yield from (found.span() for found in secrets.find_usual(text))
            return
        if not secrets.texts:
            return
        for reading in readings(text):
            for found in chain(secrets.find_usual(reading.text), secrets.find_letters(reading.text)):
                yield reading.place(found.start()), reading.place(found.end())

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

    def find_usual(self, text: str) -> Iterator[re.Match[str]]:
        """Find the usual spellings. Hardly any text holds what is in each of them, which is told much sooner."""
        return self._usual.finditer(text) if any(held in text for held in self._held) else iter(())

    def find_letters(self, text: str) -> Iterator[re.Match[str]]:
        """Find spellings in which each letter has one of its own."""
        if SPELLED.search(text) is None:
            return iter(())
        return chain.from_iterable(pattern.finditer(text) for pattern in self._letters)

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


def literal_spellings(secret: str) -> set[str]:
    """Spell a secret as the usual encoders do, for patterns that are looked for in every text."""
    octets = secret.encode("utf-8", "surrogatepass")
    return {
        secret,
        quote(octets, safe=""),
        quote(octets),
        quote_plus(octets),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        repr(secret)[1:-1],
        octets.hex(),
        octets.hex().upper(),
    }


def base64_patterns(secret: str) -> set[tuple[str, str]]:
    """Spell a secret in base64, alone or inside a longer text, whose letters next to it hold parts of it, too.

    Returns:
        Patterns, each after a text that is in whatever it matches.
    """
    octets = secret.encode("utf-8", "surrogatepass")
    patterns: set[tuple[str, str]] = set()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        padded = encode(octets).decode()
        whole = padded.rstrip("=")
        patterns.add((whole, f"{re.escape(whole)}(?:{padded[len(whole) :]}|(?!{_BASE64}))"))
        for offset in range(3):
            first, last = -(-offset * 8 // 6), (offset + len(octets)) * 8 // 6
            core = encode(bytes(offset) + octets).decode()[first:last]
            if len(core) >= SHORTEST_CORE:
                before = f"{_BASE64}?" if offset else ""
                after = f"{_BASE64}?={{0,2}}" if (offset + len(octets)) % 3 else ""
                patterns.add((core, before + re.escape(core) + after))
    return patterns


def letters_pattern(secret: str) -> re.Pattern[str]:
    """Make the pattern of a secret of which each letter is spelled in any way."""
    return re.compile("".join(map(_letter, secret)))


@cache
def _letter(char: str) -> str:
    """Make the pattern of one letter. Each branch begins with a literal, by which the search skips other text."""
    octets = [_hex(f"{octet:02x}") for octet in char.encode("utf-8", "surrogatepass")]
    units = char.encode("utf-16-be", "surrogatepass").hex()
    code = ord(char)
    names = "".join(f"|{re.escape(name)}" for name in _names().get(char, ()))
    escapes = [
        "u" + r"\\{1,4}u".join(_hex(units[at : at + 4]) for at in range(0, len(units), 4)),
        r"u\{0*" + _hex(f"{code:x}") + r"\}",
        "U" + _hex(f"{code:08x}"),
        "x" + r"\\{1,4}x".join(octets),
        *(["x" + _hex(f"{code:02x}")] if char.encode("latin-1", "ignore") else []),
        *([_CONTROLS[char]] if char in _CONTROLS else []),
        *([re.escape(char)] if not char.isalnum() else []),
    ]
    branches = [
        re.escape(char),
        "%" + "%".join(f"(?:25){{0,3}}{octet}" for octet in octets),
        "=" + "=".join(octets),  # quoted-printable
        rf"&(?:amp;){{0,3}}(?:#0*{code}|#[xX]0*{_hex(f'{code:x}')}{names});?",
        rf"\\\\{{0,3}}(?:{'|'.join(escapes)})",
        *([r"\+"] if char == " " else []),
    ]
    return f"(?:{'|'.join(branches)})"


def _hex(digits: str) -> str:
    return "".join(f"[{digit}{digit.upper()}]" if digit.isalpha() else digit for digit in digits)


@cache
def _names() -> dict[str, list[str]]:
    """Collect the names that HTML has for letters."""
    names: dict[str, list[str]] = defaultdict(list)
    for name, char in html5.items():
        if name.endswith(";"):
            names[char].append(name[:-1])
    return names


class Reading(NamedTuple):
    """A text as it reads once encodings are taken away.

    Attributes:
        text: The decoded text.
        places: The place of each letter in the original text, and its end; None where nothing was decoded.
    """

    text: str
    places: list[int] | None = None

    def place(self, index: int) -> int:
        """Find the place of a letter in the original text."""
        return index if self.places is None else self.places[index]


def readings(text: str) -> Iterator[Reading]:
    """Read a text as it is, and without each encoding that it may be in, up to ``LAYERS`` of them."""
    seen = {text}
    level = [Reading(text)]
    yield level[0]
    for _ in range(LAYERS):
        decoded = [_decoded(reading, *kind) for reading in level for kind in _DECODERS]
        new = {reading.text: reading for reading in decoded if reading is not None and reading.text not in seen}
        level = list(new.values())
        seen.update(new)
        yield from level


_Decode = Callable[[re.Match[str]], list[tuple[str, int]]]
"""Decodes what was found into letters, each with the number of characters that spelled it."""


def _decoded(reading: Reading, pattern: re.Pattern[str], decode: _Decode) -> Reading | None:
    """Take one encoding away; None if there is none."""
    parts: list[str] = []
    places: list[int] = []
    done = 0
    known = reading.places if reading.places is not None else range(len(reading.text) + 1)
    for found in pattern.finditer(reading.text):
        parts.append(reading.text[done : found.start()])
        places += known[done : found.start()]
        done = found.start()
        for letter, width in decode(found):
            parts.append(letter)
            places += [known[done]] * len(letter)
            done += width
    if not parts:
        return None
    parts.append(reading.text[done:])
    places += known[done:]
    return Reading("".join(parts), places)


def _percent(found: re.Match[str]) -> list[tuple[str, int]]:
    text = bytes.fromhex(found[0].replace("%", "")).decode("utf-8", "surrogateescape")
    return [(char, 3 * len(char.encode("utf-8", "surrogateescape"))) for char in text]


def _entity(found: re.Match[str]) -> list[tuple[str, int]]:
    return [(html.unescape(found[0]), len(found[0]))]


def _escape(found: re.Match[str]) -> list[tuple[str, int]]:
    body = found[0][1:]
    if len(body) > 1:
        units = bytes.fromhex(body.replace("\\", "").replace("u", "").replace("x", "00"))
        return [(units.decode("utf-16-be", "surrogatepass"), len(found[0]))]
    return [({each: char for char, each in _CONTROLS.items()}.get(body, body), len(found[0]))]


_PERCENT = re.compile(r"(?:%[0-9A-Fa-f]{2})+")
_ENTITY = re.compile(r"&(?:#[0-9]{1,12}|#[xX][0-9A-Fa-f]{1,12}|[A-Za-z][A-Za-z0-9]{1,30});?")
_SURROGATES = r"u[dD][89abAB][0-9A-Fa-f]{2}\\u[dD][c-fC-F][0-9A-Fa-f]{2}"
_ESCAPE = re.compile(rf"\\(?:{_SURROGATES}|u[0-9A-Fa-f]{{4}}|x[0-9A-Fa-f]{{2}}|.)", re.DOTALL)
_DECODERS: tuple[tuple[re.Pattern[str], _Decode], ...] = ((_PERCENT, _percent), (_ENTITY, _entity), (_ESCAPE, _escape))
