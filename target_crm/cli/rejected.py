"""The command ``singer-crm rejected``: list, show, replay and drop rejected records."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from shlex import quote
from typing import Any, TypeVar

import click
import msgspec
from rich.table import Table

from crm_api.console import filled_in
from target_crm.cli.common import (
    config_option,
    console,
    one_sentence,
    opened_ledger,
    own_account,
    seen_ledger,
    target_of,
)
from target_crm.ledger.held import HeldRecords
from target_crm.ledger.store import Store
from target_crm.ledger.tables import key_of
from target_crm.ledger.values import Held, Source
from target_crm.mapping.values import Side
from target_crm.report.outcomes import RejectKind
from target_crm.report.reject_kinds import remedy
from target_crm.singer.odd_values import spelt_out
from target_crm.singer.stdio import decode
from target_crm.target import TargetCrm

_ENCODER = msgspec.json.Encoder(decimal_format="number")
REASON_WIDTH = 24  # also on a narrow terminal
Command = TypeVar("Command", bound=Callable[..., Any])


@click.group()
def rejected() -> None:
    """List, show, replay or drop rejected records.

    The ledger keeps each record that the CRM, its rules or the settings refused, with the reason.
    """


@rejected.command("list")
@config_option
@click.option("--stream", help="List only the records of this stream.")
@one_sentence
def list_rejected(config: Sequence[str], stream: str | None) -> None:
    """List rejected records, each with its kind and reason."""
    target = target_of(config)
    table = Table(box=None, pad_edge=False)
    table.add_column("number", justify="right", no_wrap=True)
    for heading in ("stream", "source id", "kind", "since"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "kind")
    table.add_column("reason", overflow="fold", min_width=REASON_WIDTH)
    with seen_ledger(target) as store:
        pending = _pending(target, store, stream)
    for held in pending:
        since = datetime.fromtimestamp(held.at, UTC).strftime("%Y-%m-%d %H:%M")
        table.add_row(
            str(held.number), held.stream, held.source_id, held.kind, since, filled_in(held.reason, number=held.number)
        )
    console().print(table)
    click.echo(f"{len(pending)} rejected", err=True)


def _pending(target: TargetCrm, store: Store, stream: str | None, numbers: Sequence[int] = ()) -> list[Held]:
    crm, source_name = target.config["crm"], key_of(target.config["source_name"])
    held_records = HeldRecords(store)
    account = own_account(target, store, held_records.accounts(crm, source_name, "rejected"))
    pending = [] if account is None else held_records.held(Source(crm, account, source_name), "rejected")
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
    """Show one rejected record.

    Shows the record as it arrived, why it was rejected, what to do, what was sent and what the CRM answered.
    """
    target = target_of(config)
    with seen_ledger(target) as store:
        (held,) = _pending(target, store, None, [number])
    source_id = quote(held.source_id)
    facts: dict[str, Any] = {
        "stream": held.stream,
        "source_id": held.source_id,
        "kind": held.kind,
        "reason": filled_in(held.reason, number=number),
        "what_to_do": filled_in(remedy(held.kind), number=number, stream=quote(held.stream), source_id=source_id),
        "status": held.status,
        "at": datetime.fromtimestamp(held.at, UTC).isoformat(),
        "sent": held.sent,
        "message": _message(held.message),
    }
    click.echo(msgspec.json.format(_ENCODER.encode(spelt_out(facts)), indent=2).decode())


def _message(line: bytes) -> Any:
    """Decode a message; one that cannot be decoded is shown as the text that arrived."""
    try:
        return decode(line)
    except (ValueError, RecursionError):
        return line.decode("utf-8", "backslashreplace")


def _choice(command: Command) -> Command:
    """Add the arguments that choose records."""
    command = click.option("--all", "every", is_flag=True, help="Choose all rejected records.")(command)
    command = click.option("--stream", help="Choose all rejected records of this stream.")(command)
    return click.argument("numbers", type=int, nargs=-1)(command)


def _chosen(target: TargetCrm, store: Store, numbers: Sequence[int], stream: str | None, *, every: bool) -> list[Held]:
    if not numbers and stream is None and not every:
        raise click.UsageError("Name the records by their numbers, or give --stream or --all")
    return _pending(target, store, stream, numbers)


@rejected.command()
@config_option
@_choice
@one_sentence
def drop(config: Sequence[str], numbers: Sequence[int], stream: str | None, *, every: bool) -> None:
    """Drop rejected records.

    The ledger forgets them, and no run tries them again.
    """
    target = target_of(config)
    with opened_ledger(target) as store:
        chosen = _chosen(target, store, numbers, stream, every=every)
        HeldRecords(store).drop([held.number for held in chosen])
    click.echo(f"{len(chosen)} dropped")


@rejected.command()
@config_option
@_choice
@click.option(
    "--take",
    type=click.Choice([Side.SOURCE.value, Side.CRM.value]),
    help="Decide conflicts: source sends the source's values, crm keeps the CRM's. Other kinds are left alone.",
)
@one_sentence
def replay(config: Sequence[str], numbers: Sequence[int], stream: str | None, take: str | None, *, every: bool) -> None:
    """Try rejected records again, as the next run of target-crm would."""
    target = target_of(config)
    with opened_ledger(target) as store:
        chosen = _chosen(target, store, numbers, stream, every=every)
    if take is not None:
        chosen = _decided(chosen, Side(take), numbers)
    sys.exit(target.replay(chosen))


def _decided(chosen: Sequence[Held], side: Side, numbers: Sequence[int]) -> list[Held]:
    for held in chosen:
        if held.kind != RejectKind.CONFLICT and held.number in numbers:
            raise click.UsageError(
                f"--take decides conflicts, and record {held.number} is of kind {held.kind}. Replay it without --take"
            )
    return [replace(held, take=side) for held in chosen if held.kind == RejectKind.CONFLICT]
