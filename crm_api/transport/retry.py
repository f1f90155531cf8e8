"""Rules for repeating failed attempts (pure): the session waits.

A request that may have been carried out is repeated only if doing it twice is the same as doing it once.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

import backoff

TOO_MANY_REQUESTS = 429
LONGEST_WAIT_SECONDS = 64.0
FIRST_CONTACT_ATTEMPTS = 6  # until the CRM has answered once, a wrong setting is likelier than an outage
MAX_WAIT_SECONDS = 3600.0  # windows of quotas are an hour at most: whoever asks for more is mistaken, or means tomorrow
TOLD_FROM_SECONDS = 60.0  # a longer wait is told, so that nobody takes the run for dead
QUOTA_WAIT_SECONDS = 5.0  # the first wait after a 429 that does not say how long: windows are a minute and longer

logger = logging.getLogger("crm_api.waits")


class RequestFate(Enum):
    """Fate of a request after a failed attempt, as far as it is known."""

    NOT_SENT = "not sent"
    """The connection was never made."""
    TURNED_AWAY = "turned away"
    """429: it was answered, and not carried out."""
    UNKNOWN = "unknown"
    """It was sent; then came no answer, a cut one, 3xx or 5xx."""


@dataclass(frozen=True)
class Attempt:
    """One failed attempt.

    Attributes:
        fate: What is known of the request.
        number: Number of the attempt, 1 for the first.
        retry_after_seconds: Seconds that the CRM asked to wait; None if it did not ask.
    """

    fate: RequestFate
    number: int
    retry_after_seconds: float | None = None


def half_jitter(seconds: float) -> float:
    """Choose a wait between half of ``seconds`` and all of it: the lower bound is what outlasts an outage."""
    return random.uniform(seconds / 2, seconds)  # noqa: S311 - spreads workers, hides nothing


@dataclass(frozen=True)
class RetryPolicy:
    """Rules for repeating attempts: how often, and after how long. The defaults outlast an outage of two minutes.

    Attributes:
        max_attempts: Attempts of one request, the first included.
        jitter: Varies a wait (seconds), which spreads workers that failed together.
        quota_wait_seconds: The first wait after a 429 that does not say how long; it doubles from there.
        longest_quota_wait_seconds: The longest wait after a 429 that does not say how long.
        retry_after_slack_seconds: Seconds added to the wait that a 429 asked for.
    """

    max_attempts: int = 10
    jitter: Callable[[float], float] = half_jitter
    quota_wait_seconds: float = QUOTA_WAIT_SECONDS
    longest_quota_wait_seconds: float = LONGEST_WAIT_SECONDS
    retry_after_slack_seconds: float = 0.0

    def may_repeat(self, attempt: Attempt, *, repeatable: bool, reached: bool = True) -> bool:
        """Whether the attempt may be followed by another.

        Args:
            attempt: The attempt that failed.
            repeatable: Whether doing the request twice is the same as doing it once.
            reached: Whether the CRM has answered any request yet.
        """
        if attempt.number >= (self.max_attempts if reached else min(self.max_attempts, FIRST_CONTACT_ATTEMPTS)):
            return False
        return repeatable or attempt.fate is not RequestFate.UNKNOWN

    def wait_seconds(self, attempt: Attempt) -> float:
        """Seconds to wait before the next attempt: what the CRM asked for, if it did, never less."""
        turned_away = attempt.fate is RequestFate.TURNED_AWAY
        if attempt.retry_after_seconds is not None:
            return attempt.retry_after_seconds + (self.retry_after_slack_seconds if turned_away else 0.0)
        if turned_away:
            waits = backoff.expo(factor=self.quota_wait_seconds, max_value=self.longest_quota_wait_seconds)
            return _nth(waits, attempt.number)
        return self.jitter(_nth(backoff.expo(max_value=LONGEST_WAIT_SECONDS), attempt.number))


def tell_wait(seconds: float, why: str) -> None:
    """Warn of a long wait: how long it takes, and why."""
    logger.warning("No request is sent for %.0f seconds: %s", seconds, why)


def too_long(seconds: float, most: float) -> str:
    """Say that the CRM asks for a longer wait than is allowed: the wait in seconds, and in days where they are many."""
    days = seconds / 86_400
    shown = f"{seconds:,.0f} seconds" + (f" ({days:,.0f} days)" if days >= 2 else "")  # noqa: PLR2004 - 47 hours are still counted
    return f"The CRM asks to wait {shown}, more than max_wait_seconds ({most:,.0f}) allows; nothing was sent again"


def _nth(waits: Iterator[float], number: int) -> float:
    next(waits)  # backoff's generators start with an empty step
    wait = 0.0
    for _ in range(number):
        wait = next(waits)
    return wait
