"""The command ``singer-crm ledger``: list, explain and correct what the ledger holds."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, TextIO

import click
from rich.table import Table

from crm_api.console import filled_in
from crm_api.crm_objects import CrmId
from crm_api.errors import SettingError
from target_crm.cli.common import (
    OPERATOR,
    WIDTH_OF_FILES,
    ChangedLedger,
    changed_ledger,
    config_option,
    console,
    one_sentence,
    opened_ledger,
    own_account,
    require_ledger,
    seen_ledger,
    target_of,
    url_of_ledger,
)
from target_crm.crms import signed_by
from target_crm.ledger.copying import copy_rows
from target_crm.ledger.ledger import Ledger
from target_crm.ledger.queries import Account, LedgerQueries
from target_crm.ledger.store import Store
from target_crm.ledger.tables import VERSION, key_of
from target_crm.ledger.tenants import Tenants
from target_crm.ledger.values import Origin, Scope
from target_crm.ledger.witness import accept_restore
from target_crm.mapping.mapper import Mapper
from target_crm.mapping.settings import MappingSettings
from target_crm.stream_settings import stream_settings
from target_crm.target import TargetCrm


@click.group()
def ledger() -> None:
    """List, explain or correct what the ledger holds."""


@ledger.command("list")
@config_option
@one_sentence
def list_streams(config: Sequence[str]) -> None:
    """List the streams of the ledger and count their records."""
    table = Table(box=None, pad_edge=False)
    for heading in (
        "crm",
        "account",
        "source",
        "stream",
        "object",
        "records",
        "rejected",
        "waiting",
        "unanswered",
        "last",
    ):
        counts = heading in {"records", "rejected", "waiting", "unanswered"}
        table.add_column(heading, justify="right" if counts else "left", no_wrap=True)
    with seen_ledger(target_of(config)) as store:
        for each in LedgerQueries(store).accounts():
            last = "" if each.written_at is None else f"{datetime.fromtimestamp(each.written_at, UTC):%Y-%m-%d %H:%M}"
            held = [str(each.held.get(state, 0)) for state in ("rejected", "waiting")]
            names = each.crm, each.account, each.source_name, each.stream, each.object
            table.add_row(*names, f"{each.records:,}", *held, str(each.unanswered), last)
        click.echo(store.url)
    shown = console()
    # A narrow terminal gets lines that run on: columns folded to a few letters could not be read.
    needed = shown.measure(table, options=shown.options.update(max_width=WIDTH_OF_FILES)).maximum
    shown.width = max(shown.width, needed)
    shown.print(table)


@ledger.command()
@config_option
@click.option("--source-id", help="The record's id at the source.")
@click.option("--crm-id", help="The record's id in the CRM.")
@click.option("--email", "value", help="The record's e-mail, domain or other match value, as it was written.")
@click.option(
    "--since",
    type=click.DateTime(),
    metavar="TIME",
    help="Show only the history since this time (UTC), such as 2026-01-31 or 2026-01-31T18:00:00.",
)
@one_sentence
def explain(
    config: Sequence[str], source_id: str | None, crm_id: str | None, value: str | None, since: datetime | None
) -> None:
    """Show all that the ledger knows of a record.

    Shows its CRM record, why it is held, and its history, in every account of the kind of CRM that the settings name.
    """
    if source_id is None and crm_id is None and value is None:
        raise click.UsageError("Name the record by --source-id, --crm-id or --email")
    target = target_of(config)
    with seen_ledger(target) as store:
        queries = LedgerQueries(store)
        streams = {each.scope.id: each for each in queries.accounts() if each.crm == target.config["crm"]}
        found = queries.found_by(
            source_id=source_id,
            crm_id=None if crm_id is None else _crm_id(crm_id),
            value=None if value is None else value.strip().lower(),
        )
        from_then = since.replace(tzinfo=UTC).timestamp() if since else 0.0
        known = [
            _explained(streams[scope.id], queries.explained(scope, record_id, from_then))
            for scope, record_id in found
            if scope.id in streams
        ]
    click.echo(json.dumps(known, indent=2, ensure_ascii=False))
    if not known:
        click.echo("The ledger knows no such record.", err=True)
    sys.exit(0 if known else 1)


def _explained(stream: Account, known: dict[str, Any]) -> dict[str, Any]:
    place = {"crm": stream.crm, "account": stream.account, "object": stream.object, "stream": stream.stream}
    return {"in_short": " ".join(_in_short(known)), **place, **known}


def _in_short(known: dict[str, Any]) -> Iterator[str]:
    """Sum up the ledger's rows of a record in sentences."""
    for record in known.get("record", ()):
        if record.get("origin") == Origin.LEFT and "crm_id" in record:
            yield f"The source deleted it. The CRM's record {record['crm_id']} stays; the history says why."
        elif record.get("origin") == Origin.UNDONE:
            yield f"An undo took it back ({record['written_at']}). It is not sent again until its source changes it."
        elif record.get("origin") == Origin.RESTORED:
            yield f"An undo made it again, as {record.get('crm_id')}. It stays until its source has it again."
        elif "crm_id" in record:
            yield (
                f"The CRM has it as {record['crm_id']} ({record['origin']}, last written {record['written_at']}). As "
                "long as the source does not change it, it is unchanged, and nothing is sent."
            )
        else:
            yield f"It was deleted in the CRM ({record['written_at']})."
    for held in known.get("held", ()):
        yield f"Since {held['at']} it is {held['state']} ({held['kind']}): {filled_in(held['reason']).rstrip('.')}."
    for wait in known.get("waits_for", ()):
        yield f"It waits for {_meant(wait)}."
    for link in known.get("to_be_linked", ()):
        yield f"Its {link['attribute']} waits for {_meant(link)}."
    for intent in known.get("unanswered", ()):
        yield f"A {intent['action']} sent at {intent['sent_at']} got no answer. The next run checks the CRM for it."


def _meant(wait: dict[str, str]) -> str:
    if wait["stream"]:
        return f"record {wait['on_source_id']} of stream {wait['stream']}"
    return f"a record of the CRM that matches: {wait['on_source_id']}"


@ledger.command()
@config_option
@click.option("--stream", required=True, help="The stream whose records are forgotten.")
@click.argument("source_ids", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Forget all records of the stream.")
@one_sentence
def forget(config: Sequence[str], stream: str, source_ids: Sequence[str], *, every: bool) -> None:
    """Forget records.

    The next run looks for them in the CRM by their match keys, and creates what it does not find.
    """
    if not source_ids and not every:
        raise click.UsageError("Name the source ids, or give --all")
    target = target_of(config)
    require_ledger(target)
    with changed_ledger(target) as changed:
        queries = LedgerQueries(changed.store)
        streams = _streams_of(target, changed.store, queries, stream)
        changed.take(streams[0].crm, streams[0].account, [each.object for each in streams])
        count = sum(queries.forget(each.scope, None if every else source_ids) for each in streams)
    click.echo(f"{count} forgotten")


def _streams_of(target: TargetCrm, store: Store, queries: LedgerQueries, stream: str) -> list[Account]:
    crm, source = target.config["crm"], key_of(target.config["source_name"])
    found = [each for each in queries.accounts() if (each.crm, each.source_name, each.stream) == (crm, source, stream)]
    account = own_account(target, store, [each.account for each in found])
    found = [each for each in found if each.account == account]
    if not found:
        raise SettingError(f"The ledger knows no stream {stream!r} of source {source!r}")
    return found


@ledger.command("import")
@config_option
@click.option("--stream", required=True, help="The stream whose records they are.")
@click.argument("file", type=click.File("r", encoding="utf-8-sig"))
@one_sentence
def import_file(config: Sequence[str], stream: str, file: TextIO) -> None:
    """Import pairs of source id and CRM id from a CSV file.

    A first line without a CRM id is the heading. Lines without an id are skipped. A write of such a record that got no
    answer is taken as carried out, which ends its doubt.
    """
    target = target_of(config)
    pairs = list(_pairs(file.read(), numbered=target.config["crm"] != "http"))
    with changed_ledger(target) as changed:
        scope, _ = _scope(target, changed, stream)
        count = LedgerQueries(changed.store).import_pairs(scope, pairs)
    click.echo(f"{count} imported")


@ledger.command()
@config_option
@click.option("--stream", required=True, help="The stream whose records they are.")
@click.option(
    "--attribute", required=True, help="The CRM attribute that holds the source id, such as email or cf_customer_no."
)
@one_sentence
def rebuild(config: Sequence[str], stream: str, attribute: str) -> None:
    """Rebuild a lost ledger from the CRM.

    All records of the CRM object are read, and the source ids are taken from one of its attributes. If no attribute
    holds the source id, run target-crm once with load_method match instead.
    """
    target = target_of(config)
    with changed_ledger(target) as changed:
        scope, mapper = _scope(target, changed, stream, attribute)
        ((name,),) = mapper.match_on
        owners: dict[str, list[CrmId]] = {}
        for record in target.connect().scan(mapper.crm_object):
            for value in mapper.values(record, name):
                owners.setdefault(value, []).append(record["id"])
        pairs = [(value, ids[0]) for value, ids in owners.items() if len(ids) == 1]
        count = LedgerQueries(changed.store).import_pairs(scope, pairs)
    click.echo(f"{count} imported, {len(owners) - len(pairs)} left out because several CRM records have the same value")


def _scope(
    target: TargetCrm, changed: ChangedLedger, stream: str, attribute: str | None = None
) -> tuple[Scope, Mapper]:
    crm = target.connect()
    settings = stream_settings(target.config, stream, (), crm.objects, crm.refused)
    _, source = Tenants(changed.store, target.config, signed_by(target.config)).enter(crm.account())
    changed.take(source.crm, source.account, [settings.object])
    mapping = settings.mapping if attribute is None else MappingSettings(match_on=((attribute,),))
    mapper = Mapper(crm, crm.objects[settings.object], mapping)
    return Ledger(changed.store).scope(source, stream, settings.object), mapper


@ledger.command()
@config_option
@click.argument("new_url", required=False)
@one_sentence
def migrate(config: Sequence[str], new_url: str | None) -> None:
    """Bring the ledger up to date, or copy it elsewhere.

    Without NEW_URL the ledger is brought to this program's version, as every run does. With NEW_URL it is copied
    there, from a file to PostgreSQL or back. NEW_URL must hold no ledger yet. The old ledger stays as it is.
    """
    target = target_of(config)
    require_ledger(target)
    if new_url is None:
        with opened_ledger(target) as store:
            click.echo(f"{store.url} was version {store.found_version}, and is version {VERSION}")
        return
    new = Store(new_url, OPERATOR)
    try:
        if LedgerQueries(new).accounts():
            raise SettingError(f"{new.url} already holds a ledger. Nothing was copied")
        shown = new.url
    finally:
        new.close()
    copy_rows(url_of_ledger(target), new_url)
    click.echo(f"Copied. Set ledger_url to {shown}")


@ledger.command("accept-credential")
@config_option
@one_sentence
def accept_credential(config: Sequence[str]) -> None:
    """Accept the new credential of an account.

    For a new credential of an account that the ledger knows by its address alone. Accounts that share an address get
    account_name instead.
    """
    target = target_of(config)
    told = target.connect().account()
    with opened_ledger(target, makes_it=True) as store:
        account = Tenants(store, target.config, signed_by(target.config)).accept(told)
    click.echo(f"The credential is one of account {account.id} from now on")


@ledger.command("accept-restore")
@config_option
@one_sentence
def accept_restore_command(config: Sequence[str]) -> None:
    """Carry on with a ledger that was restored from a backup.

    The next run compares each record with the CRM, and looks for those that the ledger does not know by their match
    keys. Records without a match key that were created since the backup are created again: import or delete them first.
    """
    target = target_of(config)
    require_ledger(target)
    with changed_ledger(target) as changed:
        store = changed.store
        for each in LedgerQueries(store).accounts():
            changed.take(each.crm, each.account, [each.object])
        accept_restore(store)
        click.echo(f"{store.url} is carried on as it is; the next run compares its records with the CRM")


def _pairs(text: str, *, numbered: bool) -> Iterator[tuple[str, CrmId]]:
    """Read the pairs of source id and CRM id.

    Args:
        text: The CSV file.
        numbered: Whether the CRM's ids are numbers, so that other text in their column is a heading.

    Raises:
        SettingError: A line holds no pair.
    """
    lines = text.splitlines()
    delimiter = next((each for each in ",;\t" if lines and each in lines[0]), ",")
    for number, cells in enumerate(csv.reader(lines, delimiter=delimiter), start=1):
        source_id, crm_id = (*(cell.strip() for cell in cells), "", "")[:2]
        if source_id and (crm_id.isdecimal() or (crm_id and not numbered and number > 1)):
            yield source_id, _crm_id(crm_id)
        elif number > 1 and (crm_id or (source_id and len(cells) == 1)):
            said = f"Line {number} of the file must hold a source id and a CRM id: {delimiter.join(cells)!r}"
            raise SettingError(f"{said}. Nothing was imported")


def _crm_id(text: str) -> CrmId:
    text = text.strip()
    return int(text) if text.isdecimal() else text
