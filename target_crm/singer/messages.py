"""The parts of Singer messages, checked: a tap that breaks the specification is told so in one sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from singer_sdk.exceptions import MapExpressionError, StreamMapConfigError
from singer_sdk.mapper import PluginMapper
from singer_sdk.singerlib.exceptions import InvalidInputLine

from crm_api.errors import SettingError


class InputError(InvalidInputLine):
    """The input is not what Singer demands."""


@dataclass(frozen=True)
class Schema:
    """A SCHEMA message.

    Attributes:
        stream: Before stream maps.
        schema: JSON schema of its records.
        key_properties: What identifies a record; empty if nothing does.
    """

    stream: str
    schema: dict[str, Any]
    key_properties: list[str]


def schema_of(message: Mapping[str, Any]) -> Schema:
    """The parts of a SCHEMA message.

    Raises:
        InputError: It lacks one, or one is not what it should be.
    """
    schema, keys = message.get("schema"), message.get("key_properties") or []
    if not isinstance(schema, dict) or not isinstance(properties := schema.get("properties"), dict):
        raise InputError("a SCHEMA lacks its schema, or the schema its properties")
    if not all(isinstance(each, dict) for each in properties.values()):
        raise InputError("a property of a SCHEMA is no JSON schema")
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise InputError("the key_properties of a SCHEMA are no list of names")
    return Schema(stream_of(message), schema, keys)


def record_of(message: Mapping[str, Any]) -> dict[str, Any]:
    """The record of a RECORD message.

    Raises:
        InputError: It lacks it.
    """
    record = message.get("record")
    if not isinstance(record, dict):
        raise InputError("a RECORD lacks its record")
    return record


def version_of(message: Mapping[str, Any]) -> int:
    """The version of an ACTIVATE_VERSION message.

    Raises:
        InputError: It lacks it.
    """
    version = message.get("version")
    if not isinstance(version, int):
        raise InputError("an ACTIVATE_VERSION lacks its version")
    return version


def state_of(message: Mapping[str, Any]) -> dict[str, Any]:
    """The value of a STATE message.

    Raises:
        InputError: It lacks it.
    """
    value = message.get("value")
    if not isinstance(value, dict):
        raise InputError("a STATE lacks its value")
    return value


def stream_of(message: Mapping[str, Any]) -> str:
    """The stream of a message.

    Raises:
        InputError: It names none.
    """
    stream = message.get("stream")
    if not isinstance(stream, str) or not stream:
        raise InputError(f"a {message.get('type')} names no stream")
    return stream


def register(mapper: PluginMapper, came: Schema) -> None:
    """Have a stream mapped from now on, by the schema that came.

    Raises:
        SettingError: Its map cannot work.
    """
    try:
        mapper.register_raw_stream_schema(came.stream, came.schema, came.key_properties)
    except (MapExpressionError, StreamMapConfigError) as error:
        raise SettingError(f"stream_maps is wrong: {error}") from error
    except IndexError as error:  # so the SDK says it
        raise SettingError(f"stream_maps is wrong: an expression for {came.stream} is empty") from error
