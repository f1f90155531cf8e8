"""The operator: a task that runs ``singer-crm sync`` for one account."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from airflow.sdk import BaseOperator

from singer_crm_airflow.sync_command import SyncRun, run_id_of
from singer_crm_airflow.sync_process import SyncProcess
from singer_crm_airflow.verdicts import Action, Verdict, verdict_on

try:
    from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
except ImportError:  # where they stood before
    from airflow.exceptions import AirflowException, AirflowFailException, AirflowSkipException

try:
    from airflow.sdk import RetryPolicy
except ImportError:  # before 3.3 the wait between tries is the task's retry_delay alone
    RetryPolicy = None

COUNTS = ("records", "outcomes", "requests")
GRACE_SECONDS = 30.0  # requests under way are finished in 20
_LEVEL = re.compile(r"\b(WARNING|ERROR|CRITICAL)\b")


class SyncLaterError(AirflowException):
    """The account can be tried again.

    Attributes:
        retry_after_seconds: How long to wait before that.
    """

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.sentence)
        self.retry_after_seconds = verdict.retry_after_seconds or 0.0


class CrmSyncOperator(BaseOperator):
    """Runs ``singer-crm sync ACCOUNT``, shows its log as the task's, and ends as its exit code says.

    The counts of the run are the task's result (XCom ``return_value``), its whole JSON line is XCom ``report``.

    Args:
        account: The name of the entry of accounts.yml.
        singer_crm_bin: The command singer-crm on the worker: a name, a path, or words as a shell reads them.
        accounts_file: The path of accounts.yml on the worker; None: the worker's ``SINGER_CRM_ACCOUNTS``.
        pipeline: Name of the pipeline, whose STATE is its own; empty: that of the schedule.
        full_refresh: Whether everything is read anew; text is read as Jinja makes it of true and false.
        only: Names of the accounts that this run of the DAG is for, with spaces between; empty: for all. A task whose
            account is not named is skipped.
        env: Variables for the command, beside the worker's own.
        grace_seconds: How long the command may take to end after a SIGTERM before it is killed.
    """

    template_fields: Sequence[str] = ("account", "accounts_file", "pipeline", "full_refresh", "only", "env")
    ui_color = "#e4f0ea"

    def __init__(
        self,
        *,
        account: str,
        singer_crm_bin: str | Sequence[str] = "singer-crm",
        accounts_file: str | None = None,
        pipeline: str = "",
        full_refresh: bool | str = False,
        only: str = "",
        env: Mapping[str, str] | None = None,
        grace_seconds: float = GRACE_SECONDS,
        **kwargs: Any,
    ) -> None:
        if RetryPolicy is not None:
            kwargs.setdefault("retry_policy", AsReported())
        super().__init__(**kwargs)
        self.account = account
        self.singer_crm_bin = singer_crm_bin
        self.accounts_file = accounts_file
        self.pipeline = pipeline
        self.full_refresh = full_refresh
        self.only = only
        self.env = env
        self.grace_seconds = grace_seconds

    def execute(self, context: Mapping[str, Any]) -> Any:
        """Run the command to its end.

        Returns:
            The counts of the run.

        Raises:
            AirflowSkipException: Another run is at it, or this run of the DAG is for other accounts.
            AirflowFailException: Trying again changes nothing.
            SyncLaterError: It may be tried again.
        """
        if self.only.split() and self.account not in self.only.split():
            raise AirflowSkipException(f"{self.account}: this run is for {self.only}")
        task = context["ti"]
        run = SyncRun(
            self.singer_crm_bin,
            self.account,
            run_id_of(task.dag_id, task.run_id, task.task_id, task.try_number),
            self.accounts_file or "",
            self.pipeline,
            str(self.full_refresh).strip().lower() == "true",
        )
        words = run.words()
        self.log.info("Run %s: %s", run.run_id, " ".join(words))
        self._process = SyncProcess(words, {**os.environ, **(self.env or {})}, self._show, self.grace_seconds)
        try:
            code, written = self._process.run()
        except OSError as error:
            raise AirflowFailException(
                f"{words[0]} cannot be started: {error.strerror}. Set singer_crm_bin to the command singer-crm here"
            ) from None
        report = report_of(written)
        if report is not None:
            task.xcom_push(key="report", value=report)
        return self._ended(verdict_on(self.account, code, report), report)

    def on_kill(self) -> None:
        """Have the command end soon; ``execute`` goes on until it has."""
        if (process := getattr(self, "_process", None)) is not None:
            self.log.info("Asking the run to stop; it gets %g seconds", self.grace_seconds)
            process.stop()

    def _show(self, line: str) -> None:
        found = _LEVEL.search(line[:120])
        self.log.log(logging.getLevelName(found[1]) if found else logging.INFO, "%s", line)

    def _ended(self, verdict: Verdict, report: Mapping[str, Any] | None) -> Any:
        if verdict.action is Action.SKIP:
            raise AirflowSkipException(verdict.sentence)
        if verdict.action is Action.FAIL:
            raise AirflowFailException(verdict.sentence)
        if verdict.action is Action.RETRY:
            raise SyncLaterError(verdict)
        self.log.info("%s", verdict.sentence)
        return counts_of(report or {})


def report_of(written: str) -> dict[str, Any] | None:
    """Return the JSON line of the account: the last object on stdout; None if there is none."""
    for line in reversed(written.splitlines()):
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            return value
    return None


def counts_of(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the counts of a report: records that came, their outcomes, and requests."""
    return {name: report[name] for name in COUNTS if name in report}


if RetryPolicy is not None:
    from airflow.sdk import RetryDecision

    class AsReported(RetryPolicy):
        """Waits between two tries for as long as the report asks for."""

        def evaluate(
            self,
            exception: BaseException,
            try_number: int,  # noqa: ARG002 - the interface
            max_tries: int,  # noqa: ARG002
            context: Any = None,  # noqa: ARG002
        ) -> Any:
            """Decide about the next try."""
            if isinstance(exception, SyncLaterError):
                return RetryDecision.retry(timedelta(seconds=exception.retry_after_seconds), str(exception))
            return RetryDecision.default()
