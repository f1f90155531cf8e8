"""Writers: target-crm as processes on hosts, each known to the CRM by its user agent, each watched to its end."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.commands import Command


class Writer:
    """A run of target-crm.

    Args:
        name: Names it, to us and to the CRM.
        folder: Where its settings and its report go.
        settings: Its settings.
        given: Its input.
        on_state: Called with the place of each STATE as it comes out.
        main: Runs in place of the command.
        env: Variables of its environment.

    Attributes:
        name: Names it.
        host: Where it runs.
        place: Of its last STATE; None before the first.
        came: Set when it ended, or when something struck it.
        struck: Whether something struck it.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        settings: Mapping[str, Any],
        given: bytes,
        *,
        host: int,
        on_state: Callable[[int], None],
        main: Callable[[], object] | None = None,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.host = host
        self.place: int | None = None
        self.came = threading.Event()
        self.struck = False
        self._report = folder / f"{name}.report.json"
        self._on_state = on_state
        self._said = b""
        file = folder / f"{name}.json"
        file.write_text(json.dumps({**settings, "user_agent": name, "report_path": str(self._report)}))
        self._process = Command(
            "target-crm", "--config", file, main=main, env={"TARGET_CRM_LOGLEVEL": "WARNING", **(env or {})}
        )
        works = [(self._feed, (given,)), (self._listen, ()), (self._hear, ())]
        self._threads = [threading.Thread(target=work, args=with_what, daemon=True) for work, with_what in works]
        for thread in self._threads:
            thread.start()

    def _feed(self, given: bytes) -> None:
        with suppress(BrokenPipeError):
            self._process.stdin.write(given)
        with suppress(BrokenPipeError):
            self._process.stdin.close()

    def _listen(self) -> None:
        with self._process.stdout:
            for line in self._process.stdout:
                self._on_state(json.loads(line)["position"])
                self.place = json.loads(line)["position"]
        self.came.set()

    def _hear(self) -> None:
        with self._process.stderr:
            self._said = self._process.stderr.read()

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        self._process.send_signal(number)

    def strike(self) -> None:
        """Note that something struck it."""
        self.struck = True
        self.came.set()

    def wait(self) -> tuple[int, str, bool | None]:
        """Wait until it has ended; returns its exit code, what it said, and whether its report's books close."""
        code = self._process.wait()
        for thread in self._threads:
            thread.join()
        closed = json.loads(self._report.read_text()).get("closed") if self._report.exists() else None
        return code, self._said.decode(), closed
