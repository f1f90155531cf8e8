"""Writers of one account: what their source tells, how each is started, struck and watched, and what came of it."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from crm_emulator import Emulator
from tests.fleet.history import Ended, History, Passed, Sent, Woken
from tests.fleet.ledgers import SharedLedger
from tests.fleet.relays import Link
from tests.fleet.writers import Writer
from tests.servers import Server
from tests.target_crm.contract.cases.case import Case
from tests.target_crm.messages import as_lines, record_of, schema_of, state_of

TIMEOUT_SECONDS = 2  # of requests; no search of the emulator lags, so that it is the whole window of doubt
CHAPTER = 30  # records
STATE_EVERY = 4
MOST_CALLS = 14  # a run is struck at one of so many first calls
LONGEST_DELAY_SECONDS = 0.02  # between such a call and the blow
TROUBLE = ("lost:rate=0.05,route=", "error_after:status=502,rate=0.03,route=")


@dataclass
class _Armed:
    calls_left: int
    only_writes: bool
    blow: Callable[[], None]


class Quarrel:
    """A source whose records several writers bring into one account, each watched; nothing strikes by itself.

    Args:
        case: The kind of record.
        emulator: The CRM.
        ledger: The ledger that all writers share.
        folder: For settings and reports.
        dice: Decide.
        links: The way of each host to the CRM, which can go down.
        quota: The server of the shared quota, and the way of each host to it.
        more: Further settings.
        start: Makes a process of a name, settings, input, host and a function that takes the places of STATEs.

    Attributes:
        signals: How many blows fell.
        log: What happened, a line for each writer.
    """

    def __init__(
        self,
        case: Case,
        emulator: Emulator,
        ledger: SharedLedger,
        folder: Path,
        dice: random.Random,
        *,
        links: Sequence[Link],
        quota: tuple[Server, Sequence[Link]] | None = None,
        more: dict[str, Any] | None = None,
        start: Callable[..., Writer] = Writer,
    ) -> None:
        self._case = case
        self._vendor = getattr(emulator, case.vendor)
        self._emulator = emulator
        self._ledger = ledger
        self._folder = folder
        self._dice = dice
        self._links = links
        self._quota = quota
        self._more = more or {}
        self._start = start
        self._armed: dict[str, _Armed] = {}
        self._messages: list[dict[str, Any]] = []
        self._records = 0
        self._changed: list[int] = []
        self._place = 0
        self._writers: list[Writer] = []
        self._begun = 0
        self._history = History(TIMEOUT_SECONDS)
        self.signals = 0
        self.log: list[str] = []
        case.prepare(self._vendor)
        emulator.between_requests(self._see)
        for route in case.creates:
            emulator.trouble(*(f"{kind}{route}" for kind in TROUBLE))
        self._tell()

    # What is told

    def _tell(self) -> None:
        """Add a chapter to what the source holds: new records, some of which change, and STATEs between them."""
        told: list[tuple[int, bool]] = []
        for number in range(self._records, self._records + CHAPTER):
            told.append((number, False))
            if self._dice.random() < 0.25:
                self._changed.append(changed := self._dice.randrange(max(0, number - CHAPTER), number + 1))
                told.append((changed, True))
        self._records += CHAPTER
        for number, is_changed in told:
            record = self._case.make(number) | (self._case.change if is_changed else {})
            self._messages.append(record_of(self._case.stream, **record))
            if len(self._messages) % STATE_EVERY == 0:
                self._messages.append(state_of(len(self._messages) + 1))
        self._messages.append(state_of(len(self._messages) + 1))

    def _needs(self, place: int) -> frozenset[str]:
        """Names of what must be in the CRM when a STATE has passed."""
        before = (each for each in self._messages[:place] if each["type"] == "RECORD")
        return frozenset(self._case.name_of(each["record"]["id"]) for each in before)

    def _names(self) -> list[str]:
        return self._case.names(self._vendor)

    # What writers do

    def _see(self, request: Any) -> None:
        name, call = request.headers.get("user-agent", ""), f"{request.method} {request.route}"
        writes = any(fnmatchcase(call, pattern) for pattern in self._case.writes)
        self._history.sent.append(Sent(name, time.monotonic(), call, writes))
        armed = self._armed.get(name)
        if armed is not None and (writes or not armed.only_writes):
            armed.calls_left -= 1
            if armed.calls_left == 0:
                del self._armed[name]
                armed.blow()

    def _begin(self, *, host: int = 0, concurrency: int | None = None, lock_wait_seconds: int = 0) -> Writer:
        self._begun += 1
        name = f"writer-{self._begun}"
        # A source that has gone back goes on from there: what was written by then may be of earlier versions.
        self._place = place = self._place if self._dice.random() < 0.8 else 0
        names = [*self._case.make(0), *self._case.change]
        given = as_lines([schema_of(self._case.stream, *names), *self._messages[place:]])
        settings = {
            "requests_per_minute": 0,
            "index_lag_seconds": 0,
            "request_timeout_seconds": TIMEOUT_SECONDS,
            "max_attempts": 2,
            "batch_size_rows": self._dice.choice([3, 8, 40]),
            "lock_wait_seconds": lock_wait_seconds,
            "max_concurrency": concurrency or self._dice.choice([1, 4]),
            **self._case.settings(self._vendor),
            "ledger_url": self._ledger.url(host),
            **self._more,
        }
        settings["base_url"] = settings["base_url"].replace(f":{self._emulator.port}", f":{self._links[host].port}")

        def passed(place: int) -> None:
            self._history.passed.append(Passed(name, self._needs(place), frozenset(self._names())))

        self._history.began[name] = time.monotonic()
        writer = self._start(name, self._folder, settings, given, host=host, on_state=passed)
        self._writers.append(writer)
        return writer

    def _strike(self, writer: Writer, blow: Callable[[], None], *, writes: bool = False, late: bool = False) -> bool:
        """Strike a writer at one of its first calls, or a moment later; False if it came to its end before that."""

        def fall() -> None:
            blow()
            self.signals += 1
            writer.strike()

        calls = self._dice.randrange(1, MOST_CALLS // 2 if writes else MOST_CALLS)
        self._armed[writer.name] = _Armed(calls, writes, lambda: self._soon(fall) if late else fall())
        writer.came.wait()
        if self._armed.pop(writer.name, None) is None and late:
            self._timer.join()
        return writer.struck

    def _soon(self, action: Callable[[], None]) -> None:
        """Do something a moment later, in a thread of its own."""
        self._timer = threading.Timer(self._dice.uniform(0, LONGEST_DELAY_SECONDS), action)
        self._timer.start()

    def _after_a_moment(self, action: Callable[[], None]) -> None:
        self._soon(action)
        self._timer.join()

    def _end(self, writer: Writer) -> int:
        """Wait for a writer's end, and note it."""
        code, errors, closed = writer.wait()
        woken = any(each.writer == writer.name for each in self._history.woken)
        rows = self._ledger.rows() if woken else None
        self._history.ended.append(Ended(writer.name, code, errors, closed, rows))
        self.log.append(
            f"{writer.name} {'struck, ' if writer.struck else ''}ended with {code}: {errors[-200:].strip()}"
        )
        return code

    def _wake(self, writer: Writer, *, certain: bool, alone: bool = True) -> None:
        rows = self._ledger.rows() if alone else None
        self._history.woken.append(Woken(writer.name, time.monotonic(), certain, rows))
        writer.send_signal(signal.SIGCONT)
