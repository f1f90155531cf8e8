"""How a firm is filled: its people, picklists and custom attributes, then each object, all at one fixed instant."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from crm_emulator.apptivo import records
from crm_emulator.apptivo.custom_attributes import define
from crm_emulator.apptivo.objects.catalog import BY_NAME, PICKLISTS
from crm_emulator.apptivo.seeds.making import MAKERS, UNTIL, Scene
from crm_emulator.apptivo.sign_in import USER_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_emulator.apptivo.account import ApptivoAccount

SIZES: dict[str, int] = {"customers": 12, "contacts": 25, "leads": 20, "opportunities": 15, "cases": 12}
"""How many records there are where nothing else is said."""

_PEOPLE = (
    ("Ada", "Lovelace", USER_NAME),
    ("Grace", "Hopper", "grace@emulator.example"),
    ("Søren", "Kierkegaard", "soren@emulator.example"),
)
_CUSTOM: tuple[tuple[str, str, str, tuple[str, ...]], ...] = (
    ("customers", "Segment", "select", ("Small Business", "Mid-Market", "Großkunde")),
    ("customers", "Customer Key", "input", ()),
    ("contacts", "Loyalty Tier", "select", ("Bronze", "Silver", "Gold")),
    ("leads", "Lead Score", "number", ()),
    ("leads", "Lead Key", "input", ()),
    ("opportunities", "External Ref", "input", ()),
    ("cases", "Ticket No", "input", ()),
)


def seed(account: ApptivoAccount, number: int, sizes: Mapping[str, int]) -> None:
    """Fill an empty firm; an object that ``sizes`` does not name stays empty."""
    with account.store.transaction(), account.at(UNTIL), account.directly():
        _seed_settings(account)
        made: dict[str, list[int]] = {}
        user = account.user({}) or {}
        for name, make in MAKERS.items():
            scene = Scene(Random(f"{number} {name}"), account, made=made)  # noqa: S311 - repeatable, not secret
            made[name] = [
                records.save(account, BY_NAME[name], make(scene, place), user)["id"]
                for place in range(sizes.get(name, 0))
            ]


def _seed_settings(account: ApptivoAccount) -> None:
    user = {"id": 0, "fullName": "System"}
    for first, last, email in _PEOPLE:
        employee = {"firstName": first, "lastName": last, "emailId": email}
        records.save(account, BY_NAME["employees"], employee, user)
    for (name, listed_as), (list_id, picklist) in PICKLISTS.items():
        account.put("picklists", {"id": list_id, "object": name, "list": listed_as, "items": picklist.items()})
    for name, label, kind, options in _CUSTOM:
        define(account, BY_NAME[name], label, kind, options)
