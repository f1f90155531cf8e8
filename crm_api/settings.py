"""Settings that all CRMs and both plugins share, as JSON schemas; and a check for unknown names."""

from __future__ import annotations

import difflib
import math
from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from crm_api.errors import SettingError
from crm_api.transport.network import Network
from crm_api.transport.retry import RetryPolicy

JsonSchema = Mapping[str, Any]
# Whoever wants more than this wants no limit at all: sockets, stores and pools of connections do not take any number.
MOST_REQUESTS = 10**9
MOST_CONNECTIONS = 1000
LONGEST_SECONDS = 604_800  # a week

NETWORK_SETTINGS: Mapping[str, JsonSchema] = MappingProxyType(
    {
        "requests_per_minute": {
            "type": ["integer", "null"],
            "minimum": 0,
            "maximum": MOST_REQUESTS,
            "description": "Requests in any minute, over all workers; 0 is unlimited. Left out: the CRM's published "
            "rate.",
        },
        "requests_per_hour": {
            "type": ["integer", "null"],
            "minimum": 0,
            "maximum": MOST_REQUESTS,
            "description": "Requests in any hour, over all workers; 0 is unlimited. Left out: the CRM's published "
            "rate.",
        },
        "bulk_requests_per_second": {
            "type": ["integer", "null"],
            "minimum": 0,
            "maximum": MOST_REQUESTS,
            "description": "Copper: bulk requests in any second, which count against requests_per_minute as well; 0 is "
            "unlimited. Left out: 3.",
        },
        "quota_url": {
            "type": ["string", "null"],
            "secret": True,
            "writeOnly": True,
            "description": "URL of the store through which processes share the account's quota, both plugins among "
            "them: sqlite:////path/of/a/file on one machine, redis:// or postgresql:// on several. Left out: the quota "
            "is not shared.",
        },
        "max_concurrency": {
            "type": "integer",
            "minimum": 1,
            "maximum": MOST_CONNECTIONS,
            "default": Network.max_concurrency,
            "description": "Requests in flight at once, at most.",
        },
        "request_timeout_seconds": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": LONGEST_SECONDS,
            "default": Network.timeout_seconds,
            "description": "Seconds to wait for a connection, and for each next part of an answer.",
        },
        "request_total_seconds": {
            "type": ["number", "null"],
            "exclusiveMinimum": 0,
            "maximum": LONGEST_SECONDS,
            "description": "Seconds in which an answer must have come whole, however slowly it comes. Left out: five "
            "times request_timeout_seconds, and a second more for each 16 KiB that came.",
        },
        "max_answer_bytes": {
            "type": "integer",
            "minimum": 65536,
            "default": Network.max_answer_bytes,
            "description": "The largest answer that is taken, in bytes, unpacked. One that is larger, or unpacks to "
            "more than 200 times its size, is not read any further; nor one with more than a value for each 16 bytes "
            "of this number (at least a million), since small values take much memory.",
        },
        "max_wait_seconds": {
            "type": "number",
            "minimum": 0,
            "maximum": LONGEST_SECONDS,
            "default": Network.max_wait_seconds,
            "description": "The longest wait (seconds) that an answer may ask for, by Retry-After. If it asks for "
            "more, the run ends with exit code 4 and says for how long; no other run is held up by it.",
        },
        "max_attempts": {
            "type": "integer",
            "minimum": 1,
            "default": RetryPolicy.max_attempts,
            "description": "Attempts of one request, the first included, where repeating is safe.",
        },
        "user_agent": {
            "type": "string",
            "default": Network.user_agent,
            "description": "User-Agent header of requests.",
        },
        "headers": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "secret": True,
            "writeOnly": True,
            "description": "Further headers of every request, by name; they never replace the credentials.",
        },
        "proxy": {
            "type": ["string", "null"],
            "secret": True,
            "writeOnly": True,
            "description": "URL of an HTTP proxy, for example http://host:3128. This machine's own addresses are never "
            "proxied.",
        },
        "ca_bundle": {
            "type": ["string", "null"],
            "description": "Path of a file (PEM) of trusted certificates, in place of the built-in ones.",
        },
        "log_format": {
            "type": "string",
            "enum": ["text", "json"],
            "default": "text",
            "description": "The form of stderr: text for people, or json, where every line is a JSON object, tables "
            "and errors included.",
        },
        "log_values": {
            "type": "boolean",
            "default": False,
            "description": "Show requests and answers in the debug log (LOGLEVEL=DEBUG), values of records included. "
            "Secrets stay hidden.",
        },
    }
)


_TAP_SETTINGS = """
    start_date end_date lookback_seconds activities_lookback_days search_filters totals include_converted_leads
    full_result resync emit_activate_version_messages custom_field_columns custom_field_names deletions snapshot_url
    max_deleted_fraction extra_streams
"""
TAP_SETTINGS = frozenset(_TAP_SETTINGS.split())
"""The settings that only tap-copper has."""
_TARGET_SETTINGS = """
    access_key account_name allow_deletes auth auth_name auth_value batch_size_rows client_id client_secret
    compare_with date_format default_object domain dry_run endpoint history_days history_values index_lag_seconds
    keep_values_days ledger_url limit load_method lock_wait_seconds max_rejected metrics_path notify_url
    notify_when partition plan plan_path rejected_path report_path require_ledger responses_path responses_url
    retry_rejected shutdown_seconds source_name stop_after_rejected streams token_url user_name validate_records
    wire_style
"""
TARGET_SETTINGS = frozenset(_TARGET_SETTINGS.split())
"""The settings that only target-crm has."""


def given(config: Mapping[str, Any], name: str, default: Any) -> Any:
    """Read a setting; the default if it is left out or null."""
    value = config.get(name)
    return default if value is None else value


def account_parts(
    config: Mapping[str, Any], *, requests_per_minute: int = 0, requests_per_hour: int = 0
) -> dict[str, Any]:
    """Make the arguments of ``AccountSettings`` of a configuration.

    Args:
        config: A configuration that fits ``NETWORK_SETTINGS``.
        requests_per_minute: The CRM's published rate; 0 is unlimited.
        requests_per_hour: The CRM's published rate; 0 is unlimited.
    """
    return {
        "requests_per_minute": given(config, "requests_per_minute", requests_per_minute),
        "requests_per_hour": given(config, "requests_per_hour", requests_per_hour),
        "quota_url": config.get("quota_url") or "",
        "max_attempts": given(config, "max_attempts", RetryPolicy.max_attempts),
        "network": network(config),
    }


def network(config: Mapping[str, Any]) -> Network:
    """Make a Network of a configuration that fits ``NETWORK_SETTINGS``; settings left out keep their defaults.

    Raises:
        SettingError: A number of seconds is not a number.
    """
    return Network(
        # The SDK reads numbers with a fraction as Decimal, which sockets do not take.
        timeout_seconds=_seconds(config, "request_timeout_seconds", Network.timeout_seconds),
        total_seconds=None
        if config.get("request_total_seconds") is None
        else _seconds(config, "request_total_seconds", 0.0),
        max_answer_bytes=given(config, "max_answer_bytes", Network.max_answer_bytes),
        max_concurrency=given(config, "max_concurrency", Network.max_concurrency),
        headers=given(config, "headers", {}),
        user_agent=given(config, "user_agent", Network.user_agent),
        proxy=config.get("proxy") or None,
        ca_bundle=config.get("ca_bundle") or None,
        log_values=bool(config.get("log_values")),
        max_wait_seconds=_seconds(config, "max_wait_seconds", Network.max_wait_seconds),
    )


def _seconds(config: Mapping[str, Any], name: str, default: float) -> float:
    seconds = float(given(config, name, default))
    if math.isnan(seconds):  # neither above nor below any limit of a schema
        raise SettingError(f"{name} must be a number of seconds")
    return seconds


_SAME_MEANING: Mapping[str, str] = {"parameters": "query", "params": "query", "url": "path", "fields": "attributes"}
"""Settings of endpoints, by words that other connectors use for them."""


def check_settings(
    config: Mapping[str, Any],
    schema: JsonSchema,
    passed_over: Collection[str] = (),
    elsewhere: Collection[str] = (),
    advice: str = "",
) -> None:
    """Check that a JSON schema knows every name in a configuration, at any depth.

    An object whose schema lists no ``properties``, or allows any additional ones, may hold any names.

    Args:
        config: The configuration.
        schema: The JSON schema.
        passed_over: Names beside those of the schema that a user may mean: settings of the other plugin.
        elsewhere: Names that have a meaning in another place.
        advice: What to do about one of those.

    Raises:
        SettingError: A setting is unknown; the text names it and the nearest known one.
    """
    for path, known in _unknown_names(config, [schema], ()):
        if len(path) == 1 and path[0] in elsewhere:
            near = f": {advice}"
        elif (meant := _SAME_MEANING.get(path[-1])) in known:
            near = f": {meant!r} is meant"
        else:
            near = nearest(path[-1], [*known, *sorted(passed_over)] if len(path) == 1 else known)
        raise SettingError(f"There is no setting {'.'.join(path)!r}{near}")


def nearest(name: str, known: list[str]) -> str:
    """``: the nearest one is 'x'`` for the known name nearest to a name; an empty string if none is near."""
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    return f": the nearest one is {close[0]!r}" if close else ""


def _unknown_names(
    value: Any, schemas: list[JsonSchema], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """Find unknown names: the path of each, and the names known beside it. Of alternatives, all apply at once."""
    schemas = list(_alternatives(schemas))
    if isinstance(value, Mapping):
        objects = [schema for schema in schemas if "properties" in schema or "additionalProperties" in schema]
        known = sorted({name for schema in objects for name in schema.get("properties", ())})
        is_open = not objects or any(schema.get("additionalProperties", False) is True for schema in objects)
        for name, inner in value.items():
            below = [schema["properties"][name] for schema in objects if name in schema.get("properties", ())]
            below = below or [each for s in objects if isinstance(each := s.get("additionalProperties"), Mapping)]
            if below:
                yield from _unknown_names(inner, below, (*path, str(name)))
            elif not is_open:
                yield (*path, str(name)), known
    elif isinstance(value, list):
        items = [schema["items"] for schema in schemas if isinstance(schema.get("items"), Mapping)]
        for index, inner in enumerate(value):
            yield from _unknown_names(inner, items, (*path, str(index)))


def _alternatives(schemas: list[JsonSchema]) -> Iterator[JsonSchema]:
    for schema in schemas:
        if not isinstance(schema, Mapping):  # true and false are schemas too, and singer-sdk's stream_maps has "null"
            continue
        yield schema
        for keyword in ("anyOf", "oneOf", "allOf"):
            yield from _alternatives(schema.get(keyword, []))
