"""The settings of tap-copper, as a JSON schema, and what their texts mean."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from crm_api.copper.settings import COPPER_SETTINGS
from crm_api.errors import SettingError
from crm_api.settings import NETWORK_SETTINGS, nearest
from tap_copper.records import seconds_of

_RELATIVE = re.compile(r"([+-])(\d{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DATE_FILTER = re.compile(r"(minimum|maximum)_\w*date\w*")
LONGEST_LOOKBACK_DAYS = 3_650  # more than that is a full read
RESERVED_FILTERS = frozenset({"page_number", "page_size", "sort_by", "sort_direction"})

EXTRA_STREAM: dict[str, Any] = {
    "type": "object",
    "required": ["name", "path", "keys"],
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$", "description": "The stream's name."},
        "path": {
            "type": "string",
            "pattern": "^/",
            "description": "After base_url; with a parent, its fields in braces: /people/{id}/activities.",
        },
        "method": {"type": "string", "enum": ["GET", "POST"], "default": "GET", "description": "POST only to read."},
        "parameters": {"type": "object", "additionalProperties": True, "description": "The query."},
        "body": {"type": "object", "additionalProperties": True, "description": "JSON body of a POST."},
        "paged": {
            "type": "boolean",
            "description": "The endpoint takes page_number and page_size: in the body of a POST, else in the query.",
        },
        "records_at": {"type": "string", "description": "Where in the answer the records are: a name, or a.b."},
        "keys": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string"},
            "description": "Key properties; parent_<field> is a field of the parent.",
        },
        "parent": {"type": "string", "description": "The stream whose records the path is filled from."},
        "parent_fields": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["id"],
            "description": "Fields of the parent that come with each record, as parent_<field>.",
        },
        "properties": {
            "type": "object",
            "additionalProperties": {"type": "object", "additionalProperties": True},
            "description": "JSON schemas of the properties; what is not named passes through.",
        },
    },
}

SETTINGS: dict[str, Any] = {
    "type": "object",
    "properties": {
        **COPPER_SETTINGS,
        "start_date": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "The first run reads incremental streams from here on; all of it if left out.",
        },
        "end_date": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "Incremental streams are read up to here, included.",
        },
        "lookback_seconds": {
            "type": "integer",
            "minimum": 0,
            "maximum": LONGEST_LOOKBACK_DAYS * 86_400,
            "default": 300,
            "description": "A run begins so much before its bookmark: more than Copper's search index lags behind.",
        },
        "activities_lookback_days": {
            "type": "integer",
            "minimum": 0,
            "maximum": LONGEST_LOOKBACK_DAYS,
            "default": 30,
            "description": "The same for activities, which can be logged with a date in the past.",
        },
        "search_filters": {
            "type": "object",
            "additionalProperties": {"type": "object", "additionalProperties": True},
            "default": {},
            "description": "Further parameters of a stream's search, as Copper documents them, by stream. Dates are "
            "ISO 8601, or relative such as -30d. A change re-reads the stream.",
        },
        "include_converted_leads": {
            "type": "boolean",
            "default": False,
            "description": "Leads that were converted come too, with what became of them.",
        },
        "full_result": {
            "type": "boolean",
            "default": False,
            "description": "Ask for activities with full_result, which large accounts may need; an administrator's key "
            "only.",
        },
        "resync": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "These streams ignore their bookmark in this run.",
        },
        "emit_activate_version_messages": {
            "type": "boolean",
            "default": True,
            "description": "Close the whole read of a full-table stream with ACTIVATE_VERSION, by which targets that "
            "know it drop what is gone. Off for targets that complain about it.",
        },
        "custom_field_columns": {
            "type": "string",
            "enum": ["name", "id", "off"],
            "default": "name",
            "description": "A column for each custom field: cf_<its name>, cf_<its id>, or none.",
        },
        "custom_field_names": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "default": {},
            "description": "Column names by definition id, which hold when the field is renamed: {'638': 'score'}.",
        },
        "date_order": {
            "type": ["string", "null"],
            "enum": ["mdy", "dmy", None],
            "description": "How the account writes dates; with it, close_date also comes as close_date_iso.",
        },
        "deletions": {
            "type": "boolean",
            "default": False,
            "description": "List the ids that exist and report in deleted_records which of an earlier run's are gone. "
            "Costs a request per 200 records of the selected streams; not together with search_filters.",
        },
        "snapshot_url": {
            "type": ["string", "null"],
            "secret": True,
            "writeOnly": True,
            "description": "Where the ids of earlier runs are kept: a SQLAlchemy URL. Left out: "
            "singer-crm/snapshots.sqlite in the user's state folder (XDG_STATE_HOME, else ~/.local/state).",
        },
        "max_deleted_fraction": {
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "default": 0.2,
            "description": "More than this share of a stream gone means that the key sees less than before: an error, "
            "and nothing is reported.",
        },
        "extra_streams": {
            "type": "array",
            "default": [],
            "items": EXTRA_STREAM,
            "description": "Further streams: any endpoint that can be read, declared.",
        },
        **NETWORK_SETTINGS,
        # Reading is bound by the quota: what is left of it when a minute begins should be used at once.
        "max_concurrency": {**NETWORK_SETTINGS["max_concurrency"], "default": 16},
    },
}


def check_values(config: Mapping[str, Any], searched: Collection[str], now: datetime) -> None:
    """Refuse settings that cannot work before anything is read.

    Args:
        config: The settings.
        searched: The streams that are searched by date.
        now: What relative dates count from.

    Raises:
        SettingError: Says which, and why.
    """
    start, end = (seconds_setting(config, name) for name in ("start_date", "end_date"))
    if start is not None and end is not None and end < start:
        raise SettingError("end_date lies before start_date")
    if start is not None and start > (now + timedelta(days=1)).timestamp():
        raise SettingError(f"start_date, {config['start_date']}, lies in the future: nothing would be read")
    if config.get("flattening_enabled") and config.get("flattening_max_depth") is None:
        raise SettingError("flattening_max_depth is missing: flattening_enabled needs it")
    if config.get("deletions") and config.get("search_filters"):
        raise SettingError("deletions cannot go with search_filters: what a filter hides would look deleted")
    for setting in ("resync", "search_filters"):
        for name in config.get(setting) or ():
            if name not in searched:
                hint = nearest(name, list(searched))
                raise SettingError(f"{setting} names {name!r}, which is no stream that is searched by date{hint}")
    for name in config.get("search_filters") or ():
        search_filters(config, name, now)


def seconds_setting(config: Mapping[str, Any], name: str) -> int | None:
    """A date setting in Unix seconds; None if it is not given.

    Raises:
        SettingError: It is no date.
    """
    value = config.get(name)
    if value is None:
        return None
    try:
        return seconds_of(str(value))
    except ValueError:
        raise SettingError(f"{name} must be a date such as 2026-01-31T00:00:00Z, not {value!r}") from None


def search_filters(config: Mapping[str, Any], stream: str, now: datetime) -> dict[str, Any]:
    """The parameters that a stream's search gets, with dates in Unix seconds.

    Args:
        config: The settings.
        stream: The stream's name.
        now: What relative dates count from.

    Raises:
        SettingError: A parameter is the tap's own, or a date is none.
    """
    found: dict[str, Any] = {}
    for name, value in _given(config, stream).items():
        if name in RESERVED_FILTERS:
            raise SettingError(f"search_filters.{stream} must not set {name}: the tap pages and sorts by itself")
        is_date = value is not None and _DATE_FILTER.fullmatch(name)
        found[name] = _date(value, f"search_filters.{stream}.{name}", now) if is_date else value
    return found


def filters_hash(config: Mapping[str, Any], stream: str) -> str | None:
    """What tells one set of filters from another; None if there are none. Relative dates count as they are written."""
    given = _given(config, stream)
    return hashlib.sha256(msgspec.json.encode(given, order="deterministic")).hexdigest()[:16] if given else None


def _given(config: Mapping[str, Any], stream: str) -> dict[str, Any]:
    given = dict((config.get("search_filters") or {}).get(stream) or {})
    if stream == "leads" and config.get("include_converted_leads"):
        given.setdefault("include_converted_leads", True)
    if stream == "activities_search" and config.get("full_result"):
        given.setdefault("full_result", True)
    return given


def _date(value: Any, setting: str, now: datetime) -> int:
    try:
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return int(value)
        if (found := _RELATIVE.fullmatch(str(value).strip())) is None:
            return seconds_of(str(value))
        sign, number, unit = found.groups()
        distance = timedelta(**{_UNITS[unit]: int(number)})
        return int((now - distance if sign == "-" else now + distance).timestamp())
    except (ValueError, OverflowError):
        raise SettingError(f"{setting} must be a date, or relative such as -30d, not {value!r}") from None
