"""The command ``singer-crm sync``: accounts of accounts.yml, kept in step by workers."""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from crm_api.errors import SIGNAL_OFFSET, Exit
from crm_api.run_id import given_run_id
from target_crm.accounts.accounts_file import accounts_of, chosen
from target_crm.accounts.entries import Accounts, Job
from target_crm.accounts.lines import in_words, line_without_run
from target_crm.accounts.workers import Workers
from target_crm.cli.account_options import (
    SCHEDULE,
    accounts_option,
    checked_pipeline,
    names_argument,
    output_option,
)
from target_crm.cli.common import one_sentence
from target_crm.exit_codes import Ending
from target_crm.partition import read_partition

MOST_WORKERS = 256


@click.command()
@names_argument
@accounts_option
@click.option("--all", "takes_all", is_flag=True, help="Sync every account that is enabled.")
@click.option(
    "--workers",
    type=click.IntRange(1, MOST_WORKERS),
    default=1,
    show_default=True,
    help="So many accounts at once, each in a process that carries out one after the other.",
)
@click.option("--pipeline", help=f"Keep STATE under another name than {SCHEDULE}, such as that of a backfill.")
@click.option("--run-id", help="Name of the runs in ledgers, locks and lines. SINGER_CRM_RUN_ID names them, too.")
@click.option(
    "--full-refresh",
    is_flag=True,
    help="Read everything anew. Without --pipeline the schedule's STATE stays where it is.",
)
@click.option(
    "--partition",
    metavar="INDEX/OF",
    help="Write one share of every stream, such as 0/3; it keeps STATE of its own.",
)
@output_option
@one_sentence
def sync(
    names: Sequence[str],
    path: Path,
    pipeline: str | None,
    run_id: str | None,
    output: str,
    workers: int,
    partition: str | None,
    *,
    takes_all: bool,
    full_refresh: bool,
) -> None:
    """Sync accounts of accounts.yml: read each with its tap, and write it with target-crm.

    STATE is kept in the ledger of the account, behind what the target has written. Prints a line for each account. Of
    several accounts the exit code is the worst one, without 5 (another run is at it).
    """
    if takes_all == bool(names):
        raise click.UsageError("Name accounts, or give --all")
    kept_under, given = checked_pipeline(pipeline), given_run_id(run_id)
    share = None if partition is None else read_partition(partition)
    accounts = accounts_of(path)
    meant = [each for each in chosen(accounts, names) if not takes_all or each not in accounts.disabled]

    def named() -> str:
        return given or uuid.uuid4().hex

    jobs = [
        Job(
            accounts.entries[name],
            kept_under,
            named(),
            begins_anew=full_refresh,
            keeps_state=not full_refresh or pipeline is not None,
        ).divided(share)
        for name in meant
        if name in accounts.entries
    ]
    running = Workers(min(workers, max(len(jobs), 1)))
    codes: list[int] = []
    for line in _lines(accounts, meant, kept_under, running.lines(jobs), named):
        codes.append(line["exit_code"])
        click.echo(json.dumps(line, ensure_ascii=False) if output == "json" else in_words(line))
    if running.signalled is not None:
        sys.exit(SIGNAL_OFFSET + running.signalled)
    sys.exit(worst(codes) if takes_all or len(codes) > 1 else codes[0])


def worst(codes: Iterable[int]) -> int:
    """Return the exit code of several accounts: the highest, without that of an account at which another run is."""
    return max((code for code in codes if code != Exit.BUSY), default=Exit.DONE)


def _lines(
    accounts: Accounts, meant: Sequence[str], pipeline: str, lines: Iterable[dict[str, Any]], named: Any
) -> Iterator[dict[str, Any]]:
    """Yield the lines of entries that are wrong, then those of the others as they end."""
    for name in meant:
        if name in accounts.flaws:
            yield line_without_run(name, pipeline, named(), Ending(Exit.SETTINGS, accounts.flaws[name]))
    yield from lines
