"""Freshsales' addresses, signature, quota and error dialect, and a session for an account.

Suite (Freshworks CRM) and Classic share one style of API under two addresses. Facts:
https://developers.freshworks.com/crm/api (Suite), https://developers.freshsales.io/api (Classic), and the behaviour of
accounts and of others' clients.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

import requests
from typing_extensions import override

from crm_api.account import AccountSettings, open_session
from crm_api.crm import Account, Name
from crm_api.errors import (
    BusyError,
    CredentialsError,
    CrmError,
    ForbiddenError,
    GoneError,
    NoRouteError,
    RedirectError,
    SettingError,
    UnreachableError,
)
from crm_api.transport.answer import Answer, Dialect
from crm_api.transport.listing import OddAnswerError
from crm_api.transport.network import checked_base_url, parts_of
from crm_api.transport.retry import RetryPolicy
from crm_api.transport.session import CrmSession

PLANS: Mapping[str, int] = MappingProxyType(
    {
        "free": 1000,
        "growth": 1000,
        "pro": 2000,
        "enterprise": 5000,
        "blossom": 1000,
        "garden": 1000,
        "estate": 2000,
        "forest": 5000,
    }
)
"""Requests in an hour, over all keys of an account, by plan (help pages on API limits); the last four: Classic."""
REQUESTS_PER_HOUR = 1000
REQUESTS_PER_MINUTE = 400
PAGE_SIZE = 100  # the largest page of a view
BULK_SIZE = 100  # records of one bulk_upsert

# A 429 may not say how long to wait, and the gateway's Retry-After may be a little too short.
QUOTA_WAIT_SECONDS = 60.0
LONGEST_QUOTA_WAIT_SECONDS = 600.0
RETRY_AFTER_SLACK_SECONDS = 2.0

SUITE_HOST, CLASSIC_HOST = ".myfreshworks.com", ".freshsales.io"
SUITE_PREFIX, CLASSIC_PREFIX = "/crm/sales/api", "/api"
_ALIAS = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?", re.IGNORECASE)


def address_of(domain: str) -> str:
    """Make the base URL of a domain: a bundle alias, a host, or any URL of the account.

    Raises:
        SettingError: The domain is none of these.
    """
    text = domain.strip().rstrip("/")
    if _ALIAS.fullmatch(text):
        return f"https://{text.lower()}{SUITE_HOST}{SUITE_PREFIX}"
    parts = parts_of(text if "://" in text else f"https://{text}")
    host = parts.hostname if parts else None
    if parts is None or host is None or "." not in host or parts.username or parts.port:
        shown = text.rpartition("@")[2]  # what stands before may be a password
        raise SettingError(
            f"domain must be a bundle alias such as acme, a host such as acme{SUITE_HOST} or acme{CLASSIC_HOST}, or "
            f"the account's URL, not {shown!r}"
        )
    return f"https://{host}{CLASSIC_PREFIX if host.endswith(CLASSIC_HOST) else SUITE_PREFIX}"


@dataclass(frozen=True)
class FreshsalesKey(requests.auth.AuthBase):
    """Signs with the API key of a user, on whose behalf requests are made."""

    api_key: str = field(repr=False)

    @override
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Token token={self.api_key}"
        return request


class FreshsalesCredentialsError(CredentialsError):
    """Freshsales does not accept the key."""

    advice = "Check api_key (in Freshsales: your profile, Settings, API Settings) and domain, which belong together."


class FreshsalesDialect(Dialect):
    """``{"errors": {"code": …, "message": [...] or "..."}}``; an HTML page if there is no such route."""

    kinds: Mapping[int, type[CrmError]] = {
        **Dialect.kinds,
        HTTPStatus.UNAUTHORIZED: FreshsalesCredentialsError,
        HTTPStatus.METHOD_NOT_ALLOWED: NoRouteError,
    }

    @override
    def kind(self, answer: Answer) -> type[CrmError]:
        if answer.status == HTTPStatus.NOT_FOUND and answer.json() is None:
            return NoRouteError
        return super().kind(answer)

    @override
    def said(self, answer: Answer) -> str:
        return spelled(answer.json()) or super().said(answer)


def spelled(value: Any) -> str:
    """Write an error of Freshsales as one text, whatever wraps it; empty if it says nothing."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "; ".join(filter(None, map(spelled, value)))
    if not isinstance(value, dict):
        return ""
    names = ("errors", "error", "message", "messages", "description", "reason")
    return next(filter(None, (spelled(value.get(name)) for name in names)), "")


@dataclass(frozen=True)
class FreshsalesSettings(AccountSettings):
    """An account of Freshsales and how to use it.

    Attributes:
        api_key: API key of a user.
        domain: Bundle alias, host or URL of the account; see ``address_of``.
        base_url: The API's whole prefix, in place of the address of ``domain``; empty for that.
    """

    api_key: str = field(default="", repr=False)
    domain: str = ""
    base_url: str = ""
    requests_per_minute: int = REQUESTS_PER_MINUTE
    requests_per_hour: int = REQUESTS_PER_HOUR

    @property
    @override
    def credentials(self) -> Sequence[str]:
        return (self.api_key,)

    @property
    def address(self) -> str:
        """The base URL.

        Raises:
            SettingError: Neither ``domain`` nor ``base_url`` is given, or the one that is given is not valid.
        """
        if self.base_url:
            return checked_base_url(self.base_url)
        if not self.domain:
            raise SettingError("domain is missing: give the account's bundle alias such as acme, its host or its URL")
        return address_of(self.domain)

    @property
    def account_id(self) -> str:
        """Id of the account: its host; behind an emulator or a proxy, the whole address."""
        address = urlsplit(address_of(self.domain) if self.domain else self.address)
        host = address.hostname or ""
        return address.netloc + address.path if self.by_address else host

    @property
    def by_address(self) -> bool:
        """Whether the account is known by the address of an emulator or a proxy, which several accounts may share."""
        if self.domain:
            return False
        return not (urlsplit(self.address).hostname or "").endswith((SUITE_HOST, CLASSIC_HOST))

    @property
    def is_classic(self) -> bool:
        """Whether the account is one of Classic, which has leads; the Suite has contacts with a lifecycle stage."""
        address = address_of(self.domain) if self.domain and not self.base_url else self.address
        return not address.endswith(SUITE_PREFIX)

    def signature(self) -> requests.auth.AuthBase:
        """Make the signature.

        Raises:
            SettingError: The key is missing, or is not valid in a header.
        """
        if not self.api_key:
            raise SettingError("api_key is missing: it is in Freshsales under your profile, Settings, API Settings")
        if not self.api_key.isascii() or not self.api_key.isprintable() or self.api_key != self.api_key.strip():
            raise SettingError("api_key holds characters that are not valid in an HTTP header")
        return FreshsalesKey(self.api_key)


def connect(
    settings: FreshsalesSettings,
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
        settings.address,
        signature=settings.signature(),
        dialect=FreshsalesDialect(),
        quota_owner=settings.account_id,  # the limit is the account's, over all keys
        clock=clock,
        sleep=sleep,
        retry_policy=RetryPolicy(
            max_attempts=settings.max_attempts,
            quota_wait_seconds=QUOTA_WAIT_SECONDS,
            longest_quota_wait_seconds=LONGEST_QUOTA_WAIT_SECONDS,
            retry_after_slack_seconds=RETRY_AFTER_SLACK_SECONDS,
        ),
    )


def whoami(
    base_url: str, account_id: str, read_owners: Callable[[], Sequence[Name]], *, by_address: bool = False
) -> Account:
    """Identify the account by one request for its users, which are needed for their names anyway.

    Args:
        base_url: Base URL of the account.
        account_id: Id of the account.
        read_owners: Reads the users.
        by_address: Whether the id is an address that several accounts may share.

    Raises:
        SettingError: There is no Freshsales at that address.
        CrmError: The users cannot be read; the error says what to do.
    """
    advice = f"Check domain and base_url, which lead to {urlsplit(base_url).hostname}."
    try:
        owners = read_owners()
    except ForbiddenError:
        owners = ()
    except (NoRouteError, RedirectError, GoneError, OddAnswerError):
        raise SettingError(f"There is no Freshsales account at {base_url}. {advice}") from None
    except UnreachableError as error:
        raise UnreachableError(error.call, said=error.said, advice=advice) from error
    except BusyError as error:
        if not base_url.removesuffix("/api").endswith(CLASSIC_HOST):
            raise
        more = "If the account belongs to the Suite, set domain to its bundle alias."
        raise BusyError(error.call, status=error.status, said=error.said, advice=more) from error
    return Account(account_id, account_id, _user(owners), by_address)


def _user(owners: Sequence[Name]) -> str:
    if len(owners) == 1:
        return " ".join(owners[0].spellings)
    return f"the owner of the API key, one of {len(owners)} users" if owners else "the owner of the API key"
