"""The end of a run, however it comes: the reject file, the summary, the report, and the exit code."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from crm_api.crm import Crm
from crm_api.errors import SIGNAL_OFFSET, CrmError, Exit, Retry
from crm_api.transport.traffic import Traffic
from target_crm.engine.run import Run, logger
from target_crm.exit_codes import Ending, told_ending
from target_crm.ledger.values import Missing
from target_crm.report.outcomes import Books
from target_crm.report.report_file import ReportFile
from target_crm.report.summary import Forecast, Summary
from target_crm.settings_checks import rejected_allowed


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

    def begin(self) -> None:
        """Put this run into the report file, in place of an earlier one; nothing has been sent yet.

        Raises:
            SettingError: It cannot be written.
            FileError: The disk is full.
        """
        self._report.begin(self._run_id)

    def opened(self, run: Run) -> None:
        """Put the ledger of this run into the report file: a run that is killed leaves it to the next one."""
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
        held = _Held(Counter())
        if run is not None:
            held, ending = _close(run, ending)
        if not ending.code and self._rejected_too_many(held):
            ending = replace(ending, code=Exit.FAILED)
        summary = self._summary(run, crm, held, ending)
        report = summary.report()
        if run is not None:
            with suppress(OSError):  # nobody can read it
                summary.show(report, logger)
        try:
            self._report.write(report)
        except CrmError as error:
            logger.error("%s", error)
            return ending.code or Exit.FAILED
        return ending.code

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
            self._report.write(self._summary(None, crm, _Held(Counter()), ending).report())
        os._exit(ending.code)

    def _rejected_too_many(self, held: _Held) -> bool:
        allowed = rejected_allowed(self._config["max_rejected"])
        return allowed.exceeded(held.counts["rejected"], self._books.inputs)

    def _summary(self, run: Run | None, crm: Crm | None, held: _Held, ending: Ending) -> Summary:
        return Summary(
            self._run_id,
            None if run is None else run.account.name,
            self._books,
            held.counts["rejected"],
            held.counts["waiting"],
            held.missing,
            asdict(Traffic() if crm is None else crm.session.traffic),
            self._clock() - self._began,
            ending,
            None if run is None else forecast(run.crm, self._config),
            held.ledger,
        )


def _close(run: Run, ending: Ending) -> tuple[_Held, Ending]:
    """Let go of what the run holds; returns what the ledger holds, and how the run ended after all."""
    recorder, held_records = run.recorder, run.ledger.held_records
    if ending.code:
        recorder.stopped()
    counts: Counter[str] = Counter()
    missing: Sequence[Missing] = ()
    ledger = None
    try:
        try:
            counts = held_records.counts(run.source)
            missing = run.ledger.links.missing(run.source)
            recorder.flush()  # while nobody else can write
            recorder.finish(held_records.each(run.source, "rejected"))
        finally:
            try:
                ledger = run.ledger.witness(at_end=True)
            finally:
                run.close()
    except Exception as error:  # noqa: BLE001 - the report is written whatever happens
        failed = told_ending(error, None, logger)
        if not ending.code:
            ending = failed
    return _Held(counts, missing, ledger), ending


def forecast(crm: Crm, config: Mapping[str, Any]) -> Forecast | None:
    """Say what the run would cost that a dry run stands for; None for a run that is none."""
    if not config["dry_run"]:
        return None
    from target_crm.engine.dry_run import forecast_of  # noqa: PLC0415 - only a dry run needs it

    return forecast_of(crm, config)
