"""Where a stream's next run begins, as it stands in STATE. Also reads what tap-copper of singer-io has written."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from typing import Any

from crm_api.errors import SettingError
from tap_copper.shaping import moment, seconds_of

_OTHERS_KEYS = ("date_modified", "activity_date")


class Bookmark:
    """The bookmark of one stream.

    Args:
        state: The stream's part of STATE; written in place.
        stream: Its name, for errors.
        replication_key: Its replication key.
    """

    def __init__(self, state: MutableMapping[str, Any], stream: str, replication_key: str) -> None:
        self._state = state
        self._replication_key = replication_key
        self.seconds = _seconds(state.get("replication_key_value"), stream)

    def reset(self) -> None:
        """Forget it: the stream is read from its start."""
        self.seconds = None
        self._state.pop("replication_key_value", None)
        self._state.pop("replication_key", None)

    def keep_filters(self, filters: str | None) -> None:
        """Remember what the stream is filtered by; one that was filtered otherwise is forgotten."""
        if self._state.get("search_filters") != filters:
            self.reset()
        if filters is None:
            self._state.pop("search_filters", None)
        else:
            self._state["search_filters"] = filters

    def advance(self, seconds: int) -> None:
        """Move it forward, never back."""
        if self.seconds is None or seconds > self.seconds:
            self.seconds = seconds
            self._state["replication_key"] = self._replication_key
            self._state["replication_key_value"] = moment(seconds)


def sdk_form(stream_state: Mapping[str, Any]) -> dict[str, Any]:
    """A stream's state as the SDK writes it, whoever wrote it.

    The tap of singer-io writes ``{"date_modified": "2026-01-31T00:00:00.000000Z"}``, or Unix seconds in older versions.
    """
    state = dict(stream_state)
    for key in _OTHERS_KEYS:
        if "replication_key_value" not in state and key in state:
            state = {"replication_key": key, "replication_key_value": state[key]}
    return state


def _seconds(value: Any, stream: str) -> int | None:
    if value is None:
        return None
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    try:
        return seconds_of(str(value))
    except ValueError:
        raise SettingError(f"The state's bookmark of {stream} must be a date, not {value!r}") from None
