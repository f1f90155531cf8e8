"""Answers that come slowly: they end, and what is only large is read."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from crm_api.errors import InDoubtError
from crm_api.http.session import HttpSettings
from crm_api.http.session import connect as connect_http
from crm_api.transport.request import Request
from tests.crm_api.hostile_server import PIECE, HostileServer, head
from tests.crm_api.hostile_sessions import CREATE, MIB, network


@pytest.mark.parametrize(
    ("beginning", "total_seconds", "said"),
    [
        (head(), 20.0, "after 20 seconds"),
        (head(), None, "after [0-9]{3} seconds"),
        (head("200 OK", "Transfer-Encoding: chunked"), 20.0, "after 20 seconds"),
        (head("200 OK", "Transfer-Encoding: chunked"), None, "after [0-9]{3} seconds"),
        (b"HTTP/1.1 200 OK\r\nX: ", 1.5, "after 2 seconds"),
    ],
)
def test_an_answer_that_trickles_comes_to_an_end(
    server: HostileServer, beginning: bytes, total_seconds: float | None, said: str
) -> None:
    # Each look at the clock is a second later. Where each 16 KiB that come give a second more, it is much later: a busy
    # machine joins the pieces, and what a look at the clock finds is then many of them.
    ticking = itertools.count(step=1 if total_seconds else 100)
    settings = HttpSettings(base_url=server.url, max_attempts=5, network=network(total_seconds=total_seconds))
    server.answer(beginning, forever=b"1" if beginning.endswith(b": ") else b"1\r\n")
    with (
        connect_http(settings, clock=lambda: next(ticking), sleep=lambda _: None) as session,
        pytest.raises(InDoubtError, match=rf"had not come whole {said} .*Raise request_total_seconds"),
    ):
        session.exchange(CREATE)
    assert session.traffic.requests == 1


def test_a_large_answer_on_a_slow_line_is_read(server: HostileServer) -> None:
    now = [0.0]

    def pieces() -> Iterator[bytes]:
        yield head("200 OK", f"Content-Length: {8 * MIB}")
        for _ in range(128):
            now[0] += 3  # 21 KB a second, six minutes in all
            yield PIECE

    server.pieces = pieces
    settings = HttpSettings(base_url=server.url, max_attempts=1, network=network())
    with connect_http(settings, clock=lambda: now[0], sleep=lambda _: None) as session:
        assert len(session.exchange(Request("GET", "/x", read=bytes)).value) == 8 * MIB
