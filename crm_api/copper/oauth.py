"""Copper's OAuth 2.0 grant: the page where a user agrees, and the token that the resulting code is exchanged for.

Facts: https://developer.copper.com, introduction/oauth (flow, quickstart): the code comes back to the redirect address,
which must be https, as an HTTP POST with ``code`` in its body; tokens neither expire nor are refreshed; the only scope
is ``developer/v1/all``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode, urlsplit

from typing_extensions import override

from crm_api.errors import CredentialsError, CrmError, InDoubtError, InvalidError, SettingError
from crm_api.transport.answer import Answer, Dialect
from crm_api.transport.network import Network
from crm_api.transport.quota import Quota
from crm_api.transport.redaction import Redactor
from crm_api.transport.request import Request, Unsigned
from crm_api.transport.session import CrmSession

OAUTH_URL = "https://app.copper.com/oauth"
SCOPE = "developer/v1/all"
_AGAIN = "A code works once and not for long: run the command without --code, agree again, and use the new one."


@dataclass(frozen=True)
class Client:
    """An application that Copper has registered.

    Attributes:
        client_id: Id of the application, not a secret.
        redirect_uri: Address to which Copper POSTs the code, exactly as registered.
        client_secret: Secret of the application, needed to redeem the code.
    """

    client_id: str
    redirect_uri: str
    client_secret: str = field(default="", repr=False)

    def grant_url(self, state: str = "", oauth_url: str = OAUTH_URL) -> str:
        """Make the address of the page where the account's user agrees.

        Raises:
            SettingError: The redirect address is not https.
        """
        if urlsplit(self.redirect_uri).scheme != "https":
            raise SettingError(f"redirect_uri must be an https URL, as Copper demands, not {self.redirect_uri!r}")
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": SCOPE,
        }
        return f"{oauth_url}/authorize?{urlencode(query | ({'state': state} if state else {}))}"

    def redeem(self, code: str, *, oauth_url: str = OAUTH_URL, network: Network | None = None) -> str:
        """Exchange the code, which works once, for an access token.

        Raises:
            CrmError: Copper gave no token; its own words are in the sentence.
        """
        session = CrmSession(
            oauth_url,
            signature=Unsigned(),  # the form itself carries the credentials
            dialect=_TokenDialect(),
            quota=Quota(),
            network=network,
            redact=Redactor([self.client_secret, code]),
        )
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
        }
        try:
            answer = session.exchange(Request("POST", "/token", form=form))
        except InDoubtError as error:
            error.advice = f"The code may be used up. {_AGAIN}"
            raise
        token = answer.value.get("access_token") if isinstance(answer.value, dict) else None
        if not isinstance(token, str) or not token:
            raise CrmError(
                "POST /token", status=answer.status, happened="Copper's answer holds no access_token", advice=_AGAIN
            )
        return token


class _ClientError(CredentialsError):
    advice = "Check client_id and client_secret."


class _CodeError(InvalidError):
    advice = _AGAIN


class _TokenDialect(Dialect):
    """``{"error": …, "error_description": …}`` (RFC 6749, 5.2)."""

    @override
    def kind(self, answer: Answer) -> type[CrmError]:
        kind = super().kind(answer)
        own = {CredentialsError: _ClientError, InvalidError: _CodeError}
        return own.get(kind, kind)

    @override
    def said(self, answer: Answer) -> str:
        body = answer.json()
        words = [body.get("error"), body.get("error_description")] if isinstance(body, dict) else []
        return ": ".join(str(each) for each in words if each) or super().said(answer)
