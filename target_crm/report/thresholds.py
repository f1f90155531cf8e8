"""The thresholds of a run, and which of them its figures have crossed (pure)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm_api.errors import SettingError

SETTING = "notify_when"
NOT_RUN_FOR = "not_run_for"
COUNTED: Mapping[str, str] = {
    "rejected": "rejected",
    "waiting": "waiting for what they refer to",
    "deleted": "deleted",
    "left_out": "written without an attribute that the CRM does not have",
}
"""The figures of a run that have thresholds, each in words that follow "records are"."""
DEFAULT: Mapping[str, Any] = {"rejected": 1}
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*([smhd])")


@dataclass(frozen=True, slots=True)
class Threshold:
    """A threshold of one figure.

    Attributes:
        given: As the settings give it.
        records: From how many records on it is crossed, if ``percent`` is None.
        percent: From which percentage on of the records that came in.
    """

    given: str
    records: int = 0
    percent: float | None = None

    def is_crossed(self, records: int, came_in: int) -> bool | None:
        """Tell whether so many records cross it; None if that cannot be said, since no record came in."""
        if self.percent is None:
            return records >= self.records
        if not came_in:
            return None if records else False
        return records > 0 and records * 100 >= came_in * self.percent


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a run.

    Attributes:
        counts: The number of records, by the names of ``COUNTED``.
        came_in: The number of records that came in.
        is_whole: Whether the run came to the end of its input. One that did not can cross a threshold, and says
            nothing about one that it does not cross.
    """

    counts: Mapping[str, int]
    came_in: int
    is_whole: bool

    def crossed(self, thresholds: Mapping[str, Threshold]) -> dict[str, bool]:
        """Tell of each threshold whether it is crossed; those of which that cannot be said are left out."""
        told = {name: each.is_crossed(self.counts[name], self.came_in) for name, each in thresholds.items()}
        return {
            name: is_crossed
            for name, is_crossed in told.items()
            if is_crossed or (self.is_whole and is_crossed is False)
        }


def thresholds_of(config: Mapping[str, Any]) -> dict[str, Threshold]:
    """Read the thresholds of a run.

    Raises:
        SettingError: One of them is neither a number nor a percentage above 0.
    """
    given = config.get(SETTING)
    given = DEFAULT if given is None else given
    return {name: _threshold(name, given[name]) for name in COUNTED if given.get(name) is not None}


def _threshold(name: str, value: Any) -> Threshold:
    text = str(value).strip()
    try:
        if text.endswith("%"):
            if (percent := float(text[:-1])) > 0:
                return Threshold(text, percent=percent)
        elif (records := int(text)) > 0:
            return Threshold(text, records)
    except ValueError:
        pass
    raise SettingError(f"{SETTING}.{name} must be a number from 1 on, or a percentage such as 5%, not {value!r}")


def not_run_for(config: Mapping[str, Any]) -> float | None:
    """Read for how long (seconds) no run may come to its end; None if the settings do not say.

    Raises:
        SettingError: It is no duration.
    """
    value = (config.get(SETTING) or {}).get(NOT_RUN_FOR)
    return None if value is None else duration(str(value), f"{SETTING}.{NOT_RUN_FOR}")


def duration(text: str, place: str) -> float:
    """Read a duration, in seconds.

    Args:
        text: A number and a unit, such as 26h.
        place: The setting or option that gives it.

    Raises:
        SettingError: It is none.
    """
    found = _DURATION.fullmatch(text.strip().lower())
    if found is None or not float(found[1]):
        raise SettingError(f"{place} must be a duration such as 90m, 26h or 2d, not {text!r}")
    return float(found[1]) * _SECONDS[found[2]]


def in_words(seconds: float) -> str:
    """Say how long something takes, to its largest unit."""
    for unit in ("d", "h", "m"):
        if seconds >= 2 * _SECONDS[unit]:
            return f"{seconds / _SECONDS[unit]:.0f} {({'d': 'days', 'h': 'hours', 'm': 'minutes'})[unit]}"
    return f"{seconds:.0f} seconds"
