"""How an account is filled: settings, a plan of who has which activities, then each object in bulk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random

from crm_emulator.copper.account import CopperAccount
from crm_emulator.copper.objects.catalog import BY_NAME
from crm_emulator.copper.seeds.contacts import companies, leads, people
from crm_emulator.copper.seeds.scene import SeedScene
from crm_emulator.copper.seeds.settings import seed_settings
from crm_emulator.copper.seeds.work import activities, opportunities, projects, tasks
from crm_emulator.messages import Record

SIZES: dict[str, int] = {
    "companies": 40,
    "people": 100,
    "leads": 40,
    "opportunities": 50,
    "projects": 15,
    "tasks": 40,
    "activities": 150,
}
"""How many records there are where nothing else is said."""

_MAKERS: dict[str, Callable[[SeedScene, Random, int], Iterator[tuple[Record, int]]]] = {
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
        scene = SeedScene.of(account, number, sizes)
        for object_name, make in _MAKERS.items():
            size = sizes.get(object_name, 0)
            if size:
                random = Random(f"{number} {object_name}")  # noqa: S311 - repeatable, not secret
                account.store.load(BY_NAME[object_name].table, make(scene, random, size))
