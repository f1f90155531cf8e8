"""HTTP/1.1 on one connection, over httptools, with the freedom to break it: resets, cuts, trickles."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from collections import deque
from http import HTTPStatus
from typing import Protocol
from urllib.parse import parse_qsl, unquote

import httptools

from crm_emulator.application import Application, Delivery
from crm_emulator.messages import Answer, Request

_LINGER_NOT = struct.pack("ii", 1, 0)  # close() then sends RST
_STRUCTURE = re.compile("(%(?:2F|3F|23|25|[01][0-9A-F]|7F))", re.IGNORECASE)
"""Encoded ``/``, ``?``, ``#``, ``%`` and control characters: decoded they would be taken for the path's own."""
_OF_UPGRADE = frozenset({"upgrade", "connection", "http2-settings", "expect"})
_SLICES = 10  # the number of pieces in which a slow body is sent


MOST_BODY_BYTES = 128 * 2**20  # a dump of a large state fits; more is a mistake, and would take the machine's memory
MOST_HEAD_BYTES = 64 * 2**10  # of a request's first line and headers; the vendors' fronts take less
_TOO_LONG = f"The first line and the headers of a request have at most {MOST_HEAD_BYTES:,} bytes."
_DIGITS = 15  # of a length: more is no number of bytes
_SEPARATORS = 4  # bytes of a header beside its name and value
_MOST_WAITING = 100  # requests of a connection that wait for their turn, before it is read no further
_LINGER_SECONDS = 10.0  # for a client that is still sending what is no longer read, so that it sees the answer
_TLS_HELLO = b"\x16\x03"


class ConnectionOwner(Protocol):
    """The listener that accepted a connection, as far as the connection knows it."""

    def opened(self, connection: Connection) -> None:
        """Take note of a connection that is open now."""

    def closed(self, connection: Connection) -> None:
        """Take note of a connection whose socket is about to be closed."""

    def refuse(self, seconds: float | None = None) -> None:
        """Refuse connections for this many real seconds, or until ``accept`` is called."""


class Connection(asyncio.Protocol):
    """One client's connection: requests are answered one after another, in order."""

    def __init__(self, application: Application, owner: ConnectionOwner) -> None:
        self._application = application
        self._owner = owner
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport
        self._waiting: deque[tuple[Request, str, bool]] = deque()
        self._task: asyncio.Task[None] | None = None
        self._url = b""
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._unread_head_bytes = self._head_bytes = 0
        self._is_in_head = False
        self._end: Answer | None = None
        self._writable = asyncio.Event()
        self._writable.set()

    # Called by the loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:  # noqa: D102 - asyncio's
        self._transport = transport  # type: ignore[assignment]  # a stream protocol is given a stream transport
        self._owner.opened(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002, D102 - asyncio's
        # A request under way is carried out all the same, as a real server does when its client gives up.
        self._owner.closed(self)
        self._writable.set()

    def data_received(self, data: bytes) -> None:  # noqa: D102 - asyncio's
        if self._end is not None:
            return
        self._unread_head_bytes += len(data) if self._is_in_head else 0
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._ignore_upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            self._end_with(400, _no_request(data, error))
        if self._is_in_head and max(self._unread_head_bytes, self._head_bytes) > MOST_HEAD_BYTES:
            self._end_with(431, _TOO_LONG)
        if len(self._waiting) > _MOST_WAITING:
            self._transport.pause_reading()

    def _ignore_upgrade(self, rest: bytes) -> None:
        """Read a request that asks for another protocol (Java's: HTTP/2) anew, as one that does not."""
        if self._transport.is_closing() or self._end is not None:
            return
        method = self._parser.get_method()
        if method == b"CONNECT":
            self._waiting.pop()
            self._end_with(405, "This is a server, and no proxy: ask it for a path.")
            return
        self._waiting.pop()  # it lacks its body
        kept = [f"{name}: {value}" for name, value in self._headers.items() if name not in _OF_UPGRADE]
        first = b"%s %s HTTP/%s\r\n" % (method, self._url, self._parser.get_http_version().encode())
        self._parser = httptools.HttpRequestParser(self)
        self.data_received(first + "\r\n".join([*kept, "", ""]).encode("latin-1") + rest)

    def pause_writing(self) -> None:  # noqa: D102 - asyncio's
        self._writable.clear()

    def resume_writing(self) -> None:  # noqa: D102 - asyncio's
        self._writable.set()

    # Called by the parser

    def on_message_begin(self) -> None:  # noqa: D102 - httptools'
        self._url, self._headers, self._body, self._body_bytes = b"", {}, [], 0
        self._unread_head_bytes = self._head_bytes = 0
        self._is_in_head = True

    def on_url(self, url: bytes) -> None:  # noqa: D102 - httptools'
        self._url += url
        self._head_bytes += len(url)

    def on_header(self, name: bytes, value: bytes) -> None:  # noqa: D102 - httptools'
        if not self._is_in_head:  # a trailer of a chunked body: nothing here waits for one
            return
        self._head_bytes += len(name) + len(value) + _SEPARATORS
        key = name.decode("latin-1").lower()
        if key == "host" and key in self._headers:
            self._end_with(400, "A request has one Host header.")
        self._headers[key] = value.decode("latin-1")

    def on_headers_complete(self) -> None:  # noqa: D102 - httptools'
        self._is_in_head = False
        if self._head_bytes > MOST_HEAD_BYTES:
            self._end_with(431, _TOO_LONG)
            return
        told = self._headers.get("content-length", "")
        if told.isascii() and told.isdigit() and (len(told) > _DIGITS or int(told) > MOST_BODY_BYTES):
            self._refuse_body()
            return
        if self._headers.get("expect", "").lower() == "100-continue" and not self._is_ending:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:  # noqa: D102 - httptools'
        if self._is_ending:
            return
        self._body_bytes += len(body)
        if self._body_bytes > MOST_BODY_BYTES:
            self._refuse_body()
            return
        self._body.append(body)

    def _refuse_body(self) -> None:
        self._body = []
        self._end_with(413, f"A body has at most {MOST_BODY_BYTES:,} bytes.")

    @property
    def _is_ending(self) -> bool:
        """Whether nothing more is read of this client."""
        return self._end is not None or self._transport.is_closing()

    def _end_with(self, status: int, said: str) -> None:
        """Refuse what came in a sentence, once the requests before it are answered, and close."""
        if self._is_ending:
            return
        self._end = Answer(status, f"{said}\n".encode(), "text/plain; charset=utf-8")
        if self._task is None:
            self._say_the_end(self._end)

    def _say_the_end(self, answer: Answer) -> None:
        self._write(answer, keep_alive=False)
        if not self._transport.can_write_eof():
            self._transport.close()
            return
        self._transport.resume_reading()  # and drops what comes: to close at once would reset what the client may read
        self._transport.write_eof()
        asyncio.get_running_loop().call_later(_LINGER_SECONDS, self._transport.close)

    def on_message_complete(self) -> None:  # noqa: D102 - httptools'
        if self._is_ending:
            return
        path, _, query = self._url.decode("latin-1").partition("?")
        if "://" in path:  # the absolute form that proxies receive
            path = "/" + path.split("://", 1)[1].partition("/")[2]
        request = Request(
            method=self._parser.get_method().decode(),
            path=decoded_path(path),
            query=dict(parse_qsl(query, keep_blank_values=True)),
            headers=self._headers,
            body=b"".join(self._body),
        )
        self._waiting.append((request, query, self._parser.should_keep_alive()))
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._serve())

    # Answering

    async def _serve(self) -> None:
        while self._waiting:
            request, query, keep_alive = self._waiting.popleft()
            delivery = await self._application.deliver(request, query)
            await self._send(delivery, keep_alive=keep_alive, whole=request.method != "HEAD")
            if len(self._waiting) == _MOST_WAITING // 2:
                self._transport.resume_reading()
        self._task = None
        if self._end is not None and not self._transport.is_closing():
            self._say_the_end(self._end)

    async def _send(self, delivery: Delivery, *, keep_alive: bool, whole: bool) -> None:
        """Send an answer as its delivery says; without its body to who asked with HEAD."""
        if delivery.refuse_seconds:
            self._owner.refuse(delivery.refuse_seconds)
        answer = delivery.answer
        sent = 0
        if answer is not None and delivery.slow_seconds and whole:
            self._write(answer, keep_alive=keep_alive, end=0)
            sent = await self._trickle(answer.body, delivery.slow_seconds)
        # Written down before the client can know: what a test then reads in the log is complete.
        self._application.finish(delivery)
        if answer is None:
            self.reset()
            return
        if delivery.slow_seconds and whole:
            self._transport.write(answer.body[sent:])
        else:
            end = None if whole else 0
            self._write(answer, keep_alive=keep_alive, end=len(answer.body) // 2 if delivery.cut and whole else end)
        await self._writable.wait()
        if delivery.cut or not keep_alive:
            self._transport.close()

    async def _trickle(self, body: bytes, seconds: float) -> int:
        """Send all but the last piece; returns how much was sent."""
        size = len(body) // _SLICES
        for piece in range(_SLICES - 1):
            await self._application.clock.sleep(seconds / _SLICES)
            self._transport.write(body[piece * size : (piece + 1) * size])
        await self._application.clock.sleep(seconds / _SLICES)
        return (_SLICES - 1) * size

    def _write(self, answer: Answer, *, keep_alive: bool, end: int | None = None) -> None:
        try:
            phrase = HTTPStatus(answer.status).phrase
        except ValueError:
            phrase = "Unknown"
        lines = [
            f"HTTP/1.1 {answer.status} {phrase}",
            f"Date: {self._application.clock.date_header()}",
            f"Content-Type: {answer.content_type}",
            f"Content-Length: {len(answer.body)}",
            *(f"{name}: {value}" for name, value in answer.headers),
        ]
        if not keep_alive:
            lines.append("Connection: close")
        self._transport.writelines(["\r\n".join([*lines, "", ""]).encode("latin-1"), answer.body[:end]])

    def close(self) -> None:
        """Close the connection once what was written to it has been sent."""
        self._transport.close()

    def abort(self) -> None:
        """Close the connection at once, also with data that has not been sent."""
        self._transport.abort()

    def reset(self) -> None:
        """Drop the connection with a TCP reset."""
        connection: socket.socket | None = self._transport.get_extra_info("socket")
        if connection is not None and not self._transport.is_closing():
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self._transport.abort()


def _no_request(data: bytes, error: httptools.HttpParserError) -> str:
    """Say why bytes are no request."""
    if data.startswith(_TLS_HELLO):
        return "This speaks HTTP without TLS: begin its address with http://, or start crm-emulator with --tls."
    return f"This is no request of HTTP/1.1: {error}."


def decoded_path(path: str) -> str:
    """Return a path percent-decoded but for what would shape it."""
    parts = _STRUCTURE.split(path)
    return "".join(part.upper() if number % 2 else unquote(part) for number, part in enumerate(parts))
