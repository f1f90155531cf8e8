"""A random story of a source: records come, change, go and return; and what the CRM must hold when it was all told."""

from __future__ import annotations

import os
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from crm_emulator import Emulator
from tests.target_crm.messages import record_of, schema_of, state_of

KINDS = ("companies", "people", "leads", "opportunities", "projects", "tasks")
STATE_EVERY = 10
DELETES = {"hard_delete": True, "max_deletes": 10**6}
COMPANY = {"company_id": {"stream": "companies", "source_id": "company"}}
STREAMS = {
    **dict.fromkeys(KINDS, DELETES),
    "people": {**DELETES, "references": COMPANY},
    "activities": {"load_method": "append-only"},
}
"""Settings with which a story is told."""

PARENT = "Parent"
Key = tuple[str, int]


def seeds(count: int, first: int = 0) -> Sequence[int]:
    """Seeds to try: those that the environment names (``CHAOS_SEED=7`` or ``7,8``), else so many."""
    given = os.environ.get("CHAOS_SEED")
    return [int(seed) for seed in given.split(",")] if given else range(first, first + count)


@dataclass(frozen=True)
class Story:
    """A chapter of what a tap sends.

    Attributes:
        schemas: SCHEMA messages of all streams.
        messages: Records, and a STATE after each few of them, whose value is its place.
        expected: What the CRM must hold at the end, as ``told`` spells it.
    """

    schemas: list[dict[str, Any]]
    messages: list[dict[str, Any]]
    expected: Counter[tuple[Any, ...]]

    def after(self, place: int) -> Iterator[dict[str, Any]]:
        """Give the messages of a tap that resumes at a STATE: schemas, then everything behind it."""
        yield from self.schemas
        yield from self.messages[place:]


@dataclass
class Author:
    """Invents a story, chapter by chapter.

    Attributes:
        dice: Decides.
        parent: CRM id of a person to whom activities belong.
    """

    dice: random.Random
    parent: int
    living: dict[Key, dict[str, Any]] = field(default_factory=dict)
    dead: dict[Key, dict[str, Any]] = field(default_factory=dict)
    told: int = 0
    promised: list[int] = field(default_factory=list)
    logged: list[str] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)

    def chapter(self, events: int) -> Story:
        """Tell the next chapter: about so many records."""
        self.messages = []
        for number in range(self.told, self.told + events):
            self.step(number)
            if number % STATE_EVERY == STATE_EVERY - 1:
                self.messages.append(state_of(len(self.messages) + 1))
        self.told += events
        while self.promised:
            self.begin(("companies", self.promised.pop()))
        self.messages.append(state_of(len(self.messages) + 1))
        names = ("name", "details", "email", "monetary_value", "company", "parent", "type", "_sdc_deleted_at")
        return Story([schema_of(stream, *names) for stream in (*KINDS, "activities")], self.messages, self.expected())

    def step(self, number: int) -> None:
        """One event."""
        deed = self.dice.random()
        mortal = [key for key in self.living if key[0] != "companies"]  # people keep their company
        if deed < 0.05:
            self.logged.append(f"Call {number}")
            where = {"type": "person", "id": self.parent}
            said = record_of("activities", id=number, type="Note", details=self.logged[-1], parent=where)
            self.messages.append(said)
        elif deed < 0.10 and mortal:
            gone = self.dice.choice(mortal)
            self.dead[gone] = self.living.pop(gone)
            self.say(gone, self.dead[gone], _sdc_deleted_at="2026-01-01T00:00:00Z")
        elif deed < 0.14 and self.dead:
            back = self.dice.choice([*self.dead])
            self.live(back, self.dead.pop(back) | {"details": f"v{number}"})
        elif deed < 0.30 and self.living:
            self.change(self.dice.choice([*self.living]), number)
        elif deed < 0.35 and self.living:
            again = self.dice.choice([*self.living])
            self.say(again, self.living[again])
        elif deed < 0.40 and self.promised:
            self.begin(("companies", self.promised.pop()))
        else:
            self.begin((self.dice.choice(KINDS), number))

    def begin(self, key: Key) -> None:
        """A new record."""
        stream, source_id = key
        record: dict[str, Any] = {"name": f"{stream} {source_id}", "details": "new"}
        if stream in {"people", "leads"} and self.dice.random() < 0.6:
            record["email"] = f"{stream}{source_id}@example.org"
        if stream == "people" and self.dice.random() < 0.6:
            record["company"] = self.company(source_id)
        if stream == "opportunities":
            record["monetary_value"] = source_id + 0.25
        self.live(key, record)

    def change(self, key: Key, number: int) -> None:
        """Another version of a record."""
        changed = self.living[key] | {"details": f"v{number}"}
        if key[0] == "people" and self.dice.random() < 0.3:
            changed["company"] = self.company(number)
        self.live(key, changed)

    def live(self, key: Key, record: dict[str, Any]) -> None:
        """A record is, from now on, like this."""
        self.living[key] = record
        self.say(key, record)

    def company(self, number: int) -> int:
        """One that is there, or one that comes later."""
        known = [source_id for stream, source_id in self.living if stream == "companies"]
        if known and self.dice.random() < 0.7:
            return self.dice.choice(known)
        if not self.promised or self.dice.random() < 0.5:
            self.promised.append(100_000 + number)
        return self.dice.choice(self.promised)

    def say(self, key: Key, record: dict[str, Any], **more: Any) -> None:
        """Send it."""
        self.messages.append(record_of(key[0], id=key[1], **record, **more))

    def expected(self) -> Counter[tuple[Any, ...]]:
        """List the records that the CRM must hold by now, as ``told`` spells them."""
        told: list[tuple[Any, ...]] = [("people", PARENT, None, None, None, None)]
        told += [("activities", details) for details in self.logged]
        for (stream, _), record in self.living.items():
            company = record.get("company")
            employer = None if company is None else f"companies {company}"
            rest = (record.get("email"), record.get("monetary_value"), employer)
            told.append((stream, record["name"], record["details"], *rest))
        return Counter(told)


def author(dice: random.Random, emulator: Emulator) -> Author:
    """An author whose activities belong to somebody who is in the CRM already."""
    return Author(dice, emulator.copper.insert("people", {"name": PARENT})["id"])


def told(emulator: Emulator) -> Counter[tuple[Any, ...]]:
    """List the records that the CRM holds, in the words of a story."""
    copper = emulator.copper
    found: list[tuple[Any, ...]] = [("activities", each["details"]) for each in copper.records("activities")]
    for stream in KINDS:
        for record in copper.records(stream):
            emails = record.get("emails") or [record.get("email")]
            email = emails[0]["email"] if emails[0] else None
            company = copper.get("companies", record["company_id"]) if record.get("company_id") else None
            rest = (email, record.get("monetary_value"), company["name"] if company else None)
            found.append((stream, record["name"], record.get("details"), *rest))
    return Counter(found)


def copies(emulator: Emulator) -> list[tuple[Any, ...]]:
    """Records that are there more than once, in whatever version."""
    named = Counter(each[:2] for each in told(emulator).elements())
    return [name for name, count in named.items() if count > 1]
