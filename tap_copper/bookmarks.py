"""Bookmarks: where a stream's next run begins, as STATE says. Reads bookmarks of singer-io's tap-copper, too."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from decimal import Decimal
from typing import Any

from tap_copper.errors import StreamError
from tap_copper.records import moment, seconds_of

_FOREIGN_KEYS = ("date_modified", "activity_date")
# Streams of which singer-io's tap-copper reads one page of 100 records, and moves the bookmark past all others.
CUT_SHORT = frozenset({"activities_search", "companies", "leads", "projects", "tasks"})
CUT_SHORT_ADVICE = "the tap that wrote them read 100 records a run of these: name them in resync once"
_DAY_SECONDS = 86400  # clocks may differ by hours, not by more
_ADVICE = "put it right, or name the stream in resync"


class Bookmark:
    """The bookmark of one stream.

    Args:
        state: The stream's part of STATE; written in place.
        stream: Name of the stream, for errors.
        replication_key: The stream's replication key.
        forgotten: Forget the bookmark: the stream is read from its start.

    Attributes:
        seconds: The bookmark in Unix seconds; None where there is none.

    Raises:
        StreamError: The bookmark is not a date, or one of another attribute.
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
            self._require_own_key()

    def _require_own_key(self) -> None:
        """Refuse a bookmark of another attribute: an id would be read as an instant, and records be missed."""
        given = self._state.get("replication_key")
        if self.seconds is not None and given is not None and given not in (self._replication_key, *_FOREIGN_KEYS):
            wanted = self._replication_key
            raise StreamError(
                f"The state's bookmark of {self._stream} must be one of {wanted}, not {given!r}: {_ADVICE}"
            )

    def reset(self) -> None:
        """Forget the bookmark: the stream is read from its start."""
        self.seconds = None
        self._state.pop("replication_key_value", None)
        self._state.pop("replication_key", None)

    def restore(self, seconds: int | None) -> None:
        """Go back to Unix seconds, where the run began to read; None for no bookmark."""
        self.reset()
        if seconds is not None:
            self._put(seconds)

    def keep_filters(self, filters: str | None) -> None:
        """Remember the hash of the stream's filters; a bookmark of other filters is forgotten."""
        if self._state.get("search_filters") != filters:
            self.reset()
        if filters is None:
            self._state.pop("search_filters", None)
        else:
            self._state["search_filters"] = filters

    def settle(self, now: int, lookback_seconds: int) -> bool:
        """Take back a bookmark that lies in the future, or refuse it: changes until then would be missed in silence.

        Args:
            now: The server's clock, in Unix seconds.
            lookback_seconds: How many seconds before the bookmark the run began to read.

        Returns:
            Whether the run began to read in the future, so that the stream must be read again.

        Raises:
            StreamError: It lies so far in the future that it cannot be known what it should be.
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
        """Move the bookmark forward to Unix seconds, never back."""
        if self.seconds is None or seconds > self.seconds:
            self._put(seconds)

    def _put(self, seconds: int) -> None:
        self.seconds = seconds
        self._state["replication_key"] = self._replication_key
        self._state["replication_key_value"] = moment(seconds)


def is_foreign(stream_state: Mapping[str, Any]) -> bool:
    """Whether singer-io's tap-copper wrote a stream's state."""
    return "replication_key_value" not in stream_state and any(key in stream_state for key in _FOREIGN_KEYS)


def sdk_form(stream_state: Mapping[str, Any]) -> dict[str, Any]:
    """Bring a stream's state into the form that the SDK writes.

    The tap-copper of singer-io writes ``{"date_modified": "2026-01-31T00:00:00.000000Z"}``; older versions of it write
    Unix seconds.
    """
    state = dict(stream_state)
    for key in _FOREIGN_KEYS:
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
        raise ValueError(value)  # noqa: TRY004 - one kind of error for every value that is not a date
    return int(value)
