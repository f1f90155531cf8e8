"""The settings that every seeded firm has, empty of records or not: its people, picklists, custom attributes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crm_emulator.apptivo import records
from crm_emulator.apptivo.custom_attributes import define
from crm_emulator.apptivo.objects.catalog import BY_NAME, PICKLISTS
from crm_emulator.apptivo.sign_in import USER_NAME

if TYPE_CHECKING:
    from crm_emulator.apptivo.account import ApptivoAccount
    from crm_emulator.apptivo.objects.declaration import Picklist
    from crm_emulator.messages import Record

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


def _items(account: ApptivoAccount, picklist: Picklist) -> list[Record]:
    """Return the items of a new account; those with numbers as ids have other ones in each account."""
    shift = account.store.id_shift if picklist.first_id is not None else 0
    items = picklist.items()
    return [{**item, picklist.item_id: item[picklist.item_id] + shift} if shift else item for item in items]


def seed_settings(account: ApptivoAccount) -> None:
    """Write the employees, the picklists and the custom attributes."""
    user = {"id": 0, "fullName": "System"}
    for first, last, email in _PEOPLE:
        employee = {"firstName": first, "lastName": last, "emailId": email}
        records.save(account, BY_NAME["employees"], employee, user)
    for (name, listed_as), (list_id, picklist) in PICKLISTS.items():
        account.put("picklists", {"id": list_id, "object": name, "list": listed_as, "items": _items(account, picklist)})
    for name, label, kind, options in _CUSTOM:
        define(account, BY_NAME[name], label, kind, options)
