"""A storm over writers of one account: each round something strikes one or two of them, and promises are checked."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, cast

from crm_emulator import Emulator
from tests.fleet.history import Ended, History, Passed, Sent, Woken, violations
from tests.fleet.hosts import Link as Way
from tests.fleet.ledgers import SharedLedger
from tests.fleet.relays import Link, Relay
from tests.fleet.writers import Writer
from tests.servers import Server
from tests.target_crm.contract.cases import Case
from tests.target_crm.messages import as_lines, record_of, schema_of, state_of

TIMEOUT_SECONDS = 2  # of requests; no search of the emulator lags, so that it is the whole window of doubt
CHAPTER = 30  # records
STATE_EVERY = 4
MOST_CALLS = 14  # a run is struck at one of so many first calls
MOST_COMMITS = 30  # or at one of so many first commits
GIVEN_UP_SECONDS = 60  # by then a server has given up a host that is gone: twice what is promised
LONGEST_DELAY_SECONDS = 0.02  # between such a call and the blow
KILLS = ("kill", "kill", "term", "hup")
AWAY = ("pause", "pause", "pause_both", "pause_anywhere")
TROUBLE = ("lost:rate=0.05,route=", "error_after:status=502,rate=0.03,route=")


@dataclass
class _Armed:
    calls_left: int
    only_writes: bool
    blow: Callable[[], None]


class Storm:
    """A storm.

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

    # What strikes

    def _signal(self, number: int) -> None:
        writer = self._begin()
        self._strike(writer, lambda: writer.send_signal(number), late=self._dice.random() < 0.5)
        self._end(writer)

    def kill(self) -> None:
        """SIGKILL."""
        self._signal(signal.SIGKILL)

    def term(self) -> None:
        """SIGTERM: an orderly end."""
        self._signal(signal.SIGTERM)

    def hup(self) -> None:
        """SIGHUP: the terminal is gone."""
        self._signal(signal.SIGHUP)

    def _pause(self, writer: Writer) -> bool:
        """Pause a writer while it waits for the answer to a write, for longer than its lock lives."""
        if self._strike(writer, lambda: writer.send_signal(signal.SIGSTOP), writes=True):
            self._ledger.free_locks()
            return True
        self._end(writer)
        return False

    def pause(self) -> None:
        """A host is suspended, another one takes over, and it wakes."""
        first = self._begin(concurrency=1)
        if self._pause(first):
            self._end(self._begin(host=1))
            self._wake(first, certain=True)
            self._end(first)

    def pause_both(self) -> None:
        """Two hosts are suspended one after the other, a third one takes over, and both wake at once."""
        first = self._begin(concurrency=1)
        if not self._pause(first):
            return
        second = self._begin(host=1, concurrency=1)
        if self._pause(second):
            self._end(self._begin())
            overtaken = self._history.successor(second.name) is not None  # else it is still the writer
            for writer in (both := self._dice.sample([first, second], 2)):
                self._wake(writer, certain=True, alone=overtaken)
            for writer in both:
                self._end(writer)
        else:
            self._wake(first, certain=True)
            self._end(first)

    def crm_down(self) -> None:
        """The link to the CRM goes down, and comes up when the writer has given up; another one goes on elsewhere."""
        writer = self._begin()
        self._strike(writer, self._links[0].down)
        self._end(writer)
        self._links[0].up()
        self._end(self._begin(host=1))
        self._links[0].settle()

    def void(self) -> None:
        """What a host sends goes nowhere for a while; another one takes over when it has given up."""
        writer, link = self._begin(), cast("Way", self._links[0])
        self._strike(writer, link.swallow)
        self._end(writer)
        link.pass_on()
        self._end(self._begin(host=1))
        link.settle()

    def ledger_down(self) -> None:
        """The link to the ledger goes down, the server gives the host up, another takes over, and the link comes up."""
        writer = self._begin(host=0, concurrency=1)
        link = self._ledger.links[0]
        if self._strike(writer, link.down, writes=True):
            self._ledger.free_locks()
            self._end(self._begin(host=1))
            self._history.woken.append(Woken(writer.name, time.monotonic(), certain=True, ledger=self._ledger.rows()))
            link.up()
        self._end(writer)

    def host_lost(self) -> None:
        """A host goes off the net and loses its power a moment later; another waits until the server gives it up."""
        writer = self._begin(host=0)
        links = [self._links[0], *self._ledger.links[:1]]

        def lose() -> None:
            for link in links:
                link.down()

        if self._strike(writer, lose):
            self._after_a_moment(lambda: writer.send_signal(signal.SIGKILL))
            self._end(writer)
            self._end(self._begin(host=1, lock_wait_seconds=GIVEN_UP_SECONDS))
            for link in links:
                link.up()
            self._end(self._begin(host=1))
            self._links[0].settle()
        else:
            self._end(writer)

    def pause_at_commit(self) -> None:
        """A host is suspended while the server commits what it is about to send, and wakes when another took over."""
        writer = self._begin(host=0, concurrency=1)
        link = cast("Relay", self._ledger.links[0])
        left = self._dice.randrange(2, MOST_COMMITS)

        def look(came: bytes) -> None:
            nonlocal left
            left -= b"COMMIT" in came
            if left == 0 and not writer.struck:
                writer.send_signal(signal.SIGSTOP)
                self.signals += 1
                writer.strike()

        link.on_bytes = look
        writer.came.wait()
        link.on_bytes = lambda _: None
        if writer.struck:
            self._ledger.free_locks()
            self._end(self._begin(host=1))
            self._wake(writer, certain=True)
        self._end(writer)

    def pause_anywhere(self) -> None:
        """A host is suspended whatever it does just then, and wakes when another took over."""
        writer = self._begin(concurrency=1)
        if self._strike(writer, lambda: writer.send_signal(signal.SIGSTOP), late=True):
            self._ledger.free_locks()
            self._end(self._begin(host=1))
            self._wake(writer, certain=False)
        self._end(writer)

    def server_restarts(self) -> None:
        """The ledger's server crashes and comes back."""
        writer = self._begin()
        self._strike(writer, self._ledger.restart, late=True)
        self._end(writer)

    def sessions_end(self) -> None:
        """The ledger's server ends all sessions while a writer goes on."""
        writer = self._begin()
        self._strike(writer, self._ledger.free_locks, late=self._dice.random() < 0.5)
        self._end(writer)

    def quota_restarts(self) -> None:
        """The server of the shared quota crashes, and comes back empty."""
        assert self._quota is not None
        writer = self._begin()
        self._strike(writer, self._quota[0].restart, late=True)
        self._end(writer)

    def quota_down(self) -> None:
        """The link to the shared quota goes down, and comes up when the writer has given up; another one goes on."""
        assert self._quota is not None
        link = self._quota[1][0]
        writer = self._begin()
        self._strike(writer, link.down)
        self._end(writer)
        link.up()
        self._end(self._begin(host=1))

    # The whole

    def rage(self, signals: int, kinds: Sequence[str]) -> None:
        """Strike so often, each kind at least once where there are enough; then let a last run come to its end.

        Raises:
            AssertionError: A promise is broken.
        """
        bag: list[str] = []
        while self.signals < signals:
            bag = bag or self._dice.sample(kinds, len(kinds))
            self._round(bag.pop())
        for _ in range(5):
            if self._round("calm"):
                return
        raise AssertionError("five runs in calm weather did not come to the end: " + "\n".join(self.log[-5:]))

    def calm(self) -> None:
        """Nothing strikes."""
        self._emulator.no_trouble()
        self._end(self._begin())

    def _round(self, kind: str) -> bool:
        """Let one thing happen, and check; returns whether all that was told is written."""
        self.log.append(kind)
        self._writers = []
        start = self._place
        getattr(self, kind)()
        codes = {ended.writer: ended.code for ended in self._history.ended}
        done = any(code == 0 for code in codes.values())
        expected = [self._case.name_of(number) for number in range(self._records)] if done else None
        found = violations(self._history, self._names(), expected)
        if done:
            lost = [each for each in set(self._changed) if not self._case.shows_change(self._vendor, each)]
            found += [f"{self._case.name_of(each)} lost its change" for each in lost]
        assert not found, "\n".join([*found, "", *self.log[-12:]])
        wrote = [each for each in self._writers if each.place is not None]
        self._place = wrote[-1].place or 0 if wrote else min(start, self._place)
        self._history = replace(History(TIMEOUT_SECONDS))
        if done and kind != "calm":
            self._tell()
        return done
