"""The emulator stopped, or told to refuse connections, while clients connect, ask and do not read."""

import asyncio
import gc
import socket
import warnings
from contextlib import ExitStack, contextmanager

import pytest

from crm_emulator import Emulator

CLIENTS = 20
ROUNDS = range(6)  # of the loop, between the clients' handshake and the end: an accept takes some of them


@contextmanager
def nothing_left_open():
    """Fail if a socket or a transport is collected that nobody closed."""
    gc.collect()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        yield
        gc.collect()
    assert [str(each.message) for each in caught] == []


def connected(emulator, stack):
    """Connect a client: the system has done the handshake, of which the emulator has yet to hear."""
    return stack.enter_context(socket.create_connection(("127.0.0.1", emulator.listener.port), timeout=120))


async def rounds(count):
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.mark.parametrize("count", ROUNDS)
def test_connections_that_are_just_being_accepted_are_closed_when_it_stops(count):
    async def run():
        emulator = Emulator(empty=True)
        await emulator.listen()
        with ExitStack() as stack:
            for _ in range(CLIENTS):
                connected(emulator, stack)
            await rounds(count)
            await emulator.listener.close()
            assert not emulator.listener.connections
        emulator.store.close()

    with nothing_left_open():
        asyncio.run(run())


@pytest.mark.parametrize("count", ROUNDS)
def test_connections_that_are_just_being_accepted_are_refused_too(count):
    async def run():
        emulator = Emulator(empty=True)
        await emulator.listen()
        with ExitStack() as stack:
            clients = [connected(emulator, stack) for _ in range(CLIENTS)]
            await rounds(count)
            emulator.listener.refuse()
            await rounds(len(ROUNDS))
            for client in clients:
                with pytest.raises(ConnectionResetError):
                    client.recv(1)
        await emulator.listener.close()
        emulator.store.close()

    with nothing_left_open():
        asyncio.run(run())


def asking(emulator, path):
    key = emulator.copper.access_token
    return f"GET /copper/developer_api/v1{path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n".encode()


def test_connections_in_every_state_are_closed_when_it_stops():
    with nothing_left_open(), ExitStack() as stack:
        with Emulator(empty=True) as emulator:
            emulator.trouble("slow:seconds=3600,route=GET /contact_types")
            clients = {name: connected(emulator, stack) for name in ("idle", "asking", "done", "half", "trickling")}
            clients["asking"].sendall(asking(emulator, "/account")[:40])
            clients["done"].sendall(asking(emulator, "/account"))
            assert clients["done"].recv(1 << 16).startswith(b"HTTP/1.1 200")
            clients["half"].sendall(asking(emulator, "/account"))
            assert clients["half"].recv(20).startswith(b"HTTP/1.1 200")
            clients["trickling"].sendall(asking(emulator, "/contact_types"))
            assert clients["trickling"].recv(1 << 16).startswith(b"HTTP/1.1 200")
        assert not emulator.listener.connections
        for name, client in clients.items():
            assert ended(client), name


def ended(client):
    """Read what was still on its way, to the end of the connection."""
    try:
        while client.recv(1 << 16):
            pass
    except ConnectionResetError:
        pass
    return True


def test_a_client_that_does_not_read_its_answer_keeps_nothing_open():
    async def run():
        emulator = Emulator(empty=True)
        await emulator.listen()
        for _ in range(200):
            emulator.copper.insert("people", {"name": "Ann", "details": "x" * 60_000})
        with ExitStack() as stack:
            client = connected(emulator, stack)
            body = b'{"page_size": 200}'
            head = b"POST /copper/developer_api/v1/people/search HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n" % len(
                body
            )
            sign_in = b"Authorization: Bearer %s\r\n\r\n" % emulator.copper.access_token.encode()
            client.sendall(head + sign_in + body)
            while not emulator.journal.count(status=200):  # noqa: ASYNC110 - the journal has no event to wait for
                await asyncio.sleep(0)
            await emulator.listener.close()
            assert not emulator.listener.connections
        emulator.store.close()

    with nothing_left_open():
        asyncio.run(run())
