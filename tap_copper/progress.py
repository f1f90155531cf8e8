"""What a person sees of a run: a line per stream on a terminal, and a summary at the end. On stderr only."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from crm_api.session import CrmSession, Traffic
from tap_copper.events import log_event

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from tap_copper.client import CopperStream
    from tap_copper.reader import Reader

REFRESHES_PER_SECOND = 4
SECONDS_PER_MINUTE = 60


@dataclass
class _Line:
    """One stream's share of the run."""

    stream: CopperStream
    began: float
    ended: float
    requests_before: int
    requests: int = 0
    reader: Reader | None = None


class Progress:
    """The progress of one run.

    Args:
        monotonic: The clock, in seconds.
        console: Where a person looks; stderr if left out.
    """

    def __init__(self, monotonic: Callable[[], float], console: Console | None = None) -> None:
        self._monotonic = monotonic
        self._console = console
        self._session: CrmSession | None = None
        self._quota = 0
        self._lines: dict[str, _Line] = {}

    @contextmanager
    def shown(self, session: CrmSession, quota: int, logger: logging.Logger) -> Iterator[None]:
        """Show the progress for as long as the block lasts, and a summary at its end.

        A person at a terminal sees a table that changes, and of the log only warnings. A log gets the table once.

        Args:
            session: Counts the requests.
            quota: Requests a minute that are allowed; 0 is unlimited.
            logger: Whether anything is to be said.
        """
        from rich.console import Console  # noqa: PLC0415 - tap-copper --version needs no terminal
        from rich.live import Live  # noqa: PLC0415 - likewise

        self._session = session
        self._quota = quota
        console = self._console or Console(stderr=True)
        if not logger.isEnabledFor(logging.INFO):
            yield
        elif console.is_terminal:
            live = Live(
                console=console,
                get_renderable=self.table,
                refresh_per_second=REFRESHES_PER_SECOND,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            with _only_warnings(), live:
                yield
        else:
            yield
            console.print(self.table())
            self._log_run(logger)

    def begin(self, stream: CopperStream, reader: Reader | None = None) -> None:
        """A stream's reading begins."""
        now = self._monotonic()
        self._lines[stream.name] = _Line(stream, now, now, self._requests - stream.opened, stream.opened, reader=reader)

    def advance(self, stream: CopperStream) -> None:
        """A page of it has been written."""
        line = self._lines[stream.name]
        line.ended = self._monotonic()
        line.requests = self._requests - line.requests_before

    def table(self) -> Table:
        """The streams so far."""
        from rich.table import Table  # noqa: PLC0415 - likewise

        table = Table(title="tap-copper", title_justify="left")
        for heading in ("stream", "records", "of", "requests", "requests/min", "seconds", "left"):
            table.add_column(heading, justify="left" if heading == "stream" else "right")
        for name, line in list(self._lines.items()):
            table.add_row(name, *self._cells(line))
        return table

    def _cells(self, line: _Line) -> list[str]:
        seconds = line.ended - line.began
        total = line.reader.total if line.reader is not None else None
        rate = f"{line.requests * SECONDS_PER_MINUTE / seconds:.0f}" if seconds >= 1 else ""
        allowed = f"{rate}/{self._quota}" if rate and self._quota else rate
        left = ""
        if total and line.stream.emitted:
            left = f"{max(total - line.stream.emitted, 0) * seconds / line.stream.emitted:.0f} s"
        share = "" if total is None else f"{total:,}"
        return [f"{line.stream.emitted:,}", share, f"{line.requests:,}", allowed, f"{seconds:.1f}", left]

    def _log_run(self, logger: logging.Logger) -> None:
        traffic = Traffic() if self._session is None else self._session.traffic
        log_event(
            logger,
            "run_finished",
            records=sum(line.stream.emitted for line in self._lines.values()),
            requests=traffic.requests,
            repeated=traffic.repeated,
            turned_away=traffic.turned_away,
        )

    @property
    def _requests(self) -> int:
        return 0 if self._session is None else self._session.traffic.requests


@contextmanager
def _only_warnings() -> Iterator[None]:
    """Lines of the log would tear the table."""
    levels = {handler: handler.level for handler in logging.getLogger().handlers}
    for handler in levels:
        handler.setLevel(logging.WARNING)
    try:
        yield
    finally:
        for handler, level in levels.items():
            handler.setLevel(level)
