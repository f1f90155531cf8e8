"""The settings that every seeded account has: users, picklists, custom fields, a custom module."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from crm_emulator.freshsales.custom_modules import define_module
from crm_emulator.freshsales.fields import define_field
from crm_emulator.freshsales.selectors import SELECTORS, fresh_items

if TYPE_CHECKING:
    from crm_emulator.freshsales.account import FreshsalesAccount

MODULE = "cm_subscriptions"
TIERS = ("Bronze", "Silver", "Gold", "Großkunde")
_USERS = (
    ("Ada Lovelace", "ada@emulator.example"),
    ("Grace Hopper", "grace@emulator.example"),
    ("Søren Kierkegaard", "soren@emulator.example"),
    ("José Álvarez", "jose@emulator.example"),
)
_FIELDS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("contacts", "Loyalty Tier", "dropdown", {"choices": TIERS}),
    ("contacts", "Customer No", "text", {"unique": True}),
    ("contacts", "Newsletter", "checkbox", {}),
    ("contacts", "Score", "number", {}),
    ("contacts", "Renewal Date", "date", {}),
    ("contacts", "Interests", "multi_select_dropdown", {"choices": ("Pricing", "Support", "Integrations")}),
    ("sales_accounts", "Segment", "dropdown", {"choices": ("Small Business", "Mid-Market", "Großkunde")}),
    ("sales_accounts", "Account No", "text", {"unique": True}),
    ("deals", "External Ref", "text", {"unique": True}),
    ("deals", "Margin", "number", {}),
    ("leads", "Budget", "number", {}),
    ("leads", "Lead No", "text", {"unique": True}),
    ("sales_activities", "Mood", "dropdown", {"choices": ("good", "bad")}),
    (MODULE, "Seats", "number", {}),
    (MODULE, "Contract No", "text", {"unique": True}),
)


def seed_settings(account: FreshsalesAccount) -> None:
    """Write the users, the picklists, the custom fields and a custom module."""
    stamp = f"{datetime.fromtimestamp(account.now(), UTC):%Y-%m-%dT%H:%M:%SZ}"  # those of picklists are UTC's (4)
    for name in SELECTORS:
        if name in account.tables:
            for item in fresh_items(name, stamp, account.store.id_shift):
                account.store.put(account.tables[name], item)
                account.store.reserve_ids(account.tables[name], item["id"])
    for index, (name, email) in enumerate(_USERS):
        user = {"id": account.next_id("owners"), "display_name": name, "email": email, "is_active": True}
        numbers = {"work_number": f"+1 212 555 01{index:02d}", "mobile_number": None}
        account.store.put(account.tables["owners"], user | numbers)
    define_module(account, MODULE, "Subscription", "Subscriptions")
    for resource, label, kind, more in _FIELDS:
        if resource in account.tables or resource == MODULE:
            define_field(account, resource, label, kind, **more)
