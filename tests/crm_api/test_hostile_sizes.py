"""Answers that are large, without end, or packed: no more is read than is needed."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable

import pytest

from crm_api.errors import BusyError, InDoubtError, InvalidError
from crm_api.transport.session import CrmSession
from tests.crm_api.hostile_server import PIECE, HostileServer, head, whole
from tests.crm_api.hostile_sessions import BUFFERS, CREATE, GET, MIB, every_session, to_http

ENDLESS = {
    "without a length": (head(), PIECE),
    "in chunks": (head("200 OK", "Transfer-Encoding: chunked"), b"10000\r\n" + PIECE + b"\r\n"),
    "a length of a chunk": (head("200 OK", "Transfer-Encoding: chunked"), b"1" * 65536),
    "trailers": (head("200 OK", "Transfer-Encoding: chunked") + b"0\r\n", b"X: y\r\n" * 10_000),
    "a header": (b"HTTP/1.1 200 OK\r\nX: ", PIECE),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n" * 10_000),
    "a status line": (b"HTTP/1.1 200 ", PIECE),
    "status lines": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_an_answer_without_end_is_left(server: HostileServer, name: str) -> None:
    beginning, forever = ENDLESS[name]
    server.answer(beginning, forever=forever)
    with to_http(server.url, max_answer_bytes=MIB) as session, pytest.raises(BusyError) as caught:
        session.exchange(GET)
    assert server.until_done() < BUFFERS
    assert "\n" not in str(caught.value)


def test_a_length_that_is_too_great_is_not_even_begun(server: HostileServer) -> None:
    server.answer(head("200 OK", "Content-Length: 1200000000"), forever=PIECE)
    with to_http(server.url) as session, pytest.raises(InDoubtError, match="larger than max_answer_bytes, 67,108,864"):
        session.exchange(CREATE)
    assert server.until_done() < BUFFERS


def deflated(content: bytes) -> bytes:
    packing = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packing.compress(content) + packing.flush()


PACKED = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "Deflate": deflated,
    "gzip, gzip": lambda content: gzip.compress(gzip.compress(content)),
    "deflate, identity, gzip": lambda content: gzip.compress(zlib.compress(content)),
}


@pytest.mark.parametrize("packing", PACKED)
@every_session
def test_a_little_that_unpacks_to_a_lot_is_not_unpacked(
    server: HostileServer, connect: Callable[..., CrmSession], packing: str
) -> None:
    server.answer(whole(PACKED[packing](bytes(33 * MIB)), "200 OK", f"Content-Encoding: {packing}"))
    with connect(server.url) as session, pytest.raises(InDoubtError, match="unpacks to more than 200 times its size"):
        session.exchange(CREATE)


@pytest.mark.parametrize("packing", PACKED)
def test_what_is_packed_as_usual_is_unpacked(server: HostileServer, packing: str) -> None:
    records = [{"id": number, "name": "Ann"} for number in range(100_000)]
    server.answer(whole(PACKED[packing](json.dumps(records).encode()), "200 OK", f"Content-Encoding: {packing}"))
    with to_http(server.url) as session:
        assert session.exchange(GET).value == records


def test_members_of_a_gzip_are_joined_and_padding_is_left_out(server: HostileServer) -> None:
    body = gzip.compress(b'["a"') + gzip.compress(b',"b"]') + bytes(100)
    server.answer(whole(body, "200 OK", "Content-Encoding: gzip"))
    with to_http(server.url) as session:
        assert session.exchange(GET).value == ["a", "b"]


@pytest.mark.parametrize(
    ("packing", "body", "words"),
    [
        ("br", b"x", "packed as 'br', which was not asked for"),
        ("gzip, gzip, gzip, gzip", b"x", "packed more than 3 times"),
        ("gzip", gzip.compress(b"", mtime=0) * 3000, "packed in more than 2000 parts"),
        ("gzip", gzip.compress(b'{"id": 1}', mtime=0)[:-9], "cut short"),
        ("gzip", b"no gzip", "cannot be unpacked"),
    ],
)
def test_what_cannot_be_unpacked_is_said(server: HostileServer, packing: str, body: bytes, words: str) -> None:
    server.answer(whole(body, "200 OK", f"Content-Encoding: {packing}"))
    with to_http(server.url) as session, pytest.raises(InDoubtError, match=words):
        session.exchange(CREATE)


@every_session
def test_of_an_error_no_more_is_read_than_is_said(server: HostileServer, connect: Callable[..., CrmSession]) -> None:
    server.answer(head("422 No"), forever=PIECE)
    with connect(server.url) as session, pytest.raises(InvalidError) as caught:
        session.exchange(CREATE)
    assert server.until_done() < BUFFERS
    assert len(caught.value.body) == 4000
    assert len(str(caught.value)) < 1000
