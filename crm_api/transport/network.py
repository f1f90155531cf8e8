"""How the CRM is reached: timeouts, connections, headers, proxy, certificates, and how long anybody waits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from crm_api.transport.addresses import password_in
from crm_api.transport.retry import MAX_WAIT_SECONDS

SHORTEST_CREDENTIAL = (
    12  # shorter headers, such as X-Region: eu, are ordinary text, which must not be masked everywhere
)


@dataclass(frozen=True)
class Network:
    """Settings for reaching the CRM.

    Attributes:
        timeout_seconds: Seconds to wait for a connection, and for each next part of an answer.
        max_concurrency: Connections kept open, at most; callers keep no more requests in flight.
        headers: Headers of every request, by name; they never replace the signature.
        user_agent: Value of the User-Agent header.
        proxy: URL of an HTTP proxy. Loopback is never proxied, and proxies of the environment are ignored.
        ca_bundle: Path of a file of trusted certificates; None for the built-in ones.
        log_values: Whether the debug log shows values of records.
        max_wait_seconds: The longest wait that an answer may ask for.
    """

    timeout_seconds: float = 60.0
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
