"""The command ``singer-crm undo``: what a run changed in the CRM goes back; what cannot go back is left and listed."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import click

from crm_api.console import on_one_line
from crm_api.errors import SettingError, StopError
from crm_api.run_id import RUN_ID
from target_crm.cli.common import config_option, one_sentence, require_ledger
from target_crm.command import given_config
from target_crm.engine.finish import forecast
from target_crm.ledger.run_history import RunHistory
from target_crm.plans.plan_file import PlanHeader, PlanLine, made_now, write_plan
from target_crm.plans.settings_digest import settings_digest
from target_crm.target import TargetCrm
from target_crm.undo.findings import Findings
from target_crm.undo.plan_lines import PlanLines, counts_of
from target_crm.undo.undoing import Undo
from target_crm.undo.words import NotAllBackError, last_line, lines_after, lines_before, spelled_time


class NotWantedError(StopError):
    """Whoever was asked does not want the run to be taken back."""

    happened = "Nothing was sent"
    advice = "The run stays as it is."


@dataclass(frozen=True)
class _Wanted:
    """The options of the command line.

    Attributes:
        run_id: The run that is taken back.
        plan: The file that gets a plan; None: none is made.
        again: Whether the next run may send the source's values again.
        fresh: Whether each record is read by itself.
        asks: Whether somebody is asked before anything is sent.
        allowed: How many records may be deleted, whatever the brakes say; None: the brakes hold.
    """

    run_id: str
    plan: str | None
    again: bool
    fresh: bool
    asks: bool
    allowed: int | None


@click.command()
@config_option
@click.argument("run_id")
@click.option("--dry-run", is_flag=True, help="Show what would go back, and each request; send nothing.")
@click.option(
    "--plan",
    type=click.Path(dir_okay=False),
    metavar="FILE",
    help="Send nothing, and put what would go back into FILE, for singer-crm plan show and singer-crm apply.",
)
@click.option(
    "--again", is_flag=True, help="Let the next run send the source's values again. Else it waits until they change."
)
@click.option(
    "--fresh", is_flag=True, help="Read each record by itself: lists may not show edits of the last minute yet."
)
@click.option("--run-id", "own_id", help="Name the undo itself, which is a run as well.")
@click.option("--yes", is_flag=True, help="Do not ask before anything is sent.")
@click.option(
    "--allow-deletes",
    type=click.IntRange(min=0),
    help="Let this undo delete so many records that the run created, whatever max_deletes says.",
)
@one_sentence
def undo(
    config: Sequence[str],
    run_id: str,
    plan: str | None,
    own_id: str | None,
    allow_deletes: int | None,
    *,
    dry_run: bool,
    again: bool,
    fresh: bool,
    yes: bool,
) -> None:
    """Take back what a run wrote.

    Every field that the run wrote gets its former value, what it created is deleted, and what it deleted is made again.
    What was changed in the CRM since stays, and is listed. The run must have kept values: set keep_values_days. An undo
    is a run of its own, which can be undone.
    """
    given = given_config(config)
    settings: dict[str, Any] = {**(given.config or {}), "max_rejected": sys.maxsize}  # earlier runs rejected them
    if dry_run or plan is not None:
        settings["dry_run"] = True
    target = TargetCrm(run_id=own_id, config=settings, parse_env_config=given.parse_env)
    if target.run_id == run_id:
        raise SettingError(
            f"The undo itself would bear the name {run_id}: give it another one with --run-id, or unset {RUN_ID}"
        )
    require_ledger(target)
    asks = not yes and not target.config["dry_run"] and sys.stdin.isatty()
    command = _Command(target, _Wanted(run_id, plan, again, fresh, asks, allow_deletes))
    sys.exit(target.carry_out(command.carry_out))


class _Command:
    """One undo from the look to the last word.

    Args:
        target: Has the settings.
        wanted: The options.
    """

    def __init__(self, target: TargetCrm, wanted: _Wanted) -> None:
        self._target = target
        self._wanted = wanted

    def carry_out(self) -> None:
        """Look, say what would go back, and take it back unless nobody wants that.

        Raises:
            NotAllBackError: Something that might go back did not.
        """
        run, wanted = self._target.opened_run, self._wanted
        history = run.ledger.run_history
        self._check(history)
        undo = Undo(
            run,
            history,
            wanted.run_id,
            self._target.settings_of,
            again=wanted.again,
            fresh=wanted.fresh,
            allowed=wanted.allowed,
        )
        findings = self._approved(undo)
        lines = PlanLines(undo.places, undo.progress.reason).lines(findings.decisions) if wanted.plan else []
        undo.carry_out(findings)
        self._say(lines_after(undo.progress))
        self._target.braked = list(findings.refusals)
        if wanted.plan is not None:
            self._write_plan(wanted.plan, lines)
        if self._target.config["dry_run"]:
            return
        if undo.progress.back:
            click.echo(last_line(undo.progress, run.id))
        if undo.progress.failed:
            raise NotAllBackError

    def _approved(self, undo: Undo) -> Findings:
        """Say what would go back, and ask; what has changed in the CRM while somebody thought is said as well."""
        findings = undo.look()
        while findings.decisions:
            self._say(lines_before(self._wanted.run_id, findings))
            if not self._wanted.asks or not any(each.back.sends for each in findings.decisions):
                return findings
            self._ask()
            if undo.is_fresh(findings):
                return findings
            before, findings = findings, undo.look()
            if findings.is_like(before):
                return findings
            click.echo("Meanwhile something has changed:")
        click.echo(f"Run {self._wanted.run_id} wrote nothing, so that there is nothing to take back.")
        return findings

    def _ask(self) -> None:
        """Ask whether the run is to be taken back.

        Raises:
            NotWantedError: It is not.
        """
        try:
            is_wanted = click.confirm(f"Take run {self._wanted.run_id} back?")
        except click.Abort:
            is_wanted = False
        if not is_wanted:
            raise NotWantedError

    def _say(self, lines: Iterable[str]) -> None:
        """Say lines, which may hold the CRM's words, without secrets."""
        redact = self._target.connect().session.redact
        for line in lines:
            click.echo(redact(on_one_line(line)))

    def _check(self, history: RunHistory) -> None:
        """Refuse a run that the ledger does not know, or that wrote another account or source.

        Raises:
            SettingError: Says what there is.
        """
        source, run_id = self._target.opened_run.source, self._wanted.run_id
        known = history.sources_of(run_id)
        if source in known or history.wrote_nothing(run_id, source):
            return
        if known:
            other = known[0]
            raise SettingError(
                f"Run {run_id} wrote account {other.account} of {other.crm} as source {other.name}, and these "
                f"settings are those of account {source.account} and source {source.name}. Nothing was done. "
                "Give the settings of that run"
            )
        last = history.last_runs(source)
        named = "; ".join(f"{each.run_id} ({spelled_time(each.at)})" for each in last)
        hint = f"The last runs that wrote something: {named}" if last else "No run has written anything there yet"
        raise SettingError(f"The ledger knows no run {run_id!r}. {hint}. Nothing was done")

    def _write_plan(self, path: str, lines: Sequence[PlanLine]) -> None:
        """Write the plan of what would go back.

        Raises:
            FileError: It cannot be written.
        """
        run, config = self._target.opened_run, self._target.config
        costs = forecast(run.crm, config)
        header = PlanHeader(
            plan_id=uuid.uuid4().hex,
            made_at=made_now(),
            program=version("singer-crm"),
            kind="undo",
            run_id=run.id,
            undo_of=self._wanted.run_id,
            crm=run.source.crm,
            account=run.source.account,
            account_name=run.source.account_name,
            source_name=run.source.name,
            ledger=run.ledger.planned_lines.ledger_id,
            settings=settings_digest(config),
            counts=counts_of(self._target.books, lines),
            requests=0 if costs is None else costs.requests,
            seconds=0.0 if costs is None else costs.seconds,
        )
        write_plan(path, header, lines, "--plan")
        click.echo(f"The plan of {len(lines):,} records is in {path}")
