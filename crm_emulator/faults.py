"""Trouble on demand: which trouble, for which requests, how often. Decisions only; the server carries them out."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from enum import StrEnum
from fnmatch import fnmatchcase
from random import Random
from typing import Any

from crm_emulator.checked_values import require_kind, require_object, require_within, shown


class Kind(StrEnum):
    """The kinds of trouble."""

    OK = "ok"  # a step of a script in which nothing goes wrong
    LATENCY = "latency"  # the answer takes seconds ± jitter_seconds longer
    ERROR = "error"  # status with an HTML body (429: the vendor's dialect), and nothing is done
    ERROR_AFTER = "error_after"  # as error, but after the request was carried out and committed
    RESET = "reset"  # the connection is reset before anything is done
    LOST = "lost"  # the request is carried out and committed, then the connection is dropped
    CUT = "cut"  # Content-Length promises more than is sent, then the connection is closed
    SLOW = "slow"  # the body trickles in over seconds
    MALFORMED = "malformed"  # the body is broken JSON
    REFUSE = "refuse"  # this request is reset, and new connections are refused for seconds
    EDIT = "edit"  # some record is edited before the request is read
    ADD = "add"  # some record is added
    DELETE = "delete"  # some record is deleted


DISTURBANCES = frozenset({Kind.EDIT, Kind.ADD, Kind.DELETE})


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind of trouble and the requests it strikes.

    Attributes:
        kind: The kind of trouble.
        route: A shell pattern over ``METHOD /template``: ``POST /people/search``, ``PUT *``, ``* /people/{id}``.
        vendor: A shell pattern over the vendor's name.
        rate: The probability that it strikes a request that matches.
        every: Strikes only each n-th match. With ``rate`` 1 that is exact.
        times: How many requests it strikes before it ends; None: no limit.
        status: The status of error and error_after.
        retry_after: Seconds in a ``Retry-After`` header of an error; None sends none.
        seconds: The seconds of latency, of a slow body, or of refusal.
        jitter_seconds: Latency varies evenly by so much either way.
        records: How many records edit, add and delete change at a time.
    """

    kind: Kind
    route: str = "*"
    vendor: str = "*"
    rate: float = 1.0
    every: int = 1
    times: int | None = None
    status: int = 503
    retry_after: float | None = None
    seconds: float = 1.0
    jitter_seconds: float = 0.0
    records: int = 1

    def __post_init__(self) -> None:
        """Refuse what could never strike, or would strike down the emulator itself."""
        if self.kind not in list(Kind):
            raise _not_a_kind(self.kind)
        object.__setattr__(self, "kind", Kind(self.kind))
        for name, kind in _KINDS_OF_VALUE.items():
            value = getattr(self, name)
            if value is not None or name not in _OPTIONAL:
                require_kind(f"a fault's {name}", value, kind)
            if value is not None and name in _RANGES:
                require_within(f"a fault's {name}", value, *_RANGES[name])

    def matches(self, vendor: str, method: str, route: str) -> bool:
        """Return whether the fault may strike a request."""
        return fnmatchcase(vendor, self.vendor) and (self.route == "*" or fnmatchcase(f"{method} {route}", self.route))

    @classmethod
    def parse(cls, text: str) -> Fault:
        """Read ``kind`` or ``kind:name=value,name=value``; raises ValueError saying what is wrong.

        Example:
            >>> Fault.parse("error:status=500,rate=0.1,route=POST /people").status
            500
        """
        kind, _, options = text.strip().partition(":")
        if kind not in set(Kind):
            raise _not_a_kind(kind)
        values: dict[str, object] = {}
        for option in filter(None, options.split(",")):
            name, equals, value = option.partition("=")
            values[name.strip()] = _value(name.strip(), value.strip() if equals else "")
        return cls(Kind(kind), **values)  # type: ignore[arg-type]  # _value has checked names and types

    @classmethod
    def read(cls, sent: Any) -> Fault:
        """Read the text form, or an object of JSON with the same names; raises ValueError saying what is wrong."""
        if isinstance(sent, str):
            return cls.parse(sent)
        return cls(**require_object("a fault", sent, (each.name for each in fields(cls)), ("kind",)))


_KINDS_OF_VALUE = {
    "route": str, "vendor": str, "rate": float, "every": int, "times": int, "status": int,
    "retry_after": float, "seconds": float, "jitter_seconds": float, "records": int,
}  # fmt: skip
_OPTIONAL = frozenset({"times", "retry_after"})
_LONGEST_SECONDS = 86_400
_MOST = 1_000_000_000
_RANGES = {
    "rate": (0, 1), "every": (1, _MOST), "times": (1, _MOST), "status": (200, 599), "records": (1, 1_000),
    "retry_after": (0, _LONGEST_SECONDS), "seconds": (0, _LONGEST_SECONDS), "jitter_seconds": (0, _LONGEST_SECONDS),
}  # fmt: skip


def _not_a_kind(given: object) -> ValueError:
    return ValueError(f"{shown(given)} is not a kind of trouble; use one of {', '.join(Kind)}")


def _value(name: str, text: str) -> object:
    if name not in _KINDS_OF_VALUE:
        known = ", ".join(option.name for option in fields(Fault)[1:])
        raise ValueError(f"a fault has no option {name!r}; it has {known}")
    try:
        return _KINDS_OF_VALUE[name](text)
    except ValueError:
        raise ValueError(
            f"{name}={text!r} is not {'a whole number' if _KINDS_OF_VALUE[name] is int else 'a number'}"
        ) from None


@dataclass(frozen=True, slots=True)
class Trouble:
    """Faults that strike one request."""

    latency_seconds: float = 0.0
    disturbances: tuple[Fault, ...] = ()
    fault: Fault | None = None

    @property
    def name(self) -> str:
        """The kinds of trouble joined by ``+``, for the log."""
        names = ["latency"] if self.latency_seconds else []
        names += [disturbance.kind for disturbance in self.disturbances]
        names += [self.fault.kind] if self.fault else []
        return "+".join(names)


NO_TROUBLE = Trouble()


@dataclass(slots=True)
class _Standing:
    """A fault in force and how often it was met and struck."""

    fault: Fault
    met: int = 0
    struck: int = 0


@dataclass(slots=True)
class _Script:
    route: str
    vendor: str
    steps: deque[Fault] = field(default_factory=deque)


class FaultPlan:
    """The faults in force and the scripts under way.

    A script comes first: its next step decides about an answer, and standing faults do not strike meanwhile;
    latency and disturbances add up.
    """

    def __init__(self, faults: Iterable[Fault] = (), seed: int = 0) -> None:
        self._random = Random(seed)  # noqa: S311 - trouble must be repeatable, not secret
        self._standing = [_Standing(fault) for fault in faults]
        self._scripts: list[_Script] = []

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults in force."""
        return tuple(standing.fault for standing in self._standing)

    @property
    def scripted(self) -> dict[str, int]:
        """Steps left, by the route pattern of each script."""
        return {script.route: len(script.steps) for script in self._scripts}

    def add(self, *faults: Fault) -> None:
        """Put faults in force."""
        self._standing += [_Standing(fault) for fault in faults]

    def script(self, route: str, steps: Iterable[Fault | Kind | str], vendor: str = "*") -> None:
        """Decide the next answers of a route one by one; a step is a Fault, its kind, or its text form."""
        require_kind("a script's route", route, str)
        parsed = deque(step if isinstance(step, Fault) else Fault.read(step) for step in steps)
        if not parsed:
            raise ValueError(f"the script of {route} has no steps; give at least one of {', '.join(Kind)}")
        self._scripts.append(_Script(route, vendor, parsed))

    def clear(self) -> None:
        """End all faults and scripts."""
        self._standing.clear()
        self._scripts.clear()

    def decide(self, vendor: str, method: str, route: str) -> Trouble:
        """Decide which faults strike the request that has just come."""
        if not self._standing and not self._scripts:
            return NO_TROUBLE
        latency = 0.0
        disturbances: list[Fault] = []
        decisive: Fault | None = None
        for fault in [*self._scripted(vendor, method, route), *self._striking(vendor, method, route)]:
            if fault.kind is Kind.LATENCY:
                latency += max(0.0, fault.seconds + self._random.uniform(-fault.jitter_seconds, fault.jitter_seconds))
            elif fault.kind in DISTURBANCES:
                disturbances.append(fault)
            elif decisive is None:
                decisive = fault
        if decisive is not None and decisive.kind is Kind.OK:
            decisive = None
        return Trouble(latency, tuple(disturbances), decisive)

    def _scripted(self, vendor: str, method: str, route: str) -> list[Fault]:
        for script in self._scripts:
            if fnmatchcase(vendor, script.vendor) and fnmatchcase(f"{method} {route}", script.route):
                step = script.steps.popleft()
                if not script.steps:
                    self._scripts.remove(script)
                return [step]
        return []

    def _striking(self, vendor: str, method: str, route: str) -> list[Fault]:
        striking = []
        for standing in list(self._standing):
            fault = standing.fault
            if not fault.matches(vendor, method, route):
                continue
            standing.met += 1
            if standing.met % fault.every or (fault.rate < 1 and self._random.random() >= fault.rate):
                continue
            standing.struck += 1
            if standing.struck == fault.times:
                self._standing.remove(standing)
            striking.append(fault)
        return striking
