"""The way to the CRM: addresses, proxy and certificates, each checked; headers, timeouts, limits, and longest waits."""

from __future__ import annotations

import ipaddress
import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

import requests

from crm_api.errors import SettingError
from crm_api.transport.answer import PACKINGS
from crm_api.transport.connections import Limits
from crm_api.transport.retry import MAX_WAIT_SECONDS

# Shorter headers, such as X-Region: eu, are ordinary text, which must not be masked everywhere.
SHORTEST_CREDENTIAL = 12
SHORTEST_TOKEN = 8  # in the path of a webhook
LONGEST_WORD = 16
_SECRET = re.compile("password|secret|token|scram", re.IGNORECASE)


@dataclass(frozen=True)
class Network:
    """Settings for reaching the CRM.

    Attributes:
        timeout_seconds: Seconds to wait for a connection, and for each next part of an answer.
        total_seconds: Seconds in which an answer must have come whole; None: see ``Limits.total_seconds``.
        max_answer_bytes: Bytes of an answer's body, unpacked, at most.
        max_concurrency: Connections kept open, at most; callers keep no more requests in flight.
        headers: Headers of every request, by name; they never replace the signature.
        user_agent: Value of the User-Agent header.
        proxy: URL of an HTTP proxy. Loopback is never proxied, and proxies of the environment are ignored.
        ca_bundle: Path of a file of trusted certificates; None for the built-in ones.
        log_values: Whether the debug log shows values of records.
        max_wait_seconds: The longest wait that an answer may ask for.
    """

    timeout_seconds: float = 60.0
    total_seconds: float | None = None
    max_answer_bytes: int = Limits.body_bytes
    max_concurrency: int = 8
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    user_agent: str = "singer-crm"
    proxy: str | None = field(default=None, repr=False)
    ca_bundle: str | None = None
    log_values: bool = False
    max_wait_seconds: float = MAX_WAIT_SECONDS

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values that no output may show: the proxy's password, and headers long enough to be credentials."""
        credentials = [value for value in self.headers.values() if len(value) >= SHORTEST_CREDENTIAL]
        return tuple(filter(None, (*secrets_in(self.proxy), *credentials)))

    @property
    def limits(self) -> Limits:
        """Limits of an answer."""
        return Limits(self.timeout_seconds, self.total_seconds, self.max_answer_bytes)

    def checked_headers(self) -> dict[str, str]:
        """Make the headers of every request.

        Raises:
            SettingError: One of them cannot be sent.
        """
        own = {"User-Agent": self.user_agent, "Accept": "application/json", "Accept-Encoding": ", ".join(PACKINGS)}
        headers = {**own, **self.headers}
        for name, value in headers.items():
            try:
                requests.utils.check_header_validity((name, value))
                f"{name}{value}".encode("latin-1")
            except (requests.exceptions.InvalidHeader, UnicodeEncodeError):
                raise SettingError(f"headers: {name!r} or its value is not valid in an HTTP header") from None
        return headers


def checked_base_url(url: str, setting: str = "base_url", *, shown: bool = True) -> str:
    """Check the base URL of an API, and return it without a trailing slash.

    Args:
        url: The URL as the setting gives it.
        setting: Name of the setting.
        shown: Whether messages may show the URL; False if it is a secret.

    Raises:
        SettingError: The URL is not an http(s) URL, holds credentials or a query, or is plain http to another machine.
    """
    parts = parts_of(url)
    if parts is None or parts.scheme not in {"http", "https"}:
        given = f", not {url.rpartition('@')[2]!r}" if shown else ""  # what stands before may be a password
        raise SettingError(f"{setting} must be a URL such as https://host/path{given}")
    if parts.username or parts.password:
        raise SettingError(f"{setting} must not hold credentials. Give them in the settings for credentials")
    if parts.query or parts.fragment:
        raise SettingError(f"{setting} must not hold a query, because paths are appended to it")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        host = parts.hostname if shown else "another machine"
        raise SettingError(f"{setting} is plain http to {host}. Use https: plain http is allowed to this machine only")
    return url.rstrip("/")


def is_loopback(host: str | None) -> bool:
    """Whether a host name or address is this machine's own."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def origin_of(url: str) -> tuple[str, str, int]:
    """Take scheme, host and port of a URL: credentials are sent to one origin only."""
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    return parts.scheme, (parts.hostname or "").lower(), port


def parts_of(url: str) -> SplitResult | None:
    """Split a URL that has a host; None for anything else."""
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if named and url.isascii() and url.isprintable() and " " not in url else None


def checked_proxy(url: str) -> str:
    """Check the URL of a proxy, and return it.

    Raises:
        SettingError: The URL is not an http(s) URL. The text does not show it, since it may hold a password.
    """
    parts = parts_of(url)
    if parts is None or parts.scheme not in {"http", "https"}:
        raise SettingError("proxy must be a URL such as http://host:3128")
    return url


def checked_ca_bundle(path: str) -> str:
    """Check the path of a file, or folder, of trusted certificates, and return it.

    Raises:
        SettingError: There is no such file, or it holds no certificates.
    """
    trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if Path(path).is_dir():
            trusted.load_verify_locations(capath=path)
        else:
            trusted.load_verify_locations(cafile=path)
    except ssl.SSLError:
        raise SettingError(f"ca_bundle, {path!r}, holds no certificates in PEM form") from None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise SettingError(f"ca_bundle, {path!r}, cannot be read: {why}") from None
    return path


def secrets_in(url: str | None) -> tuple[str, ...]:
    """Take out of a URL what nobody may see: the password before its host, and passwords and the like in its query."""
    try:
        parts = urlsplit(url or "")
        named = [value for name, value in parse_qsl(parts.query) if names_secret(name)]
        return tuple(filter(None, (parts.password, *named)))
    except ValueError:
        return ()


def tokens_in(url: str | None) -> tuple[str, ...]:
    """Take out of the address of a webhook what may be a token: long parts of its path, and the values of its query."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return ()
    path = [part for each in parts.path.split("/") if _may_be_token(part := unquote(each))]
    return tuple(filter(None, (*path, *(value for _, value in parse_qsl(parts.query)))))


def _may_be_token(text: str) -> bool:
    """Tell whether a part of a path may be a token: hidden everywhere, an ordinary word would make holes in the log."""
    is_word = text.isalpha() and (text.islower() or text.istitle()) and len(text) < LONGEST_WORD
    return len(text) >= SHORTEST_TOKEN and not is_word


def names_secret(name: str) -> bool:
    """Tell whether a parameter of a URL holds a secret, as its name says: libpq takes passwords there, too."""
    return _SECRET.search(name) is not None
