"""Connections that ask, immediately before anything of a request leaves, whether it still may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from requests.adapters import HTTPAdapter
from typing_extensions import override
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

Gate = Callable[[], None]
"""Returns at once if a request may leave now; raises otherwise."""


def _open() -> None:
    """Let everything leave."""


class GatedAdapter(HTTPAdapter):
    """Keeps connections, and asks a gate before each write to one of them.

    A process can be stopped between any two steps, and what was true then need not be true when it goes on: the gate
    stands at the last step that is ours, once the connection is there.

    Args:
        connections: Connections kept open, at most.

    Attributes:
        gate: Asked before each write; open until another one is put here.
    """

    def __init__(self, connections: int) -> None:
        self.gate: Gate = _open
        super().__init__(pool_connections=2, pool_maxsize=connections, pool_block=True)

    @override
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self._guard(self.poolmanager)

    @override
    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **options)
        self._guard(manager)
        return manager

    def _guard(self, manager: PoolManager) -> None:
        adapter = self

        class Plain(HTTPConnection):
            @override
            def send(self, data: Any) -> None:
                if self.sock is None:
                    self.connect()
                adapter.gate()
                super().send(data)

        class Encrypted(HTTPSConnection):
            @override
            def send(self, data: Any) -> None:
                if self.sock is None:
                    self.connect()
                adapter.gate()
                super().send(data)

        class PlainPool(HTTPConnectionPool):
            ConnectionCls = Plain

        class EncryptedPool(HTTPSConnectionPool):
            ConnectionCls = Encrypted

        manager.pool_classes_by_scheme = {"http": PlainPool, "https": EncryptedPool}
