"""Settings of an Apptivo account beside ``api_key`` and ``base_url``, as JSON schemas."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from crm_api.apptivo.session import BASE_URL, DATE_FORMAT, REQUESTS_PER_MINUTE, ApptivoSettings, WireStyle
from crm_api.settings import JsonSchema, account_parts

APPTIVO_SETTINGS: Mapping[str, JsonSchema] = MappingProxyType(
    {
        "access_key": {
            "type": ["string", "null"],
            "secret": True,
            "writeOnly": True,
            "description": "Apptivo: access key that belongs to api_key.",
        },
        "user_name": {
            "type": ["string", "null"],
            "description": "Apptivo: e-mail of the employee on whose behalf records are written.",
        },
        "wire_style": {
            "type": ["string", "null"],
            "enum": [*map(str, WireStyle), None],
            "description": "Apptivo: how calls are written. form: everything in a form body, keys included; rest: "
            "writes with JSON bodies, and the keys in the URL, which Apptivo's own pages do not know. Left out: form.",
        },
        "date_format": {
            "type": ["string", "null"],
            "description": "Apptivo: format in which the firm writes days, made of YYYY, MM (or MMM) and DD. Left out: "
            f"{DATE_FORMAT}.",
        },
    }
)


def apptivo_settings(config: Mapping[str, Any]) -> ApptivoSettings:
    """Make the settings of an Apptivo account of a configuration that fits ``APPTIVO_SETTINGS``."""
    return ApptivoSettings(
        api_key=config.get("api_key") or "",
        access_key=config.get("access_key") or "",
        user_name=config.get("user_name") or "",
        base_url=config.get("base_url") or BASE_URL,
        wire_style=WireStyle(config.get("wire_style") or WireStyle.FORM),
        **account_parts(config, requests_per_minute=REQUESTS_PER_MINUTE),
    )
