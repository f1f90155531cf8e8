"""Requests that a CRM itself sends, to receivers of webhooks: each once, when it is due, in a thread of its own."""

from __future__ import annotations

import ssl
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from threading import Condition, Thread
from typing import Any
from urllib.parse import urlsplit

from crm_emulator.clock import Clock
from crm_emulator.messages import encode

_KEPT = 1_000
_PATIENCE_SECONDS = 10.0
_LOOK_SECONDS = 0.2  # a clock may be moved meanwhile


@dataclass(slots=True)
class Notification:
    """One request to a receiver, and what became of it.

    Attributes:
        due: Unix seconds on the emulator's clock from which on it is sent.
        target: The receiver's URL.
        outcome: ``waiting``, ``sent`` (with the ``status`` of the answer), ``failed`` (with ``error``), or ``lost`` and
            ``over the limit``, which are never sent.
    """

    due: float
    target: str
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)
    outcome: str = "waiting"
    status: int | None = None
    error: str = ""

    def as_record(self) -> dict[str, Any]:
        """Return the notification as the control API shows it; its headers, which may be secret, are left out."""
        names = ("due", "target", "body", "outcome", "status", "error")
        return {name: getattr(self, name) for name in names}


class Outbox:
    """Notifications, waiting and sent. Its thread starts with the first one."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._all: deque[Notification] = deque(maxlen=_KEPT)
        self._waiting: list[Notification] = []
        self._asked: list[Future[None]] = []
        self._changed = Condition()
        self._thread: Thread | None = None
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
            if notification.outcome == "waiting":
                self._waiting.append(notification)
                self._wake()

    def fire(self) -> Future[None]:
        """Send all that is due now; the future is done when it has been sent, or has failed."""
        asked: Future[None] = Future()
        with self._changed:
            if self._is_closed:
                asked.set_result(None)
            else:
                self._asked.append(asked)
                self._wake()
        return asked

    def clear(self) -> None:
        """Forget all notifications; those that wait are not sent."""
        with self._changed:
            self._all.clear()
            self._waiting.clear()

    def close(self) -> None:
        """End the thread; what waits is not sent."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()

    def _wake(self) -> None:
        if self._thread is None and not self._is_closed:
            self._thread = Thread(target=self._run, name="crm-emulator-outbox", daemon=True)
            self._thread.start()
        self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                notification = self._next()
                if notification is None:
                    return
            _send(notification)

    def _next(self) -> Notification | None:
        """Wait for the next notification that is due and take it; None at the end."""
        while not self._is_closed:
            now = self._clock.now()
            due = min((each for each in self._waiting if each.due <= now), key=lambda each: each.due, default=None)
            if due is not None:
                self._waiting.remove(due)
                return due
            self._tell()
            self._changed.wait(_LOOK_SECONDS if self._waiting and self._clock.frozen_at is None else None)
        self._tell()
        return None

    def _tell(self) -> None:
        """Tell those who asked that nothing is left to be sent."""
        while self._asked:
            self._asked.pop().set_result(None)


def _send(notification: Notification) -> None:
    """Send a notification once, and note what came of it."""
    try:
        parts = urlsplit(notification.target)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers = {"Content-Type": "application/json", **notification.headers}
        connection = _connection(parts.scheme, parts.hostname or "", parts.port)
        try:
            connection.request("POST", path, body=encode(notification.body), headers=headers)
            notification.status = connection.getresponse().status
        finally:
            connection.close()
    except (OSError, HTTPException, ValueError) as error:
        notification.outcome, notification.error = "failed", str(error) or type(error).__name__
    else:
        notification.outcome = "sent"


def _connection(scheme: str, host: str, port: int | None) -> HTTPConnection:
    """Return a connection to a receiver; its certificate is not verified, since a test's is seldom signed."""
    if scheme != "https":
        return HTTPConnection(host, port, timeout=_PATIENCE_SECONDS)
    unverified = ssl.create_default_context()
    unverified.check_hostname = False
    unverified.verify_mode = ssl.CERT_NONE
    return HTTPSConnection(host, port, timeout=_PATIENCE_SECONDS, context=unverified)
