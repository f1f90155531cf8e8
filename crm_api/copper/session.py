"""Copper's signature, quota and error dialect, and a session for an account.

Facts: https://developer.copper.com, introduction pages (requests, authentication, responses).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

import msgspec
import requests
from typing_extensions import override

from crm_api.account import AccountSettings, Rate, open_session
from crm_api.crm import Account
from crm_api.crm_objects import CrmId, CrmObject
from crm_api.errors import CredentialsError, CrmError, GoneError, NotEnabledError, SettingError
from crm_api.transport.answer import Answer, Dialect
from crm_api.transport.network import checked_base_url
from crm_api.transport.request import Request
from crm_api.transport.session import CrmSession

BASE_URL = "https://api.copper.com/developer_api/v1"
REQUESTS_PER_MINUTE = 180  # rolling window (introduction/requests)
BULK_REQUESTS_PER_SECOND = 3  # bulk endpoints, besides the above
PAGE_SIZE = 200  # the largest page of a search
SEARCH_CEILING = 100_000  # records of one search that can be reached
TOTAL_HEADER = "X-PW-TOTAL"  # an upper bound of what a search matches


@dataclass(frozen=True)
class CopperKey(requests.auth.AuthBase):
    """Signs with an API key and the e-mail of the user who owns it."""

    api_key: str = field(repr=False)
    user_email: str

    @override
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["X-PW-AccessToken"] = self.api_key
        request.headers["X-PW-Application"] = "developer_api"
        request.headers["X-PW-UserEmail"] = self.user_email
        return request


@dataclass(frozen=True)
class CopperToken(requests.auth.AuthBase):
    """Signs with an OAuth access token, which does not expire."""

    access_token: str = field(repr=False)

    @override
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.access_token}"
        return request


class CopperCredentialsError(CredentialsError):
    """Copper does not accept the key."""

    advice = "Check api_key and user_email, which belong together, or access_token."


class CopperDialect(Dialect):
    """``{"success": false, "status": …, "message": …}``, and ``{"error": …}`` from bulk endpoints and routes."""

    kinds: Mapping[int, type[CrmError]] = {**Dialect.kinds, HTTPStatus.UNAUTHORIZED: CopperCredentialsError}

    @override
    def kind(self, answer: Answer) -> type[CrmError]:
        if answer.status == HTTPStatus.FORBIDDEN and "feature not enabled" in self.said(answer).lower():
            return NotEnabledError
        return super().kind(answer)

    @override
    def said(self, answer: Answer) -> str:
        body = answer.json()
        if isinstance(body, dict):
            words = body.get("message") or body.get("error")
            if words:
                return str(words)
        return super().said(answer)


@dataclass(frozen=True)
class CopperSettings(AccountSettings):
    """An account of Copper and how to use it; either ``api_key`` and ``user_email``, or ``access_token``.

    Attributes:
        api_key: API key, or empty.
        user_email: E-mail of the user who owns ``api_key``.
        access_token: OAuth access token, or empty.
        base_url: The API's whole prefix.
        bulk_requests_per_second: Bulk requests in any second; 0 is unlimited.
    """

    api_key: str = field(default="", repr=False)
    user_email: str = ""
    access_token: str = field(default="", repr=False)
    base_url: str = BASE_URL
    requests_per_minute: int = REQUESTS_PER_MINUTE
    bulk_requests_per_second: int = BULK_REQUESTS_PER_SECOND

    @property
    @override
    def credentials(self) -> Sequence[str]:
        return self.api_key, self.access_token

    @property
    @override
    def bulk_rates(self) -> Sequence[Rate]:
        return ((self.bulk_requests_per_second, 1),)

    def signature(self) -> requests.auth.AuthBase:
        """Make the signature of the sign-in that the settings give.

        Raises:
            SettingError: No sign-in is complete, or both are given.
        """
        if self.access_token and self.api_key:
            raise SettingError("Give either api_key with user_email, or access_token, not both")
        if self.access_token:
            self._check("access_token")
            return CopperToken(self.access_token)
        if not self.api_key:
            raise SettingError("api_key is missing: give api_key and user_email, or access_token")
        if not self.user_email:
            raise SettingError("user_email is missing: give the e-mail of the user who owns api_key")
        self._check("api_key")
        self._check("user_email")
        return CopperKey(self.api_key, self.user_email)

    def _check(self, name: str) -> None:
        value = getattr(self, name)
        if not value.isascii() or not value.isprintable() or value != value.strip():
            raise SettingError(f"{name} holds characters that are not valid in an HTTP header")


def connect(
    settings: CopperSettings,
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> CrmSession:
    """Open a session for an account. Sends nothing yet.

    Raises:
        SettingError: The settings cannot work.
        QuotaStoreError: The store that ``quota_url`` names cannot be reached.
    """
    return open_session(
        settings,
        checked_base_url(settings.base_url),
        signature=settings.signature(),
        dialect=CopperDialect(),
        quota_owner=settings.access_token or settings.api_key,
        clock=clock,
        sleep=sleep,
    )


def whoami(session: CrmSession) -> Account:
    """Read the account and the user that the credentials belong to (two requests)."""
    account: dict[str, Any] = session.exchange(Request("GET", "/account", read=_object)).value
    user: dict[str, Any] = session.exchange(Request("GET", "/users/me", read=_object)).value
    return Account(str(account["id"]), str(account.get("name", "")), f"{user.get('name')} <{user.get('email')}>")


def _object(content: bytes) -> dict[str, Any]:
    """Read an answer about one record; raises ValueError for anything else."""
    found: dict[str, Any] = msgspec.json.decode(content, type=dict[str, Any])
    if "id" not in found:
        raise ValueError("a record without id")
    return found


def record_path(crm_object: CrmObject, crm_id: CrmId) -> str:
    """Make the path of one record. Ids are whole numbers: no other text may shape a request.

    Raises:
        GoneError: The id is not a whole number, so that no record can have it.
    """
    text = str(crm_id)
    if not (text.isascii() and text.removeprefix("-").isdecimal()):
        raise GoneError(f"/{crm_object.name}", said="Ids of Copper are whole numbers")
    return f"/{crm_object.name}/{text}"
