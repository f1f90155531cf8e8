"""Published request rates, kept as rolling windows over the emulator's clock."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from crm_emulator.checked_values import require_kind, require_object, require_within

_LONGEST_SECONDS = 31 * 86_400


@dataclass(frozen=True, slots=True)
class Rate:
    """At most ``limit`` requests in any ``seconds``, of the routes that ``routes`` matches.

    ``routes`` is a shell pattern over ``METHOD /template``, for example ``* /*/bulk_*``.
    """

    limit: int
    seconds: float
    routes: str = "*"

    def __post_init__(self) -> None:
        """Refuse a rate that no request could keep or exceed."""
        require_kind("a rate's limit", self.limit, int)
        require_kind("a rate's seconds", self.seconds, float)
        require_kind("a rate's routes", self.routes, str)
        require_within("a rate's limit", self.limit, 1, 1_000_000_000)
        require_within("a rate's seconds", self.seconds, 0.001, _LONGEST_SECONDS)

    @classmethod
    def read(cls, sent: Any) -> tuple[Rate, ...]:
        """Read a list of rates from JSON; raises ValueError saying what is wrong."""
        if not isinstance(sent, list):
            raise ValueError('the quota must be "vendor" or a list of rates; [] is none')  # noqa: TRY004 - a wrong value
        names = ("limit", "seconds", "routes")
        return tuple(cls(**require_object("a rate", each, names, names[:2])) for each in sent)


@dataclass(frozen=True, slots=True)
class Exceeded:
    """A request that came too early: the rate it met and when it would have been let in."""

    rate: Rate
    wait_seconds: float


class Quota:
    """The rates of one account.

    A request that is turned away is not counted (the vendors do not say; a client that backs off must be able to
    get through).
    """

    def __init__(self, rates: tuple[Rate, ...]) -> None:
        self.rates = rates
        self._admitted: list[deque[float]] = [deque() for _ in rates]

    def admit(self, method: str, route: str, now: float) -> Exceeded | None:
        """Count a request in, or say which rate it exceeds."""
        met = [
            (rate, admitted)
            for rate, admitted in zip(self.rates, self._admitted, strict=True)
            if rate.routes == "*" or fnmatchcase(f"{method} {route}", rate.routes)
        ]
        for rate, admitted in met:
            _forget(admitted, now - rate.seconds)
            if len(admitted) >= rate.limit:
                return Exceeded(rate, max(0.0, admitted[0] + rate.seconds - now))
        for _, admitted in met:
            admitted.append(now)
        return None

    def share(self, now: float) -> float:
        """Return the part of the fullest rate that is used: 0.0 to 1.0."""
        shares = [0.0]
        for rate, admitted in zip(self.rates, self._admitted, strict=True):
            _forget(admitted, now - rate.seconds)
            shares.append(len(admitted) / rate.limit)
        return max(shares)

    def left(self, index: int, now: float) -> int:
        """Return how many requests the rate at an index of ``rates`` still lets in."""
        _forget(self._admitted[index], now - self.rates[index].seconds)
        return self.rates[index].limit - len(self._admitted[index])

    def clear(self) -> None:
        """Forget what was admitted."""
        for admitted in self._admitted:
            admitted.clear()


def _forget(admitted: deque[float], until: float) -> None:
    while admitted and admitted[0] <= until:
        admitted.popleft()
