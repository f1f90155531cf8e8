"""A thousand edits of a source and of people in the CRM, in any order: none is lost that the policy protects."""

from __future__ import annotations

import random

import pytest

from tests.target_crm.messages import record_of, schema_of

FIELDS = ("title", "details", "city")
PEOPLE = schema_of("people", *FIELDS, name={"type": ["string", "null"]})
RECORDS, EDITS, A_RUN = 12, 1000, 25


class Value:
    """One field of one record: what both sides hold, and what an ideal merge makes of it."""

    def __init__(self, first):
        self.source = self.came = self.crm = self.sent = self.seen = first

    def merge(self, policy):
        """Bring the source's value over; tells whether it must be reviewed."""
        if self.source == self.sent:
            return False
        if policy == "source" or self.crm in {self.seen, self.source}:
            self.crm = self.sent = self.seen = self.source
            return False
        return policy == "review"


@pytest.mark.parametrize("policy", ["source", "crm", "review"])
@pytest.mark.daily(one_of=3)
def test_no_edit_is_lost_that_the_policy_protects(run, emulator, policy):
    dice = random.Random(f"edits {policy}")
    values = {(n, field): Value(f"{field} {n}") for n in range(RECORDS) for field in FIELDS}

    def send():
        records = [
            record_of("people", id=n, name=f"P{n}", **{field: values[n, field].source for field in FIELDS})
            for n in range(RECORDS)
        ]
        return run([PEOPLE, *records], streams={"people": {"conflicts": policy}}, max_rejected=RECORDS)

    send()
    ids = {found["name"]: found["id"] for found in emulator.copper.records("people")}
    for edit in range(1, EDITS + 1):
        number, field = dice.choice([*values])
        value = values[number, field]
        if dice.random() < 0.5:
            value.source = f"source {edit}" if dice.random() < 0.8 else value.crm
        else:
            value.crm = f"typed {edit}" if dice.random() < 0.8 else value.source
            change = {"address": {"city": value.crm}} if field == "city" else {field: value.crm}
            emulator.copper.change("people", ids[f"P{number}"], change)
        if edit % A_RUN == 0:
            assert send().code == 0
            for n in range(RECORDS):
                _merge([values[n, name] for name in FIELDS], policy)
            for found in emulator.copper.records("people"):
                n = int(found["name"][1:])
                has = {"title": found["title"], "details": found["details"], "city": found["address"]["city"]}
                assert has == {name: values[n, name].crm for name in FIELDS}, f"record {n} after {edit} edits"


def _merge(fields, policy):
    """Merge one record: it is looked at when its source changed, and of one that has to be reviewed nothing is written.

    A record that is held for a review is looked at in each run.
    """
    is_changed = any(value.source != value.came for value in fields)
    for value in fields:
        value.came = value.source
    if not is_changed and policy != "review":
        return
    before = [dict(vars(value)) for value in fields]
    reviews = [value.merge(policy) for value in fields]
    if any(reviews):
        for value, kept in zip(fields, before, strict=True):
            vars(value).update(kept)
