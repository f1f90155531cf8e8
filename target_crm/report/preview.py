"""What a dry run shows: for each record what would be done, field by field, and the requests as they would be."""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TextIO
from urllib.parse import urlencode

import msgspec

from crm_api.transport.request import Request
from target_crm.engine.sender import Done
from target_crm.ledger.values import Held
from target_crm.mapping.values import Difference

_ENCODER = msgspec.json.Encoder(decimal_format="number")
MINUTE_SECONDS = 60
HOUR_SECONDS = 3600


class Preview:
    """Writes down what a real run would do.

    Args:
        redact: Masks secrets.
        out: Where to; stdout is Singer's.
    """

    def __init__(self, redact: Callable[[str], str], out: TextIO | None = None) -> None:
        self._redact = redact
        self._out = out or sys.stderr
        self._lock = threading.Lock()
        self.requests = 0

    def request(self, request: Request) -> None:
        """A request would be sent."""
        with self._lock:
            self.requests += 1
        self._line(spelled_request(request))

    def done(self, stream: str, done: Done) -> None:
        """A record would be written."""
        write = done.write
        what = "create" if done.created else f"update {done.crm_id}"
        fields = "; ".join(map(_spelled, write.change.differences))
        self._line(f"{stream} {write.ready.incoming.source_id}: {what}: {fields}")

    def left(self, stream: str, source_ids: Iterable[str], why: str) -> None:
        """Records would be left alone, and not because they are unchanged."""
        for source_id in source_ids:
            self._line(f"{stream} {source_id}: {why}")

    def deleted(self, stream: str, source_id: str | None, crm_id: Any) -> None:
        """A record would be deleted."""
        self._line(f"{stream} {source_id or '(absent)'}: delete {crm_id}")

    def held(self, stream: str, held: Sequence[Held]) -> None:
        """Records would be put aside."""
        for each in held:
            if each.state != "deleting":
                self._line(f"{stream} {each.source_id}: {each.state}, {each.kind}: {each.reason}")

    def _line(self, text: str) -> None:
        with self._lock:
            print(self._redact(text), file=self._out)


def forecast_seconds(requests: int, requests_per_minute: int, requests_per_hour: int = 0) -> float:
    """The least time that so many requests take under rolling windows of a minute and an hour; 0 if there are none."""
    windows = ((requests_per_minute, MINUTE_SECONDS), (requests_per_hour, HOUR_SECONDS))
    return max(
        math.floor((requests - 1) / rate) * float(width) if rate and requests else 0.0 for rate, width in windows
    )


def spelled_request(request: Request) -> str:
    """A request on one line: method, address, its own headers, body."""
    query = f"?{urlencode(request.params)}" if request.params else ""
    headers = "".join(f" {name}: {value}" for name, value in request.headers.items())
    return f"{request.method} {request.path}{query}{headers}{_body(request)}"


def _body(request: Request) -> str:
    if request.body is not None:
        return f" {_json(request.body)}"
    if request.form is not None:
        return f" {urlencode(request.form)}"
    return "" if request.content is None else f" {request.content.decode('utf-8', 'replace')}"


def _spelled(difference: Difference) -> str:
    new = _json(difference.new)
    return (
        f"{difference.attribute}: {new}"
        if difference.old is None
        else (f"{difference.attribute}: {_json(difference.old)} -> {new}")
    )


def _json(value: Any) -> str:
    return _ENCODER.encode(value).decode()
