"""Settings for reaching the CRM: timeouts, limits, headers, proxy, certificates, and how long anybody waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import requests

from crm_api.errors import SettingError
from crm_api.transport.addresses import password_in
from crm_api.transport.receiving import PACKINGS, Limits
from crm_api.transport.retry import MAX_WAIT_SECONDS

SHORTEST_CREDENTIAL = (
    12  # shorter headers, such as X-Region: eu, are ordinary text, which must not be masked everywhere
)


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
        return tuple(filter(None, (password_in(self.proxy), *credentials)))

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
