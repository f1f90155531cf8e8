"""The listening socket, able to refuse connections for a while."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl

from crm_emulator.addresses import HOST, is_every, resolved
from crm_emulator.application import Application
from crm_emulator.protocol import Connection

_logger = logging.getLogger(__name__)

_BACKLOG = 1024
_RETRY_SECONDS = 1.0


class Listener:
    """Accepts connections for an application.

    It listens without ``loop.create_server``, whose server cannot be closed in the middle of an accept without leaving
    a transport open for ever (Python 3.11), nor say which accepts are still under way.

    Attributes:
        host: The address that is listened on.
        port: The port that was asked for (0: any free one) and, once started, the one in use.
        connections: The open connections.
    """

    def __init__(
        self, application: Application, port: int = 0, host: str = HOST, tls: ssl.SSLContext | None = None
    ) -> None:
        self.host = host
        self.port = port
        self.connections: set[Connection] = set()
        self._application = application
        self._socket: socket.socket | None = None
        self._tls = tls
        self._accepts: dict[asyncio.Task[object], socket.socket] = {}
        self._refusals = 0
        self._is_closed = False

    def start(self) -> None:
        """Listen on the running loop; raises OSError when the port is taken or the address is not this machine's."""
        self._socket = _listening_socket(self.host, self.port)
        self.port = self._socket.getsockname()[1]
        self._watch(self._socket)

    def _watch(self, listening: socket.socket) -> None:
        if listening is self._socket:
            asyncio.get_running_loop().add_reader(listening, self._accept_waiting, listening)

    def _accept_waiting(self, listening: socket.socket) -> None:
        """Accept the connections that the system has ready, each in a task of its own."""
        loop = asyncio.get_running_loop()
        for _ in range(_BACKLOG):
            try:
                accepted, _ = listening.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError:  # no file descriptor is free; one may be in a while, and the clients wait in the backlog
                loop.remove_reader(listening)
                loop.call_later(_RETRY_SECONDS, self._watch, listening)
                return
            opening = loop.connect_accepted_socket(lambda: Connection(self._application, self), accepted, ssl=self._tls)
            task: asyncio.Task[object] = loop.create_task(opening)
            self._accepts[task] = accepted
            task.add_done_callback(self._accepted)

    def _accepted(self, task: asyncio.Task[object]) -> None:
        """Take note of an accept that has ended, well or not: a client may not trust the certificate."""
        del self._accepts[task]
        if not task.cancelled() and (failure := task.exception()) is not None:
            _logger.info("a connection was not made: %s", failure)

    def opened(self, connection: Connection) -> None:
        """Take note of a connection that is open now; reset it if connections are refused since it was accepted."""
        self.connections.add(connection)
        if self._socket is None:
            connection.reset()

    def closed(self, connection: Connection) -> None:
        """Take note of a connection whose socket is about to be closed."""
        self.connections.discard(connection)

    async def close(self) -> None:
        """Close the socket and all connections for good, and wait until they are closed.

        Each connection gets one round of the loop to close in good order; one that still has something to send, to a
        client that may never read it, is aborted.
        """
        self._is_closed = True
        self._stop_listening()
        under_way = dict(self._accepts)
        if self._tls is not None:  # a client that says nothing would be waited for
            for task in under_way:
                task.cancel()
        ended = await asyncio.gather(*under_way, return_exceptions=True)
        for connection in list(self.connections):
            connection.close()
        await asyncio.sleep(0)
        for connection in list(self.connections):
            connection.abort()
        await asyncio.sleep(0)
        for accepted, result in zip(under_way.values(), ended, strict=True):
            if isinstance(result, BaseException):  # nothing else closes one whose accept was never begun
                accepted.close()

    def _stop_listening(self) -> None:
        if self._socket is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None

    def refuse(self, seconds: float | None = None) -> None:
        """Refuse connections for this many real seconds, or until ``accept`` is called."""
        self._refusals += 1
        self._stop_listening()
        for connection in list(self.connections):
            connection.reset()
        if seconds is not None:
            asyncio.get_running_loop().call_later(seconds, self._accept_after, self._refusals)

    def _accept_after(self, refusal: int) -> None:
        if refusal == self._refusals:
            self.accept()

    def accept(self) -> None:
        """Listen again on the same port."""
        if self._socket is None and not self._is_closed:
            self.start()


def _listening_socket(host: str, port: int) -> socket.socket:
    family, address = resolved(host, port)
    # The protocol is named, since asyncio sends small answers at once (TCP_NODELAY) only where it is.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.settimeout(0.0)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, not is_every(host))
        listening.bind(address)
        listening.listen(_BACKLOG)
    except BaseException:
        listening.close()
        raise
    return listening
