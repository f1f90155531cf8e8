"""Addresses to listen on: which are this machine's own, and how they stand in a URL."""

from __future__ import annotations

import re
import socket
from ipaddress import IPv4Address, ip_address
from typing import Any
from urllib.parse import urlsplit

_LONGEST_NAME = 253
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")

HOST = "127.0.0.1"
"""The address that is listened on unless another is asked for."""


def is_loopback(host: str) -> bool:
    """Return whether a host name or an address is this machine's own, which no other can reach."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def host_name(header: str) -> str:
    """Return the name, without the port, of a ``Host`` header; empty where it holds none."""
    try:
        return urlsplit(f"//{header}").hostname or ""
    except ValueError:
        return ""


def is_every(host: str) -> bool:
    """Return whether an address stands for every address of this machine."""
    try:
        return ip_address(host).is_unspecified
    except ValueError:
        return False


def url_host(host: str) -> str:
    """Return how an address stands in a URL: one of this machine's for all, a version 6 address in brackets."""
    if is_every(host):
        host = "::1" if ":" in host else HOST
    return f"[{host.replace('%', '%25')}]" if ":" in host else host


def is_name(host: str) -> bool:
    """Return whether a certificate can bear a host name: some machines have names that are none."""
    return len(host) <= _LONGEST_NAME and _NAME.fullmatch(host) is not None


def given_address(text: str) -> str:
    """Return the address that somebody wrote: ``*`` stands for all, brackets are left out; raises ValueError."""
    host = str(IPv4Address(0)) if text == "*" else text.removeprefix("[").removesuffix("]")
    if not host or "/" in host or (host.count(":") == 1):
        raise ValueError(f"an address must be without a scheme and a port, such as 0.0.0.0 or ::1, not {text!r}")
    return host


def resolved(host: str, port: int) -> tuple[socket.AddressFamily, tuple[Any, ...]]:
    """Return the family and the address to bind to; raises OSError for a name that leads nowhere."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return family, address
