"""A failed attempt, and all that is known of it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from http import HTTPStatus

from crm_api.transport.answer import Answer, Failure
from crm_api.transport.retry import RequestFate


@dataclass(frozen=True)
class Miss:
    """A failed attempt.

    Attributes:
        fate: What is known of the request.
        answer: The answer, as far as it came; None if there was none.
        failure: What the vendor said in it; None if it said nothing that is understood.
        cause: What ended the attempt; None if an answer did.
        said: Why there is no usable answer.
        advice: What the user can change.
        retry_after_seconds: How long the CRM asked to wait; None if it did not ask.
        final: Trying again would not help.
        most_attempts: The most attempts that this failure is worth.
    """

    fate: RequestFate
    answer: Answer | None = None
    failure: Failure | None = None
    cause: Exception | None = None
    said: str = ""
    advice: str | None = None
    retry_after_seconds: float | None = None
    final: bool = False
    most_attempts: int = sys.maxsize

    @property
    def is_unsigned(self) -> bool:
        """Whether the credentials were not accepted."""
        return self.answer is not None and self.answer.status == HTTPStatus.UNAUTHORIZED

    @property
    def status(self) -> int | None:
        """HTTP status of the answer; None if there was none."""
        return None if self.answer is None else self.answer.status

    @property
    def is_turned_away(self) -> bool:
        """Whether the CRM answered that there are too many requests."""
        return self.fate is RequestFate.TURNED_AWAY

    @property
    def error(self) -> str:
        """The kind of the error, by the name of its class."""
        if self.failure is not None:
            return self.failure.kind.__name__
        return type(self.cause).__name__
