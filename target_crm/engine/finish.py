"""The end of a run, however it comes: the reject file, the summary, the report, and the exit code."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import asdict, dataclass, replace
from threading import Thread
from typing import TYPE_CHECKING, Any

from crm_api.crm import Crm
from crm_api.errors import SIGNAL_OFFSET, CrmError, Exit, Retry
from crm_api.transport.session import CrmSession
from crm_api.transport.traffic import Traffic
from crm_api.watching.asked_for import open_telemetry
from crm_api.watching.telemetry import OFF, Telemetry
from target_crm.crms import requests_per_minute
from target_crm.engine.run import Run, logger
from target_crm.exit_codes import Ending, told_ending
from target_crm.ledger.locks import LockLostError
from target_crm.ledger.values import Missing
from target_crm.report.books import Books
from target_crm.report.figures import tell_books, tell_held
from target_crm.report.report_file import ReportFile
from target_crm.report.summary import Forecast, Summary
from target_crm.settings_checks import rejected_allowed

if TYPE_CHECKING:  # SQLAlchemy comes with it, which nobody needs before the first stream
    from target_crm.ledger.runs import RunLine

METRICS_PATH = "metrics_path"
LINE_SECONDS = 2.0  # for which a run that is cut short waits for the ledger to take its line


@dataclass(frozen=True)
class _Held:
    """The records that the ledger holds at the end of a run.

    Attributes:
        counts: Their number, by state.
        missing: What records wait for.
        ledger: What the ledger is now, by which the next run tells an older copy of it; None if none was opened.
    """

    counts: Mapping[str, int]
    missing: Sequence[Missing] = ()
    ledger: Mapping[str, Any] | None = None


class RunEnd:
    """Tells how a run ended, whatever ended it.

    Args:
        run_id: Names the run.
        config: The settings.
        books: Count what becomes of records.
        began: When the process began (seconds of ``clock``).
        clock: Monotonic seconds.

    Attributes:
        report: The report as JSON values, once the run has ended; empty before.
    """

    def __init__(
        self, run_id: str, config: Mapping[str, Any], books: Books, began: float, clock: Callable[[], float]
    ) -> None:
        self._run_id = run_id
        self._config = config
        self._books = books
        self._clock = clock
        self._began = began
        self._report = ReportFile(config.get("report_path"))
        self._run_line: RunLine | None = None
        self.report: Mapping[str, Any] = {}
        self._telemetry: Telemetry = OFF

    def begin(self) -> None:
        """Put this run into the report file, in place of an earlier one; nothing has been sent yet.

        Raises:
            SettingError: It, or the metrics file, cannot be written, or notify_url cannot work.
            FileError: The disk is full.
        """
        self._telemetry = open_telemetry("target-crm", self._run_id, logger, crm=self._config["crm"])
        self._report.begin(self._run_id)
        if not self._config["dry_run"] and (path := self._config.get(METRICS_PATH)):
            from target_crm.report.metrics_file import check_metrics_path  # noqa: PLC0415 - only some have a collector

            check_metrics_path(path)
        if receiver := self._config.get("notify_url"):
            from target_crm.report.receiver import checked_receiver  # noqa: PLC0415 - only some tell anybody

            checked_receiver(receiver)

    def watched(self, session: CrmSession) -> CrmSession:
        """Return the session of the account, of whose requests telemetry is told from now on."""
        session.watch(self._telemetry)
        return session

    def opened(self, run: Run) -> None:
        """Tell of this run in the report file and in the ledger: a run that is killed leaves that to the next one."""
        self._telemetry.know(account=run.source.account, source_name=run.source.name)
        self._run_line = run.ledger.run_line
        if self._run_line is not None:
            self._keep(self._run_line.begin)
        self._report.begin(self._run_id, run.ledger.witness(at_end=False))

    def finish(self, run: Run | None, crm: Crm | None, ending: Ending) -> int:
        """Close the books, say what they hold, and write the report.

        Args:
            run: The run that ends; None if it was not opened.
            crm: The account; None if it was not reached.
            ending: How the reading of the input ended.

        Returns:
            The exit code.
        """
        code = self._finished(run, crm, ending)
        self._telemetry.finish(code)
        return code

    def _finished(self, run: Run | None, crm: Crm | None, ending: Ending) -> int:
        held = _Held(Counter())
        if run is not None:
            held, ending = _close_books(run, ending)
            tell_books(self._telemetry, self._books)
            tell_held(self._telemetry, held.counts)
        if not ending.code and self._rejected_too_many(held):
            ending = replace(ending, code=Exit.FAILED)
        summary, ending = self._written_down(run, crm, held, ending)
        if run is None:
            return ending.code
        self._note_figures(run, held, ending)
        try:
            run.close()
        except Exception as error:  # noqa: BLE001 - the report is written whatever happens
            failed = told_ending(error, None, logger)
            summary, ending = self._written_down(run, crm, held, ending if ending.code else failed)
        with suppress(OSError):  # nobody can read it
            self.show(summary)
        if self._tells:
            from target_crm.engine.notify import tell_at_end  # noqa: PLC0415 - only some tell anybody

            tell_at_end(self._config, run.source, self._run_id, ending)
        return ending.code

    def show(self, summary: Summary) -> None:
        """Show the summary to whoever watches."""
        summary.show(summary.report(), logger)

    @property
    def _tells(self) -> bool:
        return self._run_line is not None and bool(self._config.get("notify_url"))

    def _note_figures(self, run: Run, held: _Held, ending: Ending) -> None:
        """Note which thresholds the run has crossed; however that fails, the run ends as it would."""
        if (line := self._run_line) is None or not self._tells:
            return
        from target_crm.engine.notify import figures_of, note_figures  # noqa: PLC0415 - only some tell anybody

        figures = figures_of(self._books, held.counts, ending)
        self._keep(lambda: note_figures(self._config, line.notices, run.source, self._run_id, figures))

    def _written_down(self, run: Run | None, crm: Crm | None, held: _Held, ending: Ending) -> tuple[Summary, Ending]:
        """Write the report, and the run's line; returns the summary, and how the run ended after all."""
        summary = self._summary(run, crm, held, ending)
        report = self.report = self._report.whole(summary.report())
        try:
            self._write_metrics(run, report)
        except CrmError as error:
            failed = told_ending(error, None, logger)
            summary = replace(summary, ending=(ending := ending if ending.code else failed))
            report = self._report.whole(summary.report())
        try:
            self._report.write(report)
        except CrmError as error:
            failed = told_ending(error, None, logger)
            ending = ending if ending.code else failed
        if (line := self._run_line) is not None:
            self._keep(lambda: line.end(ending.code, report))
        return summary, ending

    def _write_metrics(self, run: Run | None, report: Mapping[str, Any]) -> None:
        """Write the metrics file; a dry run leaves that of the last real run.

        Raises:
            FileError: It cannot be written.
        """
        if (path := self._config.get(METRICS_PATH)) is None or self._config["dry_run"]:
            return
        from target_crm.report.metrics_file import write_metrics  # noqa: PLC0415 - only some have a collector

        facts = {"crm": self._config["crm"], "source_name": self._config["source_name"]}
        if run is not None:
            facts |= {"account": run.source.account, "account_name": run.source.account_name or ""}
        write_metrics(path, report, facts, time.time())

    @staticmethod
    def _keep(write: Callable[[], None]) -> None:
        """Write the run's line: however that fails, the run goes on, and ends, as it would."""
        try:
            write()
        except LockLostError:  # which is told where the run noticed it
            pass
        except Exception as error:  # noqa: BLE001 - see above
            logger.warning("The line of this run could not be written into the ledger: %s", error)

    def limit(self, seconds: float, crm: Crm | None, signum: int) -> None:
        """End the process after so many seconds, with a report of what is known, if it has not ended by then.

        Args:
            seconds: How long requests in flight may take.
            crm: The account; None if it was not reached.
            signum: The number of the signal that asked the run to end.
        """
        sentence = "Terminated by a signal; requests in flight did not finish within shutdown_seconds"
        ending = Ending(SIGNAL_OFFSET + signum, sentence, Retry.NOW)
        signal.signal(signal.SIGALRM, lambda *_: self._cut_short(crm, ending))
        signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))

    def _cut_short(self, crm: Crm | None, ending: Ending) -> None:
        with suppress(Exception):  # what it would read, another thread may be writing
            report = self._report.whole(self._summary(None, crm, _Held(Counter()), ending).report())
            self._report.write(report)
            self._write_metrics(None, report)
            if (line := self._run_line) is not None:  # the thread that is interrupted may hold the ledger
                kept = Thread(target=self._keep, args=(lambda: line.end(ending.code, report),), daemon=True)
                kept.start()
                kept.join(LINE_SECONDS)
            if self._telemetry.is_on:  # whose locks that thread may hold as well
                told = Thread(target=self._telemetry.finish, args=(ending.code,), daemon=True)
                told.start()
                told.join(LINE_SECONDS)
        os._exit(ending.code)

    def _rejected_too_many(self, held: _Held) -> bool:
        allowed = rejected_allowed(self._config["max_rejected"])
        return allowed.exceeded(held.counts["rejected"], self._books.inputs)

    def _summary(self, run: Run | None, crm: Crm | None, held: _Held, ending: Ending) -> Summary:
        return Summary(
            self._run_id,
            None if run is None else run.source.account_name,
            self._books,
            held.counts["rejected"],
            held.counts["waiting"],
            held.missing,
            asdict(Traffic() if crm is None else crm.session.traffic),
            self._clock() - self._began,
            ending,
            None if run is None else forecast(run.crm, self._config),
            held.ledger,
            None
            if crm is None
            else {
                "per_minute": requests_per_minute(self._config) or None,
                "used_most": crm.session.traffic.most_in_a_minute,
            },
        )


def _close_books(run: Run, ending: Ending) -> tuple[_Held, Ending]:
    """Write down what is left to tell of records; returns what the ledger holds, and how the run ended after all."""
    recorder, held_records = run.recorder, run.ledger.held_records
    if ending.code:
        recorder.stopped()
    held = _Held(Counter())

    def tell() -> None:
        nonlocal held
        with ExitStack() as stack:  # in the reverse order, all of it even if something fails
            stack.callback(recorder.close)
            held = replace(held, counts=held_records.counts(run.source))
            held = replace(held, missing=run.ledger.links.missing(run.source))
            with suppress(LockLostError) if ending.code else nullcontext():  # which is told, and why the run ends
                recorder.flush()  # while nobody else can write
            recorder.finish(held_records.each(run.source, "rejected"))

    def count_up() -> None:
        nonlocal held
        held = replace(held, ledger=run.ledger.witness(at_end=True))

    for work in (tell, count_up):
        try:
            work()
        except Exception as error:  # noqa: BLE001 - the report is written whatever happens
            failed = told_ending(error, None, logger)
            ending = ending if ending.code else failed
    return held, ending


def forecast(crm: Crm, config: Mapping[str, Any]) -> Forecast | None:
    """Say what the run would cost that a dry run stands for; None for a run that is none."""
    if not config["dry_run"]:
        return None
    from target_crm.engine.dry_run import forecast_of  # noqa: PLC0415 - only a dry run needs it

    return forecast_of(crm, config)
