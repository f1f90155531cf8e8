"""Connections that ask, immediately before anything of a request leaves, whether it still may."""

from __future__ import annotations

import socket
import threading
import time
import weakref
from collections.abc import Callable
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from typing_extensions import override
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from crm_api.transport import failures

# Goes on while the machine sleeps, where the system has such a clock.
_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Permit:
    """The right to send, for a while after each proof of it.

    Args:
        good_seconds: How long a proof is good.
        prove: Proves the right once more, and sets ``proved_at``; raises if it is lost.
        boot: Seconds since the machine was started, those included in which it slept.
        wall: Unix seconds. Neither clock shows every pause of a process or a machine; both together do.

    Attributes:
        boot: As given.
        wall: As given.
        proved_at: The seconds of both clocks at which the last proof was begun.
    """

    def __init__(
        self,
        good_seconds: float,
        prove: Callable[[], None],
        *,
        boot: Callable[[], float] = lambda: time.clock_gettime(_BOOT),
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._good_seconds = good_seconds
        self._prove = prove
        self.boot = boot
        self.wall = wall
        self.proved_at = (boot(), wall())
        self._proving = threading.Lock()

    def check(self) -> None:
        """Return at once if the last proof is good; else prove the right once more.

        Raises:
            CrmError: The right is lost, or cannot be proved.
        """
        if self._is_old():
            with self._proving:  # one thread is enough
                if self._is_old():
                    self._prove()

    def _is_old(self) -> bool:
        boot, wall = self.proved_at
        return not (0 <= self.boot() - boot <= self._good_seconds and abs(self.wall() - wall) <= self._good_seconds)


class PermittedAdapter(HTTPAdapter):
    """Keeps connections, and checks a permit before each write to one of them.

    A process can be stopped between any two steps, and what was true then need not be true when it goes on: the permit
    is checked at the last step that is ours, once the connection is there.

    Args:
        connections: Connections to one host, at most; further requests wait for one.
        timeout_seconds: How long a request waits for an answer.
        response: Reads an answer from a socket, as ``http.client.HTTPResponse`` does.

    Attributes:
        permit: Checked before each write; None: everything may leave.
    """

    def __init__(self, connections: int, timeout_seconds: float, response: Any = HTTPResponse) -> None:
        self.permit: Permit | None = None
        self._response = response
        self._socket_options = [*HTTPConnection.default_socket_options, *_forgetting_after(timeout_seconds / 2)]
        super().__init__(pool_connections=2, pool_maxsize=connections, pool_block=True)

    @override
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options, socket_options=self._socket_options)
        self._check_in(self.poolmanager)

    @override
    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options, socket_options=self._socket_options)
        self._check_in(manager)
        return manager

    def _check_in(self, manager: PoolManager) -> None:
        # urllib3 keeps idle connections in a registry of the process: they must not keep the adapter, and what its
        # permit proves, from being freed.
        reference = weakref.ref(self)

        class Checked(HTTPConnection):
            response_class = self._response

            @override
            def connect(self) -> None:
                try:
                    super().connect()
                except Exception as error:
                    failures.mark_unsent(error)  # a proxy or TLS failed: nothing of the request has left
                    raise

            @override
            def send(self, data: Any) -> None:
                if self.sock is None:
                    self.connect()
                adapter = reference()
                if adapter is not None and adapter.permit is not None:
                    adapter.permit.check()
                super().send(data)

        class CheckedEncrypted(Checked, HTTPSConnection):
            pass

        class Pool(HTTPConnectionPool):
            ConnectionCls = Checked

        class EncryptedPool(HTTPSConnectionPool):
            ConnectionCls = CheckedEncrypted

        manager.pool_classes_by_scheme = {"http": Pool, "https": EncryptedPool}


def _forgetting_after(seconds: float) -> list[tuple[int, int, int]]:
    """Return the option by which the kernel gives up what a link swallowed, even when the process has ended.

    Else it sends it again and again, for minutes: a create could arrive when the link is up again, long after the next
    run found that it was never carried out. A permit is good for half the time in which a create can still turn up, and
    this is the other half. Where the system lacks the option (macOS), nothing is set.
    """
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    return [] if option is None else [(socket.IPPROTO_TCP, option, max(1, int(seconds * 1000)))]
