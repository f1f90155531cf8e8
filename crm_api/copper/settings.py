"""Settings of a Copper account, as JSON schemas."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from crm_api.copper.session import BASE_URL, BULK_REQUESTS_PER_SECOND, REQUESTS_PER_MINUTE, CopperSettings
from crm_api.settings import JsonSchema, account_parts, given

COPPER_SETTINGS: Mapping[str, JsonSchema] = MappingProxyType(
    {
        "api_key": {
            "type": ["string", "null"],
            "secret": True,
            "writeOnly": True,
            "description": "API key of an administrator (in Copper: Settings, Integrations, API Keys). A key sees only "
            "what its owner may see.",
        },
        "user_email": {"type": ["string", "null"], "description": "E-mail of the user who owns api_key."},
        "access_token": {
            "type": ["string", "null"],
            "secret": True,
            "writeOnly": True,
            "description": "OAuth access token, in place of api_key and user_email.",
        },
        "base_url": {
            "type": ["string", "null"],
            "description": f"URL prefix of the API, for example of an emulator. Left out: {BASE_URL}",
        },
    }
)


def copper_settings(config: Mapping[str, Any]) -> CopperSettings:
    """Make the settings of a Copper account of a configuration that fits ``COPPER_SETTINGS``."""
    return CopperSettings(
        api_key=config.get("api_key") or "",
        user_email=config.get("user_email") or "",
        access_token=config.get("access_token") or "",
        base_url=config.get("base_url") or BASE_URL,
        bulk_requests_per_second=given(config, "bulk_requests_per_second", BULK_REQUESTS_PER_SECOND),
        **account_parts(config, requests_per_minute=REQUESTS_PER_MINUTE),
    )
