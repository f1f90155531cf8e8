"""Addresses and certificates that a setting gives: which are taken, and which stop the run."""

from __future__ import annotations

import ipaddress
import ssl
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from crm_api.errors import SettingError


def checked_base_url(url: str, setting: str = "base_url", *, shown: bool = True) -> str:
    """Return the URL without a trailing slash.

    Args:
        url: As it is given.
        setting: Its name.
        shown: The URL is no secret.

    Raises:
        SettingError: It is no http(s) URL, carries credentials, or is plain http to another machine.
    """
    parts = parts_of(url)
    if parts is None or parts.scheme not in {"http", "https"}:
        given = f", not {url.rpartition('@')[2]!r}" if shown else ""  # what stands before may be a password
        raise SettingError(f"{setting} must be a URL such as https://host/path{given}")
    if parts.username or parts.password:
        raise SettingError(f"{setting} must not hold credentials: use the settings made for them")
    if parts.query or parts.fragment:
        raise SettingError(f"{setting} must not hold a query: paths are appended to it")
    if parts.scheme == "http" and not is_loopback(parts.hostname):
        host = parts.hostname if shown else "another machine"
        raise SettingError(f"{setting} is plain http to {host}: only https is used beyond this machine")
    return url.rstrip("/")


def is_loopback(host: str | None) -> bool:
    """Tell whether a host name or address is this machine's own."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def origin_of(url: str) -> tuple[str, str, int]:
    """Scheme, host and port of a URL: what may see the credentials of another with the same."""
    parts = urlsplit(url)
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    return parts.scheme, (parts.hostname or "").lower(), port


def parts_of(url: str) -> SplitResult | None:
    """The parts of a URL that has a host; None for anything else."""
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if named and url.isascii() and url.isprintable() and " " not in url else None


def checked_proxy(url: str) -> str:
    """Return the URL.

    Raises:
        SettingError: It is no URL of an HTTP proxy. The text does not show it, since it may hold a password.
    """
    parts = parts_of(url)
    if parts is None or parts.scheme not in {"http", "https"}:
        raise SettingError("proxy must be a URL such as http://host:3128")
    return url


def checked_ca_bundle(path: str) -> str:
    """Return the path of a file, or folder, of trusted certificates.

    Raises:
        SettingError: There is none, or it holds no certificates.
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
    """The password that a URL holds, or None."""
    try:
        return urlsplit(url).password if url else None
    except ValueError:
        return None
