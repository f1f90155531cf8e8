"""Addresses that an account sends something to: targets of webhooks, the redirect_uri of OAuth."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from crm_emulator.copper.switches import Switches


def is_target(text: Any, switches: Switches) -> bool:
    """Return whether a text is an address that Copper takes: an https URL, or by switch an http URL, too."""
    try:
        parts = urlsplit(str(text))
        port = parts.port
    except ValueError:
        return False
    return (
        bool(parts.hostname) and port != 0 and parts.scheme in ({"https"} if switches.https_only else {"https", "http"})
    )
