"""A recording: what was asked and answered, whichever program wrote it down."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl

from crm_emulator.compare.bodies import json_of
from crm_emulator.compare.shown_names import ShownNames, values_of, words_of

MOST_BYTES = 512 * 2**20


class UnreadableError(Exception):
    """A recording cannot be read; says why, in one sentence, and what to do."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, as recorded.

    Attributes:
        method: The method, in capitals.
        host: The host that was asked; empty where only the path below ``base_url`` was recorded.
        path: The path, percent-decoded as the emulator's server does.
        query: The parameters of the query.
        content_type: The type of the request's body.
        body: The request's body; None: not recorded to its end.
        status: The status of the answer.
        answer: The answer's body; None: not recorded.
        is_cut: Whether the answer's end is missing.
        began: When the request was sent, as the file says it; empty: it does not.
        unread: Why the answer's body could not be read; empty: it could, or it is not known.
    """

    method: str
    host: str
    path: str
    query: dict[str, str]
    content_type: str
    body: bytes | None
    status: int
    answer: bytes | None
    is_cut: bool = False
    unread: str = ""
    began: str = ""


@dataclass(slots=True)
class Recording:
    """Contents of a file.

    Attributes:
        exchanges: In the order in which they were recorded.
        passed_over: How many were left out, by the reason.
        unread: How many bodies of answers to requests that are compared could not be read, by the reason.
        names: Values that are never shown, and which names of keys may be.
    """

    exchanges: list[Exchange] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)
    unread: Counter[str] = field(default_factory=Counter)
    names: ShownNames = field(default_factory=ShownNames)

    def add(self, exchange: Exchange) -> None:
        """Add an exchange, whose values are not shown where they are keys."""
        self.exchanges.append(exchange)
        body = exchange.body or b""
        self.names.others.update(values_of(json_of(body)))
        form = parse_qsl(body.decode("utf-8", "replace")) if body[:1] not in {b"{", b"["} else ()
        for _, text in (*form, *exchange.query.items()):
            self.names.others.update(values_of(text))
        self.names.others.update(words_of(exchange.path))
        asked = f"{exchange.path} {exchange.query.get('a', '')}"
        if exchange.answer and not _NAMES_OF_ATTRIBUTES.search(asked):
            self.names.others.update(values_of(json_of(exchange.answer, is_cut=exchange.is_cut)))


# Of answers that name attributes, whose texts are what a report should say.
_NAMES_OF_ATTRIBUTES = re.compile(r"field|definition|getconfigdata", re.IGNORECASE)
_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"PK\x03\x04": "zip",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
}
_FLOWS = re.compile(rb"\d{1,12}:\d*[:;]?\w")
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def read_bytes(path: Path) -> bytes:
    """Read a recording's file as UTF-8; raises UnreadableError."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UnreadableError((error.strerror or "it cannot be opened").lower()) from error
    if len(content) > MOST_BYTES:
        raise UnreadableError(f"it is larger than {MOST_BYTES // 2**20} MiB; record less at a time")
    if not content.strip():
        raise UnreadableError("it is empty")
    for start, name in _COMPRESSED.items():
        if content.startswith(start):
            raise UnreadableError(f"it is compressed ({name}); unpack it first")
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            return content.decode(encoding, "replace").encode()
    if content[1:2] == b"\0":
        return content.decode("utf-16-le", "replace").encode()
    if _FLOWS.match(content[:64]):
        raise UnreadableError("it holds mitmproxy's flows; make a HAR of it: mitmdump -nr FILE --set hardump=FILE.har")
    return content
