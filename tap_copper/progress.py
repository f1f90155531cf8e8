"""All that a run says on stderr: log lines, a line for each stream on a terminal, and a summary at the end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from crm_api.console import is_structured
from crm_api.copper.session import PAGE_SIZE
from crm_api.transport.session import CrmSession
from crm_api.transport.traffic import Traffic
from crm_api.watching.standard_error import is_stderr

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from tap_copper.search.reader import Reader

REFRESHES_PER_SECOND = 4
SECONDS_PER_MINUTE = 60
NO_STREAM = "(no stream)"  # requests for custom fields, the account, and what was repeated between two streams


def log_event(logger: logging.Logger, event: str, *, level: str = "INFO", **facts: Any) -> None:
    """Log an event, readable as text, and as fields where the log is structured.

    Args:
        logger: The log.
        event: The event's name, which never changes.
        level: The level's name.
        facts: The facts of the event, by name; never values of records.
    """
    text = " ".join(f"{name}={value}" for name, value in facts.items())
    # Not "event": Meltano hands these on as arguments of a function that has one of that name.
    extra = {"event_name": event, "facts": facts}
    logger.log(logging.getLevelNamesMapping()[level], "%s %s", event, text, extra=extra)


class StreamRead(Protocol):
    """A stream, as far as its progress is concerned.

    Attributes:
        name: Name of the stream.
        emitted: How many of its records have been written.
    """

    name: str
    emitted: int


@dataclass
class _Line:
    """The share of one stream in a run; seconds are those of the clock, requests are counts."""

    stream: StreamRead
    began: float
    ended: float
    requests: int = 0
    reader: Reader | None = None


class Progress:
    """The progress of one run.

    Args:
        monotonic: The clock, in seconds.
        console: The terminal or log that a person looks at; stderr if left out.
    """

    def __init__(self, monotonic: Callable[[], float], console: Console | None = None) -> None:
        self._monotonic = monotonic
        self._console = console
        self._session: CrmSession | None = None
        self._quota = 0
        self._began = monotonic()
        self._lines: dict[str, _Line] = {}
        self._failed: set[str] = set()
        self._counted = 0

    @contextmanager
    def shown(self, session: CrmSession, quota: int, logger: logging.Logger) -> Iterator[None]:
        """Show the progress for as long as the block lasts, and a summary at its end.

        A person at a terminal sees a table that changes, and of the log only warnings. A log gets the table once.

        Args:
            session: Counts the requests.
            quota: Requests a minute that are allowed; 0 is unlimited.
            logger: The tap's log; where it lets no INFO through, nothing is shown.
        """
        from rich.console import Console  # noqa: PLC0415 - tap-copper --version needs no terminal
        from rich.live import Live  # noqa: PLC0415 - tap-copper --version needs no terminal

        self._session = session
        self._quota = quota
        self._began = self._monotonic()
        console = self._console or Console(stderr=True)
        if not logger.isEnabledFor(logging.INFO):
            yield
        elif is_structured():
            try:
                yield
            finally:
                self._log_run(logger, streams=self._figures())
        elif console.is_terminal:
            over: list[bool] = []
            live = Live(
                console=console,
                get_renderable=lambda: self.table(live=not over),
                refresh_per_second=REFRESHES_PER_SECOND,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            with live, _only_warnings(console):
                try:
                    yield
                finally:
                    over.append(True)  # what is shown last stays
        else:
            try:
                yield
            finally:
                with suppress(OSError):  # a log that is full costs no record
                    console.print(self.table(live=False))
                self._log_run(logger)

    def begin(self, stream: StreamRead, reader: Reader | None = None, *, opened: bool = False) -> None:
        """Note that the reading of a stream begins.

        Args:
            stream: The stream.
            reader: Reads its search, if it has one, and knows how many records there are.
            opened: Its first query has been answered ahead of its turn.
        """
        now = self._monotonic()
        self._counted = self._requests  # what no stream has had counted since belongs to none
        if opened:
            self._take_back()
        self._lines[stream.name] = _Line(stream, now, now, int(opened), reader=reader)

    def _take_back(self) -> None:
        """Take a request that was sent ahead of its turn from whom it was counted for by then."""
        if self._of_no_stream <= 0:
            most = max(self._lines.values(), key=lambda line: line.requests, default=None)
            if most is not None:
                most.requests -= 1

    @property
    def _of_no_stream(self) -> int:
        return self._requests - sum(line.requests for line in tuple(self._lines.values()))

    def fail(self, stream: StreamRead) -> None:
        """Note that a stream could not be read to its end."""
        self._failed.add(stream.name)

    def advance(self, stream: StreamRead) -> None:
        """Note that a page of a stream has been written."""
        line = self._lines[stream.name]
        line.ended = self._monotonic()
        requests = self._requests
        line.requests += requests - self._counted
        self._counted = requests

    def table(self, *, live: bool = True) -> Table:
        """Make the table of the streams so far.

        Args:
            live: The run goes on: show the time that is left. At its end: the seconds that passed, and a sum.
        """
        from rich.box import SIMPLE_HEAD  # noqa: PLC0415 - tap-copper --version needs no terminal
        from rich.table import Table  # noqa: PLC0415 - tap-copper --version needs no terminal

        lines = [
            (f"{name} (failed)" if name in self._failed else name, line) for name, line in tuple(self._lines.items())
        ]
        table = Table(
            title="tap-copper", title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), show_footer=not live
        )
        table.add_column("stream", "together", no_wrap=True, min_width=max([8, *(len(name) for name, _ in lines)]))
        seconds = self._monotonic() - self._began
        for heading, total in (
            ("records", f"{sum(line.stream.emitted for _, line in lines):,}"),
            ("of", ""),
            ("%", ""),
            ("requests", f"{self._requests:,}"),
            ("a minute", self._pace(self._requests, seconds)),
            ("left" if live else "seconds", "" if live else f"{seconds:.1f}"),
        ):
            table.add_column(heading, total, justify="right", no_wrap=True)
        for name, line in lines:
            table.add_row(name, *self._cells(line, live=live))
        if not live and (others := self._of_no_stream):
            table.add_row(NO_STREAM, "", "", "", f"{others:,}", "", "")
        return table

    def _figures(self) -> list[dict[str, Any]]:
        """The table's figures, for programs."""
        figures: list[dict[str, Any]] = [
            {
                "stream": name,
                "records": line.stream.emitted,
                "of": None if line.reader is None else line.reader.total,
                "requests": line.requests,
                "seconds": round(line.ended - line.began, 1),
                "failed": name in self._failed,
            }
            for name, line in self._lines.items()
        ]
        return [*figures, {"stream": None, "records": 0, "requests": self._of_no_stream}]

    def _cells(self, line: _Line, *, live: bool) -> list[str]:
        seconds = line.ended - line.began
        emitted = line.stream.emitted
        total = line.reader.total if line.reader is not None else None
        left = ""
        if live and total and emitted and seconds >= 1:
            left = f"{self._seconds_left(max(total - emitted, 0), seconds / emitted):.0f} s"
        share = f"{min(100 * emitted // total, 100)}" if total else ""
        of = "" if total is None else f"{total:,}"
        pace = self._pace(line.requests, seconds)
        return [f"{emitted:,}", of, share, f"{line.requests:,}", pace, left if live else f"{seconds:.1f}"]

    def _pace(self, requests: int, seconds: float) -> str:
        """Requests a minute against the quota; within the first minute, all requests so far."""
        rate = f"{requests * SECONDS_PER_MINUTE / max(seconds, SECONDS_PER_MINUTE):.0f}"
        return f"{rate}/{self._quota}" if self._quota else rate

    def _seconds_left(self, records: int, seconds_each: float) -> float:
        """Seconds until so many more records have come: at the pace so far, and no sooner than the quota lets them."""
        if not self._quota:
            return records * seconds_each
        requests = self._requests + -(-records // PAGE_SIZE)
        whole_minutes = (requests - 1) // self._quota
        allowed = whole_minutes * SECONDS_PER_MINUTE - (self._monotonic() - self._began)
        return max(records * seconds_each, allowed)

    def _log_run(self, logger: logging.Logger, **more: Any) -> None:
        traffic = Traffic() if self._session is None else self._session.traffic
        log_event(
            logger,
            "run_finished",
            records=sum(line.stream.emitted for line in self._lines.values()),
            requests=traffic.requests,
            repeated=traffic.repeated,
            turned_away=traffic.turned_away,
            **more,
        )

    @property
    def _requests(self) -> int:
        return 0 if self._session is None else self._session.traffic.requests


class _Above:
    """The file that a log writes to while a table is shown: lines appear above the table and do not tear it."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def write(self, text: str) -> None:
        self._console.print(text.rstrip("\n"), markup=False, highlight=False, soft_wrap=True)

    def flush(self) -> None:
        return


@contextmanager
def _only_warnings(console: Console) -> Iterator[None]:
    """Show warnings and worse of the log alone, above a table."""
    levels = {handler: handler.level for handler in logging.getLogger().handlers}
    streams = {
        handler: handler.stream
        for handler in levels
        if isinstance(handler, logging.StreamHandler) and is_stderr(handler.stream)
    }
    for handler in levels:
        handler.setLevel(max(handler.level, logging.WARNING))
    for handler in streams:
        handler.setStream(_Above(console))
    try:
        yield
    finally:
        for handler, level in levels.items():
            handler.setLevel(level)
        for handler, stream in streams.items():
            handler.setStream(stream)
