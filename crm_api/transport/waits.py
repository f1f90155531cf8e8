"""Waits for a server or another process that mostly take no time at all: one that lasts is told of, and has an end."""

from __future__ import annotations

import logging
import os
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from typing_extensions import override

if TYPE_CHECKING:
    import psycopg

TELL_SECONDS = 1.0  # of a wait, after which it is told
CONNECT_SECONDS = 10  # in which a server lets a second session in, unless it has stopped
ON_THE_WAY_SECONDS = 1.0  # in which a statement, or its answer, gets from one process to the other
UNCERTAIN_SECONDS = 3600.0  # of a wait, after which a server counts as stopped of which nobody could tell
GIVE_UP_SECONDS = 45.0  # of a wait, after which nobody waits on: longer than the limits that servers keep themselves
_OF_POOLERS = re.compile("query_wait_timeout|cannot connect to server|server_login_retry|server login")
"""Said by a pooler that could get no further session of its server: all are taken, or the server has stopped."""
_STATE = "SELECT state FROM pg_stat_activity WHERE pid = %s"
logger = logging.getLogger("crm_api.waits")

Place = tuple[str, int, str]
"""A database: host, port and name."""


@dataclass(eq=False)
class _Wait:
    """A wait that has begun.

    Attributes:
        began: When (monotonic seconds).
        looked_at: When it was last found to last too long, or began.
        give_up: Ends it; None: it has an end of its own.
        is_told: Whether it is told if it lasts.
    """

    began: float
    looked_at: float
    give_up: Callable[[], object] | None
    is_told: bool


class WaitTeller:
    """Tells of waits for one thing, once each; one thread watches all of them, from the first on.

    Args:
        what: What is waited for, for people.

    Attributes:
        give_up_seconds: How long a wait may last that can be given up.
        witnesses: What asks a database something small in a session that is there already.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self.give_up_seconds = GIVE_UP_SECONDS
        self.witnesses: dict[Place, Callable[[], object]] = {}
        self._waits: dict[int, _Wait] = {}  # one may lie within another
        self._told: set[_Wait] = set()
        self._watching: threading.Thread | None = None

    @contextmanager
    def told(self, give_up: Callable[[], object] | None = None, *, quietly: bool = False) -> Iterator[None]:
        """Tell of the wait within the block, if it lasts.

        Args:
            give_up: Ends the wait, with an exception in the block; called whenever it has lasted for another
                ``give_up_seconds``. For what waits without an end of its own.
            quietly: Tell nothing: somebody else does, or work that takes long is no wait.
        """
        now = time.monotonic()
        wait = _Wait(now, now, give_up, not quietly)
        self._waits[id(wait)] = wait
        if self._watching is None:
            self._watching = threading.Thread(target=self._watch, name="waits", daemon=True)
            self._watching.start()
        try:
            yield
        finally:
            del self._waits[id(wait)]

    def _watch(self) -> None:
        while True:
            time.sleep(TELL_SECONDS / 4)
            now = time.monotonic()
            for wait in self._waits.copy().values():
                if wait.give_up is not None and now - wait.looked_at >= self.give_up_seconds:
                    wait.looked_at = now
                    with suppress(Exception):  # of a session that ended meanwhile: nobody waits any more
                        wait.give_up()
            lasting = {
                wait for wait in self._waits.copy().values() if wait.is_told and now - wait.began >= TELL_SECONDS
            }
            if lasting and not self._told:  # several threads that wait for one thing say so once
                logger.info("Waiting for %s", self._what)
            self._told = {wait for wait in lasting if id(wait) in self._waits}


FOR_QUOTA_STORE = WaitTeller("the store that quota_url names")
FOR_LEDGER_SERVER = WaitTeller("the server that ledger_url names")
FOR_SNAPSHOT_SERVER = WaitTeller("the server that snapshot_url names")


def hang_up(descriptor: int, noted: threading.Event | None = None) -> None:
    """End a connection under whoever waits for its answer, which a server that has stopped never gives.

    Args:
        descriptor: The connection's socket.
        noted: Set before it is ended, for whoever asks why.
    """
    if noted is not None:
        noted.set()
    with suppress(OSError), socket.socket(fileno=os.dup(descriptor)) as connection:
        connection.shutdown(socket.SHUT_RDWR)


@cache
def watched_session(teller: WaitTeller) -> type[psycopg.Connection[Any]]:
    """Return the class of PostgreSQL sessions that end if their server has stopped in the midst of a statement.

    Keepalives tell a host that is lost. Of a process that has stopped, such as in a machine that was paused, the kernel
    still answers, and libpq waits without end. A statement on which the server works is waited for, however long; also
    where a pooler has no session left in which the server could be asked.

    Raises:
        ModuleNotFoundError: The driver is not installed.
    """
    import psycopg  # noqa: PLC0415 - an optional dependency

    # It warns of errors that it ignores at the end of a pipeline. The one that matters it raises.
    logging.getLogger("psycopg").setLevel(logging.ERROR)

    class Session(psycopg.Connection[Any]):
        @override
        def wait(self, *arguments: Any, **options: Any) -> Any:
            waiting = object()
            known_at = time.monotonic()

            def end_if_stopped() -> None:
                nonlocal known_at
                has_stopped = _has_stopped(self, teller.witnesses.get(place_of(self)))
                if has_stopped is False:
                    known_at = time.monotonic()
                elif has_stopped is None:
                    has_stopped = time.monotonic() - known_at >= UNCERTAIN_SECONDS
                # The statement may have been answered while the server was asked.
                if has_stopped and self.waiting is waiting:
                    hang_up(self.fileno())

            self.waiting: object = waiting
            try:
                with teller.told(end_if_stopped, quietly=True):
                    return super().wait(*arguments, **options)
            finally:
                self.waiting = None

        @property
        @override
        def broken(self) -> bool:
            # Where a pooler tells that the server ended the session amid many statements, libpq cannot leave its
            # pipeline any more: nothing can be asked in this session, not even a ROLLBACK.
            return super().broken or self.pgconn.pipeline_status != psycopg.pq.PipelineStatus.OFF

    return Session


def place_of(session: psycopg.Connection[Any]) -> Place:
    """Return the database of a session."""
    return session.info.host, session.info.port, session.info.dbname


def _has_stopped(session: psycopg.Connection[Any], witness: Callable[[], object] | None) -> bool | None:
    """Tell whether a server that is busy with a statement, as we think, answers nobody, or has not read the statement.

    Args:
        session: The session with the statement.
        witness: Asks the database in a session that is there already; None without one.

    Returns:
        None if nobody could tell: a pooler has no session left, and there is no witness.
    """
    import psycopg  # noqa: PLC0415 - an optional dependency

    info, too_late = session.info, threading.Event()
    try:
        with psycopg.connect(info.dsn, password=info.password, connect_timeout=CONNECT_SECONDS) as other:
            # A pooler lets a session in for which it has no process of the server.
            end = threading.Timer(CONNECT_SECONDS, hang_up, [other.fileno(), too_late])
            end.daemon = True
            end.start()
            try:
                is_idle = _is_idle(other, info.backend_pid)
                if is_idle:  # on a busy machine, its statement or its answer may be on the way
                    time.sleep(ON_THE_WAY_SECONDS)
                    is_idle = _is_idle(other, info.backend_pid)
            finally:
                end.cancel()
    except psycopg.errors.ConnectionTimeout:
        return True
    except psycopg.Error as error:
        if not too_late.is_set() and _OF_POOLERS.search(str(error)) is None:
            return False  # it is there, and what ails it the statement will meet
        return None if witness is None else not _answers(witness)
    return is_idle


def _is_idle(other: psycopg.Connection[Any], process: int) -> bool:
    """Tell whether a process of the server waits for its next statement."""
    state = other.execute(_STATE, [process]).fetchone()
    return state is not None and str(state[0]).startswith("idle")


def _answers(witness: Callable[[], object]) -> bool:
    """Tell whether a witness gets an answer, whichever, within a time in which any server gives it."""
    answered = threading.Event()

    def ask() -> None:
        with suppress(Exception):  # of a session that has ended: somebody ended it
            witness()
        answered.set()

    threading.Thread(target=ask, name="witness", daemon=True).start()
    return answered.wait(CONNECT_SECONDS)
