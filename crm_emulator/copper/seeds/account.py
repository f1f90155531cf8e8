"""Fills an account: settings, a plan of who has which activities, then each object in bulk; or adds one record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random

from crm_emulator.copper.account import CopperAccount
from crm_emulator.copper.objects.catalog import BY_NAME
from crm_emulator.copper.objects.declaration import CustomerObject
from crm_emulator.copper.seeds.contacts import companies, leads, people
from crm_emulator.copper.seeds.context import SeedContext
from crm_emulator.copper.seeds.settings import seed_settings
from crm_emulator.copper.seeds.work import activities, opportunities, projects, tasks
from crm_emulator.messages import Record
from crm_emulator.samples import samples

SIZES: dict[str, int] = {
    "companies": 40,
    "people": 100,
    "leads": 40,
    "opportunities": 50,
    "projects": 15,
    "tasks": 40,
    "activities": 150,
}
"""The default number of records of each object."""

_MAKERS: dict[str, Callable[[SeedContext, Random, int], Iterator[tuple[Record, int]]]] = {
    "companies": companies,
    "people": people,
    "leads": leads,
    "opportunities": opportunities,
    "projects": projects,
    "tasks": tasks,
    "activities": activities,
}


def seed(account: CopperAccount, number: int, sizes: Mapping[str, int]) -> None:
    """Fill an empty account; an object that ``sizes`` does not name stays empty."""
    with account.store.transaction():
        seed_settings(account)
        context = SeedContext.for_account(account, number, sizes)
        for object_name, make in _MAKERS.items():
            size = sizes.get(object_name, 0)
            if size:
                random = Random(f"{number} {object_name}")  # noqa: S311 - repeatable, not secret
                account.store.load(BY_NAME[object_name].table, make(context, random, size))


def extra_record(account: CopperAccount, crm_object: CustomerObject, random: Random) -> Record | None:
    """Attributes for one more record of an object; None where it would need another that is not there."""
    if crm_object.name == "activities":
        people = account.store.random_id(account.store.tables["copper_people"], random)
        if people is None:
            return None
        return {
            "parent": {"id": people, "type": "person"},
            "type": {"id": 0, "category": "user"},
            "details": "Added meanwhile",
        }
    name = f"{random.choice(samples().first_names)} {random.choice(samples().last_names)}"
    return {"name": name, "details": f"Added meanwhile {random.getrandbits(32):08x}"}
