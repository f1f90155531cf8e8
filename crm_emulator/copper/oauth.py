"""Copper's OAuth pages: authorize, the code that comes back by POST, the token (reference section 1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from secrets import compare_digest, token_hex
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from crm_emulator.copper.targets import is_target
from crm_emulator.messages import Answer, Request, json_answer
from crm_emulator.routing import Route

if TYPE_CHECKING:
    from crm_emulator.copper.account import CopperAccount

ROOT = "/copper/oauth/"
"""The path in the place of ``https://app.copper.com/oauth/``."""

CLIENT_ID = "copper-client"
CLIENT_SECRET = "copper-emulated-secret"  # noqa: S105 - invented, and printed at every start
SCOPE = "developer/v1/all"
_CODE_SECONDS = 600.0  # a guess: no page says how long a code lives
_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem}"
    "code{overflow-wrap:anywhere}button,select{font:inherit;padding:.3rem .9rem}"
)
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class _Grant:
    """A code that was given out: for which redirect_uri, and until when (Unix seconds)."""

    redirect_uri: str
    until: float


class OAuth:
    """The authorization of one account. Tokens neither expire nor are refreshed: one is in force, until it is revoked.

    Args:
        account: The account whose token is given out.
        access_token: The first token.
        title: How the page names the account.
        customers: How many accounts a user can choose from.

    Attributes:
        access_token: The token in force.
    """

    def __init__(self, account: CopperAccount, access_token: str, title: str, customers: int) -> None:
        self._account = account
        self.access_token = access_token
        self._title = title
        self._customers = customers
        self._grants: dict[str, _Grant] = {}

    def routes(self) -> tuple[Route, ...]:
        """Return the routes, which lie outside the API."""
        at = "at app.copper.com, here below `/copper`"
        return (
            Route("GET", "/oauth/authorize", self.ask, "§1.2", f"{at}; the page itself is a guess"),
            Route("POST", "/oauth/authorize", self.decide, "§1.2", f"{at}; a refusal by the user is a guess"),
            Route("POST", "/oauth/token", self.give_token, "§1.2", f"{at}; errors are those of OAuth 2.0"),
        )

    def code(self, redirect_uri: str) -> str:
        """Return a code that is good once for a token, as if a user had agreed."""
        code = token_hex(16)
        self._grants[code] = _Grant(redirect_uri, self._account.clock.now() + _CODE_SECONDS)
        return code

    def revoke(self) -> None:
        """End the token in force and the codes that were given out: the next authorization gives another token."""
        self._grants.clear()
        self.access_token = token_hex(16)

    def is_for(self, request: Request, customer: int) -> bool:
        """Return whether a request to these pages is about this account: by its code, or by the user's choice."""
        form = _form(request)
        return form.get("code") in self._grants or form.get("account") == str(customer)

    # Endpoints

    def ask(self, request: Request) -> Answer:
        """Answer with a page that asks the user; by switch with the code at once."""
        wrong = self._wrong(request.query)
        if wrong:
            return _page(400, "This cannot be authorized", f"<p>{escape(wrong)}</p>")
        if self._account.switches.oauth_approval == "always":
            return self._sent_back(request.query, {"code": self.code(request.query["redirect_uri"])})
        numbers = "".join(f"<option>{number}</option>" for number in range(1, self._customers + 1))
        choice = (
            f'<p><label>Account <select name="account">{numbers}</select></label></p>' if self._customers > 1 else ""
        )
        return _page(
            200,
            "Allow access?",
            f"<p><strong>{escape(request.query['client_id'])}</strong> asks to read and change everything in "
            f"<strong>{escape(self._title)}</strong> (<code>{SCOPE}</code>).</p>"
            f"<p>The answer goes to <code>{escape(request.query['redirect_uri'])}</code>.</p>"
            f'<form method="post">{choice}<p><button name="decision" value="allow">Allow</button> '
            '<button name="decision" value="deny">Deny</button></p></form>',
        )

    def decide(self, request: Request) -> Answer:
        """Answer the user's decision with a form that brings the code to the redirect_uri by POST."""
        form = _form(request)
        asked = {**request.query, **{name: value for name, value in form.items() if name not in request.query}}
        wrong = self._wrong(asked)
        if wrong:
            return _page(400, "This cannot be authorized", f"<p>{escape(wrong)}</p>")
        if form.get("decision") != "allow":
            return self._sent_back(asked, {"error": "access_denied"})
        return self._sent_back(asked, {"code": self.code(asked["redirect_uri"])})

    def give_token(self, request: Request) -> Answer:
        """Give the token for a code that comes form-encoded, with the client's secret and the same redirect_uri."""
        form = _form(request)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
            return json_answer(400, {"error": "invalid_request", "error_description": f"the body must be {_FORM}"})
        if form.get("client_id") != CLIENT_ID or not compare_digest(
            form.get("client_secret", "").encode(), CLIENT_SECRET.encode()
        ):
            return json_answer(401, {"error": "invalid_client"})
        if form.get("grant_type") != "authorization_code":
            return json_answer(400, {"error": "unsupported_grant_type"})
        grant = self._grants.pop(form.get("code", ""), None)
        if grant is None or grant.redirect_uri != form.get("redirect_uri") or grant.until < self._account.clock.now():
            return json_answer(400, {"error": "invalid_grant"})
        return json_answer(200, {"access_token": self.access_token, "token_type": "Bearer", "scope": SCOPE})

    def _wrong(self, asked: Mapping[str, str]) -> str:
        """Say what is wrong with a request for authorization; empty if nothing is."""
        expected = {"response_type": "code", "client_id": CLIENT_ID, "scope": SCOPE}
        for name, value in expected.items():
            if asked.get(name) != value:
                return f"{name} must be {value}."
        if not is_target(asked.get("redirect_uri", ""), self._account.switches):
            return "redirect_uri must be an https URL."
        return ""

    def _sent_back(self, asked: Mapping[str, str], values: Mapping[str, str]) -> Answer:
        """Return a page whose form goes to the redirect_uri by itself, or by its button without JavaScript."""
        state = {"state": asked["state"]} if "state" in asked else {}
        fields = "".join(
            f'<input type="hidden" name="{name}" value="{escape(value)}">'
            for name, value in {**values, **state}.items()
        )
        return _page(
            200,
            "Back to the application",
            f'<form method="post" action="{escape(asked["redirect_uri"])}">{fields}'
            "<p><button>Continue</button></p></form><script>document.forms[0].submit()</script>",
        )


def _form(request: Request) -> dict[str, str]:
    return dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True))


def _page(status: int, title: str, content: str) -> Answer:
    text = (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<link rel="icon" href="data:,"><style>{_STYLE}</style></head>'
        f"<body><main><h1>{escape(title)}</h1>{content}</main></body></html>\n"
    )
    headers = (("Cache-Control", "no-store"), ("X-Frame-Options", "DENY"))
    return Answer(status, text.encode(), "text/html; charset=utf-8", headers)
