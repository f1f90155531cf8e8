"""Rates of requests, and the windows in which they are counted (pure)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

MILLISECONDS = 1000
MARGIN_SECONDS = 0.1  # what the fastest of some dozen answers was still slower than the way itself
MARGIN_SHARE = 1 / 1000  # for clocks of different speed
MARGIN_SHARE_SHARED = 1 / 300  # for machines at different distance that share a quota, too


@dataclass(frozen=True)
class Allowance:
    """A rate: ``requests`` in any window of ``seconds``; 0 requests is unlimited."""

    requests: float
    seconds: float


@dataclass(frozen=True)
class Window:
    """A rate as it is kept: ``requests`` in any window of ``milliseconds``, which is a little longer than published.

    Attributes:
        requests: How many requests, at least one.
        milliseconds: How long the window is kept.
        published: The rate that it keeps.
    """

    requests: int
    milliseconds: int
    published: Allowance

    def __str__(self) -> str:
        return f"{self.published.requests:g} requests in {self.published.seconds:g} s"


def widened(seconds: float, *, is_shared: bool = False) -> float:
    """Widen a vendor's window, see ``MARGIN_SECONDS`` and ``MARGIN_SHARE``.

    Args:
        seconds: The window as it is published.
        is_shared: Other machines may share the quota.
    """
    return seconds + MARGIN_SECONDS + seconds * (MARGIN_SHARE_SHARED if is_shared else MARGIN_SHARE)


def binding_windows(allowances: Sequence[Allowance], *, is_shared: bool = False) -> list[Window]:
    """Keep the rates that can hold a request back, the shortest first: of 180 a minute and 100 an hour, the latter.

    A rate of less than one request is kept as one request in a window that is longer by as much.
    """
    windows = [_window(each, is_shared=is_shared) for each in allowances if each.requests > 0]
    binding: list[Window] = []
    for each in sorted(windows, key=lambda window: (window.requests, -window.milliseconds)):
        # Fewer requests in a window that is as long make every rate needless that comes after.
        if not binding or each.milliseconds > binding[-1].milliseconds:
            binding.append(each)
    kept = [each for each in binding if not any(_follows(each, other) for other in binding if other is not each)]
    return sorted(kept, key=lambda window: window.milliseconds)


def _window(allowance: Allowance, *, is_shared: bool) -> Window:
    requests = max(int(allowance.requests), 1)
    seconds = allowance.seconds * requests / allowance.requests if allowance.requests < 1 else allowance.seconds
    return Window(requests, round(widened(seconds, is_shared=is_shared) * MILLISECONDS), allowance)


def _follows(window: Window, shorter: Window) -> bool:
    """Whether a window can never be full while a shorter one is kept."""
    if shorter.milliseconds > window.milliseconds:
        return False
    parts = -(-window.milliseconds // shorter.milliseconds)
    return shorter.requests * parts <= window.requests
