"""The ways of signing in that an endpoint may want, and the tokens of the client credentials grant."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from crm_emulator.messages import Answer, Request, json_answer

if TYPE_CHECKING:
    from crm_emulator.anything.switches import Switches

API_KEY = "anything-emulated-key"
"""Fixed, so that configuration can be pasted: the value of every kind of sign-in."""

USER = "anything"
CLIENT_ID = "anything-client"
CLIENT_SECRET = "anything-emulated-secret"  # noqa: S105 - invented
TOKEN_PATH = "/oauth/token"  # noqa: S105 - a path

KINDS = ("header", "query", "basic", "bearer", "oauth")


class Tokens:
    """The OAuth tokens that were given out and still live."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}

    def grant(self, request: Request, now: float, seconds: float) -> Answer:
        """Answer the token endpoint: client id and secret in the form or as Basic."""
        form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
        client = (form.get("client_id"), form.get("client_secret"))
        if request.headers.get("authorization") == _basic(CLIENT_ID, CLIENT_SECRET):
            client = (CLIENT_ID, CLIENT_SECRET)
        if client != (CLIENT_ID, CLIENT_SECRET):
            return json_answer(401, {"error": "invalid_client"}, ("WWW-Authenticate", "Basic"))
        if form.get("grant_type") != "client_credentials":
            return json_answer(400, {"error": "unsupported_grant_type"})
        token = hashlib.sha256(f"{len(self._until)} {now}".encode()).hexdigest()[:32]
        self._until[token] = now + seconds
        return json_answer(200, {"access_token": token, "token_type": "Bearer", "expires_in": int(seconds)})

    def holds(self, authorization: str, now: float) -> bool:
        """Return whether an Authorization header carries a token that has not expired."""
        return self._until.get(authorization.removeprefix("Bearer "), 0.0) > now


def signed_by(request: Request, switches: Switches, tokens: Tokens, now: float) -> str:
    """Return the kind of sign-in that a request carries with the right credentials; empty if it carries none."""
    authorization = request.headers.get("authorization", "")
    carried = {
        "header": request.headers.get(switches.auth_name.lower()) == API_KEY,
        "query": request.query.get(switches.auth_name) == API_KEY,
        "basic": authorization == _basic(USER, API_KEY),
        "bearer": authorization == f"Bearer {API_KEY}",
        "oauth": tokens.holds(authorization, now),
    }
    return next((kind for kind, right in carried.items() if right), "")


def _basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
