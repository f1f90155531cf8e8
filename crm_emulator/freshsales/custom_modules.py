"""The modules that people have defined (reference section 2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crm_emulator.freshsales.account import FreshsalesAccount
    from crm_emulator.messages import Record

_OBJECT = "module_customizations"


def define_module(account: FreshsalesAccount, entity_name: str, singular: str, plural: str) -> Record:
    """Add a custom module; its name starts with ``cm_`` (section 4)."""
    module = {
        "id": account.next_id(_OBJECT),
        "entity_name": entity_name,
        "singular_name": singular,
        "plural_name": plural,
        "description": None,
        "icon": "custom",
        "custom": True,
        "status": 1,
        "show_in_navigation_menu": True,
        "created_at": account.stamp(),
        "updated_at": account.stamp(),
    }
    account.store.put(account.tables[_OBJECT], module)
    return module


def module_named(account: FreshsalesAccount, entity_name: str) -> Record | None:
    """Return a custom module by its name."""
    return next((each for each in account.records(_OBJECT) if each["entity_name"] == entity_name), None)
