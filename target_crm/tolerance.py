"""The setting ``max_rejected``: how many records may be pending as rejected at the end of a run."""

from __future__ import annotations

from dataclasses import dataclass

from crm_api.errors import SettingError


@dataclass(frozen=True)
class RejectedAllowed:
    """How many records may be pending as rejected at the end.

    Attributes:
        records: So many.
        percent: Or so many of a hundred that came in.
    """

    records: int = 0
    percent: float | None = None

    def exceeded(self, pending: int, came_in: int) -> bool:
        """Tell whether there are more."""
        if self.percent is not None:
            return pending * 100 > came_in * self.percent
        return pending > self.records


def rejected_allowed(value: int | str) -> RejectedAllowed:
    """Read ``max_rejected``.

    Raises:
        SettingError: It is neither a number nor a percentage.
    """
    text = str(value).strip()
    try:
        if text.endswith("%"):
            percent = float(text[:-1])
            if percent >= 0:
                return RejectedAllowed(percent=percent)
        elif (records := int(text)) >= 0:
            return RejectedAllowed(records)
    except ValueError:
        pass
    raise SettingError(f"max_rejected must be a number such as 10, or a percentage such as 5%, not {value!r}")
