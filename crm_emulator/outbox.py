"""Requests that a CRM itself sends, to receivers of webhooks: each once, when it is due, to each receiver in order."""

from __future__ import annotations

import re
import socket
import ssl
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Condition, Event, Thread, Timer
from typing import Any
from urllib.parse import quote, urlsplit

from crm_emulator.clock import Clock
from crm_emulator.credentials import HIDDEN
from crm_emulator.messages import encode

_KEPT = 1_000
_PATIENCE_SECONDS = 10.0
_LOOK_SECONDS = 0.2  # a clock may be moved meanwhile
_LANES = 16  # threads at most
_OWN_HEADERS = frozenset({"connection", "content-length", "host", "transfer-encoding"})


@dataclass(slots=True)
class Notification:
    """One request to a receiver, and what became of it.

    Attributes:
        due: Unix seconds on the emulator's clock from which on it is sent.
        target: The receiver's URL.
        secret: The names in ``body`` whose values are shown to nobody but the receiver.
        outcome: ``waiting``; ``sent`` or ``refused`` (with the ``status`` of the answer: 2xx, or another); ``failed``
            without an answer (with ``error``); or ``lost`` and ``over the limit``, which are never sent.
    """

    due: float
    target: str
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    secret: frozenset[str] = frozenset()
    outcome: str = "waiting"
    status: int | None = None
    error: str = ""

    def as_record(self) -> dict[str, Any]:
        """Return the notification as the control API shows it, without what may be secret."""
        names = ("due", "outcome", "status", "error")
        body = {name: HIDDEN if name in self.secret else value for name, value in self.body.items()}
        return {"target": self.shown_target, "body": body, **{name: getattr(self, name) for name in names}}

    @property
    def shown_target(self) -> str:
        """The receiver's URL without a password."""
        return re.sub(r"//[^/?#]*@", f"//{HIDDEN}@", self.target)


class Outbox:
    """Notifications, waiting and sent. A receiver that hangs holds up its own alone: each has a thread of its own."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._all: deque[Notification] = deque(maxlen=_KEPT)
        self._waiting: list[Notification] = []
        self._sending = 0
        self._asked: list[Future[None]] = []
        self._changed = Condition()
        self._lanes: dict[str, int] = {}
        self._threads: dict[int, Thread] = {}
        self._open: set[HTTPConnection] = set()
        self._is_closed = False

    @property
    def notifications(self) -> list[Notification]:
        """The newest notifications, oldest first."""
        with self._changed:
            return list(self._all)

    def put(self, notification: Notification) -> None:
        """Take a notification: it is sent when it is due, unless its outcome is known."""
        with self._changed:
            self._all.append(notification)
            if notification.outcome == "waiting" and not self._is_closed:
                self._waiting.append(notification)
                self._start(self._lane(notification))
                self._changed.notify_all()

    def fire(self) -> Future[None]:
        """Send all that is due now; the future is done when it has been sent, or has failed."""
        asked: Future[None] = Future()
        with self._changed:
            self._asked.append(asked)
            self._tell()
            self._changed.notify_all()
        return asked

    def clear(self) -> None:
        """Forget all notifications; those that wait are not sent."""
        with self._changed:
            self._all.clear()
            self._waiting.clear()
            self._tell()

    def close(self) -> None:
        """End the threads, and what they are sending; what waits is not sent."""
        with self._changed:
            self._is_closed = True
            for connection in self._open:
                _break_off(connection)
            self._tell()
            self._changed.notify_all()
        for thread in self._threads.values():
            thread.join(_PATIENCE_SECONDS)

    def _lane(self, notification: Notification) -> int:
        """Return the number of the thread that sends to a receiver."""
        return self._lanes.setdefault(urlsplit(notification.target).netloc, len(self._lanes) % _LANES)

    def _start(self, lane: int) -> None:
        if lane not in self._threads:
            self._threads[lane] = Thread(
                target=self._run, args=(lane,), name=f"crm-emulator-outbox-{lane}", daemon=True
            )
            self._threads[lane].start()

    def _run(self, lane: int) -> None:
        while (notification := self._next(lane)) is not None:
            self._send(notification)
            with self._changed:
                self._sending -= 1
                self._tell()

    def _next(self, lane: int) -> Notification | None:
        """Wait for the next notification of a lane that is due, and take it; None at the end."""
        with self._changed:
            while not self._is_closed:
                mine = [each for each in self._waiting if self._lane(each) == lane]
                due = min((each for each in mine if self._is_due(each)), key=lambda each: each.due, default=None)
                if due is not None:
                    self._waiting.remove(due)
                    self._sending += 1
                    return due
                self._changed.wait(_LOOK_SECONDS if mine and self._clock.frozen_at is None else None)
        return None

    def _is_due(self, notification: Notification) -> bool:
        return notification.due <= self._clock.now()

    def _tell(self) -> None:
        """Tell those who asked, where nothing is left that is due."""
        if self._is_closed or not (self._sending or any(map(self._is_due, self._waiting))):
            while self._asked:
                self._asked.pop().set_result(None)

    def _send(self, notification: Notification) -> None:
        """Send a notification once, and note what came of it; a redirect is not followed."""
        expired = Event()
        try:
            parts = urlsplit(notification.target)
            path = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe="/?&=%:@!$'()*+,;~")
            own = {name: value for name, value in notification.headers.items() if name.lower() not in _OWN_HEADERS}
            connection = _connection(parts.scheme, parts.hostname or "", parts.port)
            with self._watched(connection, expired):
                connection.connect()
                self._require_open()  # what was still connecting could not be broken off
                connection.request("POST", path, encode(notification.body), {"Content-Type": "application/json", **own})
                status = connection.getresponse().status
            if expired.is_set():  # a head that is broken off is read as if it were whole
                raise TimeoutError
        except (OSError, HTTPException, ValueError) as error:
            late = expired.is_set() or isinstance(error, TimeoutError)
            said = f"no answer within {_PATIENCE_SECONDS:g} seconds" if late else str(error).strip()
            notification.error = said or type(error).__name__
            notification.outcome = "failed"
        else:
            notification.status = status
            notification.outcome = "sent" if 200 <= status < 300 else "refused"  # noqa: PLR2004 - 2xx

    def _require_open(self) -> None:
        """Raise OSError at the end of the emulator."""
        with self._changed:
            if self._is_closed:
                raise OSError("the emulator ended")

    @contextmanager
    def _watched(self, connection: HTTPConnection, expired: Event) -> Iterator[None]:
        """Break a connection off when its receiver has had its time, or at the end; close it in any case."""

        def expire() -> None:
            expired.set()
            _break_off(connection)

        timer = Timer(_PATIENCE_SECONDS, expire)
        timer.daemon = True
        with self._changed:
            self._open.add(connection)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            with self._changed:
                self._open.discard(connection)
            connection.close()


def _break_off(connection: HTTPConnection) -> None:
    """End a connection under the thread that waits for it."""
    with suppress(OSError, AttributeError):  # it may not be there yet, or no longer
        connection.sock.shutdown(socket.SHUT_RDWR)


def _connection(scheme: str, host: str, port: int | None) -> HTTPConnection:
    """Return a connection to a receiver; its certificate is not verified, since a test's is seldom signed."""
    if scheme != "https":
        return HTTPConnection(host, port, timeout=_PATIENCE_SECONDS)
    unverified = ssl.create_default_context()
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    return HTTPSConnection(host, port, timeout=_PATIENCE_SECONDS, context=unverified)
