"""The settings of a Freshsales account beside ``api_key`` and ``base_url``, as JSON schemas, and what they make."""

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
            "description": "Freshsales: the bundle alias (acme), the host (acme.myfreshworks.com; Classic: "
            "acme.freshsales.io) or any URL of the account.",
        },
        "plan": {
            "type": ["string", "null"],
            "enum": [*PLANS, None],
            "description": "Freshsales: the account's plan, which says how many requests an hour it allows; 1,000 if "
            "left out. requests_per_hour comes before it.",
        },
    }
)


def freshsales_settings(config: Mapping[str, Any]) -> FreshsalesSettings:
    """Make the settings of a Freshsales account of a configuration."""
    of_plan = PLANS.get(config.get("plan") or "", REQUESTS_PER_HOUR)
    return FreshsalesSettings(
        api_key=config.get("api_key") or "",
        domain=config.get("domain") or "",
        base_url=config.get("base_url") or "",
        **account_parts(config, requests_per_minute=REQUESTS_PER_MINUTE, requests_per_hour=of_plan),
    )
