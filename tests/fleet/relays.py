"""Links that can go down: a relay in front of a server of this machine, for one host that uses it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

CHUNK_BYTES = 65_536


class Link(Protocol):
    """A link to a server that can go down.

    Attributes:
        port: Where the server is reached over it.
    """

    port: int

    def down(self) -> None:
        """Let nothing pass."""

    def up(self) -> None:
        """Let everything pass again."""

    def settle(self) -> None:
        """Wait until nothing that was sent over it is on its way any more."""


class Relay:
    """Passes bytes on between a port of its own and a server.

    While the link is down nothing passes and nobody is told, as where a cable is cut. When it comes up again, the
    connections of before are reset, and what they had on the way is gone.

    Args:
        port: Port of the server on 127.0.0.1.
        loop: Carries it out.

    Attributes:
        port: Its own port on 127.0.0.1.
        on_bytes: Called with what a client sent before it is passed on; from the loop's thread.
    """

    def __init__(self, port: int, loop: asyncio.AbstractEventLoop) -> None:
        self._server_port = port
        self._loop = loop
        self._up = asyncio.Event()
        self._up.set()
        self._connections: set[asyncio.StreamWriter] = set()
        self._pumps: set[asyncio.Task[Any]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0
        self.on_bytes: Callable[[bytes], None] = lambda _: None

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Reset all connections and listen no more."""
        if self._server is not None:
            self._server.close()
        self._reset()
        await asyncio.gather(*self._pumps, return_exceptions=True)

    def down(self) -> None:
        """Let nothing pass; from any thread."""
        self._call(self._up.clear)

    def up(self) -> None:
        """Let everything pass again; from any thread."""

        def heal() -> None:
            if not self._up.is_set():
                self._reset()
                self._up.set()

        self._call(heal)

    def settle(self) -> None:
        """Do nothing: what was on its way when the link came up is gone."""

    def _call(self, function: Callable[[], None]) -> None:
        """Do something in the loop's thread, and wait until it is done unless this is that thread."""

        async def called() -> None:
            function()

        with suppress(RuntimeError):
            if asyncio.get_running_loop() is self._loop:
                function()
                return
        asyncio.run_coroutine_threadsafe(called(), self._loop).result()

    def _reset(self) -> None:
        for task in self._pumps:
            task.cancel()
        for writer in self._connections:
            writer.transport.abort()
        self._connections.clear()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.add(writer)
        connecting = self._loop.create_task(self._up.wait())
        self._pumps.add(connecting)
        with suppress(asyncio.CancelledError):
            await connecting
        self._pumps.discard(connecting)
        if connecting.cancelled():
            return
        try:
            server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:
            writer.transport.abort()
            return
        self._connections.add(server_writer)
        for source, sink, tell in ((reader, server_writer, self.on_bytes), (server_reader, writer, lambda _: None)):
            task = self._loop.create_task(self._pump(source, sink, tell))
            self._pumps.add(task)
            task.add_done_callback(self._pumps.discard)

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, tell: Callable[[bytes], None]
    ) -> None:
        """Pass on what comes from one side, until that side ends."""
        with suppress(OSError):
            while came := await source.read(CHUNK_BYTES):
                tell(came)
                await self._up.wait()
                sink.write(came)
                await sink.drain()
            await self._up.wait()
            sink.close()
            self._connections.discard(sink)
            return
        sink.transport.abort()


class Relays:
    """Relays of a test, in a thread of their own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._relays: list[Relay] = []

    @contextmanager
    def running(self) -> Iterator[Relays]:
        """Keep them up."""
        thread = threading.Thread(target=self._loop.run_forever, name="relays", daemon=True)
        thread.start()
        try:
            yield self
        finally:
            for relay in self._relays:
                self._do(relay.close())
            self._do(asyncio.sleep(0))
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()

    def to(self, port: int) -> Relay:
        """Open a link to a server of this machine."""
        relay = Relay(port, self._loop)
        self._do(relay.open())
        self._relays.append(relay)
        return relay

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()
