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
_DIGESTED = re.compile(rf"…#[0-9a-f]{{{2 * DIGEST_BYTES}}}\Z")
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def key_of(text: str) -> str:
    """Return the key by which the ledger knows a text: the text itself, unless it is long or odd.

    A text that looks like a digested key is digested as well, so that no text can pass for another. To be called
    once for each text, where it enters.
    """
    if text.isascii() and len(text) <= MOST_BYTES and "\0" not in text:
        return text
    content = text.encode("utf-8", "surrogatepass")
    if len(content) <= MOST_BYTES and not _UNSTORABLE.search(text) and not _DIGESTED.search(text):
        return text
    return f"{shown(text[:SHOWN_CHARACTERS])}…#{blake2b(content, digest_size=DIGEST_BYTES).hexdigest()}"


def shown(text: str) -> str:
    r"""Spell out what cannot be stored: NUL as ``\u0000``, half a surrogate pair as ``\ud83d``."""
    return _UNSTORABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
