"""Any API (crm http): sign-in by settings, quota, error dialect, and a session."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import requests
from typing_extensions import override

from crm_api.account import AccountSettings, open_session
from crm_api.endpoints.xml_answers import read_xml
from crm_api.errors import SettingError
from crm_api.http.sign_in import ClientCredentials, InHeader, InQuery, basic, bearer
from crm_api.transport.answer import Answer, Dialect
from crm_api.transport.network import checked_base_url
from crm_api.transport.redaction import Redactor
from crm_api.transport.request import Unsigned
from crm_api.transport.session import CrmSession

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110, 5.6.2
_TELLS_NOTHING = re.compile(
    r"accept|agent|cache|content-(?!profile)|correlation|debug|encoding|format|idempotency|language|locale|origin|pragma|"
    r"prefer|priority|referer|region|request(ed)?-(id|with)|source|time|trac|version",
    re.IGNORECASE,
)
"""Names of headers by which no API tells accounts apart. Any other may be the one: a tenant's, a site's, a shop's."""
SIGN_INS = ("none", "header", "query", "basic", "bearer", "oauth")
_NEEDED = {
    "none": (),
    "header": ("auth_name", "auth_value"),
    "query": ("auth_name", "auth_value"),
    "basic": ("auth_name", "auth_value"),
    "bearer": ("auth_value",),
    "oauth": ("token_url", "client_id", "client_secret"),
}
_WORD_PROPERTIES = ("message", "error", "detail", "error_description", "title", "errors", "reason", "description")


class HttpDialect(Dialect):
    """Failures by HTTP status, with the words of properties that APIs commonly use."""

    @override
    def said(self, answer: Answer) -> str:
        value = answer.json()
        if value is None and answer.content.lstrip()[:1] == b"<":
            try:
                value = read_xml(answer.content)
            except ValueError:
                return super().said(answer)
            if "html" in {name.lower() for name in value}:
                return super().said(answer)
        return _words(value) or super().said(answer)


def _words(value: Any) -> str:
    """Find the first words in a value, the outermost properties first."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "; ".join(filter(None, map(_words, value)))
    if isinstance(value, dict):
        named = next((words for name in _WORD_PROPERTIES if (words := _words(value.get(name)))), "")
        # Whatever those properties hold has been looked through: twice at each level would double the time.
        others = (each for name, each in value.items() if name not in _WORD_PROPERTIES and isinstance(each, dict))
        return named or next(filter(None, map(_words, others)), "")
    return ""


def telling(headers: Mapping[str, str]) -> list[str]:
    """Return the headers by which an API may tell accounts apart, each as one text."""
    return sorted(f"{name.lower()}: {value}" for name, value in headers.items() if not _TELLS_NOTHING.search(name))


@dataclass(frozen=True)
class HttpSettings(AccountSettings):
    """An API and how to use it.

    Attributes:
        base_url: The API's whole prefix; paths are appended to it.
        auth: How requests are signed, one of ``SIGN_INS``.
        auth_name: Name of the header or of the parameter, or the user of ``basic``.
        auth_value: The key, the password, or the token.
        token_url: For ``oauth``: address that exchanges id and secret for a token.
        client_id: For ``oauth``: the id, which is not a secret.
        client_secret: For ``oauth``: the secret.
    """

    base_url: str = ""
    auth: str = "none"
    auth_name: str = ""
    auth_value: str = field(default="", repr=False)
    token_url: str = ""
    client_id: str = ""
    client_secret: str = field(default="", repr=False)

    @property
    @override
    def credentials(self) -> Sequence[str]:
        signed = f"{self.auth_name}:{self.auth_value}" if self.auth == "basic" else ""
        return self.auth_value, signed, self.client_secret

    @property
    @override
    def signed_by(self) -> str:
        """The user of Basic, the client of OAuth, else the key; and the headers that may name a key or a tenant."""
        who = {"basic": self.auth_name, "oauth": self.client_id}.get(self.auth, self.auth_value)
        return "\n".join(filter(None, [who, *telling(self.network.headers)]))

    def check(self) -> None:
        """Check that the sign-in can work.

        Raises:
            SettingError: A setting is missing, is not used, or is not valid in a header.
        """
        if not self.base_url:
            raise SettingError("base_url is missing: with crm http, give the address that paths are appended to")
        wanted = _NEEDED[self.auth]
        for name in sorted({name for names in _NEEDED.values() for name in names}):
            value: str = getattr(self, name)
            if name in wanted and not value:
                raise SettingError(f"{name} is missing: auth {self.auth} needs {' and '.join(wanted)}")
            if value and name not in wanted:
                fitting = " or ".join(auth for auth, names in _NEEDED.items() if name in names)
                raise SettingError(f"{name} is not used with auth {self.auth}: remove it, or set auth to {fitting}")
            if value and (not value.isprintable() or value != value.strip()):
                raise SettingError(f"{name} holds characters that are not valid in an HTTP header")
        if self.auth == "header" and _HEADER_NAME.fullmatch(self.auth_name) is None:
            raise SettingError(f"auth_name: {self.auth_name!r} is not a valid header name")
        if self.auth in {"header", "bearer"} and not self.auth_value.isascii():
            raise SettingError("auth_value holds characters that are not valid in an HTTP header")


def connect(
    settings: HttpSettings,
    *,
    secrets: tuple[str, ...] = (),
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> CrmSession:
    """Open a session. Sends nothing yet.

    Args:
        settings: The settings of the API.
        secrets: Further values that no output may show, such as an endpoint's own headers.
        clock: Monotonic seconds.
        sleep: Waits so many seconds.

    Raises:
        SettingError: The settings cannot work.
        QuotaStoreError: The store that ``quota_url`` names cannot be reached.
    """
    settings.check()
    redact = Redactor((*settings.secrets, *secrets))
    return open_session(
        settings,
        checked_base_url(settings.base_url),
        signature=_signature(settings, redact, clock, sleep),
        dialect=HttpDialect(),
        quota_owner=settings.auth_value or settings.client_secret,
        clock=clock,
        sleep=sleep,
        redact=redact,
    )


def _signature(
    settings: HttpSettings, redact: Redactor, clock: Callable[[], float], sleep: Callable[[float], None]
) -> requests.auth.AuthBase:
    if settings.auth == "header":
        return InHeader(settings.auth_name, settings.auth_value)
    if settings.auth == "query":
        return InQuery(settings.auth_name, settings.auth_value)
    if settings.auth == "basic":
        return basic(settings.auth_name, settings.auth_value)
    if settings.auth == "bearer":
        return bearer(settings.auth_value)
    if settings.auth == "oauth":
        return ClientCredentials(
            settings.token_url,
            settings.client_id,
            settings.client_secret,
            # The headers are meant for the API; and the answers here are secrets, which are never logged.
            network=replace(settings.network, headers={}, log_values=False),
            redact=redact,
            clock=clock,
            sleep=sleep,
        )
    return Unsigned()
