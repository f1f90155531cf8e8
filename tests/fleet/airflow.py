"""A real Airflow, each of its parts a process: API server, scheduler, DAG processor, and Celery workers on hosts."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import threading
import urllib.error
import urllib.request
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from tests.fleet.hosts import VARIABLE, Host
from tests.machine import find_program

ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venvs" / "airflow" / "bin" / "python"
POLL_SECONDS = 0.5
MODEST = ["nice", "-n", "10"]  # it is heavy, and the machine may be shared
PATIENCE_SECONDS = 600  # with a slow machine
SLOTS = 3  # tasks of a worker at a time


def until(happens: Callable[[], Any], what: str, *, polls: int = 7200) -> Any:
    """Wait for something and return it; the test fails if it does not come in a time that is long on any machine."""
    for _ in range(polls):
        if found := happens():
            return found
        threading.Event().wait(POLL_SECONDS)
    pytest.fail(f"waited in vain: {what}")


class Airflow:
    """An Airflow of the test's own.

    Args:
        folder: Its home; DAGs lie in ``dags``, what its parts print in ``*.out``.
        address: Where its API server listens, in the form that hosts reach, and its port.
        database_url: Its database, in the form that hosts reach.
        broker_url: Celery's Redis, in the form that hosts reach.
        settings: Further variables of the environment.
    """

    def __init__(
        self,
        folder: Path,
        address: tuple[str, int],
        database_url: str,
        broker_url: str,
        settings: Mapping[str, str],
    ) -> None:
        database_url = database_url.replace("postgresql:", "postgresql+psycopg2:")  # SQLAlchemy takes another by itself
        self._folder = folder
        self._url = f"http://{address[0]}:{address[1]}"
        self._address = address
        self._token = ""
        (folder / "dags").mkdir()
        own = {
            "CORE__EXECUTOR": "CeleryExecutor",
            "CORE__LOAD_EXAMPLES": "False",
            "CORE__DAGS_FOLDER": folder / "dags",
            "CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
            "CORE__EXECUTION_API_SERVER_URL": f"{self._url}/execution/",
            "CORE__FERNET_KEY": urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
            "API__WORKERS": 1,
            "API__SECRET_KEY": secrets.token_hex(),
            "API_AUTH__JWT_SECRET": secrets.token_hex(),
            "DATABASE__SQL_ALCHEMY_CONN": database_url,
            "CELERY__BROKER_URL": broker_url,
            "CELERY__RESULT_BACKEND": f"db+{database_url}",
            "CELERY__WORKER_CONCURRENCY": SLOTS,
            # Of its own five minutes a test would wait most: what a lost worker had is noticed after one.
            "SCHEDULER__TASK_INSTANCE_HEARTBEAT_SEC": 5,
            "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": 60,
            "SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": 5,
            "SCHEDULER__TASK_QUEUED_TIMEOUT": 120,
            "SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": 10,
            "LOGGING__LOGGING_LEVEL": "INFO",
        }
        self._environment = {
            **os.environ,
            "AIRFLOW_HOME": str(folder),
            "PATH": f"{PYTHON.parent}{os.pathsep}{os.environ['PATH']}",
            **{f"AIRFLOW__{name}": str(value) for name, value in own.items()},
            **settings,
        }
        self._processes: list[subprocess.Popen[bytes]] = []

    def command(self, *words: str) -> str:
        """Run a command of Airflow to its end; returns what it printed."""
        done = subprocess.run(
            [*MODEST, PYTHON, "-m", "airflow", *words],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"airflow {' '.join(words)}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
        return done.stdout

    @contextmanager
    def running(self) -> Iterator[None]:
        """Keep API server, scheduler and DAG processor up; at the end nothing is left, workers included."""
        try:
            self.command("db", "migrate")
            self._start("api-server", "--host", self._address[0], "--port", str(self._address[1]))
            self._start("scheduler")
            self._start("dag-processor")
            until(self._answers, "the API server answers")
            yield
        finally:
            for process in self._processes:
                _kill_group(process)

    def worker(self, name: str, host: Host) -> subprocess.Popen[bytes]:
        """Start a Celery worker on a host."""
        inside = [find_program("ip"), "netns", "exec", host.env[VARIABLE]]
        words = ("celery", "worker", "--celery-hostname", f"{name}@%h", "--skip-serve-logs", "--without-gossip")
        return self._start(*words, prefix=inside, name=name)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the public API; returns its answer."""
        if not self._token:
            with urllib.request.urlopen(f"{self._url}/auth/token", timeout=PATIENCE_SECONDS) as answer:  # noqa: S310 - our own server
                self._token = json.load(answer)["access_token"]
        request = urllib.request.Request(  # noqa: S310
            f"{self._url}/api/v2{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:  # noqa: S310
            return json.load(answer)

    def said(self) -> str:
        """Return the last lines of what each part printed."""
        return "\n".join(f"{file.name}: {file.read_text()[-3000:]}" for file in sorted(self._folder.glob("*.out")))

    def _answers(self) -> bool:
        assert all(process.poll() is None for process in self._processes), self.said()
        with suppress(OSError, urllib.error.URLError):
            return bool(self.ask("GET", "/version"))
        return False

    def _start(self, *words: str, prefix: list[str] | None = None, name: str = "") -> subprocess.Popen[bytes]:
        with (self._folder / f"{name or words[0]}.out").open("ab") as printed:
            process = subprocess.Popen(
                [*MODEST, *(prefix or []), PYTHON, "-m", "airflow", *words],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
                start_new_session=True,
            )
        self._processes.append(process)
        return process


def processes_of(host: Host) -> dict[int, str]:
    """Return the processes on a host: number and command line."""
    listed = subprocess.run(
        [find_program("ip"), "netns", "pids", host.env[VARIABLE]], capture_output=True, text=True, check=True
    )
    found = {}
    for pid in map(int, listed.stdout.split()):
        with suppress(FileNotFoundError, ProcessLookupError):
            found[pid] = Path(f"/proc/{pid}/cmdline").read_text().replace("\0", " ")
    return found


def kill(pids: list[int]) -> None:
    """Kill processes, as if their power were gone."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def install_provider() -> None:
    """Install singer_crm_airflow into Airflow's environment, as it stands here; once, since tests run side by side."""
    provider, environment = ROOT / "singer_crm_airflow", PYTHON.parents[1]
    files = [file for file in sorted(provider.iterdir()) if file.is_file()]
    state = sha256(b"".join(file.name.encode() + file.read_bytes() for file in files)).hexdigest()
    with FileLock(environment / "provider.lock"):
        installed = environment / "provider.sha256"
        if not installed.exists() or installed.read_text() != state:
            words = ["install", "--quiet", "--force-reinstall", "--no-deps", str(provider)]
            subprocess.run([*MODEST, PYTHON, "-m", "pip", *words], check=True, capture_output=True)
            installed.write_text(state)
