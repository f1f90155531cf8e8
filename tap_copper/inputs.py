"""The catalog and the state that a run is given, read and checked before anything uses them."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, Any

from singer_sdk.singerlib import Catalog

from crm_api.custom_fields import PREFIX
from crm_api.errors import SettingError
from crm_api.settings import nearest
from tap_copper.progress import log_event

LONGEST_MESSAGE = 200  # beyond, it quotes half a file
_BYTE_ORDER_MARK = "\ufeff"  # with which Windows begins a file

_ENTRY: dict[str, Any] = {
    "type": "object",
    "required": ["tap_stream_id"],
    "properties": {
        "tap_stream_id": {"type": "string"},
        "stream": {"type": ["string", "null"]},
        "schema": {"type": ["object", "null"]},
        "key_properties": {"type": ["array", "null"], "items": {"type": "string"}},
        "replication_key": {"type": ["string", "null"]},
        "replication_method": {"type": ["string", "null"]},
        "selected": {"type": ["boolean", "null"]},
        "metadata": {
            "type": ["array", "null"],
            "items": {
                "type": "object",
                "required": ["breadcrumb"],
                "properties": {
                    "breadcrumb": {"type": "array", "items": {"type": "string"}},
                    "metadata": {
                        "type": ["object", "null"],
                        "properties": {
                            "selected": {"type": ["boolean", "null"]},
                            "selected-by-default": {"type": ["boolean", "null"]},
                            "inclusion": {"enum": ["available", "automatic", "unsupported", None]},
                            "forced-replication-method": {"type": ["string", "null"]},
                        },
                    },
                },
            },
        },
    },
}
_CATALOG: dict[str, Any] = {
    "type": "object",
    "required": ["streams"],
    "properties": {"streams": {"type": "array", "items": _ENTRY}},
}
_GIVE_A_STATE = "give the value of the last STATE of an earlier run, or none"
_STATE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "bookmarks": {
            "type": ["object", "null"],
            "additionalProperties": {
                "type": "object",
                "properties": {
                    "search_filters": {"type": ["string", "null"]},
                    "generation": {"type": ["integer", "null"], "maximum": 10**15},
                    "columns": {
                        "type": ["object", "null"],
                        "propertyNames": {"pattern": f"^{PREFIX}"},
                        "additionalProperties": {"type": "integer"},
                    },
                },
            },
        }
    },
}


def read_input(file: IO[str] | None, what: str) -> Any:
    """Read the JSON value in a file that the command line names.

    Args:
        file: The open file; None if none is named.
        what: The kind of file, for errors: catalog or state.

    Returns:
        The value; None without a file.

    Raises:
        SettingError: The file cannot be read, or does not hold JSON.
    """
    if file is None:
        return None
    try:
        text = file.read().removeprefix(_BYTE_ORDER_MARK)
        if not text.strip():
            raise SettingError(f"The {what} file {file.name} is empty. Leave it out, or make it anew")
        value = json.loads(text, parse_constant=_refuse)
        checked_text(value)
    except UnicodeDecodeError as error:
        raise SettingError(f"The {what} file {file.name} is not text in UTF-8: {error}") from None
    except OSError as error:
        raise SettingError(f"The {what} file {file.name} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise SettingError(f"The {what} file {file.name} is not valid JSON: {error}") from None
    return value


def checked_text(value: Any) -> None:
    """Refuse texts that cannot be sent: JSON can spell half a character (a lone surrogate), UTF-8 cannot.

    Raises:
        ValueError: A text in the value, at any depth, holds one.
    """
    try:
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except UnicodeEncodeError:
        raise ValueError("a text in it holds half a character, a lone surrogate") from None


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def checked_catalog(value: Any) -> dict[str, Any]:
    """Check a catalog, and leave out of it what a run does not use.

    Raises:
        SettingError: It is not a catalog; says where it is wrong.
    """
    _check(_CATALOG, value, "catalog", "make one with --discover")
    return {"streams": [_entry(each) for each in value["streams"]]}


def checked_state(value: Any) -> dict[str, Any]:
    """Check a state; null is an empty one.

    Raises:
        SettingError: It is not a state; says where it is wrong.
    """
    if value is None:
        return {}
    _check(_STATE, value, "state", _GIVE_A_STATE)
    if value and "bookmarks" not in value and set(value) - {"currently_syncing"}:
        inside = "".join(f", but {name!r} in it does" for name in value if _holds_bookmarks(value[name]))
        raise SettingError(f"The state cannot be used: it has no bookmarks{inside}; {_GIVE_A_STATE}")
    return dict(value)


def _holds_bookmarks(value: Any) -> bool:
    return isinstance(value, dict) and "bookmarks" in value


def stream_states(state: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The bookmarks of a state by stream, without bookmarks of partitions, which no stream here has."""
    return {
        name: {key: value for key, value in each.items() if key != "partitions"}
        for name, each in (state.get("bookmarks") or {}).items()
    }


def _entry(given: dict[str, Any]) -> dict[str, Any]:
    """A catalog entry without its nulls and without its schema: schemas are made anew in each run."""
    entry = {name: each for name, each in given.items() if each is not None and name != "schema"}
    if "metadata" in entry:
        entry["metadata"] = [{**each, "metadata": each.get("metadata") or {}} for each in entry["metadata"]]
    return entry


def _check(schema: dict[str, Any], value: Any, what: str, advice: str) -> None:
    import jsonschema_rs  # noqa: PLC0415 - it loads slowly, and --version needs none of it

    error = next(jsonschema_rs.validator_for(schema).iter_errors(value), None)
    if error is not None:
        where = ".".join(str(part) for part in error.instance_path)
        said = error.message if len(error.message) <= LONGEST_MESSAGE else "it has the wrong type"
        raise SettingError(f"The {what} cannot be used: {where + ': ' if where else ''}{said}; {advice}")


def unknown_selected(catalog: Catalog | None, known: Sequence[str]) -> Iterator[tuple[str, SettingError]]:
    """Find the streams that a catalog selects and that do not exist.

    The others are read all the same; then the run ends with an error.

    Args:
        catalog: The catalog that the run was given; None if it was given none.
        known: Names of the streams that exist.

    Yields:
        The name of such a stream, and the error to end with.
    """
    for entry in catalog.streams if catalog else ():
        name = entry.tap_stream_id
        if entry.metadata.root.selected and name not in known:
            sentence = f"The catalog selects the stream {name!r}, which does not exist{nearest(name, list(known))}"
            yield name, SettingError(sentence)


def warn_of_bookmarks(names: Iterable[str], known: Sequence[str], logger: logging.Logger) -> None:
    """Warn of bookmarks that nothing uses: they do no harm, and stay.

    Args:
        names: Names of the streams that the state has bookmarks of.
        known: Names of the streams that exist.
        logger: The tap's log.
    """
    for name in names:
        if name not in known:
            hint = nearest(name, list(known))
            said = f"The state has a bookmark of the stream {name!r}, which does not exist{hint}"
            log_event(logger, "unknown_bookmark", level="WARNING", said=said)
