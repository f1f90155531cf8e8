"""The history of several writers of one account, and the pure check whether it keeps the promises."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

LOCK_LOST = 4  # the exit code of a writer that another one has overtaken

Ledger = Mapping[str, Sequence[Any]]
"""Rows of a ledger, by table."""


@dataclass(frozen=True)
class Sent:
    """A request that reached the CRM.

    Attributes:
        writer: Who sent it.
        at: When it was read (monotonic seconds, of this machine).
        call: ``POST /leads``.
        writes: Whether it can change the CRM.
    """

    writer: str
    at: float
    call: str
    writes: bool


@dataclass(frozen=True)
class Passed:
    """A STATE that a writer emitted.

    Attributes:
        writer: Who emitted it.
        needs: Names of the CRM's records that must be there by then.
        present: Names of those that were.
    """

    writer: str
    needs: frozenset[str]
    present: frozenset[str]


@dataclass(frozen=True)
class Woken:
    """A writer that went on after a pause, or after its links were up again.

    Attributes:
        writer: Who.
        at: When (monotonic seconds).
        certain: Whether it had nothing between its last look at its lock and the network when the pause began: it had
            sent a request and waited for the answer, or had committed an intent longer ago than that proof is good.
        ledger: The ledger as it was found; None while somebody else was writing into it.
    """

    writer: str
    at: float
    certain: bool
    ledger: Ledger | None


@dataclass(frozen=True)
class Ended:
    """How a run ended.

    Attributes:
        writer: Who.
        code: Exit code; a negative signal number if the signal ended it.
        errors: What it said.
        closed: Whether its report says that its books close; None if it left none.
        ledger: The ledger once it had ended, where it was woken before; else None.
    """

    writer: str
    code: int
    errors: str
    closed: bool | None
    ledger: Ledger | None = None


@dataclass
class History:
    """Everything that happened, in the order in which it was seen.

    Attributes:
        window_seconds: How long after its start a writer reckons with requests of its predecessors.
        began: When each writer's process was started (monotonic seconds).
        sent: Requests.
        passed: STATE.
        woken: Ends of pauses.
        ended: Ends of runs.
    """

    window_seconds: float
    began: dict[str, float] = field(default_factory=dict)
    sent: list[Sent] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)
    woken: list[Woken] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)

    def successor(self, writer: str, until: float = float("inf")) -> Sent | None:
        """The first request by which one that began later wrote, after the writer had; None if none did until then.

        A writer that had not written by then may have come by its lock after the other one had ended.
        """
        has_written = False
        for sent in self.sent:
            has_written |= sent.writes and sent.writer == writer
            if has_written and sent.writes and sent.at < until and self.began[sent.writer] > self.began[writer]:
                return sent
        return None


def violations(history: History, there: Collection[str], expected: Collection[str] | None = None) -> list[str]:
    """Say which promises were broken.

    Args:
        history: What happened.
        there: One name for each record in the CRM; copies have equal names.
        expected: Names of all records that the CRM must hold by now; None: not all are written yet.
    """
    found = [f"{name} is there {count} times" for name, count in Counter(there).items() if count > 1]
    if expected is not None:
        found += [f"{name} is lost" for name in sorted(set(expected) - set(there))]
        found += [f"{name} came from nowhere" for name in sorted(set(there) - set(expected))]
    found += [
        f"STATE of {passed.writer} passed {', '.join(sorted(passed.needs - passed.present))}"
        for passed in history.passed
        if not passed.needs <= passed.present
    ]
    for ended in history.ended:
        found += _of_end(history, ended)
    return found + _late(history) + _after_waking(history)


def _of_end(history: History, ended: Ended) -> list[str]:
    found = []
    if "Traceback" in ended.errors:
        found.append(f"{ended.writer} ended with a traceback: {ended.errors[-2000:]}")
    if ended.code == 0 and ended.closed is not True:
        found.append(f"{ended.writer} is done and its books do not close")
    for woken in history.woken:
        if woken.writer != ended.writer or history.successor(ended.writer, woken.at) is None:
            continue
        # A run that stood still when it had freed its locks was done: it ends well, and does nothing more.
        went_on = any(sent.writes and sent.writer == ended.writer and sent.at > woken.at for sent in history.sent)
        if ended.code != LOCK_LOST and (ended.code or went_on):
            found.append(f"{ended.writer} was overtaken and ended with {ended.code}: {ended.errors[-500:]}")
        if woken.ledger is not None and ended.ledger is not None and (tables := _differing(woken.ledger, ended.ledger)):
            found.append(f"{ended.writer} was overtaken and wrote into the ledger: {'; '.join(tables)}")
    return found


def _differing(before: Ledger, after: Ledger) -> list[str]:
    return [
        f"{name} +{sorted(set(after.get(name, ())) - set(before.get(name, ())))[:3]}"
        f" -{sorted(set(before.get(name, ())) - set(after.get(name, ())))[:3]}"
        for name in sorted(before.keys() | after.keys())
        if Counter(before.get(name, ())) != Counter(after.get(name, ()))
    ]


def _late(history: History) -> list[str]:
    """Writes that came when a successor no longer reckoned with them."""
    found = []
    for sent in history.sent:
        first = history.successor(sent.writer, sent.at)
        if sent.writes and first is not None and sent.at > history.began[first.writer] + history.window_seconds:
            found.append(
                f"{sent.call} of {sent.writer} came {sent.at - history.began[first.writer]:.2f} s after {first.writer} "
                "began, which wrote before that"
            )
    return found


def _after_waking(history: History) -> list[str]:
    """Writes of a writer that woke when another had already written, and could look first."""
    return [
        f"{sent.call} of {sent.writer} came {sent.at - woken.at:.2f} s after it woke, when {first.writer} had written"
        for woken in history.woken
        if woken.certain and (first := history.successor(woken.writer, woken.at)) is not None
        for sent in history.sent
        if sent.writes and sent.writer == woken.writer and sent.at > woken.at
    ]
