"""Apptivo's signature, quota and error dialect, and a session for an account.

Facts: https://www.apptivo.com/developer-api/ (overview, getting-started); where the documentation is silent, the
vendor's WordPress plugin and integrators' libraries. Every call is ``<object>?a=<action>``, signed by two keys among
its parameters; failures come with HTTP 200.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import blake2b
from typing import Any
from urllib.parse import urlencode

import msgspec
import requests
from typing_extensions import override

from crm_api.account import AccountSettings, Rate, open_session
from crm_api.errors import (
    BusyError,
    CredentialsError,
    CrmError,
    DuplicateError,
    GoneError,
    InvalidError,
    SettingError,
)
from crm_api.transport.answer import ERROR_BYTES, Answer, Dialect, Failure
from crm_api.transport.network import checked_base_url
from crm_api.transport.request import FORM
from crm_api.transport.session import CrmSession

BASE_URL = "https://api.apptivo.com/app/dao/v6"
REQUESTS_PER_MINUTE = 60  # no rate is published; an integrator's library in production waits a second before each call
DATE_FORMAT = "MM/DD/YYYY"  # in which days go in, or in the firm's own (samples of the create pages)
_MINUTE_SECONDS = 60
_SPREAD_SECONDS = 0.9  # in which the requests of a second leave: with the quota's margin, a second
_FAILED = frozenset({"FAILURE", "FAILED", "FAIL", "ERROR"})
_SUSPECT = re.compile(rb'"(?:status|result)"\s*:\s*"', re.IGNORECASE)
_ABOUT_KEYS = re.compile(r"\bkeys?\b|apikey|accesskey", re.IGNORECASE)
_ABOUT_RATES = re.compile(r"too many|rate.?limit|throttl|quota|limit exceeded", re.IGNORECASE)
_ABOUT_ABSENCE = re.compile(r"\bno \w+ found|not found|not exist|no such|no record|deleted", re.IGNORECASE)


class WireStyle(StrEnum):
    """Style of writing calls on the wire."""

    FORM = "form"
    """Everything but the action in a form body, as the vendor's own code does."""
    REST = "rest"
    """For writes: a JSON body, the id in the path, a method for each kind, keys in the URL; from one source."""


@dataclass(frozen=True)
class ApptivoKeys(requests.auth.AuthBase):
    """Signs with both keys: in the form if the request has one, otherwise in the URL."""

    api_key: str = field(repr=False)
    access_key: str = field(repr=False)
    user_name: str = ""

    @override
    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        keys = {"apiKey": self.api_key, "accessKey": self.access_key}
        if self.user_name:
            keys["userName"] = self.user_name
        if request.headers.get("Content-Type") == FORM:
            body = request.body or ""
            text = body.decode() if isinstance(body, bytes) else body
            request.body = "&".join(filter(None, (text, urlencode(keys))))
        else:
            request.prepare_url(request.url, keys)
        return request


class ApptivoCredentialsError(CredentialsError):
    """Apptivo does not accept the keys."""

    advice = (
        "Check api_key and access_key, which belong together (Apptivo: Business Settings, API Access), and that the "
        "plan has API access."
    )


class ApptivoDialect(Dialect):
    """``{"status": "FAILURE", "reason": …}`` and ``{"result": "Already exists"}``, both with HTTP 200."""

    @override
    def failure(self, answer: Answer) -> Failure | None:
        if not answer.ok:
            return super().failure(answer)
        if not _SUSPECT.search(answer.content):
            return None
        body = _body(answer)
        if not isinstance(body, dict):
            return None
        if str(body.get("result", "")).lower() == "already exists":
            return Failure(DuplicateError, "Already exists")
        if not _failed(body):
            return None
        reason = self.said(answer)
        return Failure(_kind(reason), reason)

    @override
    def kind(self, answer: Answer) -> type[CrmError]:
        body = _body(answer)
        usual = super().kind(answer)
        if usual is CredentialsError:
            return ApptivoCredentialsError
        if isinstance(body, dict) and _failed(body) and issubclass(usual, InvalidError):
            return _kind(super().said(answer))
        return usual

    @override
    def said(self, answer: Answer) -> str:
        body = _body(answer)
        if isinstance(body, dict):
            words = body.get("reason") or body.get("message") or body.get("error")
            if words:
                return str(words)
            if _failed(body):
                return "FAILURE without a reason"
        return super().said(answer)


class _Outline(msgspec.Struct):
    """The parts of a long answer that say whether it is a failure."""

    status: Any = None
    Status: Any = None
    result: Any = None
    reason: Any = None
    message: Any = None
    error: Any = None


def _body(answer: Answer) -> Any:
    """Read the body; of one that is too long for an error only what tells a failure."""
    if len(answer.content) <= ERROR_BYTES:
        return answer.json()
    try:
        return msgspec.structs.asdict(msgspec.json.decode(answer.content, type=_Outline))
    except (ValueError, RecursionError):
        return None


def _failed(body: Mapping[str, Any]) -> bool:
    return str(body.get("status") or body.get("Status")).upper() in _FAILED


def _kind(reason: str) -> type[CrmError]:
    """Choose the error by the words of a reason; apart from keys, the words are not documented."""
    if _ABOUT_KEYS.search(reason):
        return ApptivoCredentialsError
    if _ABOUT_RATES.search(reason):
        return BusyError
    return GoneError if _ABOUT_ABSENCE.search(reason) else InvalidError


@dataclass(frozen=True)
class ApptivoSettings(AccountSettings):
    """An account of Apptivo and how to use it.

    Attributes:
        api_key: API key.
        access_key: Access key that belongs to ``api_key``.
        user_name: E-mail of the employee on whose behalf calls are made; empty for none.
        base_url: The API's whole prefix.
        wire_style: How calls are written.
    """

    api_key: str = field(default="", repr=False)
    access_key: str = field(default="", repr=False)
    user_name: str = ""
    base_url: str = BASE_URL
    wire_style: WireStyle = WireStyle.FORM
    requests_per_minute: int = REQUESTS_PER_MINUTE

    @property
    @override
    def credentials(self) -> Sequence[str]:
        return self.api_key, self.access_key

    @property
    @override
    def rates(self) -> Sequence[Rate]:
        """The given rates, with the rate of a minute spread over its seconds: how Apptivo counts bursts is unknown."""
        per_second = -(-self.requests_per_minute // _MINUTE_SECONDS)
        return (per_second, _SPREAD_SECONDS), *super().rates

    @property
    def fingerprint(self) -> str:
        """An id of the account, where the API has none: a hash of the key, from which the key cannot be guessed."""
        return blake2b(self.api_key.encode(), digest_size=8, person=b"apptivo account").hexdigest()

    def signature(self) -> ApptivoKeys:
        """Make the signature.

        Raises:
            SettingError: A key is missing, or is not a key.
        """
        for name in ("api_key", "access_key"):
            value = getattr(self, name)
            if not value:
                raise SettingError(f"{name} is missing: Apptivo needs api_key and access_key for every call")
            if not value.isascii() or not value.isprintable() or " " in value:
                raise SettingError(f"{name} holds characters that keys of Apptivo never have")
        return ApptivoKeys(self.api_key, self.access_key, self.user_name)


def connect(
    settings: ApptivoSettings,
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
        dialect=ApptivoDialect(),
        quota_owner=settings.api_key,
        clock=clock,
        sleep=sleep,
    )


def says_success(value: Any) -> bool:
    """Whether an answer says by a status that the call was carried out."""
    if not isinstance(value, Mapping):
        return False
    words = {str(value.get(name)).upper() for name in ("status", "Status")}
    return "SUCCESS" in words or "0" in {str(value.get(name)) for name in ("responseCode", "statusCode")}
