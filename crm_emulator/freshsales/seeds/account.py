"""Fills an account: settings, then each resource, all at one fixed instant; or adds one record."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from crm_emulator.freshsales import records
from crm_emulator.freshsales.seeds.context import UNTIL, SeedContext
from crm_emulator.freshsales.seeds.records import ENTITIES, MAKERS
from crm_emulator.freshsales.seeds.settings import seed_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_emulator.freshsales.account import FreshsalesAccount
    from crm_emulator.freshsales.objects.declaration import Resource
    from crm_emulator.messages import Record

SIZES: dict[str, int] = {
    "sales_accounts": 12,
    "contacts": 30,
    "deals": 15,
    "leads": 20,
    "products": 4,
    "notes": 10,
    "tasks": 10,
    "appointments": 6,
    "sales_activities": 8,
    "custom_records": 5,
}
"""The default number of records of each object; leads are Classic's."""

_TARGETED = {"notes", "sales_activities", "appointments"}


def seed(account: FreshsalesAccount, resources: Mapping[str, Resource], number: int, sizes: Mapping[str, int]) -> None:
    """Fill an empty account; an object that ``sizes`` does not name stays empty."""
    with account.store.transaction(), account.at_instant(UNTIL):
        seed_settings(account)
        lists = {
            name: [each["id"] for each in account.records(name)] for name in account.tables if name not in resources
        }
        made: dict[str, list[int]] = {}
        with account.direct_access():
            for object_name, make in MAKERS.items():
                if object_name not in resources:
                    continue
                context = SeedContext(Random(f"{number} {object_name}"), lists, made=made)  # noqa: S311 - repeatable, not secret
                made[object_name] = []
                for index in range(sizes.get(object_name, 0)):
                    attributes = make(context, index)
                    if object_name in _TARGETED and "targetable_id" not in attributes:
                        continue  # nothing to be about
                    entity = ENTITIES.get(object_name, "")
                    record = records.create(account, resources[object_name], attributes, entity)
                    made[object_name].append(record["id"])


def extra_record(
    account: FreshsalesAccount, resources: Mapping[str, Resource], object_name: str, random: Random
) -> Record:
    """Attributes for one more record, when one is to be added while the account is being read."""
    lists = {name: [each["id"] for each in account.records(name)] for name in account.tables if name not in resources}
    context = SeedContext(random, lists)
    for name in ("contacts", "sales_accounts", "deals"):
        found = account.store.random_id(account.tables[name], random)
        context.made[name] = [found] if found else []
    made = MAKERS[object_name](context, random.getrandbits(30))
    return {name: value for name, value in made.items() if name not in {"created_at", "updated_at"}}
