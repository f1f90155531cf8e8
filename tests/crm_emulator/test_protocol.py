"""HTTP/1.1 as any client may speak it."""

import http.client
import re
import socket

import pytest

from crm_emulator import Clock, Emulator

PREFIX = b"/copper/developer_api/v1"


@pytest.fixture(scope="module")
def emulator():
    with Emulator(empty=True, clock=Clock(frozen_at=1_770_000_000)) as emulator:
        yield emulator


def talk(emulator, *pieces):
    """Send pieces, and return all that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", emulator.listener.port), timeout=120) as connection:
        for piece in pieces:
            connection.sendall(piece)
        received = b""
        while piece := connection.recv(65536):
            received += piece
        return received


def request(emulator, method, path, body=b"", *headers):
    lines = [b"%s %s%s HTTP/1.1" % (method, PREFIX, path), b"Host: 127.0.0.1", b"Content-Length: %d" % len(body)]
    lines.append(b"Authorization: Bearer " + emulator.copper.access_token.encode())
    return b"\r\n".join([*lines, *headers, b"", body])


def test_pipelined_requests_are_answered_in_order(emulator):
    received = talk(
        emulator,
        request(emulator, b"GET", b"/users/me") + request(emulator, b"GET", b"/nothing"),
        request(emulator, b"GET", b"/account", b"", b"Connection: close"),
    )
    assert re.findall(rb"HTTP/1\.1 (\d+)", received) == [b"200", b"404", b"200"]


def test_a_request_may_arrive_byte_by_byte(emulator):
    whole = request(emulator, b"POST", b"/people", b'{"name": "K\xc3\xb6ln"}', b"Connection: close")
    received = talk(emulator, *(whole[place : place + 1] for place in range(len(whole))))
    assert "Köln".encode() in received


def test_a_body_may_be_chunked(emulator):
    head = request(emulator, b"POST", b"/people", b"", b"Transfer-Encoding: chunked", b"Connection: close")
    head = head.replace(b"Content-Length: 0\r\n", b"")
    received = talk(emulator, head, b'8\r\n{"name":\r\n', b'6\r\n"Ann"}\r\n0\r\n\r\n')
    assert received.startswith(b"HTTP/1.1 200 OK")


def test_a_client_that_expects_100_continue_is_told_to(emulator):
    body = b'{"name": "Ann"}'
    whole = request(emulator, b"POST", b"/people", body, b"Expect: 100-continue", b"Connection: close")
    assert talk(emulator, whole).startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK")


def test_a_client_that_asks_for_another_protocol_is_answered_in_this_one(emulator):
    asked = (b"Connection: Upgrade, HTTP2-Settings", b"Upgrade: h2c", b"HTTP2-Settings: AAEAAEAA")
    post = request(emulator, b"POST", b"/people", b'{"name": "Ann Upgraded"}', *asked)
    received = talk(emulator, post[:-5], post[-5:] + request(emulator, b"GET", b"/account", b"", b"Connection: close"))
    assert re.findall(rb"HTTP/1\.1 (\d+)", received) == [b"200", b"200"]
    assert b"Ann Upgraded" in received


def test_what_is_no_http_is_answered_400_and_closed(emulator):
    assert talk(emulator, b"hello\r\n\r\n").startswith(b"HTTP/1.1 400")


def test_http_1_0_closes(emulator):
    whole = request(emulator, b"GET", b"/account").replace(b"HTTP/1.1", b"HTTP/1.0")
    assert b"Connection: close" in talk(emulator, whole)


def test_a_connection_is_kept_alive(emulator):
    connection = http.client.HTTPConnection("127.0.0.1", emulator.listener.port, timeout=120)
    headers = {"Authorization": f"Bearer {emulator.copper.access_token}"}
    before = None
    for _ in range(3):
        connection.request("GET", "/copper/developer_api/v1/account", headers=headers)
        assert connection.getresponse().read()
        assert before in {None, connection.sock.getsockname()}
        before = connection.sock.getsockname()
    connection.close()


def test_the_absolute_form_that_proxies_receive_is_understood(emulator):
    whole = request(emulator, b"GET", b"/account", b"", b"Connection: close")
    assert talk(emulator, whole.replace(b"GET /", b"GET http://127.0.0.1/")).startswith(b"HTTP/1.1 200")


def test_it_listens_on_127_0_0_1_only(emulator):
    assert emulator.listener._socket.getsockname()[0] == "127.0.0.1"


def test_a_big_answer_reaches_a_slow_reader_whole(emulator):
    for _ in range(60):
        emulator.copper.insert("people", {"name": "Ann", "details": "x" * 60_000})
    body = b'{"page_size": 200}'
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(120)
        connection.connect(("127.0.0.1", emulator.listener.port))
        connection.sendall(request(emulator, b"POST", b"/people/search", body, b"Connection: close"))
        received = bytearray()
        while piece := connection.recv(4096):
            received += piece
    head, _, content = bytes(received).partition(b"\r\n\r\n")
    assert f"Content-Length: {len(content)}".encode() in head
    assert len(content) > 3_600_000


def test_small_answers_are_sent_at_once(emulator):
    with socket.create_connection(("127.0.0.1", emulator.listener.port), timeout=120) as connection:
        connection.sendall(request(emulator, b"GET", b"/account"))
        assert connection.recv(12) == b"HTTP/1.1 200"
        accepted = [each._transport.get_extra_info("socket") for each in list(emulator.listener.connections)]
        ours = next(each for each in accepted if each.getpeername() == connection.getsockname())
        assert ours.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
