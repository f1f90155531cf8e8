"""The context that makers of seeded records draw from: samples, lists, instants, custom fields, planned activities."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from random import Random
from typing import Any

from crm_emulator.copper.account import CopperAccount
from crm_emulator.copper.custom_fields import definitions_on, empty_value
from crm_emulator.copper.objects.catalog import BY_NAME
from crm_emulator.messages import Record
from crm_emulator.samples import Samples, samples

UNTIL = 1_767_225_600
"""2026-01-01T00:00:00Z: the latest instant in seeded records, fixed so that the same seed gives the same bytes."""

SPAN_SECONDS = 2 * 365 * 86_400
PARENTS = ("people", "companies", "opportunities", "leads")
SINGULARS = {name: crm_object.singular for name, crm_object in BY_NAME.items()}

CONVERTED_SHARE = 0.1  # of leads
_FILLED_SHARE = 0.55  # of custom fields
_BURST_SHARE = 0.12  # of records stamped in one of a few seconds, as imports do


@dataclass
class SeedContext:
    """Context that the makers of seeded records draw from.

    Attributes:
        account: The account to be filled.
        samples: Samples to make records of.
        sizes: How many records each object gets.
        lists: The ids of each settings list.
        records: The records of each settings list.
        definitions: The custom fields of each object.
        bursts: The seconds in which imports ran.
        makers: For each object, the id, value maker, definition and empty value of each custom field.
        zone: The account's time zone.
        converted: The positions of the leads that were converted.
        interactions: The count and the last instant of interactions, by object and position of the record.
        activity_kinds: For each planned activity, the position of its parent's object in PARENTS.
        activity_parents: For each planned activity, the position of its parent among the object's records.
        activity_dates: For each planned activity, its instant (Unix seconds).
    """

    account: CopperAccount
    samples: Samples
    sizes: Mapping[str, int]
    lists: dict[str, list[int]]
    records: dict[str, list[Record]]
    definitions: dict[str, list[Record]]
    bursts: list[int]
    makers: dict[str, list[tuple[int, Callable[[SeedContext, Record, float], Any], Record, Any]]] = field(init=False)
    zone: tzinfo = field(init=False)
    first_id: int = field(init=False)
    first_activity_id: int = field(init=False)
    converted: set[int] = field(default_factory=set)
    interactions: dict[str, dict[int, tuple[int, int]]] = field(default_factory=dict)
    activity_kinds: array[int] = field(default_factory=lambda: array("b"))
    activity_parents: array[int] = field(default_factory=lambda: array("l"))
    activity_dates: array[int] = field(default_factory=lambda: array("q"))

    @classmethod
    def for_account(cls, account: CopperAccount, number: int, sizes: Mapping[str, int]) -> SeedContext:
        """Return the context of an account whose settings are seeded."""
        random = Random(f"{number} scene")  # noqa: S311 - repeatable, not secret
        names = ("users", "contact_types", "customer_sources", "loss_reasons", "lead_statuses", "pipelines")
        records = {name: account.records(name) for name in names}
        context = cls(
            account=account,
            samples=samples(),
            sizes=sizes,
            lists={name: [record["id"] for record in records[name]] for name in names},
            records=records,
            definitions={name: definitions_on(account, crm_object) for name, crm_object in BY_NAME.items()},
            bursts=sorted(UNTIL - random.randrange(SPAN_SECONDS) for _ in range(40)),
        )
        context.converted = {index for index in range(sizes.get("leads", 0)) if random.random() < CONVERTED_SHARE}
        context._plan_activities(random, sizes.get("activities", 0))
        return context

    def __post_init__(self) -> None:
        """Look up once what makes the values of each object's custom fields, where days begin, and where ids do."""
        store = self.account.store
        self.first_id = store.first_id(BY_NAME["people"].table)
        self.first_activity_id = store.first_id(BY_NAME["activities"].table)
        self.zone = self.account.zone
        self.makers = {
            name: [(each["id"], _VALUES[each["data_type"]], each, empty_value(each)) for each in definitions]
            for name, definitions in self.definitions.items()
        }

    def _plan_activities(self, random: Random, size: int) -> None:
        """Decide whose activities there will be, so that counts on the parents are right from the start."""
        kinds = [(kind, self.sizes.get(name, 0)) for kind, name in enumerate(PARENTS) if self.sizes.get(name, 0)]
        self.interactions = {name: {} for name in PARENTS}
        if not kinds:
            return
        draw = random.random
        for index in range(size):
            kind, count = kinds[int(draw() * draw() * len(kinds))]
            parent = int(draw() * count)
            date = self.instant(random)
            self.activity_kinds.append(kind)
            self.activity_parents.append(parent)
            self.activity_dates.append(date)
            if index % 3:  # activities() makes those phone calls, meetings and e-mails
                times, last = self.interactions[PARENTS[kind]].get(parent, (0, 0))
                self.interactions[PARENTS[kind]][parent] = (times + 1, max(last, date))

    def instant(self, random: Random) -> int:
        """Pick a second of the span; a part of all records share a few seconds."""
        if random.random() < _BURST_SHARE:
            return self.bursts[int(random.random() * len(self.bursts))]
        return UNTIL - int(random.random() * SPAN_SECONDS)

    def stamps(self, random: Random) -> tuple[int, int]:
        """Make date_created and date_modified."""
        modified = self.instant(random)
        if random.random() < 0.3:  # noqa: PLR2004 - a part was never touched again
            return modified, modified
        return modified - int(random.random() * 20_000_000), modified

    def contacted(self, object_name: str, index: int) -> tuple[int, int | None]:
        """Return interaction_count and date_last_contacted of a record."""
        count, last = self.interactions[object_name].get(index, (0, None))
        return count, last

    def custom_fields(self, object_name: str, random: Random, record_id: int) -> list[dict[str, Any]]:
        """Make values for about half of the custom fields, in the order of ``values_for``."""
        makers = self.makers[object_name]
        if not makers:
            return []
        draw = random.random
        turn = record_id % len(makers)
        fields = []
        for number, make, definition, empty in makers[turn:] + makers[:turn]:
            value = make(self, definition, draw()) if draw() < _FILLED_SHARE else empty
            fields.append({"custom_field_definition_id": number, "value": value})
        return fields[::-1] if record_id & 1 else fields

    def address(self, random: Random) -> dict[str, str | None] | None:
        """Make an address, or null, or an address of nulls (section 7.4)."""
        draw = random.random()
        if draw < 0.15:  # noqa: PLR2004 - some have none
            return None
        if draw < 0.2:  # noqa: PLR2004 - some have an empty one
            return {"street": None, "city": None, "state": None, "postal_code": None, "country": None}
        street, city, state, postal_code, country = self.pick(random, self.samples.addresses)
        return {"street": street, "city": city, "state": state, "postal_code": postal_code, "country": country}

    def converted_money(self, value: float | None, index: int) -> dict[str, Any]:
        """Make an amount in the account's currency: null for some records that have one (section 10)."""
        converted = None if index % 9 == 8 else self.account.converted(value)  # noqa: PLR2004 - some
        return {"converted_unit": None if converted is None else self.account.currency, "converted_value": converted}

    def tags(self, random: Random) -> list[str]:
        """Pick no, one or two tags."""
        draw = random.random()
        if draw < 0.6:  # noqa: PLR2004 - most have none
            return []
        first = TAGS[int(random.random() * len(TAGS))]
        return [first] if draw < 0.9 else list(dict.fromkeys((first, "vip")))  # noqa: PLR2004 - few have two

    @staticmethod
    def pick(random: Random, items: Any) -> Any:
        """Pick an item of a sequence at random."""
        return items[int(random.random() * len(items))]

    def one_of(self, random: Random, name: str, rate: float = 0.9) -> int | None:
        """Pick an id of a settings list, or None for a part of the records."""
        return self.pick(random, self.lists[name]) if random.random() < rate else None

    def record_id(self, random: Random, object_name: str, rate: float) -> int | None:
        """Pick the id of some record of an object, or None."""
        size = self.sizes.get(object_name, 0)
        return self.first_id + int(random.random() * size) if size and random.random() < rate else None


def _day(context: SeedContext, draw: float) -> int:
    """Pick a day: midnight at the account's clock, or of UTC, which lie side by side in one account (section 10)."""
    day = datetime.fromtimestamp(UNTIL + int(draw * SPAN_SECONDS), UTC).replace(hour=0, minute=0, second=0)
    return int((day if day.day % 3 == 0 else day.replace(tzinfo=context.zone)).timestamp())


TAGS = ("customer", "prospect", "newsletter", "conference 2025", "à rappeler", "wichtig", "churned", "partner")

# A value of each data type, from (context, definition, a number between 0 and 1).
_VALUES: dict[str, Callable[[SeedContext, Record, float], Any]] = {
    "String": lambda _context, _definition, draw: f"K-{int(draw * 1_000_000):06d}",
    "Text": lambda context, _definition, draw: context.samples.sentences[int(draw * len(context.samples.sentences))],
    "Dropdown": lambda _context, definition, draw: definition["options"][int(draw * len(definition["options"]))]["id"],
    "MultiSelect": lambda _context, definition, draw: [
        option["id"] for option in definition["options"][int(draw * len(definition["options"])) :]
    ],
    "Date": lambda context, _definition, draw: _day(context, draw),
    "Checkbox": lambda _context, _definition, draw: int(draw * 2) == 1,
    "Float": lambda _context, _definition, draw: round(draw * 100, 1),
    "Percentage": lambda _context, _definition, draw: int(draw * 101),
    "Currency": lambda _context, _definition, draw: round(draw * 50_000, 2),
    "URL": lambda _context, _definition, draw: f"https://profiles.example/{int(draw * 10_000_000)}",
    "Connect": lambda _context, _definition, _draw: [],
}
