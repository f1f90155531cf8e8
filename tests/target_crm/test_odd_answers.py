"""Answers that hold values of kinds which nobody expects: one record's odd answer costs itself alone."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

import pytest

from crm_emulator.application import Application
from tests.target_crm.messages import record_of, schema_of, state_of

ODD = (
    None, True, False, 0, -1, 1.5, 10**19, "", " ", "5", "5.0", "x", "NaN", "true", "2024-13-45", "0000-00-00", [],
    [None], [[]], [1, "a", None, {"x": 1}], {}, {"a": None}, {"id": None}, {"id": "x"}, {"value": 5}, [{"value": 5}],
    [{"email": None}], [{"id": "7"}], "\0", "a" * 500,
)  # fmt: skip
OBJECTS = {"copper": "people", "freshsales": "contacts", "apptivo": "contacts"}
COUNT = 8
ODDLY = (3, 6)  # the source ids of those whose answers are odd
MARK = "oddly"
IDS = frozenset({"id", "contactId"})  # whose values nobody can guess: a record without one cannot be told from others


class OddAnswers:
    """Changes, in the answers of an emulator, the values of records that hold a mark."""

    def __init__(self, seed, share):
        self.random = Random(seed)
        self.share = share
        self.changed = set()

    def changing(self, value):
        if isinstance(value, list):
            return [self.changing(each) for each in value]
        if not isinstance(value, dict) or MARK not in json.dumps(value):
            return value
        if any(self.holds_a_record(each) for each in value.values()):
            return {name: self.changing(each) for name, each in value.items()}
        return dict(self.oddities(value))

    def holds_a_record(self, value):
        if isinstance(value, list):
            return any(map(self.holds_a_record, value))
        if not isinstance(value, dict) or MARK not in json.dumps(value):
            return False
        return any(name == "id" or name.endswith("Id") for name in value) or any(
            map(self.holds_a_record, value.values())
        )

    def oddities(self, record):
        for name, value in record.items():
            if name in IDS:
                yield name, self.random.choice((value, str(value)))
            elif self.random.random() >= self.share:
                yield name, value
            else:
                self.changed.add(name)
                if self.random.random() < 0.9:  # else it is missing
                    yield name, self.random.choice(ODD)


@pytest.fixture(params=OBJECTS)
def crm(request):
    return request.param


@pytest.fixture
def vendor(emulator, crm):
    return getattr(emulator, crm)


@pytest.fixture
def settings(settings, vendor, crm):
    keys = {name: getattr(vendor, name, None) for name in ("api_key", "user_email", "access_key")}
    order = {"date_order": "mdy" if crm == "copper" else None}
    return {**settings, "crm": crm, "base_url": vendor.base_url, "requests_per_hour": None, **keys, **order}


def sent(crm, title):
    names = ("name", "title") if crm == "copper" else ("first_name", "last_name", "job_title")
    rows = [schema_of(OBJECTS[crm], *names, "email", "phone")]
    for number in range(1, COUNT + 1):
        last = f"{MARK if number in ODDLY else 'plain'}{number}"
        whole = {"name": f"Ann {last}", "title": title}
        apart = {"first_name": "Ann", "last_name": last, "job_title": title}
        named = whole if crm == "copper" else apart
        given = {"email": f"{last}@x.org", "phone": f"+49 30 123{number}"}
        rows.append(record_of(OBJECTS[crm], id=number, **named, **given))
    return [*rows, state_of(title)]


SEEDS = [*range(3), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(3, 60))]


@pytest.mark.parametrize("seed", SEEDS)
def test_one_records_odd_answers_cost_itself_alone(run, crm, vendor, monkeypatch, seed):
    odd = OddAnswers(seed, (0.3, 0.6, 1.0)[seed % 3])
    answer = Application._answer

    def answered(application, of, request, route):
        made = answer(application, of, request, route)
        if made.status >= 400 or MARK.encode() not in made.body:
            return made
        return replace(made, body=json.dumps(odd.changing(json.loads(made.body))).encode())

    monkeypatch.setattr(Application, "_answer", answered)
    policy = ({}, {"compare_with": "crm"})[seed % 2]
    for title in ("CEO", "CTO", "CFO"):
        done = run(sent(crm, title), **policy)
        assert "Traceback" not in done.errors
        assert done.code in {0, 1}, done.errors
        held = [each for each in vendor.records(OBJECTS[crm]) if "plain" in json.dumps(each)]
        titles = [each.get("title") or each.get("job_title") or each.get("jobTitle") for each in held]
        assert titles == [title] * (COUNT - len(ODDLY)), done.errors
    assert odd.changed or odd.share < 1
