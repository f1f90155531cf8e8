"""One entry carried out in this process: its tap, the target beside it, and STATE behind what the target wrote."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import cache, cached_property
from types import FrameType
from typing import Any

from typing_extensions import override

from crm_api.errors import Exit, Retry
from crm_api.transport.redaction import Redactor
from target_crm.accounts.entries import Job
from target_crm.accounts.lines import line_of
from target_crm.accounts.tap_runs import TapEnd, TapRun, start_tap
from target_crm.engine.finish import RunEnd
from target_crm.engine.run import Run
from target_crm.exit_codes import RETRY_SECONDS, Ending, ending_of
from target_crm.ledger.presence import has_ledger
from target_crm.ledger.states import KeptState, MovingState, state_of
from target_crm.ledger.store import Store
from target_crm.report.summary import Summary
from target_crm.target import TargetCrm


class _SyncEnd(RunEnd):
    """The end of a run whose figures go into the account's line, in place of a table."""

    @override
    def show(self, summary: Summary) -> None:
        pass


class _SyncTarget(TargetCrm):
    """A target that keeps STATE in its ledger, behind what it has written there.

    Args:
        moving: The STATE that it moves; None: it keeps none.
    """

    def __init__(self, moving: MovingState | None, ledger_url: str, **arguments: Any) -> None:
        self._moving = moving
        self._ledger_url = ledger_url
        self.tap_failed: Callable[[], bool] = bool
        """Tells, once no more comes from the tap, whether that is so because it failed."""
        super().__init__(**arguments)

    @property
    @override
    def opened_run(self) -> Run:
        is_first = self._run is None
        run = super().opened_run
        if is_first and self._moving is not None and not self.config["dry_run"]:
            self._moving.check(run.ledger.store)  # the only writer now: nobody moves it from here on
        return run

    @cached_property
    @override
    def _end(self) -> RunEnd:
        return _SyncEnd(self.run_id, self._config, self.books, self.began, self.clock)

    @property
    def report(self) -> Mapping[str, Any]:
        """The report of the run, once it has ended."""
        return self._end.report

    @override
    def _write_state_message(self, state: Any) -> None:
        run = self._run
        if run is not None:
            run.locks.check()
        self._latest_state = self._safe_state = None
        if self._moving is None or self.config["dry_run"]:
            return
        if run is not None:
            self._moving.move(run.ledger.store, str(state))
            return
        with closing(Store(self._ledger_url, self.run_id)) as store:  # no stream came
            self._moving.move(store, str(state))

    @override
    def process_endofpipe(self) -> None:
        if self.tap_failed():
            self._reader.ended = True  # nothing is absent from an input that was cut off
        super().process_endofpipe()

    def end_soon(self, signal_number: int, frame: FrameType | None) -> None:
        """Let requests in flight finish, and end; for a signal handler."""
        self._handle_termination(signal_number, frame)


def run_entry(job: Job) -> tuple[dict[str, Any], bool]:
    """Carry out one entry; only in the main thread of a process, whose signals it takes.

    Returns:
        The account's line, and whether this process is as good as before.
    """
    began, entry = time.time(), job.entry
    tap: TapEnd | None = None
    target: _SyncTarget | None = None
    is_sound = True
    try:
        found = _found(job)
        moving = MovingState(entry.key, job.pipeline, found) if job.keeps_state else None
        target = _SyncTarget(moving, entry.ledger_url, config=dict(entry.target), run_id=job.run_id)
        tap_run = start_tap(entry, None if job.begins_anew or found is None else found.text, job.run_id)
        try:
            ending, tap = _both(target, tap_run)
        finally:
            tap_run.output.close()
        is_sound = tap is not None
        tap = tap or TapEnd(Exit.DONE, "", None)
        moves = 0 if moving is None else moving.moves
        line = line_of(job, began, ending, report=target.report, tap=tap, state_moved=bool(moves))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is this account's
        ending = ending_of(error, None)
        is_sound = ending.code != Exit.FAILED
        line = line_of(job, began, ending)
    signal.setitimer(signal.ITIMER_REAL, 0)
    redacted: dict[str, Any] = Redactor(entry.secrets).value(line)
    return redacted, is_sound and not (target is not None and target.stopping.signalled)


def _found(job: Job) -> KeptState | None:
    """Return the STATE that is kept; nobody makes a ledger to look for it."""
    if not job.keeps_state or not has_ledger(job.entry.ledger_url):
        return None
    with closing(Store(job.entry.ledger_url, job.run_id)) as store:
        return state_of(store, job.entry.key, job.pipeline)


def _both(target: _SyncTarget, tap_run: TapRun) -> tuple[Ending, TapEnd | None]:
    """Let the target read what the tap writes, to the end of both.

    Returns:
        The end of both together, and the tap's own; None for a tap that does not end.
    """

    def end_soon(signal_number: int, frame: FrameType | None) -> None:
        target.end_soon(signal_number, frame)
        tap_run.stop(signal_number)

    @cache
    def end_of_tap() -> TapEnd | None:
        return tap_run.end()

    def tap_failed() -> bool:
        end = end_of_tap()
        return end is None or end.code != Exit.DONE

    target.tap_failed = tap_failed
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end_soon)
    target.run(tap_run.output)  # type: ignore[arg-type]  # the SDK's word for it is text; our reader takes bytes
    report = target.report
    retry = Retry(report["retry"])
    sentence = "" if report["ended"] == "done" else report["ended"]
    if not sentence and report["exit_code"]:
        sentence = f"{report['pending']} records are rejected, and max_rejected allows fewer"
    ending = Ending(report["exit_code"], sentence, retry, report["retry_after_seconds"])
    if not tap_run.has_ended_output():  # the target is done, or cannot go on: what the tap makes of that is no news
        tap_run.stop(signal.SIGTERM)
        tap_run.output.close()
        return ending, end_of_tap()
    tap = end_of_tap()
    if tap is not None and tap.code and ending.code in {Exit.DONE, Exit.FAILED}:
        ending = _of_tap(ending, tap)
    return ending, tap


def _of_tap(ending: Ending, tap: TapEnd) -> Ending:
    """Put the end of a tap in the place of the target's, which wrote whatever came."""
    both = " ".join(filter(None, (tap.sentence, ending.sentence)))
    code = max(tap.code, ending.code)
    retry = Retry.LATER if code == Exit.UNREACHABLE else ending.retry
    return Ending(code, both, retry, RETRY_SECONDS if retry is Retry.LATER else None)
