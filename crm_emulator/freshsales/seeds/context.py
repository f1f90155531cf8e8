"""The context that makers of seeded records draw from: samples, picklists, the records made before."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Any

from crm_emulator.samples import Samples, samples

UNTIL = 1_767_225_600
"""2026-01-01T00:00:00Z: the latest instant in seeded records, fixed so that the same seed gives the same bytes."""

SPAN_SECONDS = 2 * 365 * 86_400
_MODELS = (("contacts", "Contact"), ("sales_accounts", "SalesAccount"), ("deals", "Deal"))


@dataclass
class SeedContext:
    """Context that the makers of seeded records draw from.

    Attributes:
        lists: The ids of each picklist.
        made: The ids of the records made so far, by object.
    """

    random: Random
    lists: dict[str, list[int]]
    samples: Samples = field(default_factory=samples)
    made: dict[str, list[int]] = field(default_factory=dict)

    def pick(self, items: Any) -> Any:
        """Pick an item of a sequence at random."""
        return items[int(self.random.random() * len(items))]

    def list_item(self, name: str) -> int:
        """Pick an id of a picklist."""
        return int(self.pick(self.lists[name]))

    def some_record(self, name: str) -> int | None:
        """Pick the id of a record made before, or None if there is none."""
        made = self.made.get(name)
        return int(self.pick(made)) if made else None

    def chance(self, share: float = 0.7) -> bool:
        """Return true in this share of cases."""
        return self.random.random() < share

    def stamps(self) -> dict[str, str]:
        """Make created_at and updated_at."""
        changed = UNTIL - int(self.random.random() * SPAN_SECONDS)
        created = changed - (0 if self.chance(0.3) else int(self.random.random() * 20_000_000))
        return {"created_at": iso(created), "updated_at": iso(changed)}

    def address(self) -> dict[str, str | None]:
        """Make the parts of an address."""
        street, city, state, zipcode, country = self.pick(self.samples.addresses)
        return {"address": street, "city": city, "state": state, "zipcode": zipcode, "country": country}

    def target(self) -> dict[str, Any]:
        """Pick a record for an activity to be about; {} if there is none."""
        name, model = self.pick(_MODELS)
        found = self.some_record(name)
        return {"targetable_type": model, "targetable_id": found} if found else {}


def iso(seconds: int) -> str:
    """Write Unix seconds as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
