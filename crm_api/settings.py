"""The settings that every plugin shares, as JSON schemas, and what they make; and a check for names nobody knows."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from crm_api.apptivo import session as apptivo
from crm_api.apptivo.session import DATE_FORMAT, ApptivoSettings, WireStyle
from crm_api.copper.session import BASE_URL, BULK_REQUESTS_PER_SECOND, REQUESTS_PER_MINUTE, CopperSettings
from crm_api.errors import SettingError
from crm_api.freshsales import session as freshsales
from crm_api.freshsales.session import FreshsalesSettings
from crm_api.http.session import SIGN_INS, HttpSettings
from crm_api.retry import Patience
from crm_api.session import Network

JsonSchema = Mapping[str, Any]

NETWORK_SETTINGS: Mapping[str, JsonSchema] = MappingProxyType(
    {
        "requests_per_minute": {
            "type": ["integer", "null"],
            "minimum": 0,
            "description": "Requests in any minute, over all workers; 0 is unlimited. The CRM's published rate if left "
            "out.",
        },
        "requests_per_hour": {
            "type": ["integer", "null"],
            "minimum": 0,
            "description": "Requests in any hour; 0 is unlimited. The CRM's published rate if left out.",
        },
        "bulk_requests_per_second": {
            "type": ["integer", "null"],
            "minimum": 0,
            "description": "Copper: bulk requests in any second, besides the above; 0 is unlimited.",
        },
        "quota_url": {
            "type": ["string", "null"],
            "secret": True,
            "writeOnly": True,
            "description": "Where the account's quota is shared with other processes, both plugins among them: "
            "sqlite:////path/of/a/file on one machine, redis:// or postgresql:// on several. Left out: this process "
            "thinks itself alone.",
        },
        "max_concurrency": {
            "type": "integer",
            "minimum": 1,
            "default": Network.max_concurrency,
            "description": "Requests in flight at once.",
        },
        "request_timeout_seconds": {
            "type": "number",
            "exclusiveMinimum": 0,
            "default": Network.timeout_seconds,
            "description": "Seconds to wait for a connection, and again for each silence while an answer is read.",
        },
        "max_attempts": {
            "type": "integer",
            "minimum": 1,
            "default": Patience.max_attempts,
            "description": "Attempts of one request in all, where repeating is safe.",
        },
        "user_agent": {"type": "string", "default": Network.user_agent, "description": "Who the requests say we are."},
        "headers": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "secret": True,
            "writeOnly": True,
            "description": "Further headers of every request; they never replace the credentials.",
        },
        "proxy": {
            "type": ["string", "null"],
            "secret": True,
            "writeOnly": True,
            "description": "URL of an HTTP proxy; this machine's own addresses are never proxied.",
        },
        "ca_bundle": {
            "type": ["string", "null"],
            "description": "File of trusted certificates in place of the built-in ones.",
        },
        "log_values": {
            "type": "boolean",
            "default": False,
            "description": "Let the debug log (LOGLEVEL=DEBUG) show what is sent and answered, and with it values of "
            "records. Secrets stay hidden.",
        },
    }
)

COPPER_SETTINGS: Mapping[str, JsonSchema] = MappingProxyType(
    {
        "api_key": {
            "type": ["string", "null"],
            "secret": True,
            "writeOnly": True,
            "description": "API key of an administrator (Copper: Settings, Integrations, API Keys). A key sees only "
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
            "description": f"Where the API is; an emulator or a proxy can stand in. Copper's if left out: {BASE_URL}",
        },
    }
)

HTTP_SETTINGS: Mapping[str, JsonSchema] = MappingProxyType(
    {
        "auth": {
            "type": ["string", "null"],
            "enum": [*SIGN_INS, None],
            "description": "crm http: how requests are signed: with a header, a query parameter, Basic, Bearer, or an "
            "OAuth token (client credentials); none if left out.",
        },
        "auth_name": {
            "type": ["string", "null"],
            "description": "crm http: name of the header or of the parameter, or the user of basic.",
        },
        "auth_value": {
            "type": ["string", "null"],
            "secret": True,
            "writeOnly": True,
            "description": "crm http: value of the header or of the parameter, password of basic, or the bearer token.",
        },
        "token_url": {
            "type": ["string", "null"],
            "secret": True,
            "writeOnly": True,
            "description": "crm http, auth oauth: where client_id and client_secret are exchanged for a token, and "
            "again when it expires.",
        },
        "client_id": {"type": ["string", "null"], "description": "crm http, auth oauth: whose token it is."},
        "client_secret": {
            "type": ["string", "null"],
            "secret": True,
            "writeOnly": True,
            "description": "crm http, auth oauth: what the token is given for.",
        },
    }
)

APPTIVO_SETTINGS: Mapping[str, JsonSchema] = MappingProxyType(
    {
        "access_key": {
            "type": ["string", "null"],
            "secret": True,
            "writeOnly": True,
            "description": "Apptivo: the access key that belongs to api_key.",
        },
        "user_name": {
            "type": ["string", "null"],
            "description": "Apptivo: e-mail of the employee on whose behalf records are written.",
        },
        "wire_style": {
            "type": ["string", "null"],
            "enum": [*map(str, WireStyle), None],
            "description": "Apptivo: form (if left out) sends everything in a form body, keys included; rest "
            "writes with JSON bodies, and the keys in the URL.",
        },
        "date_format": {
            "type": ["string", "null"],
            "description": f"Apptivo: how the firm writes days; {DATE_FORMAT} if left out.",
        },
    }
)


FRESHSALES_SETTINGS: Mapping[str, JsonSchema] = MappingProxyType(
    {
        "domain": {
            "type": ["string", "null"],
            "description": "Freshsales: the bundle alias (acme), the host (acme.myfreshworks.com; Classic: "
            "acme.freshsales.io) or any URL of the account.",
        },
        "plan": {
            "type": ["string", "null"],
            "enum": [*freshsales.PLANS, None],
            "description": "Freshsales: the account's plan, which says how many requests an hour it allows; 1,000 if "
            "left out. requests_per_hour comes before it.",
        },
    }
)


def freshsales_settings(config: Mapping[str, Any]) -> FreshsalesSettings:
    """Make the settings of a Freshsales account of a configuration that fits the tables above."""
    of_plan = freshsales.PLANS.get(config.get("plan") or "", freshsales.REQUESTS_PER_HOUR)
    return FreshsalesSettings(
        api_key=config.get("api_key") or "",
        domain=config.get("domain") or "",
        base_url=config.get("base_url") or "",
        requests_per_minute=_given(config, "requests_per_minute", freshsales.REQUESTS_PER_MINUTE),
        requests_per_hour=_given(config, "requests_per_hour", of_plan),
        quota_url=config.get("quota_url") or "",
        max_attempts=_given(config, "max_attempts", Patience.max_attempts),
        network=network(config),
    )


def network(config: Mapping[str, Any]) -> Network:
    """Make the network part of a configuration that fits ``NETWORK_SETTINGS``; what is left out keeps its default."""
    return Network(
        # The SDK reads numbers with a fraction as Decimal, which sockets do not take.
        timeout_seconds=float(_given(config, "request_timeout_seconds", Network.timeout_seconds)),
        max_concurrency=_given(config, "max_concurrency", Network.max_concurrency),
        headers=_given(config, "headers", {}),
        user_agent=_given(config, "user_agent", Network.user_agent),
        proxy=config.get("proxy") or None,
        ca_bundle=config.get("ca_bundle") or None,
        log_values=bool(config.get("log_values")),
    )


def copper_settings(config: Mapping[str, Any]) -> CopperSettings:
    """Make the settings of a Copper account of a configuration that fits the two tables above."""
    return CopperSettings(
        api_key=config.get("api_key") or "",
        user_email=config.get("user_email") or "",
        access_token=config.get("access_token") or "",
        base_url=config.get("base_url") or BASE_URL,
        requests_per_minute=_given(config, "requests_per_minute", REQUESTS_PER_MINUTE),
        requests_per_hour=_given(config, "requests_per_hour", 0),
        bulk_requests_per_second=_given(config, "bulk_requests_per_second", BULK_REQUESTS_PER_SECOND),
        quota_url=config.get("quota_url") or "",
        max_attempts=_given(config, "max_attempts", Patience.max_attempts),
        network=network(config),
    )


def apptivo_settings(config: Mapping[str, Any]) -> ApptivoSettings:
    """Make the settings of an Apptivo account of a configuration."""
    return ApptivoSettings(
        api_key=config.get("api_key") or "",
        access_key=config.get("access_key") or "",
        user_name=config.get("user_name") or "",
        base_url=config.get("base_url") or apptivo.BASE_URL,
        wire_style=WireStyle(config.get("wire_style") or WireStyle.FORM),
        requests_per_minute=_given(config, "requests_per_minute", apptivo.REQUESTS_PER_MINUTE),
        requests_per_hour=_given(config, "requests_per_hour", 0),
        quota_url=config.get("quota_url") or "",
        max_attempts=_given(config, "max_attempts", Patience.max_attempts),
        network=network(config),
    )


def http_settings(config: Mapping[str, Any]) -> HttpSettings:
    """Make the settings of an API that nobody templated of a configuration that fits the tables above."""
    return HttpSettings(
        base_url=config.get("base_url") or "",
        auth=config.get("auth") or "none",
        **{name: config.get(name) or "" for name in HTTP_SETTINGS if name != "auth"},
        requests_per_minute=_given(config, "requests_per_minute", 0),
        requests_per_hour=_given(config, "requests_per_hour", 0),
        quota_url=config.get("quota_url") or "",
        max_attempts=_given(config, "max_attempts", Patience.max_attempts),
        network=network(config),
    )


def check_settings(config: Mapping[str, Any], schema: JsonSchema) -> None:
    """Refuse a configuration that holds a name which its JSON schema does not know, at any depth.

    An object whose schema lists no ``properties``, or allows any additional ones, is free to hold what it likes.

    Raises:
        SettingError: Names the setting, and the nearest known one.
    """
    for path, known in _strangers(config, [schema], ()):
        raise SettingError(f"There is no setting {'.'.join(path)!r}{nearest(path[-1], known)}")


def nearest(name: str, known: list[str]) -> str:
    """``: the nearest one is 'x'`` for the known name that is nearest, or an empty string if none is near."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f": the nearest one is {close[0]!r}" if close else ""


def _given(config: Mapping[str, Any], name: str, default: Any) -> Any:
    value = config.get(name)
    return default if value is None else value


def _strangers(
    value: Any, schemas: list[JsonSchema], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Each unknown name's path, with the names known beside it. Of alternatives, all are allowed at once."""
    schemas = list(_alternatives(schemas))
    if isinstance(value, Mapping):
        objects = [schema for schema in schemas if "properties" in schema or "additionalProperties" in schema]
        known = sorted({name for schema in objects for name in schema.get("properties", ())})
        free = not objects or any(schema.get("additionalProperties", False) is True for schema in objects)
        for name, inner in value.items():
            below = [schema["properties"][name] for schema in objects if name in schema.get("properties", ())]
            below = below or [each for s in objects if isinstance(each := s.get("additionalProperties"), Mapping)]
            if below:
                yield from _strangers(inner, below, (*path, str(name)))
            elif not free:
                yield (*path, str(name)), known
    elif isinstance(value, list):
        items = [schema["items"] for schema in schemas if isinstance(schema.get("items"), Mapping)]
        for index, inner in enumerate(value):
            yield from _strangers(inner, items, (*path, str(index)))


def _alternatives(schemas: list[JsonSchema]) -> Iterator[JsonSchema]:
    for schema in schemas:
        if not isinstance(schema, Mapping):  # true and false are schemas too, and singer-sdk's stream_maps has "null"
            continue
        yield schema
        for keyword in ("anyOf", "oneOf", "allOf"):
            yield from _alternatives(schema.get(keyword, []))
