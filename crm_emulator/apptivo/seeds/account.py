"""Fills a firm: its settings, then each object, all at one fixed instant; or adds one record."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from crm_emulator.apptivo import records
from crm_emulator.apptivo.objects.catalog import BY_NAME
from crm_emulator.apptivo.seeds.context import UNTIL, SeedContext
from crm_emulator.apptivo.seeds.records import MAKERS
from crm_emulator.apptivo.seeds.settings import seed_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crm_emulator.apptivo.account import ApptivoAccount
    from crm_emulator.messages import Record

SIZES: dict[str, int] = {"customers": 12, "contacts": 25, "leads": 20, "opportunities": 15, "cases": 12}
"""The default number of records of each object."""


def seed(account: ApptivoAccount, number: int, sizes: Mapping[str, int]) -> None:
    """Fill an empty firm; an object that ``sizes`` does not name stays empty."""
    with account.store.transaction(), account.at_instant(UNTIL), account.direct_access():
        seed_settings(account)
        made: dict[str, list[int]] = {}
        user = account.user({}) or {}
        for name, make in MAKERS.items():
            context = SeedContext(Random(f"{number} {name}"), account, made=made)  # noqa: S311 - repeatable, not secret
            made[name] = [
                records.save(account, BY_NAME[name], make(context, index), user)["id"]
                for index in range(sizes.get(name, 0))
            ]


def extra_record(account: ApptivoAccount, name: str, random: Random) -> Record:
    """Attributes for one more record, when one is to be added while the firm is being read."""
    context = SeedContext(random, account)
    for each in ("customers", "contacts"):
        found = account.store.random_id(BY_NAME[each].table, random)
        context.made[each] = [found] if found else []
    made = MAKERS[name](context, random.getrandbits(30))
    return {attribute: value for attribute, value in made.items() if attribute in BY_NAME[name].attributes}
