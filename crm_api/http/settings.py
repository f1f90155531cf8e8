"""Settings for signing in to any API (crm http), as JSON schemas."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from crm_api.http.session import SIGN_INS, HttpSettings
from crm_api.settings import JsonSchema, account_parts

HTTP_SETTINGS: Mapping[str, JsonSchema] = MappingProxyType(
    {
        "auth": {
            "type": ["string", "null"],
            "enum": [*SIGN_INS, None],
            "description": "crm http: how requests are signed: by a header, a query parameter, Basic, Bearer, or an "
            "OAuth token (client credentials). Left out: none.",
        },
        "auth_name": {
            "type": ["string", "null"],
            "description": "crm http: name of the header or of the query parameter, or user of basic.",
        },
        "auth_value": {
            "type": ["string", "null"],
            "secret": True,
            "writeOnly": True,
            "description": "crm http: value of the header or of the query parameter, password of basic, or bearer "
            "token.",
        },
        "token_url": {
            "type": ["string", "null"],
            "secret": True,
            "writeOnly": True,
            "description": "crm http, auth oauth: URL that exchanges client_id and client_secret for a token, and "
            "again when it expires.",
        },
        "client_id": {"type": ["string", "null"], "description": "crm http, auth oauth: id of the client."},
        "client_secret": {
            "type": ["string", "null"],
            "secret": True,
            "writeOnly": True,
            "description": "crm http, auth oauth: secret of the client.",
        },
    }
)


def http_settings(config: Mapping[str, Any]) -> HttpSettings:
    """Make the settings of an API of a configuration that fits ``HTTP_SETTINGS``."""
    signing: dict[str, Any] = {name: config.get(name) or "" for name in HTTP_SETTINGS if name != "auth"}
    return HttpSettings(
        base_url=config.get("base_url") or "", auth=config.get("auth") or "none", **signing, **account_parts(config)
    )
