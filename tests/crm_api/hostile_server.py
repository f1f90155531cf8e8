"""A server that answers with any bytes, for what no HTTP library would send."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress

PIECE = b"x" * (1 << 16)


class HostileServer:
    """Answers each connection's request with the same pieces, and then closes it.

    Attributes:
        pieces: Makes the pieces of the next answers; they may be endless.
        sent: Bytes that were sent since the pieces were set, until the client had enough.
        url: The address of the server.
    """

    def __init__(self) -> None:
        self.pieces: Callable[[], Iterable[bytes]] = list
        self.sent = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._has_ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def answer(self, *pieces: bytes, forever: bytes = b"") -> None:
        """Answer with these pieces, and then with the same one again and again, unless it is empty."""

        def made() -> Iterator[bytes]:
            yield from pieces
            while forever:
                yield forever

        self.pieces = made
        self.sent = 0

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self._has_ended = threading.Event()
            # A thread each, since a client may keep a connection open for a while.
            threading.Thread(target=self._reply, args=(connection, self._has_ended), daemon=True).start()

    def _reply(self, connection: socket.socket, has_ended: threading.Event) -> None:
        with connection, suppress(OSError):
            try:
                connection.recv(1 << 16)
                for piece in self.pieces():
                    connection.sendall(piece)
                    self.sent += len(piece)
                connection.shutdown(socket.SHUT_WR)
            finally:
                has_ended.set()
            while connection.recv(1 << 16):
                pass

    def until_done(self) -> int:
        """Wait until the last answer has ended, and return how much of it was sent."""
        self._has_ended.wait()
        return self.sent

    def close(self) -> None:
        """Listen no longer."""
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()


@contextmanager
def hostile_server() -> Iterator[HostileServer]:
    """Serve for as long as the block lasts."""
    server = HostileServer()
    try:
        yield server
    finally:
        server.close()


def head(status: str = "200 OK", *headers: str) -> bytes:
    """Write a status line and headers: the connection serves no second request."""
    return "\r\n".join([f"HTTP/1.1 {status}", "Connection: close", *headers, "", ""]).encode("latin-1")


def whole(body: bytes, status: str = "200 OK", *headers: str) -> bytes:
    """Write an answer with its length."""
    return head(status, f"Content-Length: {len(body)}", *headers) + body
