"""The ``singer-crm`` command: looks after what target-crm writes, on the same settings."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click
from rich.table import Table

from crm_api.errors import CrmError
from target_crm.exits import Exit
from target_crm.kinds import remedy
from target_crm.ledger.shelf import Shelf
from target_crm.ledger.store import Store
from target_crm.ledger.tables import default_url
from target_crm.ledger.values import Held
from target_crm.operator.authorize import authorize
from target_crm.operator.checking import checked
from target_crm.operator.command import config_option, console, one_sentence, target_of
from target_crm.operator.demo import demo
from target_crm.operator.ledger import ledger
from target_crm.operator.trying import try_record
from target_crm.streams import streams_by_name
from target_crm.target import TargetCrm

NO_RUN = "operator"  # names no run: what the operator writes is no record's outcome


@contextmanager
def _shelf(target: TargetCrm) -> Iterator[Shelf]:
    store = Store(target.config.get("ledger_url") or default_url(), NO_RUN)
    try:
        yield Shelf(store)
    finally:
        store.close()


@click.group(help=__doc__)
def main() -> None:
    """Start the command."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)


main.add_command(ledger)


main.add_command(authorize)


main.add_command(try_record)


main.add_command(demo)


@main.command()
@config_option
@one_sentence
def check(config: Sequence[str]) -> None:
    """Tell whose account it is, and resolve every name in the setting streams."""
    target = target_of(config)
    crm = target.connect()
    account = crm.account()
    click.echo(f"Account {account.name} (id {account.id}), as {account.user}")
    click.echo(f"Ledger {_shown_url(target)}")
    wrong = 0
    for stream in streams_by_name(target.config):
        try:
            click.echo(f"Stream {stream}: {checked(target.config, crm, stream)}")
        except CrmError as error:
            wrong += 1
            click.echo(f"Stream {stream}: {error.sentence}")
    sys.exit(Exit.SETTINGS if wrong else Exit.DONE)


def _shown_url(target: TargetCrm) -> str:
    from sqlalchemy import make_url  # noqa: PLC0415 - only to mask a password

    return str(make_url(target.config.get("ledger_url") or default_url()))


@main.group()
def rejected() -> None:
    """Records that the CRM, its rules or the settings refused, and that the ledger keeps."""


@rejected.command("list")
@config_option
@click.option("--stream", help="Of this stream alone.")
@one_sentence
def list_rejected(config: Sequence[str], stream: str | None) -> None:
    """List them."""
    target = target_of(config)
    table = Table(box=None, pad_edge=False)
    for heading in ("number", "stream", "source id", "kind", "since", "reason"):
        table.add_column(heading, justify="right" if heading == "number" else "left", overflow="fold")
    with _shelf(target) as shelf:
        pending = _pending(target, shelf, stream)
    for held in pending:
        since = datetime.fromtimestamp(held.at, UTC).strftime("%Y-%m-%d %H:%M")
        table.add_row(str(held.number), held.stream, held.source_id, held.kind, since, held.reason)
    console().print(table)
    click.echo(f"{len(pending)} rejected", err=True)


def _pending(target: TargetCrm, shelf: Shelf, stream: str | None, numbers: Sequence[int] = ()) -> list[Held]:
    crm, source_name = target.config["crm"], target.config["source_name"]
    pending = shelf.of_any_account(crm, source_name, "rejected")
    known = {held.number for held in pending}
    for number in numbers:
        if number not in known:
            raise click.UsageError(f"No rejected record has the number {number}")
    return [held for held in pending if stream in {None, held.stream} and (not numbers or held.number in numbers)]


@rejected.command()
@config_option
@click.argument("number", type=int)
@one_sentence
def show(config: Sequence[str], number: int) -> None:
    """Show one whole: the record as it arrived, why it was rejected, what was sent and what the CRM answered."""
    target = target_of(config)
    with _shelf(target) as shelf:
        (held,) = _pending(target, shelf, None, [number])
    facts: dict[str, Any] = {
        "stream": held.stream,
        "source_id": held.source_id,
        "kind": held.kind,
        "reason": held.reason,
        "what_to_do": remedy(held.kind),
        "status": held.status,
        "at": datetime.fromtimestamp(held.at, UTC).isoformat(),
        "sent": held.sent,
        "message": json.loads(held.message),
    }
    click.echo(json.dumps(facts, indent=2, ensure_ascii=False))


@rejected.command()
@config_option
@click.argument("numbers", type=int, nargs=-1)
@click.option("--stream", help="All of this stream.")
@click.option("--all", "every", is_flag=True, help="All.")
@one_sentence
def drop(config: Sequence[str], numbers: Sequence[int], stream: str | None, *, every: bool) -> None:
    """Give up records: the ledger forgets what was held of them."""
    target = target_of(config)
    _demand_choice(numbers, stream, every=every)
    with _shelf(target) as shelf:
        chosen = _pending(target, shelf, stream, numbers)
        shelf.drop([held.number for held in chosen])
    click.echo(f"{len(chosen)} dropped")


@rejected.command()
@config_option
@click.argument("numbers", type=int, nargs=-1)
@click.option("--stream", help="All of this stream.")
@click.option("--all", "every", is_flag=True, help="All.")
@one_sentence
def replay(config: Sequence[str], numbers: Sequence[int], stream: str | None, *, every: bool) -> None:
    """Try records again, as the next run of target-crm would."""
    target = target_of(config)
    _demand_choice(numbers, stream, every=every)
    with _shelf(target) as shelf:
        chosen = _pending(target, shelf, stream, numbers)
    sys.exit(target.replay(chosen))


def _demand_choice(numbers: Sequence[int], stream: str | None, *, every: bool) -> None:
    if not numbers and stream is None and not every:
        raise click.UsageError("Name the records by their numbers, or give --stream or --all")
