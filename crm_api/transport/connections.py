"""Connections to a CRM: they ask before anything of a request leaves whether it still may, and end what comes.

A process can be stopped between any two steps; and a server may send for ever.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from itertools import takewhile
from typing import Any

from requests.adapters import HTTPAdapter
from typing_extensions import override
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.util.wait import wait_for_read, wait_for_write

from crm_api.errors import Exit, StopError
from crm_api.transport import failures

# Goes on while the machine sleeps, where the system has such a clock.
_boot_seconds = partial(time.clock_gettime, getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
HEADER_BYTES = 1 << 17  # servers take 8 to 64 KiB of headers, and send no more
TIMEOUTS = 5  # silences that make up the total time, where it is not set
TRIES = 10  # to prove a right while the proof is still good
SLOWEST_BYTES_A_SECOND = 1 << 14  # an answer on a line as slow as a modem's is still taken


class SlowProofError(StopError):
    """A proof of the right to send is too old whenever it is there."""

    exit = Exit.UNREACHABLE
    happened = "The proof that no other run has begun takes longer each time than it is good"
    advice = "Nothing more was sent. Run again when the disk or the server of the ledger answers sooner."


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
        boot: Callable[[], float] = _boot_seconds,
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

        A proof can be old when it is there: the process stood still meanwhile.

        Raises:
            CrmError: The right is lost, or cannot be proved in time.
        """
        for _ in range(TRIES):
            if not self._is_old():
                return
            with self._proving:  # one thread is enough
                if self._is_old():
                    self._prove()
        if self._is_old():
            raise SlowProofError

    def _is_old(self) -> bool:
        boot, wall = self.proved_at
        return not (0 <= self.boot() - boot <= self._good_seconds and abs(self.wall() - wall) <= self._good_seconds)

    def send(self, send: Callable[[memoryview], int], data: memoryview) -> int | None:
        """Send bytes if the last proof is good: the clocks are looked at once more, and nothing runs in between.

        Between two steps of Python other threads may run, and what takes them milliseconds takes for ever where the
        process is stopped meanwhile. So the interpreter is not asked: iterators of C look at both clocks and send.

        Args:
            send: What takes the bytes; a function of C, or others may run before its first step.
            data: The bytes.

        Returns:
            How many were taken; None: the last proof is old, nothing was sent.

        Raises:
            OSError: As ``send`` raises it.
        """
        boot, wall = self.proved_at
        boots = takewhile((boot + self._good_seconds).__ge__, iter(self.boot, None))
        walls = takewhile((wall + self._good_seconds).__ge__, iter(self.wall, None))
        looked_and_sent = next(zip(boots, walls, map(send, (data,)), strict=False), None)
        return looked_and_sent[2] if looked_and_sent else None


def send_permitted(sock: Any, data: bytes, permit: Permit) -> None:
    """Send bytes, and check a permit immediately before each call of the system that takes some of them.

    A socket with a timeout asks first whether it may write, and lets other threads run in between: a process that was
    stopped there would send on, however old its proof was. Here it asks only when a write was not possible at once.

    Args:
        sock: A connected socket, encrypted or not.
        data: The bytes.
        permit: The permit.

    Raises:
        CrmError: The right to send is lost, or cannot be proved in time.
        TimeoutError: The other side takes nothing for as long as the socket's timeout.
        OSError: The connection is broken.
    """
    timeout, left = sock.gettimeout(), memoryview(data)
    encrypted = getattr(sock, "_sslobj", None)  # what SSLSocket.send calls, which is written in Python
    send = sock.send if encrypted is None else encrypted.write
    sock.settimeout(0)
    try:
        while left:
            permit.check()
            try:
                left = left[permit.send(send, left) or 0 :]
            except ssl.SSLWantReadError:
                is_ready = wait_for_read(sock, timeout)
            except (BlockingIOError, ssl.SSLWantWriteError):
                is_ready = wait_for_write(sock, timeout)
            else:
                continue
            if not is_ready:
                raise TimeoutError("timed out")
    finally:
        sock.settimeout(timeout)


class NotTakenError(Exception):
    """An answer that is not taken: too large, too slow, or packed in a way that cannot be read.

    Attributes:
        advice: What the user can change; empty if nothing.
        final: Whether the next answer would be no better.
    """

    def __init__(self, sentence: str, advice: str = "", *, final: bool = True) -> None:
        super().__init__(sentence)
        self.advice = advice
        self.final = final


@dataclass(frozen=True)
class Limits:
    """Limits of one answer.

    Attributes:
        silence_seconds: Seconds to wait for each next part.
        total_seconds: Seconds until the answer must have come whole. None: five silences, and a second more for each
            16 KiB that came, so that a large answer on a slow line is taken, and one byte a second is not.
        body_bytes: Bytes of the body, unpacked.
    """

    silence_seconds: float
    total_seconds: float | None = None
    body_bytes: int = 1 << 26

    def seconds(self, came: int) -> float:
        """Seconds that an answer may take of which so many bytes came."""
        if self.total_seconds is not None:
            return self.total_seconds
        return TIMEOUTS * self.silence_seconds + came / SLOWEST_BYTES_A_SECOND

    def too_large(self) -> NotTakenError:
        """Make the error of a body that is too large."""
        return NotTakenError(
            f"the answer is larger than max_answer_bytes, {self.body_bytes:,} bytes",
            "Raise max_answer_bytes if the answer should be that large.",
        )

    def too_slow(self, came: int) -> NotTakenError:
        """Make the error of an answer that has not come in time."""
        return NotTakenError(
            f"the answer had not come whole after {self.seconds(came):.0f} seconds ({came:,} bytes came)",
            "Raise request_total_seconds if the server is that slow.",
        )


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

    def __init__(self, connections: int, timeout_seconds: float, response: Any = http.client.HTTPResponse) -> None:
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
                if adapter is None or adapter.permit is None:
                    super().send(data)
                else:
                    send_permitted(self.sock, data, adapter.permit)

        class CheckedEncrypted(Checked, HTTPSConnection):
            pass

        class Pool(HTTPConnectionPool):
            ConnectionCls = Checked

        class EncryptedPool(HTTPSConnectionPool):
            ConnectionCls = CheckedEncrypted

        manager.pool_classes_by_scheme = {"http": Pool, "https": EncryptedPool}


class LimitedAdapter(PermittedAdapter):
    """Keeps connections whose answers end in time, and whose headers end at all.

    Args:
        limits: Limits of an answer.
        connections: Connections to one host, at most; further requests wait for one.
        clock: Monotonic seconds.
    """

    def __init__(self, limits: Limits, *, connections: int, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(connections, limits.silence_seconds, partial(_Response, limits=limits, clock=clock))


class _Response(http.client.HTTPResponse):
    """An answer whose bytes are watched from the first one on, and which ends only with a final status."""

    def __init__(
        self, sock: socket.socket, *args: Any, limits: Limits, clock: Callable[[], float], **kwargs: Any
    ) -> None:
        super().__init__(sock, *args, **kwargs)
        self._watched = _Watched(self.fp.detach(), sock, limits, clock)
        self.fp = io.BufferedReader(self._watched)

    @override
    def begin(self) -> None:
        super().begin()
        # http.client passes over 100 only. It takes 103 for the whole answer, and the final one, which comes later, for
        # the answer to the next request on this connection.
        while HTTPStatus.CONTINUE <= self.status < HTTPStatus.OK and self.status != HTTPStatus.SWITCHING_PROTOCOLS:
            self.headers = None  # type: ignore[assignment] # as before the first line
            super().begin()
        if self.status < HTTPStatus.OK:
            self.will_close = True
        del self.headers["Set-Cookie"]  # cookies are never kept, and parsing odd ones complains on stderr
        self._watched.take_body()


class _Watched(io.RawIOBase):
    """The bytes of a socket, until there are too many, or they come too slowly."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, limits: Limits, clock: Callable[[], float]) -> None:
        super().__init__()
        self._raw = raw
        self._socket = sock
        self._limits = limits
        self._clock = clock
        self._began = clock()
        self._came = 0
        self._most = HEADER_BYTES

    def take_body(self) -> None:
        """Take as much as a body needs, also in small chunks with a length each."""
        self._most = HEADER_BYTES + 4 * self._limits.body_bytes

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Any, /) -> int | None:
        if self._came > self._most:
            if self._most > HEADER_BYTES:
                raise self._limits.too_large()
            raise NotTakenError(f"the answer's headers are larger than {HEADER_BYTES:,} bytes")
        left = self._limits.seconds(self._came) - (self._clock() - self._began)
        if left <= 0:
            raise self._limits.too_slow(self._came)
        is_last = left < self._limits.silence_seconds
        if is_last:
            self._socket.settimeout(left)
        try:
            count = self._raw.readinto(buffer)
        except TimeoutError:
            if is_last:
                raise self._limits.too_slow(self._came) from None
            raise
        self._came += count or 0
        return count

    @override
    def close(self) -> None:
        self._raw.close()
        super().close()


def _forgetting_after(seconds: float) -> list[tuple[int, int, int]]:
    """Return the option by which the kernel gives up what a link swallowed, even when the process has ended.

    Else it sends it again and again, for minutes: a create could arrive when the link is up again, long after the next
    run found that it was never carried out. A permit is good for half the time in which a create can still turn up, and
    this is the other half. Where the system lacks the option (macOS), nothing is set.
    """
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    return [] if option is None else [(socket.IPPROTO_TCP, option, max(1, int(seconds * 1000)))]
