"""Keys of any text: names and ids that both databases can hold and index, whatever came in.

PostgreSQL cannot hold NUL and cannot index more than 2,704 bytes in one row; neither database can hold half a surrogate
pair. A text that is one of that becomes a *digested* key: its first characters, readable, and a digest of the whole.
"""

from __future__ import annotations

import re
from hashlib import blake2b

MOST_BYTES = 600  # of a key; four of them, the most in one index, stay below PostgreSQL's 2,704 bytes
SHOWN_CHARACTERS = 60  # of a text that is digested
DIGEST_BYTES = 32
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")
_ODD = re.compile(f"{_UNSTORABLE.pattern}|…#[0-9a-f]{{{2 * DIGEST_BYTES}}}|\u2400[0-9a-f]{{4}}")


def key_of(text: str) -> str:
    """Return the key by which the ledger knows a text: the text itself, unless it is long or odd.

    A text that holds what looks like a digested key, or like an escape of ``tables.AnyText``, is digested as well, so
    that no text can pass for another. Hence the key of a digested key is another one: this is called once for each
    text, where it enters.
    """
    if text.isascii() and len(text) <= MOST_BYTES and "\0" not in text:
        return text
    content = text.encode("utf-8", "surrogatepass")
    if len(content) <= MOST_BYTES and not _ODD.search(text):
        return text
    return f"{shown(text[:SHOWN_CHARACTERS])}…#{blake2b(content, digest_size=DIGEST_BYTES).hexdigest()}"


def shown(text: str) -> str:
    r"""Spell out what cannot be stored: NUL as ``\u0000``, half a surrogate pair as ``\ud83d``."""
    return _UNSTORABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
