"""The command ``singer-crm rejected``: list, show, replay and drop rejected records."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
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
from target_crm.engine.held_records import LinkPlace
from target_crm.ledger.held import HeldRecords
from target_crm.ledger.links import IN_CONFLICT, Links
from target_crm.ledger.store import Store
from target_crm.ledger.tables import key_of
from target_crm.ledger.values import Held, Source, Unlinked
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
@click.option("--source-id", help="List only the records of this source id.")
@one_sentence
def list_rejected(config: Sequence[str], stream: str | None, source_id: str | None) -> None:
    """List rejected records, and links that await a decision."""
    target = target_of(config)
    table = Table(box=None, pad_edge=False)
    table.add_column("number", justify="right", no_wrap=True)
    for heading in ("stream", "source id", "kind", "since"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "kind")
    table.add_column("reason", overflow="fold", min_width=REASON_WIDTH)
    place = _Place(stream, source_id)
    with seen_ledger(target) as store:
        source = _source_of(target, store)
        pending, links = _pending(store, source, place), _links_to_decide(store, source, place)
    for held in pending:
        since = datetime.fromtimestamp(held.at, UTC).strftime("%Y-%m-%d %H:%M")
        reason = filled_in(held.reason, number=held.number)
        table.add_row(str(held.number), held.stream, held.source_id, held.kind, since, reason)
    for record in links:
        for link in record.links:
            reason = f"{link.attribute} is not linked: {link.reason}"
            table.add_row("link", record.stream, record.source_id, RejectKind.CONFLICT, "", reason)
    console().print(table)
    click.echo(f"{len(pending)} rejected{f', {len(links)} links to be decided' if links else ''}", err=True)


@dataclass(frozen=True)
class _Place:
    """Where records are looked for.

    Attributes:
        stream: The stream; None: all of them.
        source_id: The source id; None: all of them.
        numbers: The numbers of rejected records; empty: all of them.
    """

    stream: str | None = None
    source_id: str | None = None
    numbers: Sequence[int] = ()

    def holds(self, record: Held | Unlinked) -> bool:
        """Tell whether a record is there, whatever its number."""
        return self.stream in {None, record.stream} and self.source_id in {None, record.source_id}


def _source_of(target: TargetCrm, store: Store) -> Source | None:
    """Return the source and account whose records are meant; None: nothing is rejected, and no link is in conflict."""
    crm, source_name = target.config["crm"], key_of(target.config["source_name"])
    accounts = HeldRecords(store).accounts(crm, source_name, "rejected")
    accounts += Links(store).accounts_to_decide(crm, source_name)
    account = own_account(target, store, accounts)
    return None if account is None else Source(crm, account, source_name)


def _pending(store: Store, source: Source | None, place: _Place) -> list[Held]:
    pending = [] if source is None else HeldRecords(store).held(source, "rejected")
    known = {held.number for held in pending}
    for number in place.numbers:
        if number not in known:
            raise click.UsageError(f"No rejected record has the number {number}")
    chosen = [held for held in pending if not place.numbers or held.number in place.numbers]
    return [held for held in chosen if place.holds(held)]


def _links_to_decide(store: Store, source: Source | None, place: _Place) -> list[Unlinked]:
    """Return the records with links that somebody has to decide about; a number chooses none of them."""
    found = [] if source is None or place.numbers else Links(store).to_decide(source)
    return [
        replace(each, links=tuple(link for link in each.links if link.reason == IN_CONFLICT))
        for each in found
        if place.holds(each)
    ]


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
        (held,) = _pending(store, _source_of(target, store), _Place(numbers=[number]))
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
    command = click.option("--source-id", help="Choose the rejected records of this source id.")(command)
    command = click.option("--stream", help="Choose all rejected records of this stream.")(command)
    return click.argument("numbers", type=int, nargs=-1)(command)


def _chosen_place(numbers: Sequence[int], stream: str | None, source_id: str | None, *, every: bool) -> _Place:
    if not numbers and stream is None and source_id is None and not every:
        raise click.UsageError("Name the records by their numbers, or give --stream, --source-id or --all")
    return _Place(stream, source_id, numbers)


@rejected.command()
@config_option
@_choice
@one_sentence
def drop(
    config: Sequence[str], numbers: Sequence[int], stream: str | None, source_id: str | None, *, every: bool
) -> None:
    """Drop rejected records.

    The ledger forgets them, and no run tries them again.
    """
    target = target_of(config)
    place = _chosen_place(numbers, stream, source_id, every=every)
    with opened_ledger(target) as store:
        chosen = _pending(store, _source_of(target, store), place)
        HeldRecords(store).drop([held.number for held in chosen])
    click.echo(f"{len(chosen)} dropped")


@rejected.command()
@config_option
@_choice
@click.option(
    "--take",
    type=click.Choice([Side.SOURCE.value, Side.CRM.value]),
    help="Decide conflicts, of records and of links: source sends the source's values, crm keeps the CRM's. Other "
    "kinds are left alone.",
)
@one_sentence
def replay(
    config: Sequence[str],
    numbers: Sequence[int],
    stream: str | None,
    source_id: str | None,
    take: str | None,
    *,
    every: bool,
) -> None:
    """Try rejected records again, as the next run of target-crm would."""
    target = target_of(config)
    place = _chosen_place(numbers, stream, source_id, every=every)
    with opened_ledger(target) as store:
        source = _source_of(target, store)
        chosen, links = _pending(store, source, place), _links_to_decide(store, source, place)
    if take is None:
        sys.exit(_replayed(target, chosen))
    side = Side(take)
    places = {(each.stream, each.source_id) for each in links}
    sys.exit(_replayed(target, _decided(chosen, side, numbers), places, side))


def _replayed(
    target: TargetCrm, held: Iterable[Held], links: Collection[LinkPlace] = (), take: Side | None = None
) -> int:
    """Try records and links once more, and nothing else; returns the exit code."""

    def feed() -> None:
        target.retrier.replay(held, links, take)
        target.process_endofpipe()

    return target.carry_out(feed)


def _decided(chosen: Sequence[Held], side: Side, numbers: Sequence[int]) -> list[Held]:
    for held in chosen:
        if held.kind != RejectKind.CONFLICT and held.number in numbers:
            raise click.UsageError(
                f"--take decides conflicts, and record {held.number} is of kind {held.kind}. Replay it without --take"
            )
    return [replace(held, take=side) for held in chosen if held.kind == RejectKind.CONFLICT]
