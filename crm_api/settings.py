"""The settings that all CRMs and both plugins share, as JSON schemas; and a check for names nobody knows."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from crm_api.errors import SettingError
from crm_api.transport.retry import Patience
from crm_api.transport.session import Network

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


def given(config: Mapping[str, Any], name: str, default: Any) -> Any:
    """A setting, or the default where it is left out or null."""
    value = config.get(name)
    return default if value is None else value


def account_parts(
    config: Mapping[str, Any], *, requests_per_minute: int = 0, requests_per_hour: int = 0
) -> dict[str, Any]:
    """What ``AccountSettings`` takes, out of the configuration of any CRM.

    Args:
        config: It fits ``NETWORK_SETTINGS``.
        requests_per_minute: The published rate; 0 is unlimited.
        requests_per_hour: Likewise.
    """
    return {
        "requests_per_minute": given(config, "requests_per_minute", requests_per_minute),
        "requests_per_hour": given(config, "requests_per_hour", requests_per_hour),
        "quota_url": config.get("quota_url") or "",
        "max_attempts": given(config, "max_attempts", Patience.max_attempts),
        "network": network(config),
    }


def network(config: Mapping[str, Any]) -> Network:
    """Make the network part of a configuration that fits ``NETWORK_SETTINGS``; what is left out keeps its default."""
    return Network(
        # The SDK reads numbers with a fraction as Decimal, which sockets do not take.
        timeout_seconds=float(given(config, "request_timeout_seconds", Network.timeout_seconds)),
        max_concurrency=given(config, "max_concurrency", Network.max_concurrency),
        headers=given(config, "headers", {}),
        user_agent=given(config, "user_agent", Network.user_agent),
        proxy=config.get("proxy") or None,
        ca_bundle=config.get("ca_bundle") or None,
        log_values=bool(config.get("log_values")),
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


def _strangers(
    value: Any, schemas: list[JsonSchema], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Each unknown name's path, with the names known beside it. Of alternatives, all are allowed at once."""
    schemas = list(_alternatives(schemas))
    if isinstance(value, Mapping):
        objects = [schema for schema in schemas if "properties" in schema or "additionalProperties" in schema]
        known = sorted({name for schema in objects for name in schema.get("properties", ())})
        whole_records = not objects or any(schema.get("additionalProperties", False) is True for schema in objects)
        for name, inner in value.items():
            below = [schema["properties"][name] for schema in objects if name in schema.get("properties", ())]
            below = below or [each for s in objects if isinstance(each := s.get("additionalProperties"), Mapping)]
            if below:
                yield from _strangers(inner, below, (*path, str(name)))
            elif not whole_records:
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
