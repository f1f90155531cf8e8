"""The listening socket: on 127.0.0.1 only, and able to refuse connections for a while."""

from __future__ import annotations

import asyncio

from crm_emulator.application import Application
from crm_emulator.protocol import Connection

HOST = "127.0.0.1"


class Listener:
    """Accepts connections for an application.

    Attributes:
        port: Asked for (0: any free one) and, once started, found.
        connections: Those that are open.
    """

    def __init__(self, application: Application, port: int = 0) -> None:
        self.port = port
        self.connections: set[Connection] = set()
        self._application = application
        self._server: asyncio.Server | None = None
        self._refusals = 0

    async def start(self) -> None:
        """Listen; raises OSError when the port is taken."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Connection(self._application, self), HOST, self.port, backlog=1024
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Close the socket and all connections for good."""
        self._refusals += 1
        self._stop_listening()
        for connection in list(self.connections):
            connection.close()
        await asyncio.sleep(0)  # lets the transports go

    def _stop_listening(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def refuse(self, seconds: float | None = None) -> None:
        """Refuse connections for so many real seconds, or until told to accept."""
        self._refusals += 1
        self._stop_listening()
        for connection in list(self.connections):
            connection.reset()
        if seconds is not None:
            asyncio.get_running_loop().call_later(seconds, self._accept_after, self._refusals)

    def _accept_after(self, refusal: int) -> None:
        if refusal == self._refusals:
            self._accepting = asyncio.get_running_loop().create_task(self.accept())

    async def accept(self) -> None:
        """Listen again on the same port."""
        if self._server is None:
            await self.start()
