"""Bodies as they travelled: in base64, or packed by gzip or deflate."""

from __future__ import annotations

import re
import zlib
from base64 import b64decode
from binascii import Error as Base64Error

MOST_UNPACKED = 64 * 2**20  # bytes of one body
_GZIP = b"\x1f\x8b"
_BLANKS = re.compile(rb"\s+")
_PACKINGS = frozenset({"gzip", "x-gzip", "deflate"})


class UnreadBodyError(Exception):
    """A body was not recorded in a form that can be read; says why, as a predicate."""


def from_base64(text: bytes) -> bytes:
    """Return the bytes of a base64 text, in either alphabet, in one line or many; raises UnreadBodyError."""
    plain = _BLANKS.sub(b"", text).replace(b"-", b"+").replace(b"_", b"/").rstrip(b"=")
    try:
        return b64decode(plain + b"=" * (-len(plain) % 4), validate=True)
    except Base64Error as error:
        raise UnreadBodyError("is not the base64 that it says it is") from error


def unpacked(body: bytes, encoding: str) -> tuple[bytes, bool]:
    """Unpack a body; most programs record it unpacked, whatever its header says.

    Args:
        body: The body.
        encoding: What Content-Encoding says; several are undone from the last to the first.

    Returns:
        The body, and whether its end is missing.

    Raises:
        UnreadBodyError: It is packed in another way, or is too large.
    """
    named = [each.strip() for each in reversed(encoding.lower().split(",")) if each.strip()]
    is_cut = False
    for name in named or ["gzip"]:
        if body[:1] in {b"{", b"[", b"<", b""} or (not named and not body.startswith(_GZIP)):
            return body, is_cut
        if name == "identity":
            continue
        if name not in _PACKINGS:
            raise UnreadBodyError("is compressed with brotli or zstd" if name in {"br", "zstd"} else _UNKNOWN)
        body, has_no_end = _inflated(body)
        is_cut = is_cut or has_no_end
    return body, is_cut


_UNKNOWN = "is compressed in an unknown way"


def _inflated(body: bytes) -> tuple[bytes, bool]:
    for bits in (zlib.MAX_WBITS | 32, -zlib.MAX_WBITS):  # some servers leave deflate's header out
        unpacker = zlib.decompressobj(bits)
        try:
            made = unpacker.decompress(body, MOST_UNPACKED)
        except zlib.error:
            continue
        if unpacker.unconsumed_tail:
            raise UnreadBodyError("is too large when unpacked")
        return made, not unpacker.eof
    raise UnreadBodyError(_UNKNOWN)
