"""Freshsales' sign-in (reference section 1)."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from crm_emulator.freshsales.answers import unauthorized

if TYPE_CHECKING:
    from crm_emulator.freshsales.switches import Switches
    from crm_emulator.messages import Answer, Request

API_KEY = "fR3shsAl35EmulAt0r"
"""Fixed, so that configuration can be pasted."""

EMAIL = "ada@emulator.example"
PASSWORD = "emulated-password"  # noqa: S105 - invented, and printed at every start


def refusal(request: Request, switches: Switches, api_key: str = API_KEY) -> Answer | None:
    """Return the 401 of a request without ``Authorization: Token token=KEY``, in exactly that form."""
    sent = request.headers.get("authorization", "")
    if sent == f"Token token={api_key}" or (switches.basic_auth and sent == _basic()):
        return None
    return unauthorized()


def _basic() -> str:
    return "Basic " + base64.b64encode(f"{EMAIL}:{PASSWORD}".encode()).decode()
