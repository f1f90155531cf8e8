"""The command ``singer-crm objects``: what can be written to a CRM, and under which names."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click
from rich.table import Table

from crm_api.crm_objects import CrmObject, named_object
from crm_api.errors import SettingError
from crm_api.settings import nearest
from target_crm.cli.common import console, end_at_once, one_sentence
from target_crm.cli.crm import OpenedCrm, account_options, opened_crm
from target_crm.proposals.writable import Writable, writables, writables_of
from target_crm.singer.stdio import emit

NAMES_SHOWN = 6  # of one attribute, and of one list, in a table
LIST_WIDTH = 28


@click.command()
@account_options
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with all names, lists and options.")
@click.argument("name", required=False)
@one_sentence
def objects(config: Sequence[str], crm: str | None, *, as_json: bool, name: str | None) -> None:
    """List what can be written, and by which names.

    Without NAME the objects; with it the attributes of that one.

    With --config, the account's own custom fields, lists and options are shown as well; with --crm alone, what every
    account has. Nothing is written.
    """
    end_at_once()
    opened = opened_crm(config, crm)
    chosen = opened.crm.objects.values() if name is None else [_object(opened, name)]
    if as_json:
        emit(f"{json.dumps({each.name: _facts(opened, each) for each in chosen}, indent=2, ensure_ascii=False)}\n")
    elif name is None:
        console().print(_objects_table(chosen))
    else:
        for each in chosen:
            _show(each, list(_attributes(opened, each)))


def _object(opened: OpenedCrm, name: str) -> CrmObject:
    found = named_object(opened.crm.objects, name)
    if found not in opened.crm.objects:
        there = list(opened.crm.objects)
        why = opened.crm.refused.get(found) if opened.account else None
        raise SettingError(
            why or f"The CRM has no object {name!r}{nearest(name, there)}. There are: {', '.join(there)}"
        )
    return opened.crm.objects[found]


def _attributes(opened: OpenedCrm, crm_object: CrmObject) -> Iterator[Writable]:
    return writables(crm_object) if opened.account is None else writables_of(opened.account, crm_object)


def _facts(opened: OpenedCrm, crm_object: CrmObject) -> Mapping[str, Any]:
    return {
        "singular": crm_object.singular,
        "other_names": list(crm_object.aliases),
        "match_on": [list(key) for key in crm_object.match_on],
        "attributes": [each.json for each in _attributes(opened, crm_object)],
    }


def _objects_table(chosen: Iterable[CrmObject]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("object", "other names", "matched by", "must have"):
        table.add_column(heading, overflow="fold")
    for each in chosen:
        keys = ", else ".join(" and ".join(key) for key in each.match_on) or "nothing: each is new"
        required = ", ".join(attribute.name for attribute in each.attributes if attribute.required)
        table.add_row(each.name, ", ".join(each.aliases), keys, required)
    return table


def _show(crm_object: CrmObject, attributes: Sequence[Writable]) -> None:
    """Print the attributes of one object, then its lists."""
    table = Table(box=None, pad_edge=False)
    for heading in ("attribute", "shown as", "kind", "other names"):
        table.add_column(heading, overflow="fold")
    for each in attributes:
        kind = f"{each.kind}{', required' if each.required else ''}{f', only on {each.moment}' if each.moment else ''}"
        table.add_row(each.name, each.label, kind, _some(each.others))
    screen = console()
    screen.print(f"{crm_object.name}: what can be written")
    screen.print(table)
    listed = [each for each in attributes if each.choices and (each.listed or each.is_custom)]
    if listed:
        lists = Table(box=None, pad_edge=False)
        lists.add_column("attribute", min_width=LIST_WIDTH)
        lists.add_column("values", overflow="fold")
        for each in listed:
            lists.add_row(each.name, ", ".join(each.choices))
        screen.print()
        screen.print(lists)


def _some(names: Sequence[str]) -> str:
    more = f", and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return ", ".join(names[:NAMES_SHOWN]) + more
