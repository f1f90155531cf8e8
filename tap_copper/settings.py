"""The settings of tap-copper: a JSON schema, checks beyond it, and the values that texts stand for."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec

from crm_api.copper.settings import COPPER_SETTINGS
from crm_api.errors import SettingError
from crm_api.settings import NETWORK_SETTINGS, TARGET_SETTINGS, nearest
from tap_copper.records import seconds_of

_RELATIVE = re.compile(r"([+-])(\d{1,6})([smhdw])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DATE_FILTER = re.compile(r"(minimum|maximum)_\w*date\w*")
HINT, EXACT = "hint", "exact"
LONGEST_LOOKBACK_DAYS = 3_650  # ten years: more is a full read
RESERVED_FILTERS = frozenset({"page_number", "page_size", "sort_by", "sort_direction"})

EXTRA_STREAM: dict[str, Any] = {
    "type": "object",
    "required": ["name", "path", "keys"],
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$", "description": "Name of the stream."},
        "path": {
            "type": "string",
            "pattern": "^/",
            "description": "Path below base_url. With a parent, fields of a parent record stand in braces: "
            "/people/{id}/activities.",
        },
        "method": {
            "type": "string",
            "enum": ["GET", "POST"],
            "default": "GET",
            "description": "HTTP method; POST only for endpoints that change nothing.",
        },
        "query": {
            "type": "object",
            "additionalProperties": True,
            "description": "Parameters of the URL, by name. A relative date such as -30d becomes Unix seconds.",
        },
        "body": {
            "type": "object",
            "additionalProperties": True,
            "description": "JSON body of a POST request. A relative date such as -30d becomes Unix seconds.",
        },
        "paged": {
            "type": "boolean",
            "description": "Whether the endpoint takes page_number and page_size: in the body of a POST, else in the "
            "query.",
        },
        "records_at": {
            "type": "string",
            "description": "Place of the records in the answer: a name, or names joined by dots; the whole answer if "
            "left out.",
        },
        "keys": {
            "type": "array",
            "minItems": 1,
            "items": {"type": "string"},
            "description": "Properties that identify a record; parent_<field> is a field of the parent record.",
        },
        "parent": {"type": "string", "description": "Name of the stream whose records fill the path."},
        "parent_fields": {
            "type": "array",
            "items": {"type": "string"},
            "default": ["id"],
            "description": "Fields of the parent record that are added to each record, as parent_<field>.",
        },
        "properties": {
            "type": "object",
            "additionalProperties": {"type": "object", "additionalProperties": True},
            "description": "JSON schemas of properties, by name; other properties pass through.",
        },
    },
}

SETTINGS: dict[str, Any] = {
    "type": "object",
    "properties": {
        "crm": {
            "type": ["string", "null"],
            "enum": ["copper", None],
            "description": "Only for a file that serves target-crm as well: copper. With it, the settings of "
            "target-crm are passed over.",
        },
        **COPPER_SETTINGS,
        "start_date": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "Date from which the first run reads incremental streams, or relative such as -30d; it "
            "reads all records if left out.",
        },
        "end_date": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "Date up to which incremental streams are read, included, or relative such as -1d; there is "
            "no end if left out.",
        },
        "lookback_seconds": {
            "type": "integer",
            "minimum": 0,
            "maximum": LONGEST_LOOKBACK_DAYS * 86_400,
            "default": 300,
            "description": "Seconds before its bookmark at which a run begins to read: more than Copper's search index "
            "lags behind.",
        },
        "activities_lookback_days": {
            "type": "integer",
            "minimum": 0,
            "maximum": LONGEST_LOOKBACK_DAYS,
            "default": 30,
            "description": "Days before its bookmark at which a run begins to read activities, which can be logged "
            "with a date in the past.",
        },
        "search_filters": {
            "type": "object",
            "additionalProperties": {"type": "object", "additionalProperties": True},
            "default": {},
            "description": "Further search parameters, as Copper documents them, by stream. Dates are ISO 8601, or "
            "relative such as -30d. A stream whose parameters change is read anew.",
        },
        "totals": {
            "type": "object",
            "additionalProperties": {
                "type": "string",
                "enum": [EXACT, HINT],
                "description": "How to take the totals of the stream of that name.",
            },
            "default": {},
            "description": "How to take the number of records that Copper tells with a search, by stream: exact (a "
            "read that brings fewer is asked again, and fails if it stays short) or hint (a search ends where no more "
            "records come, and what is missing is a warning: for keys that see fewer records than Copper counts). "
            "exact if left out.",
        },
        "include_converted_leads": {
            "type": "boolean",
            "default": False,
            "description": "Read converted leads, too, with the records that they became.",
        },
        "full_result": {
            "type": "boolean",
            "default": False,
            "description": "Read activities with full_result, which large accounts may need; it takes an "
            "administrator's key.",
        },
        "resync": {
            "type": "array",
            "items": {"type": "string"},
            "default": [],
            "description": "Names of streams that ignore their bookmark in this run.",
        },
        "emit_activate_version_messages": {
            "type": "boolean",
            "default": True,
            "description": "Send ACTIVATE_VERSION after the last record of a full-table stream: targets that know it "
            "then remove records that no longer exist. Turn it off for targets that complain about it.",
        },
        "custom_field_columns": {
            "type": "string",
            "enum": ["name", "id", "off"],
            "default": "name",
            "description": "Add a column for each custom field: name (cf_<its name>, kept when it is renamed), id "
            "(cf_<its id>) or off (none).",
        },
        "custom_field_names": {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "default": {},
            "description": "Names of custom-field columns by definition id, in place of those made of their names: "
            "{'638': 'score'}.",
        },
        "date_order": {
            "type": ["string", "null"],
            "enum": ["mdy", "dmy", None],
            "description": "Order in which the account writes dates: mdy or dmy. With it, close_date is added in ISO "
            "8601 as close_date_iso.",
        },
        "deletions": {
            "type": "boolean",
            "default": False,
            "description": "List the ids that exist: the stream deleted_records then reports ids of an earlier run "
            "that are gone. Costs a request per 200 records of the selected streams; cannot go with search_filters.",
        },
        "snapshot_url": {
            "type": ["string", "null"],
            "secret": True,
            "writeOnly": True,
            "description": "Database that keeps the ids of earlier runs for deletions: a SQLAlchemy URL. Left out: "
            "singer-crm/snapshots.sqlite in the user's state folder (XDG_STATE_HOME, else ~/.local/state).",
        },
        "max_deleted_fraction": {
            "type": "number",
            "minimum": 0,
            "maximum": 1,
            "default": 0.2,
            "description": "Largest share of a stream's records that deletions may report as gone. More probably means "
            "that the key sees fewer records than before: the stream fails, and nothing of it is reported.",
        },
        "extra_streams": {
            "type": "array",
            "default": [],
            "items": EXTRA_STREAM,
            "description": "Further streams, each a declaration of an endpoint that can be read.",
        },
        **NETWORK_SETTINGS,
        # Reading is bound by the quota: a minute's should be used at once when it begins, however long answers take.
        "max_concurrency": {**NETWORK_SETTINGS["max_concurrency"], "default": 80},
    },
}


def check_values(config: Mapping[str, Any], streams: Collection[str], searched: Collection[str], now: datetime) -> None:
    """Refuse settings that cannot work before anything is read.

    Args:
        config: The settings.
        streams: Names of all streams that are not declared by ``extra_streams``.
        searched: Names of the streams that are searched by date.
        now: The time that relative dates count from.

    Raises:
        SettingError: A setting cannot work; says which, and why.
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
    declared = [str(each.get("name")) for each in config.get("extra_streams") or ()]
    _check_names(config, ("resync", "search_filters"), searched, "a stream that is searched by date")
    _check_names(config, ("totals",), [*streams, *declared], "a stream")
    for name in config.get("search_filters") or ():
        search_filters(config, name, now)
    with_dates(config.get("extra_streams"), now)


def _check_names(config: Mapping[str, Any], settings: Iterable[str], known: Collection[str], what: str) -> None:
    for setting in settings:
        for name in config.get(setting) or ():
            if name not in known:
                raise SettingError(f"{setting}: {name!r} is not {what}{nearest(name, list(known))}")


def seconds_setting(config: Mapping[str, Any], name: str) -> int | None:
    """Read a date setting as Unix seconds; None if it is not given.

    Raises:
        SettingError: It is not a date.
    """
    value = config.get(name)
    if value is None:
        return None
    try:
        return seconds_of(str(value))
    except ValueError:
        raise SettingError(f"{name} must be a date such as 2026-01-31T00:00:00Z, not {value!r}") from None


def search_filters(config: Mapping[str, Any], stream: str, now: datetime) -> dict[str, Any]:
    """Make the parameters of a stream's search, with dates in Unix seconds.

    Args:
        config: The settings.
        stream: Name of the stream.
        now: The time that relative dates count from.

    Raises:
        SettingError: A parameter is the tap's own, or a date is not a date.
    """
    found: dict[str, Any] = {}
    for name, value in _given(config, stream).items():
        if name in RESERVED_FILTERS:
            raise SettingError(f"search_filters.{stream} must not set {name}: the tap pages and sorts by itself")
        is_date = value is not None and _DATE_FILTER.fullmatch(name)
        found[name] = _date(value, f"search_filters.{stream}.{name}", now) if is_date else value
    return found


def totals_are_hints(config: Mapping[str, Any], stream: str) -> bool:
    """Whether the setting ``totals`` says that the totals of a stream count more than its key sees."""
    return bool((config.get("totals") or {}).get(stream, EXACT) == HINT)


def filters_hash(config: Mapping[str, Any], stream: str) -> str | None:
    """Hash a stream's filters, relative dates as they are written; None if it has no filters."""
    given = _given(config, stream)
    return hashlib.sha256(msgspec.json.encode(given, order="deterministic")).hexdigest()[:16] if given else None


def _given(config: Mapping[str, Any], stream: str) -> dict[str, Any]:
    given = dict((config.get("search_filters") or {}).get(stream) or {})
    if stream == "leads" and config.get("include_converted_leads"):
        given.setdefault("include_converted_leads", True)
    if stream == "activities_search" and config.get("full_result"):
        given.setdefault("full_result", True)
    return given


def own_settings(config: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what a file says that serves target-crm as well.

    Raises:
        SettingError: It is about another CRM.
    """
    crm = config.get("crm")
    if crm is None:
        return dict(config)
    if crm != "copper":
        raise SettingError(f"crm must be copper, or left out: tap-copper reads no other CRM, such as {crm!r}")
    return {name: value for name, value in config.items() if name not in TARGET_SETTINGS}


def in_todays_words(config: Mapping[str, Any], warn: Callable[[str], None]) -> dict[str, Any]:
    """Put today's words in the place of those of version 0.1.0.

    Args:
        config: The settings as they are given.
        warn: Called with a sentence for each old word.

    Raises:
        SettingError: Both are given.
    """
    extra = config.get("extra_streams")
    if not isinstance(extra, list):
        return dict(config)
    declared: list[Any] = []
    for number, each in enumerate(extra):
        if not isinstance(each, Mapping) or "parameters" not in each:
            declared.append(each)
            continue
        where = f"extra_streams.{number}"
        if each.get("query"):
            raise SettingError(f"{where} has both query and parameters, its old name. Remove parameters")
        warn(f"{where}.parameters is called query now; the old name is taken in this version only")
        query = {} if each["parameters"] is None else {"query": each["parameters"]}
        declared.append({name: value for name, value in each.items() if name != "parameters"} | query)
    return {**config, "extra_streams": declared}


def absolute_dates(config: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Put dates in the place of relative ones in start_date and end_date."""
    dates = {
        name: datetime.fromtimestamp(seconds, UTC).isoformat()
        for name in ("start_date", "end_date")
        if (seconds := _relative(config.get(name), now)) is not None
    }
    return {**config, **dates}


def with_dates(value: Any, now: datetime) -> Any:
    """Put Unix seconds in the place of relative dates, at any depth; all else stays as it is."""
    if isinstance(value, Mapping):
        return {name: with_dates(inner, now) for name, inner in value.items()}
    if isinstance(value, list):
        return [with_dates(inner, now) for inner in value]
    seconds = _relative(value, now)
    return value if seconds is None else seconds


def _relative(value: Any, now: datetime) -> int | None:
    """Read a relative date such as -30d as Unix seconds; None: it is none.

    Raises:
        SettingError: It lies before or after all that a date can say.
    """
    found = _RELATIVE.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        return None
    sign, number, unit = found.groups()
    try:
        distance = timedelta(**{_UNITS[unit]: int(number)})
        return int((now - distance if sign == "-" else now + distance).timestamp())
    except (ValueError, OverflowError):
        raise SettingError(f"{value!r} lies before or after all dates") from None


def _date(value: Any, setting: str, now: datetime) -> int:
    try:
        if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
            return int(value)
        seconds = _relative(value, now)
        return seconds_of(str(value)) if seconds is None else seconds
    except (ValueError, OverflowError, SettingError):
        raise SettingError(f"{setting} must be a date, or relative such as -30d, not {value!r}") from None
