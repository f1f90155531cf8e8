"""The command ``singer-crm apply``: carry out a plan that a dry run has made."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from functools import partial

import click

from target_crm.cli.common import config_option, one_sentence
from target_crm.command import given_config
from target_crm.plans.applying import apply_plan
from target_crm.plans.plan_file import PlanFileError, read_plan
from target_crm.target import TargetCrm

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)([smhd])")


def _seconds(_: click.Context, __: click.Parameter, span: str | None) -> float | None:
    """Read a time span such as 30m, 24h or 7d."""
    if span is None:
        return None
    found = _SPAN.fullmatch(span)
    if found is None:
        raise click.BadParameter(f"{span!r} must be a number with s, m, h or d, such as 30m or 24h")
    return float(found[1]) * _UNITS[found[2]]


@click.command("apply")
@config_option
@click.option(
    "--max-age", callback=_seconds, metavar="SPAN", help="Refuse a plan that is older than this: 30m, 24h, 7d."
)
@click.option(
    "--fresh",
    is_flag=True,
    help="Read each record by itself, past the CRM's search index, in which an edit of the last minute may be missing.",
)
@click.option(
    "--allow-deletes",
    type=click.IntRange(min=0),
    help="Let pass so many deletes of records that are absent from the source, whatever the brakes say.",
)
@click.option("--sha256", help="Refuse a file with another SHA-256 than this: that of the file that was approved.")
@click.option("--run-id", help="Name the run, for locks, history and reports.")
@click.argument("file", type=click.Path())
@one_sentence
def apply_file(
    config: Sequence[str],
    sha256: str | None,
    max_age: float | None,
    allow_deletes: int | None,
    run_id: str | None,
    file: str,
    *,
    fresh: bool,
) -> None:
    """Carry out a plan, where it is still true.

    Each record is read again first. One that is not as the plan saw it is rejected as plan_outdated, and nothing of it
    is sent. Lines that are done are not done again.
    """
    plan = read_plan(file, max_age_seconds=max_age)
    if sha256 is not None and plan.sha256 != sha256.strip().lower():
        what = f"is not the file that was approved: its SHA-256 is {plan.sha256}"
        raise PlanFileError(file, what, "Look at it with singer-crm plan show, and give the digest of what you approve")
    given = given_config(config)
    target = TargetCrm(
        run_id=run_id, allow_deletes=allow_deletes, config=given.config, parse_env_config=given.parse_env
    )
    sys.exit(apply_plan(target, plan, partial(click.echo, err=True), fresh=fresh))
