"""Keys, tokens, passwords and secrets in what was asked and answered: hidden wherever the emulator shows it.

Whoever tries a pipeline here may have left the real account's key in its settings.
"""

from __future__ import annotations

import re

HIDDEN = "***"

_NAME = r"[\w.-]*(?:api[-_]?key|access[-_]?key|token|secret|passw(?:or)?d)"
_IS_CREDENTIAL = re.compile(rf"{_NAME}|authorization|proxy-authorization|cookie", re.IGNORECASE)
_IN_FORM = re.compile(rf"(?<![^?&\n])({_NAME})=[^&\s]*", re.IGNORECASE)
# A text may end in the middle of a value, where only its beginning is kept.
_IN_JSON = re.compile(
    rf'("(?:{_NAME})"\s*:\s*)(?:"(?:[^"\\]|\\.)*(?:"|\\?\Z)|\{{[^{{}}]*(?:\}}|\Z))'
    r'|("headers"\s*:\s*)\{[^{}]*(?:\}|\Z)',  # of a webhook
    re.IGNORECASE | re.DOTALL,
)


def is_credential(name: str) -> bool:
    """Return whether a header, a parameter or an attribute of this name holds what opens an account."""
    return _IS_CREDENTIAL.fullmatch(name) is not None


def without_credentials(text: str) -> str:
    """Hide the values of credentials in a query, a form or JSON."""
    return _IN_JSON.sub(rf'\1\2"{HIDDEN}"', _IN_FORM.sub(rf"\1={HIDDEN}", text))
