"""Signatures for any API: a header, a query parameter, Basic, Bearer, OAuth 2.0 client credentials."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import requests
from typing_extensions import override

from crm_api.errors import BusyError, CredentialsError, RefusedError, UnreachableError
from crm_api.transport.answer import Dialect
from crm_api.transport.network import Network
from crm_api.transport.quota import Quota
from crm_api.transport.redaction import Redactor
from crm_api.transport.request import Renewable, Request, Unsigned
from crm_api.transport.session import CrmSession

EARLY_SECONDS = 30.0  # before a token expires, it is not used any more, since a request takes time
JUST_SECONDS = 1.0  # workers whose requests were refused together request one token
_CALL = "POST token_url"
LONGEST_SECONDS = 10**10  # a token that says it lives longer is asked for again after an hour
TOKEN_SECONDS = 3600.0  # if the answer does not say (RFC 6749, 5.1: expires_in is only recommended)


@dataclass(frozen=True)
class InHeader(requests.auth.AuthBase):
    """Signs with a header."""

    name: str
    value: str = field(repr=False)

    @override
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers[self.name] = self.value
        return request


@dataclass(frozen=True)
class InQuery(requests.auth.AuthBase):
    """Signs with a query parameter."""

    name: str
    value: str = field(repr=False)

    @override
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        parts = urlsplit(str(request.url))
        query = "&".join(filter(None, (parts.query, urlencode({self.name: self.value}))))
        request.url = urlunsplit(parts._replace(query=query))
        return request


def basic(user: str, password: str) -> InHeader:
    """Sign with HTTP Basic (RFC 7617)."""
    return InHeader("Authorization", f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}")


def bearer(token: str) -> InHeader:
    """Sign with a bearer token (RFC 6750)."""
    return InHeader("Authorization", f"Bearer {token}")


class TokenError(CredentialsError):
    """The token endpoint gave no token."""

    happened = "The token endpoint gave no token"
    advice = "Check token_url, client_id and client_secret."


class ClientCredentials(Renewable):
    """Signs with a token that a client id and secret are exchanged for (RFC 6749, 4.4), and again when it expires.

    Args:
        token_url: Address of the token endpoint.
        client_id: Id of the client.
        client_secret: Secret of the client.
        network: How to reach the token endpoint, without headers that are meant for the API.
        redact: Masks each token from then on.
        clock: Monotonic seconds.
        sleep: Waits so many seconds between attempts.
    """

    def __init__(
        self,
        token_url: str,
        client_id: str,
        client_secret: str,
        *,
        network: Network,
        redact: Redactor,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._form = {
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": client_secret,
        }
        self._session = CrmSession(
            token_url,
            signature=Unsigned(),
            dialect=Dialect(),
            quota=Quota(),
            network=network,
            redact=redact,
            sleep=sleep,
        )
        self._redact = redact
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._asked_at = self._until = 0.0

    @override
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        with self._lock:
            if not self._token or self._clock() >= self._until:
                self._ask()
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    @override
    def renew(self) -> None:
        with self._lock:
            if self._clock() - self._asked_at > JUST_SECONDS:  # else another worker has
                self._ask()

    def _ask(self) -> None:
        try:
            answer = self._session.exchange(Request("POST", "", form=self._form, repeatable=True))
        except (CredentialsError, RefusedError) as error:
            raise TokenError(_CALL, status=error.status, said=error.said) from error
        except BusyError as error:
            raise UnreachableError(_CALL, status=error.status, said=error.said) from error
        given: Any = answer.value
        token = given.get("access_token") if isinstance(given, dict) else None
        if not isinstance(token, str) or not token.isprintable() or not token.isascii() or not token:
            raise TokenError(_CALL, status=answer.status)
        self._redact.learn(token)
        lives = given.get("expires_in")
        is_number = isinstance(lives, int | float) and not isinstance(lives, bool) and 0 <= lives <= LONGEST_SECONDS
        seconds = float(lives) if is_number else TOKEN_SECONDS
        self._token = token
        self._asked_at = self._clock()
        self._until = self._asked_at + max(seconds - EARLY_SECONDS, seconds / 2)

    def __repr__(self) -> str:
        return "ClientCredentials(...)"
