"""Messages as a plan's file carries them: text, also of those that are not quite UTF-8 (pure)."""

from __future__ import annotations

from base64 import b64decode, b64encode

_ENCODED = "base64:"  # no message begins so


def as_text(line: bytes) -> str:
    """Return a message as text, from which ``as_line`` makes the very same line."""
    try:
        return line.decode()
    except UnicodeDecodeError:  # half a surrogate pair, which some taps send
        return f"{_ENCODED}{b64encode(line).decode()}"


def as_line(text: str) -> bytes:
    """Return the line that ``as_text`` made a text of."""
    return b64decode(text.removeprefix(_ENCODED)) if text.startswith(_ENCODED) else text.encode()
