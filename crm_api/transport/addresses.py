"""Checks of addresses and certificates that settings give."""

from __future__ import annotations

import ipaddress
import ssl
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, urlsplit

from crm_api.errors import SettingError


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


def password_in(url: str | None) -> str | None:
    """Take the password out of a URL; None if it holds none. Servers of data take it as a parameter, too."""
    try:
        parts = urlsplit(url or "")
        return parts.password or next(iter(parse_qs(parts.query).get("password", ())), None)
    except ValueError:
        return None
