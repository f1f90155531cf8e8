"""The settings that accounts of every CRM share, and the session that they open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import requests

from crm_api.transport.answer import Dialect
from crm_api.transport.network import Network, secrets_in
from crm_api.transport.redaction import Redactor
from crm_api.transport.retry import RetryPolicy
from crm_api.transport.session import CrmSession

Rate = tuple[int, float]
"""So many requests (0 is unlimited) in so many seconds."""


@dataclass(frozen=True)
class AccountSettings:
    """Settings for the use of an account; each vendor adds its address and its sign-in.

    Attributes:
        requests_per_minute: Requests in any minute; 0 is unlimited.
        requests_per_hour: Requests in any hour; 0 is unlimited.
        quota_url: URL of the store that shares the quota with other processes; empty: the quota is not shared.
        max_attempts: Attempts of one request, the first included.
        network: How requests are sent.
    """

    requests_per_minute: int = field(default=0, kw_only=True)
    requests_per_hour: int = field(default=0, kw_only=True)
    quota_url: str = field(default="", repr=False, kw_only=True)
    max_attempts: int = field(default=RetryPolicy.max_attempts, kw_only=True)
    network: Network = field(default_factory=Network, kw_only=True)

    @property
    def credentials(self) -> Sequence[str]:
        """Secret values that sign requests; an unused one is empty."""
        return ()

    @property
    def signed_by(self) -> str:
        """Who signs in, to tell accounts at one address apart; empty if nobody does. It may hold a secret."""
        return next(filter(None, self.credentials), "")

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every value of the settings that no output may show."""
        return tuple(filter(None, (*self.credentials, *secrets_in(self.quota_url), *self.network.secrets)))

    @property
    def rates(self) -> Sequence[Rate]:
        """Rates over all requests."""
        return (self.requests_per_minute, 60), (self.requests_per_hour, 3600)

    @property
    def bulk_rates(self) -> Sequence[Rate]:
        """Rates over bulk requests, which count against ``rates`` as well."""
        return ()


def open_session(
    settings: AccountSettings,
    base_url: str,
    *,
    signature: requests.auth.AuthBase,
    dialect: Dialect,
    quota_owner: str,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    retry_policy: RetryPolicy | None = None,
    redact: Redactor | None = None,
) -> CrmSession:
    """Open a session for an account. Sends nothing yet.

    Args:
        settings: The account's settings.
        base_url: The API's whole prefix, checked by ``checked_base_url``.
        signature: Signs requests.
        dialect: How the vendor says that something failed.
        quota_owner: The key, or the account's name, that programs with one quota share; stored as a hash only.
        clock: Monotonic seconds.
        sleep: Waits so many seconds.
        retry_policy: How often to repeat; by default as ``settings.max_attempts`` says.
        redact: Masks secrets; by default those of the settings.

    Raises:
        SettingError: The settings cannot work.
        QuotaStoreError: The store that ``quota_url`` names cannot be reached.
    """
    from crm_api.transport.quota import Quota  # noqa: PLC0415 - --version and --about need no quota
    from crm_api.transport.rates import Allowance  # noqa: PLC0415 - --version and --about need no quota

    shared = None
    if settings.quota_url:
        from crm_api.transport.quota_stores import open_store  # noqa: PLC0415 - few accounts share a quota
        from crm_api.transport.waits import FOR_QUOTA_STORE  # noqa: PLC0415 - same

        with FOR_QUOTA_STORE.told():
            shared = open_store(settings.quota_url, base_url=base_url, credential=quota_owner)
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
            max_wait_seconds=settings.network.max_wait_seconds,
        ),
        retry_policy=retry_policy or RetryPolicy(max_attempts=settings.max_attempts),
        network=settings.network,
        redact=redact or Redactor(settings.secrets),
        sleep=sleep,
        clock=clock,
    )
