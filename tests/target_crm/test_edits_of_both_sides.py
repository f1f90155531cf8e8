"""A thousand edits of a source and of people in the CRM, in any order: none is lost that the policy protects."""

from __future__ import annotations

import random

import pytest

from tests.target_crm.ideal_merge import Value, merge
from tests.target_crm.messages import record_of, schema_of

FIELDS = ("title", "details", "city")
PEOPLE = schema_of("people", *FIELDS, name={"type": ["string", "null"]})
RECORDS, EDITS, A_RUN = 12, 1000, 25


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
                merge([values[n, name] for name in FIELDS], policy)
            for found in emulator.copper.records("people"):
                n = int(found["name"][1:])
                has = {"title": found["title"], "details": found["details"], "city": found["address"]["city"]}
                assert has == {name: values[n, name].crm for name in FIELDS}, f"record {n} after {edit} edits"
