"""The setting ``streams``, however it is spelt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_api.errors import SettingError


def without_nulls(config: Mapping[str, Any]) -> dict[str, Any]:
    """A configuration whose nulls are left out, which means the same; those inside stream maps say something.

    The SDK fills in the defaults of objects, and takes a null for one.
    """
    given = {name: value for name, value in config.items() if value is not None}
    streams = given.get("streams")
    if isinstance(streams, Mapping):
        given["streams"] = {
            name: _stream_without_nulls({} if settings is None else settings) for name, settings in streams.items()
        }
    elif isinstance(streams, list):
        given["streams"] = [_stream_without_nulls(settings) for settings in streams]
    return given


def _stream_without_nulls(settings: Any) -> Any:
    settings = {} if settings is None else settings
    if not isinstance(settings, Mapping):
        return settings
    given = {name: value for name, value in settings.items() if value is not None}
    if isinstance(endpoints := given.get("endpoints"), Mapping):
        given["endpoints"] = {role: endpoint for role, endpoint in endpoints.items() if endpoint is not None}
    return given


def streams_by_name(config: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The settings of each stream, by its name.

    Raises:
        SettingError: A list names a stream twice.
    """
    given = config.get("streams") or {}
    if isinstance(given, Mapping):
        return {name: settings or {} for name, settings in given.items()}
    streams: dict[str, Mapping[str, Any]] = {}
    for settings in given:
        name = settings["name"]
        if name in streams:
            raise SettingError(f"streams names {name!r} twice")
        streams[name] = {key: value for key, value in settings.items() if key != "name"}
    return streams
