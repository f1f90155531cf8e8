"""What the settings of every CRM's account have in common, and the session that they open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import requests

from crm_api.transport.addresses import password_in
from crm_api.transport.answer import Dialect
from crm_api.transport.redaction import Redactor
from crm_api.transport.retry import Patience
from crm_api.transport.session import CrmSession, Network

Rate = tuple[int, float]
"""So many requests (0 is unlimited) in so many seconds."""


@dataclass(frozen=True)
class AccountSettings:
    """How an account is used; each vendor's add where it is and how it signs.

    Attributes:
        requests_per_minute: 0 is unlimited.
        requests_per_hour: 0 is unlimited.
        quota_url: Where the account's turns are shared with other processes; empty: with nobody.
        max_attempts: Attempts of one request in all.
        network: How requests are sent.
    """

    requests_per_minute: int = field(default=0, kw_only=True)
    requests_per_hour: int = field(default=0, kw_only=True)
    quota_url: str = field(default="", repr=False, kw_only=True)
    max_attempts: int = field(default=Patience.max_attempts, kw_only=True)
    network: Network = field(default_factory=Network, kw_only=True)

    @property
    def credentials(self) -> Sequence[str]:
        """What signs requests."""
        return ()

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no output may show."""
        return tuple(filter(None, (*self.credentials, password_in(self.quota_url), *self.network.secrets)))

    @property
    def rates(self) -> Sequence[Rate]:
        """Of all requests together."""
        return (self.requests_per_minute, 60), (self.requests_per_hour, 3600)

    @property
    def bulk_rates(self) -> Sequence[Rate]:
        """Of bulk requests, besides."""
        return ()


def open_session(
    settings: AccountSettings,
    base_url: str,
    *,
    signature: requests.auth.AuthBase,
    dialect: Dialect,
    sharer: str,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    patience: Patience | None = None,
    redact: Redactor | None = None,
) -> CrmSession:
    """Open a session for an account. Sends nothing yet.

    Args:
        settings: Of the account.
        base_url: Its API's whole prefix, checked.
        signature: Signs requests.
        dialect: How the vendor says that something failed.
        sharer: What the programs that share a quota have in common beside ``quota_url`` and the host: a key, or the
            account's own name. Kept as a hash.
        clock: Monotonic seconds.
        sleep: Waits so many seconds.
        patience: Where it is not the usual one.
        redact: Where it knows more than the settings' secrets.

    Raises:
        SettingError: The settings cannot work.
        QuotaStoreError: The store that ``quota_url`` names cannot be reached.
    """
    from crm_api.transport.quota import Allowance, Quota  # noqa: PLC0415 - --version and --about keep no quota
    from crm_api.transport.quota_stores import open_store  # noqa: PLC0415 - likewise

    url = settings.quota_url
    shared = open_store(url, base_url=base_url, credential=sharer) if url else None
    return CrmSession(
        base_url,
        signature=signature,
        dialect=dialect,
        quota=Quota(
            [Allowance(*rate) for rate in settings.rates],
            [Allowance(*rate) for rate in settings.bulk_rates],
            clock=clock,
            sleep=sleep,
            store=shared,
        ),
        patience=patience or Patience(max_attempts=settings.max_attempts),
        network=settings.network,
        redact=redact or Redactor(settings.secrets),
        sleep=sleep,
    )
