"""Exceptions of failed attempts (pure): whether the request was sent, and why it failed."""

from __future__ import annotations

import ssl
from typing import Any

import requests
import urllib3

from crm_api.transport.retry import RequestFate


def fate_of(error: requests.RequestException | urllib3.exceptions.HTTPError) -> RequestFate:
    """Whether a request was sent: not if the connection was never made; otherwise nobody knows."""
    not_sent = (
        urllib3.exceptions.NewConnectionError,
        urllib3.exceptions.ConnectTimeoutError,
        urllib3.exceptions.ProxyError,
        ssl.SSLCertVerificationError,
    )
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.InvalidURL):
        return RequestFate.NOT_SENT
    return RequestFate.NOT_SENT if any(isinstance(cause, not_sent) for cause in _causes(error)) else RequestFate.UNKNOWN


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


def reason_of(error: Exception) -> str:
    """Say the innermost cause in words: the text of ``requests`` would repeat the whole URL, query included."""
    causes = [cause for cause in _causes(error) if isinstance(cause, OSError | urllib3.exceptions.HTTPError)]
    named = [str(cause.strerror) for cause in causes if isinstance(cause, OSError) and cause.strerror]
    kind = type(causes[-1] if causes else error).__name__
    return named[-1] if named else _WORDS.get(kind, kind)
