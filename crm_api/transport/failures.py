"""What the exception of a failed attempt says (pure): whether anything was sent, and why it failed."""

from __future__ import annotations

import ssl
from typing import Any

import requests
import urllib3

from crm_api.transport.retry import RequestFate


def fate(error: requests.RequestException) -> RequestFate:
    """Nothing was sent if the connection was never made; anything else leaves it open."""
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
    """A certificate does not become valid by asking again."""
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error))


def _causes(error: BaseException) -> list[BaseException]:
    """What the error says it comes from. Not its context, which may be the error of another request."""
    found: list[BaseException] = []
    waiting: list[Any] = [error]
    while waiting:
        cause = waiting.pop()
        if not isinstance(cause, BaseException) or cause in found:
            continue  # the reason that an error of TLS gives is a word
        found.append(cause)
        waiting += [cause.__cause__, getattr(cause, "reason", None), *cause.args]
    return found


_WORDS = {
    "RemoteDisconnected": "the connection was closed before an answer came",
    "ProtocolError": "the answer is no HTTP",
    "IncompleteRead": "the answer was cut short",
    "DecodeError": "the answer cannot be unpacked",
    "ContentDecodingError": "the answer cannot be unpacked",
    "ReadTimeoutError": "no answer came in time",
    "ReadTimeout": "no answer came in time",
    "TimeoutError": "no answer came in time",
    "ConnectTimeoutError": "no connection was made in time",
}


def reason(error: Exception) -> str:
    """The innermost cause in words: requests' own text repeats the whole URL, query included."""
    causes = [cause for cause in _causes(error) if isinstance(cause, OSError | urllib3.exceptions.HTTPError)]
    named = [str(cause.strerror) for cause in causes if isinstance(cause, OSError) and cause.strerror]
    kind = type(causes[-1] if causes else error).__name__
    return named[-1] if named else _WORDS.get(kind, kind)
