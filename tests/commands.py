"""Run our commands in processes of their own that find everything imported: Python's start is most of a short run.

Where a test is about the installed program itself, or about moments of its start, it starts that program instead.
"""

from __future__ import annotations

import importlib.metadata
import multiprocessing
import os
import pkgutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import crm_api
import tap_copper
import target_crm

PATIENCE_SECONDS = 240  # with a slow machine; less than pytest has with a test
STOPPED = frozenset("TtZX")  # states of threads in proc(5)
ENTRY_POINTS = importlib.metadata.distribution("singer-crm").entry_points.select(group="console_scripts")

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(
    [
        "tests.warm",
        __name__,
        *(
            module.name
            for package in (crm_api, tap_copper, target_crm)
            for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        ),
    ]
)


class Command:
    """One of our commands as a process, used like a ``subprocess.Popen`` with three pipes.

    Args:
        name: Name of the command, such as tap-copper.
        arguments: What follows it on the command line.
        env: Variables of the environment, in addition to the tests' own.
        cwd: Working directory, if not the tests' own.
        main: Runs in place of the command of that name; a function of a module.

    Attributes:
        stdin, stdout, stderr: Our ends of its pipes; what is written to the first is sent at once.
        pid: Its number.
    """

    def __init__(
        self,
        name: str,
        *arguments: str | Path,
        env: Mapping[str, str] | None = None,
        cwd: Path | None = None,
        main: Callable[[], object] | None = None,
    ) -> None:
        self.args = [name, *map(str, arguments)]
        pipes = [_processes.Pipe(duplex=False) for _ in range(3)]
        theirs = [writes if number else reads for number, (reads, writes) in enumerate(pipes)]
        ours = [reads if number else writes for number, (reads, writes) in enumerate(pipes)]
        self.stdin = os.fdopen(os.dup(ours[0].fileno()), "wb", buffering=0)
        self.stdout, self.stderr = (os.fdopen(os.dup(end.fileno()), "rb") for end in ours[1:])
        self._process = forked(self.args, theirs, {**os.environ, **(env or {})}, cwd or Path.cwd(), main)
        self.pid = self._process.pid or 0
        self._waited_for = False
        for end in (*theirs, *ours):
            end.close()

    @property
    def returncode(self) -> int | None:
        """Its exit code, or a negative signal number; None while it runs."""
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended; from any thread. After SIGSTOP, none of its threads runs any more."""
        if not self._waited_for:
            with suppress(ProcessLookupError):
                os.kill(self.pid, number)
                while number == signal.SIGSTOP and not _stands_still(self.pid):
                    os.sched_yield()

    def wait(self, timeout: float = PATIENCE_SECONDS) -> int:
        """Wait until it has ended, and return its exit code.

        Raises:
            TimeoutExpired: It has not ended within so many seconds; it is killed.
        """
        self._process.join(timeout)
        self._waited_for = True
        if self.returncode is None:
            self._process.kill()
            self._process.join()
            raise subprocess.TimeoutExpired(self.args, timeout)
        return self.returncode

    def communicate(self, given: bytes = b"", timeout: float = PATIENCE_SECONDS) -> tuple[bytes, bytes]:
        """Give it the rest of its input, and return what it wrote and what it said, to their ends."""
        with ThreadPoolExecutor(2) as pool, self.stdout, self.stderr:
            read = [pool.submit(stream.read) for stream in (self.stdout, self.stderr)]
            with suppress(BrokenPipeError):  # it did not want the rest
                self.stdin.write(given)
            with suppress(BrokenPipeError):
                self.stdin.close()
            self.wait(timeout)
            output, errors = (each.result() for each in read)
        return output, errors


def _stands_still(process: int) -> bool:
    """Tell whether every thread of a process is stopped: on a busy machine some go on after the signal was sent."""
    try:
        states = [Path(task, "stat").read_text().rpartition(")")[2].split()[0] for task in _tasks(process)]
    except OSError:  # a thread has ended meanwhile
        return not _tasks(process)
    return all(state in STOPPED for state in states)


def _tasks(process: int) -> list[Path]:
    with suppress(OSError):
        return list(Path(f"/proc/{process}/task").iterdir())
    return []


def run_command(
    name: str,
    *arguments: str | Path,
    given: str = "",
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run one of our commands to its end.

    Args:
        name: Name of the command, such as tap-copper.
        arguments: What follows it on the command line.
        given: Text for its standard input.
        env: Variables of the environment, in addition to the tests' own.
        cwd: Working directory, if not the tests' own.
    """
    command = Command(name, *arguments, env=env, cwd=cwd)
    output, errors = command.communicate(given.encode())
    return subprocess.CompletedProcess(command.args, command.wait(), output.decode(), errors.decode())


def forked(
    command: Sequence[str],
    streams: Sequence[Connection],
    env: Mapping[str, str],
    cwd: Path,
    main: Callable[[], object] | None = None,
) -> BaseProcess:
    """Start a command as a process with such standard streams, environment and working directory."""
    process = _processes.Process(target=_become, args=(command, streams, env, cwd, main))
    process.start()
    return process


def _become(
    command: Sequence[str],
    streams: Sequence[Connection],
    env: Mapping[str, str],
    cwd: Path,
    main: Callable[[], object] | None,
) -> None:
    """Turn this process into a command with such standard streams."""
    for number, stream in enumerate(streams):
        os.dup2(stream.fileno(), number)
        stream.close()
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - until the process ends
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 - same
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115 - same
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    os.chdir(cwd)
    sys.argv = list(command)
    (main or ENTRY_POINTS[command[0]].load())()
