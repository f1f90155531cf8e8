"""Where a stream's next run begins, as it stands in STATE. Also reads what tap-copper of singer-io has written."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from decimal import Decimal
from typing import Any

from tap_copper.errors import StreamError
from tap_copper.records import moment, seconds_of

_OTHERS_KEYS = ("date_modified", "activity_date")
# Of these that tap reads one page of 100 records, and moves the bookmark past all others.
CUT_SHORT = frozenset({"activities_search", "companies", "leads", "projects", "tasks"})
CUT_SHORT_ADVICE = "the tap that wrote them read 100 records a run of these: name them in resync once"
_DAY_SECONDS = 86400  # clocks may differ by hours, not by more
_ADVICE = "put it right, or name the stream in resync"


class Bookmark:
    """The bookmark of one stream.

    Args:
        state: The stream's part of STATE; written in place.
        stream: Its name, for errors.
        replication_key: Its replication key.
        forgotten: Whatever it is, the stream is read from its start.

    Raises:
        StreamError: It is no date.
    """

    def __init__(
        self, state: MutableMapping[str, Any], stream: str, replication_key: str, *, forgotten: bool = False
    ) -> None:
        self._state = state
        self._stream = stream
        self._replication_key = replication_key
        if forgotten:
            self.reset()
        else:
            self.seconds: int | None = _seconds(state.get("replication_key_value"), stream)

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

    def settle(self, now: int, lookback_seconds: int) -> bool:
        """Take one that lies in the future back, or refuse it: what is changed until then would be missed in silence.

        Args:
            now: The server's clock, in seconds.
            lookback_seconds: How long before it the run began to read.

        Returns:
            Whether the run began to read in the future, so that the stream must be read again.

        Raises:
            StreamError: It lies so far in the future that nobody knows what it should be.
        """
        if self.seconds is None or self.seconds <= now:
            return False
        if self.seconds <= now + lookback_seconds:
            self._put(now)
            return False
        if self.seconds <= now + _DAY_SECONDS:
            self._put(self.seconds - _DAY_SECONDS)
            return True
        given = moment(self.seconds)
        raise StreamError(f"The state's bookmark of {self._stream}, {given}, lies in the future: {_ADVICE}")

    def advance(self, seconds: int) -> None:
        """Move it forward, never back."""
        if self.seconds is None or seconds > self.seconds:
            self._put(seconds)

    def _put(self, seconds: int) -> None:
        self.seconds = seconds
        self._state["replication_key"] = self._replication_key
        self._state["replication_key_value"] = moment(seconds)


def is_foreign(stream_state: Mapping[str, Any]) -> bool:
    """Whether tap-copper of singer-io wrote it."""
    return "replication_key_value" not in stream_state and any(key in stream_state for key in _OTHERS_KEYS)


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
    try:
        return seconds_of(value) if isinstance(value, str) else _whole(value)
    except (ValueError, OverflowError):
        raise StreamError(f"The state's bookmark of {stream} must be a date, not {value!r}: {_ADVICE}") from None


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError(value)  # noqa: TRY004 - one kind for whatever is no date
    return int(value)
