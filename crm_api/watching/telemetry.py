"""The telemetry of a run, for OpenTelemetry: none, unless the environment asks for it. Imports nothing of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from crm_api.transport.request import Request

Result = TypeVar("Result")
Note = Callable[[str, int], None]
"""Notes a figure of a part of the run, by its name."""


class Signal(StrEnum):
    """A kind of telemetry, as the variables spell it."""

    TRACES = "TRACES"
    METRICS = "METRICS"


class Figure(StrEnum):
    """A count that only grows, by the name of its metric."""

    RECORDS = "singer_crm.records"
    """Records by stream and outcome."""
    REJECTED = "singer_crm.records.rejected"
    """Rejected records by stream and kind."""


class Level(StrEnum):
    """A figure that may fall, by the name of its metric."""

    HELD = "singer_crm.records.held"
    """Records that are kept and not written, by state."""


@dataclass(frozen=True, slots=True)
class SentRequest:
    """A request that was sent once, and what came of it; its values are no part of it.

    Attributes:
        request: The request.
        number: Number of the attempt, 1 for the first.
        status: HTTP status of the answer; None if there was none.
        error: The kind of the error; empty for a success.
        is_turned_away: The CRM answered that there are too many requests.
        waited_seconds: For how long it waited for the quota.
        seconds: From its sending to its whole answer, or to the end of the wait for one.
    """

    request: Request
    number: int
    status: int | None
    error: str
    is_turned_away: bool
    waited_seconds: float
    seconds: float


class Telemetry:
    """Telemetry that nobody asked for: it keeps and sends nothing.

    Attributes:
        is_on: Whether anything is kept.
    """

    is_on = False

    def reach(self, base_url: str, redact: Callable[[str], str]) -> None:
        """Note the server that requests go to.

        Args:
            base_url: Its address.
            redact: Masks the secrets of the account.
        """

    def know(self, **facts: str) -> None:
        """Note what tells the run from others, such as its account, once it is known."""

    def sent(self, sent: SentRequest) -> None:
        """Note a request; called by any thread."""

    def part(self, name: str, **_facts: str | int) -> AbstractContextManager[Note]:
        """Take a block for a part of the run, to which the requests within it belong; called by the thread that leads.

        Args:
            name: Names the kind of part.
            _facts: Its stream, the number of its records.
        """
        del name
        return nullcontext(_note_nothing)

    def apart(self, do: Callable[[], Result]) -> Callable[[], Result]:
        """Return work for another thread, whose requests belong to the run and to none of its parts."""
        return do

    def total(self, figure: Figure, total: int, **labels: str) -> None:
        """Note how much something has come to since the run began."""

    def level(self, level: Level, value: int, **labels: str) -> None:
        """Note how much of something there is."""

    def finish(self, code: int) -> None:
        """End with an exit code: send what is kept, and wait for that no longer than a few seconds."""


def _note_nothing(_name: str, _value: int) -> None:
    """Note nothing."""


OFF = Telemetry()
