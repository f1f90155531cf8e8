"""A stage for the corpus of ledgers: the real programs, as processes, and a CRM that loses answers on demand."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import requests

from tests.target_crm.messages import as_lines

FOR_GOOD_SECONDS = 3600
PATIENCE_SECONDS = 60
BEFORE = f"latency:seconds={FOR_GOOD_SECONDS}"
AFTER = f"slow:seconds={FOR_GOOD_SECONDS}"
ADDRESS = "127.0.0.1:@PORT@"
"""The placeholder in the corpus for the emulator's own address, which is part of some accounts' keys."""


class Stage:
    """One emulated CRM, one ledger, and the target between them.

    Args:
        vendor: The emulator's name of the CRM.
        url: Of the emulator: ``http://127.0.0.1:PORT``.
        ledger_url: Of the ledger.
        folder: For files of the runs.
        programs: The folder of target-crm and singer-crm.
        settings: Of the target: the CRM's address and sign-in, and the streams.
    """

    def __init__(
        self, vendor: str, url: str, ledger_url: str, folder: Path, programs: Path, settings: Mapping[str, Any]
    ) -> None:
        self.vendor = vendor
        self.url = url
        self.ledger_url = ledger_url
        self.folder = folder
        self.programs = programs
        self.settings = settings
        self.first = self.state()

    # The CRM

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Ask the emulator's control API."""
        answer = requests.request(method, f"{self.url}/_emulator{path}", json=body, timeout=PATIENCE_SECONDS)
        if not answer.ok:
            raise RuntimeError(f"{method} {path}: {answer.text}")
        return answer.json()

    def insert(self, name: str, record: Mapping[str, Any]) -> Any:
        """Put a record into the CRM as if a person had; returns its id."""
        return self.control("POST", f"/{self.vendor}/records/{name}", record)["id"]

    def records(self, name: str) -> list[dict[str, Any]]:
        """All records of an object."""
        found: list[dict[str, Any]] = self.control("GET", f"/{self.vendor}/records/{name}")
        return found

    def remove(self, name: str, values: Mapping[str, Any]) -> None:
        """Delete the records with these values from the CRM as if a person had."""
        for record in self.records(name):
            if values.items() <= record.items():
                self.control("DELETE", f"/{self.vendor}/records/{name}/{record['id']}")

    def state(self) -> dict[str, list[dict[str, Any]]]:
        """All records by object."""
        names = self.control("GET", "/status")["vendors"][self.vendor]["records"]
        return {name: self.records(name) for name in names}

    def changes(self) -> dict[str, list[dict[str, Any]]]:
        """The objects whose records are not those of an empty emulator."""
        return {name: rows for name, rows in self.state().items() if rows != self.first[name] and name != "requests"}

    @contextmanager
    def trouble(self, *faults: str, **scripts: Sequence[str]) -> Iterator[None]:
        """Trouble with the requests of a route, or with one after the other: ``**{route: steps}``."""
        for fault in faults:
            self.control("POST", "/faults", fault)
        for route, steps in scripts.items():
            self.control("POST", "/scripts", {"route": route, "steps": steps})
        yield
        self.control("DELETE", "/faults")

    # The target

    def run(self, messages: Iterable[Any], *, code: int = 0, **config: Any) -> None:
        """Run target-crm to its end; raises RuntimeError if it ends otherwise than with this exit code."""
        process = self._start(messages, config)
        process.stdin.close()
        errors = process.stderr.read().decode()
        if process.wait() != code:
            raise RuntimeError(f"exit code {process.returncode}, not {code}: {errors}")

    def kill_at_state(self, messages: Iterable[Any], **config: Any) -> None:
        """Kill target-crm when it has emitted a STATE, before its input ends."""
        process = self._start(messages, config)
        if not process.stdout.readline():
            raise RuntimeError(process.stderr.read().decode())
        self._kill(process)

    def kill_in_flight(self, messages: Iterable[Any], *faults: str, writes: int = 1, **scripts: Sequence[str]) -> None:
        """Kill target-crm when so many writes are on the wire, each held by a fault."""
        before = self.control("GET", "/status")["in_flight"]
        with self.trouble(*faults, **scripts):
            process = self._start(messages, {})
            process.stdin.close()
            deadline = time.monotonic() + PATIENCE_SECONDS
            while self.control("GET", "/status")["in_flight"] < before + writes:
                if process.poll() is not None or time.monotonic() > deadline:
                    log = self.control("GET", "/requests?last=5")
                    process.kill()
                    raise RuntimeError(f"nothing in flight: {process.stderr.read().decode()} {log}")
                threading.Event().wait(0.02)
            self._kill(process)

    def operate(self, *words: str) -> str:
        """Run singer-crm; returns what it printed."""
        command = [self.programs / "singer-crm", *words, "--config", self._config({})]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def _config(self, config: Mapping[str, Any]) -> Path:
        file = self.folder / "config.json"
        given = {"retry_rejected": False, **self.settings, "ledger_url": self.ledger_url, **config}
        file.write_text(json.dumps(given))
        return file

    def _start(self, messages: Iterable[Any], config: Mapping[str, Any]) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [self.programs / "target-crm", "--config", self._config(config)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "TARGET_CRM_LOGLEVEL": "WARNING"},
        )
        process.stdin.write(as_lines(messages))
        process.stdin.flush()
        return process

    @staticmethod
    def _kill(process: subprocess.Popen[bytes]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            pipe.close()


def hang(route: str, *, carried_out: bool) -> str:
    """A fault that holds the writes of a route for good: before, or after, they are carried out."""
    return f"{AFTER if carried_out else BEFORE},route={route}"


@contextmanager
def emulator(programs: Path) -> Iterator[tuple[str, dict[str, dict[str, str]]]]:
    """Run crm-emulator on a free port, without records; its address, and the settings that it prints, by CRM."""
    command = [programs / "crm-emulator", "--port", "0", "--empty", "--no-quota"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        url = process.stdout.readline().split()[-1]
        settings: dict[str, dict[str, str]] = {}
        while not (line := process.stdout.readline()).startswith("# control API"):
            if line.startswith('{"crm"'):
                printed = json.loads(line)
                settings.setdefault(printed["crm"], printed)
        yield url, settings
    finally:
        process.kill()
        process.wait()


# Ledgers as text


def sqlite_text(file: Path) -> str:
    """A SQLite database as SQL: the tables, then their rows in the order of their keys."""
    with closing(sqlite3.connect(file)) as connection:
        lines = list(connection.iterdump())
    rows = [line for line in lines if line.startswith("INSERT INTO")]
    rest = [line for line in lines if line not in {"BEGIN TRANSACTION;", "COMMIT;"} and line not in set(rows)]
    return "\n".join([*rest, *sorted(rows, key=_natural)]) + "\n"


def postgres_text(url: str) -> str:
    """A PostgreSQL database as SQL that any server takes, its rows in the order of their keys."""
    options = ["--inserts", "--no-owner", "--no-privileges", "--no-comments", "--schema=public"]
    dumped = subprocess.run([shutil.which("pg_dump"), *options, url], check=True, capture_output=True, text=True).stdout
    statements = re.split(r";\n", re.sub(r"^(--|\\|SET ).*\n|^\s*\n", "", dumped, flags=re.MULTILINE))
    lines = [each.strip() for each in statements if each.strip()]
    lines = [each for each in lines if "CREATE SCHEMA" not in each and "set_config" not in each]
    rows = [each for each in lines if each.startswith("INSERT INTO")]
    before = [each for each in lines if each.startswith("CREATE") and "INDEX" not in each]
    after = [each for each in lines if each not in rows and each not in before]
    parts = [*before, *sorted(rows, key=_natural), *after]
    return "".join(f"{each};\n" for each in parts)


def _natural(line: str) -> list[tuple[int, str]]:
    """An order in which 9 comes before 10."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", line)]


def portable(text: str, url: str) -> str:
    """The text of a dump without the address of this machine's emulator."""
    return text.replace(url.removeprefix("http://"), ADDRESS)


def crm_text(state: Mapping[str, Sequence[Mapping[str, Any]]]) -> str:
    """The CRM's records, one a line."""
    blocks = [
        f"{json.dumps(name)}: [\n" + ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n]"
        for name, rows in state.items()
    ]
    return "{\n" + ",\n".join(blocks) + "\n}\n"


@contextmanager
def folder_for_runs() -> Iterator[Path]:
    """A folder that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="ledgers-") as folder:
        yield Path(folder)
