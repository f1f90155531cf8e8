"""Copper's two kinds of sign-in (reference section 1)."""

from __future__ import annotations

from crm_emulator.copper.answers import refused
from crm_emulator.messages import Answer, Request

API_KEY = "c0ffee00c0ffee00c0ffee00c0ffee00"
"""Fixed, so that configuration can be pasted; 32 characters (section 1.1)."""

USER_EMAIL = "ada@emulator.example"
ACCESS_TOKEN = "emulated-copper-access-token"  # noqa: S105 - invented, and printed at every start
APPLICATION = "developer_api"


def refusal(request: Request, api_key: str = API_KEY, access_token: str = ACCESS_TOKEN) -> Answer | None:
    """Return the 401 of a request that carries neither the three headers nor a Bearer token; the text is a guess."""
    headers = request.headers
    if headers.get("authorization") == f"Bearer {access_token}":
        return None
    if (
        headers.get("x-pw-accesstoken") == api_key
        and headers.get("x-pw-application") == APPLICATION
        and headers.get("x-pw-useremail", "").lower() == USER_EMAIL
    ):
        return None
    return refused(401, "Authentication failed")
