"""The request log and its counters."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from crm_emulator.credentials import without_credentials
from crm_emulator.messages import decode


@dataclass(slots=True)
class LoggedRequest:
    """One request and what became of it.

    Attributes:
        number: The number of the request, from 1.
        at: Unix seconds on the emulator's clock when it arrived.
        vendor: The name of the vendor, such as ``copper``; empty for a path that belongs to none.
        route: The template of the route, ``""`` if none.
        query: The query, without credentials.
        body: The body that was sent, as it came; headers are not kept.
        status: The status of the answer; None while it is under way, 0 where the connection was dropped instead.
        seconds: Seconds from arrival to the last byte, latency included.
        in_flight: How many requests were under way, this one included, when it arrived.
        quota_share: The part of the quota used, this one included.
        fault: The trouble that struck it, in that order: ``"latency"``, ``"lost"`` …
        answer: The first 2,048 bytes of the answer's body.
        answer_bytes: The length of the answer's body, as meant to be sent.
    """

    number: int
    at: float
    vendor: str
    method: str
    path: str
    query: str
    route: str
    body: bytes = field(repr=False)
    in_flight: int
    quota_share: float = 0.0
    status: int | None = None
    seconds: float = 0.0
    fault: str = ""
    answer: bytes = field(default=b"", repr=False)
    answer_bytes: int = 0

    @property
    def json(self) -> Any:
        """The value of the JSON that was sent."""
        return decode(self.body)

    def as_record(self) -> dict[str, Any]:
        """Return the request as the control API shows it."""
        bodies = {"body": self.body[:4096], "answer": self.answer}
        values = {name: getattr(self, name) for name in self.__slots__ if name not in bodies}
        return values | {name: _shown(body) for name, body in bodies.items()}

    @property
    def shown_body(self) -> bytes:
        """The body that was sent, without credentials."""
        return _shown(self.body).encode()

    @property
    def shown_answer(self) -> bytes:
        """The beginning of the answer's body, without credentials."""
        return _shown(self.answer).encode()


def _shown(body: bytes) -> str:
    return without_credentials(body.decode("utf-8", "replace"))


_ANSWER_BYTES = 2_048


class Journal:
    """The newest requests, and counters over all of them.

    Attributes:
        requests: The newest ``kept`` requests, oldest first; fewer where their bodies exceed ``kept_bytes`` together.
        counts: How many requests ended, by (vendor, method, route, status).
        in_flight: How many requests are under way now.
        high_water: The largest number of requests under way at once.
        total: How many requests arrived.
    """

    def __init__(self, kept: int = 10_000, kept_bytes: int = 64 * 2**20) -> None:
        self.requests: deque[LoggedRequest] = deque()
        self._most, self._most_bytes, self._bytes = kept, kept_bytes, 0
        self.counts: Counter[tuple[str, str, str, int]] = Counter()
        self.in_flight = 0
        self.high_water = 0
        self.total = 0

    def begin(
        self, at: float, vendor: str, method: str, path: str, query: str, route: str, body: bytes
    ) -> LoggedRequest:
        """Write down an arrival."""
        self.total += 1
        self.in_flight += 1
        self.high_water = max(self.high_water, self.in_flight)
        shown = without_credentials(query)
        logged = LoggedRequest(self.total, at, vendor, method, path, shown, route, body, self.in_flight)
        self.requests.append(logged)
        self._bytes += len(body)
        while len(self.requests) > self._most or (self._bytes > self._most_bytes and len(self.requests) > 1):
            self._bytes -= len(self.requests.popleft().body)
        return logged

    def end(self, logged: LoggedRequest, status: int, answer: bytes, now: float) -> None:
        """Write down how it ended."""
        logged.answer, logged.answer_bytes = answer[:_ANSWER_BYTES], len(answer)
        self.in_flight -= 1
        logged.status = status
        logged.seconds = now - logged.at
        self.counts[logged.vendor, logged.method, logged.route, status] += 1

    def clear(self) -> None:
        """Forget all but what is under way."""
        self.requests.clear()
        self._bytes = 0
        self.counts.clear()
        self.high_water = self.in_flight
        self.total = 0

    def matching(self, method: str = "", route: str = "", vendor: str = "") -> Iterator[LoggedRequest]:
        """Return the kept requests with this method, route template and vendor; empty means any."""
        for logged in list(self.requests):  # at once: requests go on arriving
            if method in {"", logged.method} and route in {"", logged.route} and vendor in {"", logged.vendor}:
                yield logged

    def count(self, method: str = "", route: str = "", status: int | None = None, vendor: str = "") -> int:
        """Count the requests that ended with this method, route template, status and vendor; left out means any."""
        counts = list(self.counts.items())  # at once: requests go on ending
        return sum(
            times
            for (of_vendor, of_method, of_route, of_status), times in counts
            if vendor in {"", of_vendor}
            and method in {"", of_method}
            and route in {"", of_route}
            and status in {None, of_status}
        )
