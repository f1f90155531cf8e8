"""The process of a run: its words go to a log as they come, it is asked to stop first, and ends with us."""

from __future__ import annotations

import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

PR_SET_PDEATHSIG = 1  # of prctl(2)
CHUNK_BYTES = 65_536
WAKE_SECONDS = 1.0


class SyncProcess:
    """A command that writes what it did to stdout, and what it is doing to stderr.

    Its process group is its own: who ends the task's group a few seconds after a SIGTERM leaves it its grace. On Linux
    it is told to stop when the thread that started it is gone, even by SIGKILL.

    Args:
        words: The command line.
        environment: Its variables.
        on_line: Gets each line of stderr, in the thread that calls ``run``.
        grace_seconds: How long it may take from SIGTERM to its end before it is killed.
        clock: Tells the time, in seconds.
    """

    def __init__(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        on_line: Callable[[str], None],
        grace_seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._words = list(words)
        self._environment = dict(environment)
        self._on_line = on_line
        self._grace_seconds = grace_seconds
        self._clock = clock
        self._process: subprocess.Popen[bytes] | None = None
        self._deadline: float | None = None
        self._is_stopped = False

    def run(self) -> tuple[int, str]:
        """Run it to its end.

        Returns:
            Its exit code (negative: the number of the signal that ended it), and all that it wrote to stdout.

        Raises:
            OSError: It cannot be started.
        """
        if self._is_stopped:
            return -signal.SIGTERM, ""
        self._process = subprocess.Popen(  # noqa: S603 - the user's own command
            self._words,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
            preexec_fn=_ends_with(os.getpid()),  # noqa: PLW1509 - two system calls, and nothing that takes a lock
        )
        try:
            return self._followed(self._process)
        except BaseException:  # a time limit of the scheduler, for one: nobody else will end it
            self.stop()
            self._followed(self._process)
            raise

    def stop(self) -> None:
        """Ask it to stop; once. Callable from a signal handler."""
        self._is_stopped = True
        if self._process is not None and self._deadline is None:
            self._deadline = self._clock() + self._grace_seconds
            self._process.send_signal(signal.SIGTERM)

    def _followed(self, process: subprocess.Popen[bytes]) -> tuple[int, str]:
        """Pass on what it writes until it is gone; whoever it left behind is not waited for."""
        if self._is_stopped:  # the request came while it was being started
            self.stop()
        written, said = bytearray(), bytearray()
        pipes = [(pipe, kept) for pipe, kept in ((process.stdout, written), (process.stderr, said)) if pipe is not None]
        with selectors.DefaultSelector() as selector:
            for pipe, kept in pipes:
                if not pipe.closed:
                    selector.register(pipe, selectors.EVENT_READ, kept)
            while process.poll() is None or selector.get_map():
                if not _heard(selector, process):
                    break
                self._tell(said)
                if self._deadline is not None and self._clock() >= self._deadline:
                    process.kill()
        if said:
            self._on_line(said.decode("utf-8", "replace"))
        code = process.wait()
        for pipe, _ in pipes:
            pipe.close()
        return code, written.decode("utf-8", "replace")

    def _tell(self, said: bytearray) -> None:
        """Hand on the lines that are complete, and leave the rest."""
        *lines, rest = said.split(b"\n")
        said[:] = rest
        for line in lines:
            self._on_line(line.decode("utf-8", "replace").rstrip("\r"))


def _heard(selector: selectors.BaseSelector, process: subprocess.Popen[bytes]) -> bool:
    """Take in what has come, or wait a moment; False if nothing came, and nobody is left whose words count."""
    if not selector.get_map():  # it said all that it will say
        with suppress(subprocess.TimeoutExpired):
            process.wait(WAKE_SECONDS)
        return True
    ready = selector.select(WAKE_SECONDS)
    for key, _ in ready:
        chunk = os.read(key.fd, CHUNK_BYTES)
        key.data.extend(chunk)
        if not chunk:
            selector.unregister(key.fileobj)
    return bool(ready) or process.poll() is None


def _ends_with(parent: int) -> Callable[[], None] | None:
    """Make what a new process does before it becomes the command: it asks for a SIGTERM at its parent's end."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it was gone before that
            os.kill(os.getpid(), signal.SIGTERM)

    return ask
