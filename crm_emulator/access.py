"""Who may use the control API and the pages: this machine, or whoever has the token; never a page of another origin."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hmac import compare_digest
from http.cookies import CookieError, SimpleCookie
from secrets import token_urlsafe

from crm_emulator.addresses import host_name, is_loopback
from crm_emulator.messages import Request

COOKIE = "crm_emulator_token"
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]*")


def checked_token(token: str) -> str:
    """Return a token that somebody chose; raises ValueError if a header or a cookie cannot carry it."""
    if not _TOKEN.fullmatch(token):
        raise ValueError("the token of the control API must be of letters, digits and -._~+/=")
    return token


def new_token() -> str:
    """Return a token that nobody guesses."""
    return token_urlsafe(18)


@dataclass(frozen=True)
class Refusal:
    """The status of an answer to somebody who may not, and why, in one sentence."""

    status: int
    said: str


@dataclass(frozen=True)
class Access:
    """The rule for all requests to the emulator itself.

    Attributes:
        token: The token that each request must carry; empty where only this machine can reach the emulator, and where
            it is enough to address it by a name of this machine.
        scheme: ``http`` or ``https``, which the origin of its own pages begins with.
    """

    token: str = ""
    scheme: str = "http"

    def refusal(self, request: Request) -> Refusal | None:
        """Refuse a request without the token, or one that a page elsewhere may have sent; None if it is heard."""
        host = request.headers.get("host", "")
        if self.token:
            if not any(self.is_token(given) for given in (_bearer(request), _cookie(request))):
                return Refusal(401, "this takes the token that crm-emulator printed: Authorization: Bearer TOKEN")
        elif not is_loopback(host_name(host)):
            return Refusal(403, "this answers to 127.0.0.1 and localhost only")
        origin = request.headers.get("origin")
        if origin is not None and origin.lower() != f"{self.scheme}://{host}".lower():
            return Refusal(403, "this answers to no page of another origin")
        return None

    def is_token(self, given: str) -> bool:
        """Return whether this is the token."""
        return bool(self.token) and compare_digest(given.encode(), self.token.encode())


def _bearer(request: Request) -> str:
    kind, _, given = request.headers.get("authorization", "").partition(" ")
    return given.strip() if kind.lower() == "bearer" else ""


def _cookie(request: Request) -> str:
    try:
        found = SimpleCookie(request.headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return found.value if found else ""
