"""Spellings of a secret (pure): whatever an answer, a log or an encoder may make of it.

Each letter may be spelled in its own way: as it is, percent-encoded, as an HTML entity, as an escape of JSON or Python.
Such an encoding may stand inside another one, and base64 may begin at any letter of what surrounds the secret. Line
breaks, tags, quotes or anything else that is neither letter nor digit may stand between its letters, in either case.
"""

from __future__ import annotations

import base64
import html
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from html.entities import html5
from typing import NamedTuple
from urllib.parse import quote, quote_plus

LONGEST_LETTER = 64  # characters in which any of these encodings, one inside another, spells a byte
LAYERS = 2  # encodings around those that a letter's own pattern knows
SHORTEST_CORE = 6  # letters of base64; fewer could be ordinary text
MARKS = re.compile(r"[%&\\=]")
"""A text without one of these holds no encoded letter."""
SPELLED = re.compile(r"[%&\\=+]")
"""A text without one of these holds no letter that is spelled otherwise, a space among them."""
FEWEST_BARE = 6  # letters and digits of a secret that is looked for by them alone; fewer could be ordinary text
BETWEEN = re.compile(r"[\W_]+")
"""All that may stand between the letters and digits of a secret."""
ODD = re.compile("[<\u0130]")
"""A text without one of these has no tags, and is no longer in lower case."""
_BETWEEN_AND_TAGS = re.compile(r"(?:\]\]>\s*<!\[CDATA\[|<(?!!\[)[^<>]*>|[\W_])+")
_BLANK = "\ua000"  # a letter of no secret
_CONTROLS = {"\n": "n", "\r": "r", "\t": "t", "\b": "b", "\f": "f"}
_BASE64 = "[A-Za-z0-9+/_-]"


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


def bare_spellings(secret: str) -> set[str]:
    """Spell a secret by its letters and digits alone, in lower case: as text, numbers, hex, base64, in UTF-8 or UTF-16.

    Returns:
        Nothing for a secret of too few letters and digits, or of digits alone, which could be ordinary text.
    """
    bare = _bare(BETWEEN, secret)
    if len(bare) < FEWEST_BARE or bare.isdigit():
        return set()
    spellings = {bare}
    for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
        octets = secret.encode(encoding, "surrogatepass")
        cores = _base64_cores(octets)
        twice = [again for core in cores for again in _base64_cores(core.encode())]
        numbers = [form % octet for form in _NUMBERS for octet in octets]
        parts = ["".join(numbers[at : at + len(octets)]) for at in range(0, len(numbers), len(octets))]
        spellings.update(_bare(BETWEEN, each) for each in (*cores, *twice, *parts))
    return {each for each in spellings if len(each) >= len(bare)}


_NUMBERS = ("%02x", "%d", "%03o", "0x%02x", "x%02x", "u%04x")


def _base64_cores(octets: bytes) -> list[str]:
    """Spell octets in base64 at each place that they can have in a longer text, without the letters they share."""
    cores = []
    for offset in range(3):
        first, last = -(-offset * 8 // 6), (offset + len(octets)) * 8 // 6
        cores.append(base64.b64encode(bytes(offset) + octets).decode()[first:last])
    return cores


def bare_places(text: str, spellings: Sequence[str], known: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Find secrets of which only the letters and digits are looked at, in either case.

    Args:
        text: A text.
        spellings: Spellings by ``bare_spellings``.
        known: Places in which a secret was found already.
    """
    if known:
        letters = list(text)
        for start, stop in known:
            letters[start:stop] = _BLANK * (stop - start)
        text = "".join(letters)
    for between in (BETWEEN, _BETWEEN_AND_TAGS) if "<" in text else (BETWEEN,):
        bare = _bare(between, text)
        found = [(at, len(each)) for each in spellings if each in bare for at in _all_of(each, bare)]
        if not found:
            continue
        places: list[int] = []
        done = 0
        for gap in between.finditer(text):
            places += range(done, gap.start())
            done = gap.end()
        places += range(done, len(text))
        yield from ((places[at], places[at + length - 1] + 1) for at, length in found)


def _bare(between: re.Pattern[str], text: str) -> str:
    return between.sub("", text).replace("\u0130", "i").lower()  # the only letter whose lower case is two


def _all_of(part: str, text: str) -> Iterator[int]:
    at = text.find(part)
    while at >= 0:
        yield at
        at = text.find(part, at + len(part))


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
