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


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        (b"hello\r\n\r\n", b"400", b"This is no request of HTTP/1.1: Invalid method"),
        (b"CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n", b"405", b"no proxy"),
        (b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n\r\n", b"400", b"one Host header"),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"431", b"at most 65,536 bytes"),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000 + b"\r\n", b"431", b"at most 65,536 bytes"),
        (b"GET / HTTP/1.1\r\nX: " + b"y" * 1_000_000, b"431", b"at most 65,536 bytes"),  # and no end of it
    ],
)
def test_what_no_server_takes_is_refused_in_a_sentence_and_closed(emulator, sent, status, said):
    good = request(emulator, b"GET", b"/account")
    received = talk(emulator, good + sent)  # the good one is answered first
    assert re.findall(rb"HTTP/1\.1 (\d+)", received) == [b"200", status]
    assert said in received
    assert received.count(b"Connection: close") == 1


def test_a_client_that_speaks_tls_to_it_finds_out(emulator):
    assert b"This speaks HTTP without TLS" in talk(emulator, b"\x16\x03\x01\x02\x00\x01\x00" + bytes(600))


def test_a_client_that_sends_too_much_still_reads_why(emulator, monkeypatch):
    monkeypatch.setattr("crm_emulator.protocol.MOST_BODY_BYTES", 1000)
    body = b" " * 8_000_000
    received = talk(emulator, request(emulator, b"POST", b"/people", body))
    assert received.startswith(b"HTTP/1.1 413 ")
    assert b"A body has at most 1,000 bytes" in received


def test_an_answer_to_head_is_that_to_get_without_its_body(emulator):
    head, get = (request(emulator, method, b"/account") for method in (b"HEAD", b"GET"))
    close = request(emulator, b"GET", b"/nothing", b"", b"Connection: close")
    first, second, third = talk(emulator, head + get + close).split(b"HTTP/1.1 ")[1:]
    assert [each[:3] for each in (first, second, third)] == [b"200", b"200", b"404"]
    length = re.search(rb"Content-Length: (\d+)", first)[1]
    assert length == re.search(rb"Content-Length: (\d+)", second)[1]
    assert (first.partition(b"\r\n\r\n")[2], len(second.partition(b"\r\n\r\n")[2])) == (b"", int(length))
    assert [each.method for each in emulator.requests[-3:]] == ["HEAD", "GET", "GET"]
    pages = b"HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    assert talk(emulator, pages).startswith(b"HTTP/1.1 200 ")


def test_a_client_that_asks_without_end_is_read_no_further_than_it_is_answered(emulator):
    count = 500
    asked = request(emulator, b"GET", b"/nothing") * (count - 1)
    received = talk(emulator, asked, request(emulator, b"GET", b"/nothing", b"", b"Connection: close"))
    assert received.count(b"HTTP/1.1 404") == count


def test_a_trailer_replaces_no_header(emulator):
    head = b"GET /_emulator/status HTTP/1.1\r\nHost: evil.example\r\nTransfer-Encoding: chunked\r\n"
    received = talk(emulator, head + b"Connection: close\r\n\r\n0\r\nHost: 127.0.0.1\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 403 ")


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
