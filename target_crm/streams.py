"""The setting ``streams``, however it is spelt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crm_api.errors import SettingError


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
