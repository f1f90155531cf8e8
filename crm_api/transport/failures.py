"""Exceptions of failed attempts (pure): whether the request was sent, and why it failed."""

from __future__ import annotations

import re
import ssl
from typing import Any

import requests
import urllib3

from crm_api.transport.retry import RequestFate

_UNSENT = "is_unsent"


def mark_unsent(error: Exception) -> None:
    """Mark an error that came before anything of the request was sent: its type does not tell."""
    setattr(error, _UNSENT, True)


def fate_of(error: Exception) -> RequestFate:
    """Whether a request was sent: not if the connection was never made; otherwise nobody knows."""
    not_sent = (
        urllib3.exceptions.NewConnectionError,
        urllib3.exceptions.ConnectTimeoutError,
        urllib3.exceptions.ProxyError,
        ssl.SSLCertVerificationError,
    )
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.InvalidURL):
        return RequestFate.NOT_SENT
    is_unsent = any(isinstance(cause, not_sent) or hasattr(cause, _UNSENT) for cause in _causes(error))
    return RequestFate.NOT_SENT if is_unsent else RequestFate.UNKNOWN


def is_certificate(error: Exception) -> bool:
    """Whether a certificate was not accepted: trying again would not help."""
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error))


def _causes(error: BaseException) -> list[BaseException]:
    """Collect an error and its causes, outermost first. Not its context, which may belong to another request."""
    found: list[BaseException] = []
    waiting: list[Any] = [error]
    while waiting:
        cause = waiting.pop()
        if not isinstance(cause, BaseException) or cause in found:
            continue  # the reason of a TLS error is a word
        found.append(cause)
        waiting += [cause.__cause__, getattr(cause, "reason", None), *cause.args]
    return found


_WORDS = {
    "RemoteDisconnected": "the connection was closed before an answer came",
    "ProtocolError": "the answer is not HTTP",
    "IncompleteRead": "the answer was cut short",
    "DecodeError": "the answer cannot be unpacked",
    "ContentDecodingError": "the answer cannot be unpacked",
    "ReadTimeoutError": "no answer came in time",
    "ReadTimeout": "no answer came in time",
    "TimeoutError": "no answer came in time",
    "ConnectTimeoutError": "no connection was made in time",
}


_TUNNEL = re.compile(r"Tunnel connection failed: ([0-9]{3})")


def reason_of(error: Exception) -> str:
    """Say the innermost cause in words: the text of ``requests`` would repeat the whole URL, query included."""
    causes = [cause for cause in _causes(error) if isinstance(cause, OSError | urllib3.exceptions.HTTPError)]
    for cause in causes:
        if refused := _TUNNEL.match(str(cause)):  # what follows the number is the proxy's, and may be anything
            return f"the proxy answered {refused[1]}"
    named = [str(cause.strerror) for cause in causes if isinstance(cause, OSError) and cause.strerror]
    kind = type(causes[-1] if causes else error).__name__
    return named[-1] if named else _WORDS.get(kind, kind)
