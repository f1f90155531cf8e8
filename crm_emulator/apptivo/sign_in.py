"""Apptivo's sign-in: two keys on every call, or a session key (reference section 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_emulator.apptivo.answers import failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_emulator.messages import Answer

API_KEY = "ApPt1v0-eMuL4t3d-ApIkEy"
ACCESS_KEY = "ApPt1v0-eMuL4t3d-AcCeSsKeY"
"""Fixed, so that configuration can be pasted."""

USER_NAME = "ada@emulator.example"
PASSWORD = "emulated-password"  # noqa: S105 - invented
SESSION_KEY = "apptivo-emulated-session"


def refusal(values: Mapping[str, str], api_key: str = API_KEY, access_key: str = ACCESS_KEY) -> Answer | None:
    """Return the failure of a call without both keys, which names the Key; None if they are right (section 9).

    A session is of the firm whose keys are the ones above.
    """
    if api_key == API_KEY and values.get("sessionKey") == SESSION_KEY:
        return None
    if values.get("apiKey") == api_key and values.get("accessKey") == access_key:
        return None
    return failure("Invalid API Key or Access Key")
