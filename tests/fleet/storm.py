"""A storm over writers of one account: each round something strikes one or two of them, and promises are checked."""

from __future__ import annotations

import signal
import time
from collections.abc import Sequence
from typing import cast

from tests.fleet.history import History, Woken, violations
from tests.fleet.hosts import Link as Way
from tests.fleet.ledgers import ServerLedger
from tests.fleet.quarrel import TIMEOUT_SECONDS, Quarrel
from tests.fleet.relays import Relay
from tests.fleet.writers import Writer

MOST_COMMITS = 30  # a run can be struck at one of so many first commits
GIVEN_UP_SECONDS = 60  # by then a server has given up a host that is gone: twice what is promised
PROOF_SECONDS = TIMEOUT_SECONDS / 2  # for which a writer may send without asking whether it is still the only one
KILLS = ("kill", "kill", "term", "hup")
AWAY = ("pause", "pause", "pause_both", "pause_anywhere")


class Storm(Quarrel):
    """A quarrel in which things strike: each kind is a method, named in ``rage``."""

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
        """Lose what a host sends for a while; another one takes over when it has given up."""
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
        left, stopped_at = self._dice.randrange(2, MOST_COMMITS), 0.0

        def look(came: bytes) -> None:
            nonlocal left, stopped_at
            left -= b"COMMIT" in came
            if left == 0 and not writer.struck:
                writer.send_signal(signal.SIGSTOP)
                stopped_at = time.monotonic()
                self.signals += 1
                writer.strike()

        link.on_bytes = look
        writer.came.wait()
        link.on_bytes = lambda _: None
        if writer.struck:
            self._ledger.free_locks()
            self._end(self._begin(host=1))
            # The commit proved its right to send: it cannot know better for as long as that proof is good.
            self._wake(writer, certain=time.monotonic() > stopped_at + PROOF_SECONDS)
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
        assert isinstance(self._ledger, ServerLedger)
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
        self._history = History(TIMEOUT_SECONDS)
        if done and kind != "calm":
            self._tell()
        return done
