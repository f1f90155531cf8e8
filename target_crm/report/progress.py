"""The progress that a person at a terminal sees: a line per stream, and the pace against the quota."""

from __future__ import annotations

import logging
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from crm_api.console import is_structured
from target_crm.report.books import Books
from target_crm.report.outcomes import Outcome

if TYPE_CHECKING:
    from rich.console import RenderableType

    from crm_api.transport.traffic import Traffic

REFRESHES_PER_SECOND = 4
LOGGER = "target-crm"
PACE_SECONDS = 60.0  # the window over which the pace is taken: the quota's own


class Progress:
    """Shows the progress of one run.

    Args:
        books: The counts of outcomes so far.
        traffic: The counts of requests so far.
        quota: Requests a minute that are allowed; 0 is unlimited.
        clock: Monotonic seconds.
    """

    def __init__(self, books: Books, traffic: Traffic, quota: int, clock: Callable[[], float]) -> None:
        self._books = books
        self._traffic = traffic
        self._quota = quota
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque([(clock(), traffic.requests)])

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show it on a terminal for as long as the block lasts; of the log only what is worth reading, above it."""
        from rich.console import Console  # noqa: PLC0415 - only a terminal needs it, and it is slow to import
        from rich.live import Live  # noqa: PLC0415 - only a terminal needs it, too

        handlers = logging.getLogger().handlers[:]
        for handler in handlers:
            handler.addFilter(_is_worth_reading)
        live = Live(
            console=Console(stderr=True),
            get_renderable=self.table,
            refresh_per_second=REFRESHES_PER_SECOND,
            redirect_stdout=False,
            redirect_stderr=True,
            transient=True,
        )
        try:
            with live:
                yield
        finally:
            for handler in handlers:
                handler.removeFilter(_is_worth_reading)

    def table(self) -> RenderableType:
        """Return the streams so far, and below them the pace."""
        from rich.console import Group  # noqa: PLC0415 - only a terminal needs them
        from rich.table import Table  # noqa: PLC0415 - only a terminal needs it
        from rich.text import Text  # noqa: PLC0415 - only a terminal needs it

        books = self._books
        shown = [outcome for outcome in Outcome if books.total(outcome)]
        table = Table(box=None, pad_edge=False)
        table.add_column("stream")
        for heading in ("input", *shown):
            table.add_column(str(heading), justify="right")
        for stream in books.streams:
            outcomes = books.outcomes(stream)
            table.add_row(stream, f"{books.input(stream):,}", *(f"{outcomes[outcome]:,}" for outcome in shown))
        return Group(table, Text(self.pace()))

    def pace(self) -> str:
        """Say how many requests were sent, in all and in the last minute, and how many are allowed."""
        now, requests = self._clock(), self._traffic.requests
        self._seen.append((now, requests))
        while self._seen[0][0] < now - PACE_SECONDS:
            self._seen.popleft()
        allowed = f" of {self._quota:,} allowed" if self._quota else ""
        return f"{requests:,} requests, {requests - self._seen[0][1]:,} in the last minute{allowed}"


def shown_progress(
    config: Mapping[str, Any], books: Books, traffic: Traffic, quota: int, clock: Callable[[], float]
) -> AbstractContextManager[None]:
    """Show the progress on a terminal, for as long as the block lasts.

    A dry run has lines of its own to show, and a log of JSON is for programs.

    Args:
        config: The settings.
        books: The counts of outcomes so far.
        traffic: The counts of requests so far.
        quota: Requests a minute that are allowed; 0 is unlimited.
        clock: Monotonic seconds.
    """
    is_loud = logging.getLogger(LOGGER).isEnabledFor(logging.INFO)
    if config["dry_run"] or not is_loud or not sys.stderr.isatty() or is_structured():
        return nullcontext()
    return Progress(books, traffic, quota, clock).shown()


def _is_worth_reading(record: logging.LogRecord) -> bool:
    """Tell whether a line is a warning, or the target's own: whose account it is, and where the ledger lies."""
    return record.levelno >= logging.WARNING or record.name == LOGGER
