"""Receives answers within limits: a server may send for ever, or a little that unpacks to a lot."""

from __future__ import annotations

import http.client
import io
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import requests
from typing_extensions import override

from crm_api.transport.connections import PermittedAdapter

if TYPE_CHECKING:
    import socket

PACKINGS = ("gzip", "deflate")  # zlib unpacks both piece by piece, so that a bomb is noticed before it goes off
MOST_PACKINGS = 3  # on top of each other; a proxy may add one
MOST_MEMBERS = 2000  # of a gzip: programs that pack in parallel make one for each 64 KiB
PIECE_BYTES = 1 << 18
HEADER_BYTES = 1 << 17  # servers take 8 to 64 KiB of headers, and send no more
ERROR_BYTES = 1 << 20  # of an error's body: enough for the words about a hundred refused records
RATIO = 200  # JSON shrinks to a tenth or a thirtieth, pages of nearly equal records to a hundredth
UNSUSPICIOUS_BYTES = 1 << 23  # a body that is no larger may have any ratio
_GZIP = b"\x1f\x8b"
TIMEOUTS = 5  # silences that make up the total time, where it is not set
SLOWEST_BYTES_A_SECOND = 1 << 14  # an answer on a line as slow as a modem's is still taken


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


def body_of(answer: requests.Response, limits: Limits, *, is_error: bool) -> bytes:
    """Read the body of an answer, unpacked; of an error as much as messages need.

    Raises:
        NotTakenError: A success is too large, too slow, or packed in a way that cannot be read.
        urllib3.exceptions.HTTPError: The answer was cut, or is not HTTP.
    """
    found: list[bytes] = []
    most = min(ERROR_BYTES, limits.body_bytes) if is_error else limits.body_bytes
    try:
        came = 0
        declared = answer.headers.get("Content-Length", "")
        if not is_error and declared.isdecimal() and len(declared) < len(str(1 << 63)) and int(declared) > most:
            raise limits.too_large()
        for piece in _unpacked(answer, limits):
            found.append(piece)
            came += len(piece)
            if came > most:
                raise limits.too_large()
    except NotTakenError:
        if not is_error:
            raise
        # The status says what became of the request; these are only words.
    finally:
        answer.close()  # gives the connection back if all of the answer was read, and ends it otherwise
    return found[0] if len(found) == 1 else b"".join(found)


def _unpacked(answer: requests.Response, limits: Limits) -> Iterator[bytes]:
    """Unpack a body piece by piece, so that no more is unpacked than is looked at."""
    pieces: Iterator[bytes] = iter(partial(answer.raw.read, PIECE_BYTES, decode_content=False), b"")
    packings = [each.strip().lower() for each in answer.headers.get("Content-Encoding", "").split(",", MOST_PACKINGS)]
    packings = [each.removeprefix("x-") for each in packings if each not in {"", "identity"}]
    if len(packings) > MOST_PACKINGS:
        raise NotTakenError(f"the answer is packed more than {MOST_PACKINGS} times")
    for packing in reversed(packings):
        if packing not in PACKINGS:
            raise NotTakenError(f"the answer is packed as {packing!r}, which was not asked for")
        pieces = _inflated(pieces, limits, is_gzip=packing == "gzip")
    return pieces


def _inflated(pieces: Iterator[bytes], limits: Limits, *, is_gzip: bool) -> Iterator[bytes]:
    """Unpack one packing.

    Raises:
        NotTakenError: It cannot be unpacked, was cut, or unpacks to too much.
    """
    packed = unpacked = 0
    members = _Members(is_gzip=is_gzip)
    for piece in pieces:
        packed += len(piece)
        for part in members.unpack(piece):
            unpacked += len(part)
            if unpacked > limits.body_bytes:
                raise limits.too_large()
            if unpacked > UNSUSPICIOUS_BYTES and unpacked > RATIO * packed:
                raise NotTakenError(f"the answer unpacks to more than {RATIO} times its size")
            yield part
    if members.is_open:
        raise NotTakenError("the answer was cut short", final=False)


class _Members:
    """The members of a gzip, one after the other; deflate has a single one."""

    def __init__(self, *, is_gzip: bool) -> None:
        self._is_gzip = is_gzip
        self._inflater: Any = None
        self._count = 0

    @property
    def is_open(self) -> bool:
        """Whether a member has begun and not ended."""
        return self._inflater is not None

    def unpack(self, piece: bytes) -> Iterator[bytes]:
        """Unpack one more piece, into parts of a limited size."""
        while piece:
            if self._inflater is None:
                if self._count and not (self._is_gzip and piece.startswith(_GZIP)):
                    return  # padding behind the last member
                self._count += 1
                if self._count > MOST_MEMBERS:
                    raise NotTakenError(f"the answer is packed in more than {MOST_MEMBERS} parts")
                self._inflater = zlib.decompressobj(_window(piece, is_gzip=self._is_gzip))
            try:
                part = self._inflater.decompress(piece, PIECE_BYTES)
            except zlib.error:
                raise NotTakenError("the answer cannot be unpacked", final=False) from None
            yield part
            piece = self._inflater.unconsumed_tail
            if self._inflater.eof:
                piece, self._inflater = self._inflater.unused_data, None


def _window(start: bytes, *, is_gzip: bool) -> int:
    """Choose zlib's window: of gzip, or of deflate with the header of RFC 1950, which some servers leave out."""
    if is_gzip:
        return 16 + zlib.MAX_WBITS
    has_header = int.from_bytes(start[:2], "big") % 31 == 0 and start[0] & 0x0F == zlib.DEFLATED
    return zlib.MAX_WBITS if has_header else -zlib.MAX_WBITS
