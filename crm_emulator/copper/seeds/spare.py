"""A record more, when one is to be added while the account is being read."""

from __future__ import annotations

from random import Random

from crm_emulator.copper.account import CopperAccount
from crm_emulator.copper.objects.declaration import CustomerObject
from crm_emulator.messages import Record
from crm_emulator.pools import pools


def spare(account: CopperAccount, declared: CustomerObject, random: Random) -> Record | None:
    """Attributes for one more record of an object; None where it would need another that is not there."""
    if declared.name == "activities":
        people = account.store.random_id(account.store.tables["copper_people"], random)
        if people is None:
            return None
        return {
            "parent": {"id": people, "type": "person"},
            "type": {"id": 0, "category": "user"},
            "details": "Added meanwhile",
        }
    name = f"{random.choice(pools().first_names)} {random.choice(pools().last_names)}"
    return {"name": name, "details": f"Added meanwhile {random.getrandbits(32):08x}"}
