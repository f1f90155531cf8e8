"""Singer messages: their parts, checked against the specification, and stream maps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from singer_sdk.exceptions import MapExpressionError, StreamMapConfigError
from singer_sdk.mapper import PluginMapper
from singer_sdk.singerlib.exceptions import InvalidInputLine

from crm_api.errors import SettingError
from target_crm.singer.odd_values import put_nan_back


class InputError(InvalidInputLine):
    """The input breaks the Singer specification."""


@dataclass(frozen=True)
class Schema:
    """A SCHEMA message.

    Attributes:
        stream: The stream's name before stream maps.
        schema: The JSON schema of its records.
        key_properties: The attributes that identify a record; empty if none do.
    """

    stream: str
    schema: dict[str, Any]
    key_properties: list[str]


def schema_of(message: Mapping[str, Any]) -> Schema:
    """Read a SCHEMA message.

    Raises:
        InputError: A part is missing or of the wrong type.
    """
    schema, keys = message.get("schema"), message.get("key_properties") or []
    if not isinstance(schema, dict) or not isinstance(properties := schema.get("properties"), dict):
        raise InputError("The SCHEMA message has no schema.properties")
    if not all(isinstance(each, dict) for each in properties.values()):
        schema = {**schema, "properties": {name: _property(each) for name, each in properties.items()}}
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise InputError("key_properties of the SCHEMA message must be a list of names")
    return Schema(stream_of(message), schema, keys)


def _property(schema: Any) -> dict[str, Any]:
    """The schema of a property: ``true`` is one that allows all, and what is no schema stands for its type."""
    if isinstance(schema, dict):
        return schema
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    return {"type": schema}


def record_of(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of a RECORD message; NaN of a line of the reject file is in its place again.

    Raises:
        InputError: There is no record, or it is not an object.
    """
    record = message.get("record")
    if not isinstance(record, dict):
        raise InputError("The RECORD message has no record")
    if isinstance(rejected := message.get("rejected"), dict) and "not_json" in rejected:
        put_nan_back(record, rejected["not_json"])
    return record


def version_of(message: Mapping[str, Any]) -> int:
    """Return the version of an ACTIVATE_VERSION message.

    Raises:
        InputError: There is no version, or it is not an integer.
    """
    version = message.get("version")
    if not isinstance(version, int):
        raise InputError("The ACTIVATE_VERSION message has no version")
    return version


def state_of(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value of a STATE message.

    Raises:
        InputError: There is no value, or it is not an object.
    """
    value = message.get("value")
    if not isinstance(value, dict):
        raise InputError("The STATE message has no value")
    return value


def stream_of(message: Mapping[str, Any]) -> str:
    """Return the stream of a message.

    Raises:
        InputError: The message names no stream.
    """
    stream = message.get("stream")
    if not isinstance(stream, str) or not stream:
        raise InputError(f"The {message.get('type')} message has no stream")
    return stream


def register(mapper: PluginMapper, schema: Schema) -> None:
    """Apply the stream maps to a stream from now on, by its latest schema.

    Raises:
        SettingError: The stream's map cannot work.
    """
    try:
        mapper.register_raw_stream_schema(schema.stream, schema.schema, schema.key_properties)
    except (MapExpressionError, StreamMapConfigError) as error:
        raise SettingError(f"stream_maps is wrong: {error}") from error
    except IndexError as error:  # which the SDK raises for an empty expression
        raise SettingError(f"stream_maps is wrong: an expression for {schema.stream} is empty") from error
