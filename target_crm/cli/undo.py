"""The command ``singer-crm undo``: what a run changed in the CRM goes back; what cannot go back is left and listed."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

from crm_api.console import as_typed
from crm_api.errors import SettingError, StopError
from target_crm.cli.common import config_option, one_sentence, require_ledger
from target_crm.command import given_config
from target_crm.ledger.run_history import RunHistory
from target_crm.target import TargetCrm
from target_crm.undo.decisions import Back, Decision
from target_crm.undo.findings import Findings
from target_crm.undo.undoing import Undo

_WORDS = {
    Back.RESTORE: "to get former values back",
    Back.DELETE: "to be deleted",
    Back.MAKE: "to be made again",
    Back.FOLLOW: "to refer to records that are made again",
}


class NotAllBackError(StopError):
    """Records that might go back did not: the CRM refused, or gave no answer."""

    happened = "Not everything went back"
    advice = "The reasons are listed above. Undo the run once more when they are mended: what is back stays back."


@click.command()
@config_option
@click.argument("run_id")
@click.option("--dry-run", is_flag=True, help="Show what would go back, and each request; send nothing.")
@click.option(
    "--again", is_flag=True, help="Let the next run send the source's values again. Else it waits until they change."
)
@click.option(
    "--fresh", is_flag=True, help="Read each record by itself: lists may not show edits of the last minute yet."
)
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
    *,
    dry_run: bool,
    again: bool,
    fresh: bool,
    yes: bool,
    allow_deletes: int | None,
) -> None:
    """Take back what a run wrote.

    Every field that the run wrote gets its former value, what it created is deleted, and what it deleted is made again.
    What was changed in the CRM since stays, and is listed. The run must have kept values: set keep_values_days. An undo
    is a run of its own, which can be undone.
    """
    given = given_config(config)
    settings: dict[str, Any] = {**(given.config or {}), "max_rejected": sys.maxsize}  # earlier runs rejected them
    if dry_run:
        settings["dry_run"] = True
    target = TargetCrm(config=settings, parse_env_config=given.parse_env)
    require_ledger(target)
    command = _Command(target, run_id, asks=not yes and sys.stdin.isatty())
    sys.exit(target.carry_out(lambda: command.carry_out(again=again, fresh=fresh, allowed=allow_deletes)))


class _Command:
    """One undo from the look to the last word.

    Args:
        target: Has the settings.
        run_id: The run that is taken back.
        asks: Whether somebody is asked before anything is sent.
    """

    def __init__(self, target: TargetCrm, run_id: str, *, asks: bool) -> None:
        self._target = target
        self._run_id = run_id
        self._asks = asks

    @property
    def _is_dry(self) -> bool:
        return bool(self._target.config["dry_run"])

    def carry_out(self, *, again: bool, fresh: bool, allowed: int | None) -> None:
        """Look, say what would go back, and take it back unless nobody wants that."""
        run = self._target.opened_run
        history = run.ledger.run_history
        self._check(history)
        undo = Undo(run, history, self._run_id, self._target.settings_of, again=again, fresh=fresh, allowed=allowed)
        findings = undo.look()
        if not findings.decisions:
            click.echo(f"Run {self._run_id} wrote nothing, so that there is nothing to take back.")
            return
        self._show(findings)
        if not any(each.back.sends for each in findings.decisions):
            click.echo("Nothing goes back.")
        elif self._asks and not self._is_dry:
            click.confirm(f"Take run {self._run_id} back?", abort=True)
        undo.carry_out(findings)
        progress = undo.progress
        for place, reason in progress.failed.items():
            click.echo(f"not back: {place[0]} {place[1]}: {reason}")
        for place, left in progress.more_left.items():
            click.echo(f"left: {place[0]} {place[1]}: {'; '.join(each.said for each in left)}")
        self._target.braked = list(findings.refusals)
        if self._is_dry:
            return
        if progress.back:
            done = f"{_records(len(progress.back))} went back, as run {run.id}"
            click.echo(f"{done}. To take that back: {as_typed(f'undo {run.id}')}")
        if progress.failed:
            raise NotAllBackError

    def _check(self, history: RunHistory) -> None:
        """Refuse a run that the ledger does not know, or that wrote another account or source.

        Raises:
            SettingError: Says what there is.
        """
        source = self._target.opened_run.source
        known = history.sources_of(self._run_id)
        if source in known:
            return
        if known:
            other = known[0]
            raise SettingError(
                f"Run {self._run_id} wrote account {other.account} of {other.crm} as source {other.name}, and these "
                f"settings are those of account {source.account} and source {source.name}. Nothing was done"
            )
        last = history.last_runs(source)
        named = "; ".join(f"{each.run_id} ({_time(each.at)})" for each in last)
        hint = f"The last runs that wrote something: {named}" if last else "No run has written anything there yet"
        raise SettingError(f"The ledger knows no run {self._run_id!r}. {hint}. Nothing was done")

    def _show(self, findings: Findings) -> None:
        """Say what is left, each with the reason, and count what goes back."""
        lines = [line for each in findings.decisions for line in each.touched.lines if line.at]
        began, ended = min(line.at for line in lines), max(line.at for line in lines)
        click.echo(f"Run {self._run_id} wrote {_records(len(findings.decisions))}, {_time(began)} to {_time(ended)}.")
        for each in findings.decisions:
            if each.left:
                click.echo(f"left: {_named(each)}: {'; '.join(left.said for left in each.left)}")
        for stream, counts in findings.counts().items():
            click.echo(f"{stream}: {_in_words(counts)}")
        for refusal in findings.refusals:
            click.echo(refusal)


def _named(decision: Decision) -> str:
    last = decision.touched.last
    return f"{last.stream} {last.source_id} (CRM record {decision.touched.crm_id})"


def _in_words(counts: Counter[str]) -> str:
    said = [f"{counts[back]:,} {words}" for back, words in _WORDS.items() if counts[back]]
    if counts["back already"]:
        said.append(f"{counts['back already']:,} as before the run already")
    if counts["left"]:
        said.append(f"{counts['left']:,} left, or left in part")
    return ", ".join(said) or "nothing"


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count:,} records"


def _time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M} UTC"
