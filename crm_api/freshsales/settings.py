"""Settings of a Freshsales account beside ``api_key`` and ``base_url``, as JSON schemas."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from crm_api.freshsales.session import PLANS, REQUESTS_PER_HOUR, REQUESTS_PER_MINUTE, FreshsalesSettings
from crm_api.settings import JsonSchema, account_parts

FRESHSALES_SETTINGS: Mapping[str, JsonSchema] = MappingProxyType(
    {
        "domain": {
            "type": ["string", "null"],
            "description": "Freshsales: bundle alias (acme), host (acme.myfreshworks.com; Classic: "
            "acme.freshsales.io) or any URL of the account.",
        },
        "plan": {
            "type": ["string", "null"],
            "enum": [*PLANS, None],
            "description": "Freshsales: the account's plan, which limits requests in an hour; requests_per_hour "
            "overrides it. Left out: 1,000 requests an hour.",
        },
    }
)


def freshsales_settings(config: Mapping[str, Any]) -> FreshsalesSettings:
    """Make the settings of a Freshsales account of a configuration that fits ``FRESHSALES_SETTINGS``."""
    of_plan = PLANS.get(config.get("plan") or "", REQUESTS_PER_HOUR)
    return FreshsalesSettings(
        api_key=config.get("api_key") or "",
        domain=config.get("domain") or "",
        base_url=config.get("base_url") or "",
        **account_parts(config, requests_per_minute=REQUESTS_PER_MINUTE, requests_per_hour=of_plan),
    )
