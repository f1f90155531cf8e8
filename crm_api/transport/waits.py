"""Waits for a server or another process that mostly take no time at all: one that lasts is told of, and has an end."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

TELL_SECONDS = 1.0  # of a wait, after which it is told
GIVE_UP_SECONDS = 45.0  # of a wait, after which nobody waits on: longer than the limits that servers keep themselves
logger = logging.getLogger("crm_api.waits")


class WaitTeller:
    """Tells of waits for one thing, once each; one thread watches all of them, from the first on.

    Args:
        what: What is waited for, for people.

    Attributes:
        give_up_seconds: How long a wait may last that can be given up.
    """

    def __init__(self, what: str) -> None:
        self._what = what
        self.give_up_seconds = GIVE_UP_SECONDS
        self._began: dict[object, float] = {}  # one wait may lie within another
        self._give_up: dict[object, Callable[[], None]] = {}
        self._told: set[object] = set()
        self._watching: threading.Thread | None = None

    @contextmanager
    def told(self, give_up: Callable[[], None] | None = None) -> Iterator[None]:
        """Tell of the wait within the block, if it lasts.

        Args:
            give_up: Ends the wait, with an exception in the block, if it lasts for ``give_up_seconds``. For what waits
                without an end of its own.
        """
        wait = object()
        if give_up is not None:
            self._give_up[wait] = give_up
        self._began[wait] = time.monotonic()
        if self._watching is None:
            self._watching = threading.Thread(target=self._watch, name="waits", daemon=True)
            self._watching.start()
        try:
            yield
        finally:
            del self._began[wait]
            self._give_up.pop(wait, None)

    def _watch(self) -> None:
        while True:
            time.sleep(TELL_SECONDS / 4)
            now = time.monotonic()
            for wait, began in self._began.copy().items():
                if now - began >= self.give_up_seconds and (give_up := self._give_up.pop(wait, None)):
                    give_up()
            lasting = {wait for wait, began in self._began.copy().items() if now - began >= TELL_SECONDS}
            if lasting and not self._told:  # several threads that wait for one thing say so once
                logger.info("Waiting for %s", self._what)
            self._told = {wait for wait in lasting if wait in self._began}


FOR_QUOTA_STORE = WaitTeller("the store that quota_url names")
FOR_LEDGER_SERVER = WaitTeller("the server that ledger_url names")
