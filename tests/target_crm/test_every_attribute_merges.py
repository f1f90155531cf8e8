"""Every writable attribute of every object of every CRM: merged by itself, whatever form the CRM gives its value."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest

from crm_api.apptivo.objects import OBJECTS as APPTIVO
from crm_api.copper.objects import OBJECTS as COPPER
from crm_api.crm_objects import Attribute, Kind
from crm_api.freshsales.objects import CLASSIC, SUITE
from crm_emulator import Emulator
from target_crm.crms import connected
from tests.target_crm.messages import record_of, schema_of
from tests.target_crm.values_by_kind import LISTS, Values

CASES = [
    *(f"copper {name}" for name in COPPER),
    *(f"{crm} {name}" for crm in ("apptivo/form", "apptivo/rest") for name in APPTIVO),
    *(f"freshsales/{ids} {name}" for ids in ("absent", "present") for name in SUITE),
    *(f"freshsales_classic/{ids} {name}" for ids in ("absent", "present") for name in CLASSIC),
]
CASES = [case for case in CASES if not case.endswith(" notes")]  # which cannot be read
FEW = {"copper": COPPER, "freshsales": SUITE, "freshsales_classic": CLASSIC, "apptivo": APPTIVO}
DERIVED = {"date_modified", "updated_at", "updater_id", "lastUpdateDate", "lastUpdatedByName", "version", "_updated"}
DERIVED |= {"display_name", "fullName", "expected_deal_value", "last_contacted"}
"""What the CRM itself changes with any write."""
TYPED = ("details", "description", "job_title", "jobTitle", "location", "notes", "nextStep", "name")
"""Attributes that somebody types into while the source changes another: the first that an object has."""


class Account:
    """A seeded account, one object of it, and a record for each of its writable attributes."""

    def __init__(self, emulator, case):
        wire, _, self.stream = case.partition(" ")
        crm, _, switch = wire.partition("/")
        self.vendor = vendor = getattr(emulator, crm)
        self.settings = {"crm": crm.partition("_")[0], "base_url": vendor.base_url, "api_key": vendor.api_key}
        self.settings |= {"requests_per_minute": 0, "index_lag_seconds": 0, "max_attempts": 2, "max_rejected": 99}
        if crm == "copper":
            self.settings |= {"user_email": vendor.user_email, "date_order": "mdy", "bulk_requests_per_second": 0}
        elif crm == "apptivo":
            vendor.switches.rest_style = switch == "rest"
            self.settings |= {"access_key": vendor.access_key, "wire_style": switch}
        else:
            vendor.switches.read_ids = switch
            self.settings |= {"requests_per_hour": 0}
        crm = connected(self.settings, lambda _: None, lambda: 0.0)
        self.values = Values(crm, crm.objects[self.stream], self._ids_of)
        self.attributes = list(self._attributes(crm, crm.objects[self.stream]))
        self.typed = next(name for name in TYPED if any(each.name == name for each in self.attributes))

    @staticmethod
    def _attributes(crm, crm_object):
        yield from (each for each in crm_object.attributes if each.is_writable and each.kind is not Kind.CUSTOM)
        for each in crm.custom_fields(crm_object):
            if each.writable and crm_object.name in each.objects:
                yield Attribute(f"cf_{each.id}", each.kind, custom_id=each.id, names=each.options)

    def _ids_of(self, name):
        return sorted(each["id"] for each in self.vendor.records(name))[:3]

    def records(self):
        return {each["id"]: each for each in self.vendor.records(self.stream)}

    def first(self, n):
        """The first version of the record that is about the attribute of that number: with all that goes beside it."""
        about, record = self.attributes[n], {"id": n}
        for each in sorted(self.attributes, key=lambda each: each.within is not None):
            beside = not (each.unless or each.automatic or each.name == "sales_account") and about.name not in {
                each.within,
                each.unless,
            }
            apart = about.unless == each.name or (about.name == "sales_account" and each.name.startswith(about.name))
            if each is about or (beside and not apart):
                value = self.values.of(each, n, 0, record)
                record |= {} if value is None else {each.name: value}
        return record

    def other(self, n, record):
        """An attribute of a record that the source may change, beside its own and the one that is typed into."""
        kept = {self.attributes[n].name, self.typed}
        others = [each for each in self.attributes if each.updatable and each.name in record and each.name not in kept]
        others = [each for each in others if each.custom_id is None]  # which stand together in one
        texts = [each for each in others if each.kind is Kind.TEXT and not each.choices]
        return next(each for each in [*texts, *others] if self.values.of(each, n, 2, record) != record[each.name])


def differences(one, other):
    """The names of what differs between two states of a CRM's record, beside what any write changes."""
    return {name for name in {*one, *other} - DERIVED if one.get(name) != other.get(name)}


@pytest.fixture
def account(request):
    sizes = {crm: dict.fromkeys(objects, 4) for crm, objects in FEW.items()}
    with Emulator(seed=11, sizes=sizes) as emulator:
        yield Account(emulator, request.param)


@pytest.fixture
def settings(account, tmp_path):
    ledger = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    return {"ledger_url": ledger, "report_path": str(tmp_path / "report.json"), **account.settings}


class Walk:
    """One stream of records of an account, of which each is about another attribute."""

    def __init__(self, account, run, policy):
        self.account, self._run, self._stream = account, run, account.stream
        attributes = dict(enumerate(account.attributes))
        modes = {each.name: "replace" for each in attributes.values() if each.kind in LISTS and not each.only_added}
        self._settings = {"match_on": [], "no_match_key": "create", "conflicts": policy, "fields": modes}
        self.attributes, self.ids = attributes, {}
        self.rows = {n: account.first(n) for n in attributes}

    def send(self, config=None, **more):
        """Send all records; returns their outcomes, conflicts and kinds of rejections."""
        names = list(dict.fromkeys(name for row in self.rows.values() for name in row))
        messages = [schema_of(self._stream, *names), *(record_of(self._stream, **row) for row in self.rows.values())]
        done = self._run(messages, streams={self._stream: self._settings | more}, **(config or {}))
        assert done.report["left_out"] == {}
        return {**done.of(self._stream), **done.report["conflicts"], **done.report["reject_kinds"]}

    def outcomes(self, **counts):
        return {"input": len(self.rows)} | {name: count for name, count in counts.items() if count}

    def vary(self, numbers, version):
        """Change each record's own attribute at the source; returns the numbers of those that differ now."""
        varied = set()
        for n in numbers:
            attribute, row = self.attributes[n], self.rows[n]
            news = [self.account.values.of(attribute, n, each, row) for each in range(version + 1)]
            if attribute.updatable and news[version] is not None and news[version] not in news[:version]:
                self.rows[n] = row | {attribute.name: news[version]}
                varied.add(n)
        return varied

    def vary_others(self):
        for n, row in self.rows.items():
            other = self.account.other(n, row)
            self.rows[n] = row | {other.name: self.account.values.of(other, n, 2, row)}

    def change(self, n, values):
        self.account.vendor.change(self._stream, self.ids[n], values)

    @property
    def now(self):
        """The CRM's records by number."""
        records = self.account.records()
        return {n: records[crm_id] for n, crm_id in self.ids.items()}


@pytest.mark.long
@pytest.mark.parametrize("policy", ["source", "crm", "review"])
@pytest.mark.parametrize("account", CASES, indirect=True)
def test_an_attribute_is_merged_alone_and_the_crms_own_spelling_is_nobodys_edit(account, run, settings, policy):
    walk = Walk(account, run, policy)
    all_unchanged = walk.outcomes(unchanged=len(walk.rows))
    assert walk.send() == walk.outcomes(created=len(walk.rows))
    with closing(sqlite3.connect(settings["ledger_url"].removeprefix("sqlite:///"))) as ledger:
        rows = ledger.execute("select source_id, crm_id from records")
        walk.ids = {int(source_id): json.loads(crm_id) for source_id, crm_id in rows}
    first = walk.now
    assert walk.send() == all_unchanged
    assert walk.send({"compare_with": "crm"}, conflicts="source") == all_unchanged
    assert walk.now == first

    # Somebody types into one attribute of each record, and the source changes another, of each record its own.
    changed = walk.vary(walk.rows, 1)
    for n, attribute in walk.attributes.items():
        if attribute.name != account.typed:
            walk.change(n, {account.typed: f"typed {n}"})
    before = walk.now
    assert walk.send() == walk.outcomes(updated=len(changed), unchanged=len(walk.rows) - len(changed))
    after = walk.now
    held = {n: differences(before[n], after[n]) for n in walk.rows}
    assert {n for n, names in held.items() if names} == changed
    assert all(account.typed not in held[n] for n in changed if walk.attributes[n].name != account.typed)
    assert walk.send() == all_unchanged

    # Somebody puts back what the source changed, and the source changes another attribute: that alone is sent.
    resent = policy == "source"  # which reads nothing, and sends what goes with every update as the source gives it
    changed = {n for n in changed if not (walk.attributes[n].only_added or (walk.attributes[n].resent and resent))}
    for n in changed:
        walk.change(n, {name: before[n].get(name) for name in held[n]})
    walk.vary_others()
    before = walk.now
    assert walk.send() == walk.outcomes(updated=len(walk.rows))
    after = walk.now
    assert all(held[n].isdisjoint(differences(before[n], after[n])) for n in changed)

    # Both sides have changed it: the policy decides.
    both = walk.vary(changed, 2)
    walk.send()
    last = walk.now
    stay = {n for n in both if held[n].isdisjoint(differences(after[n], last[n]))}
    assert stay == (set() if policy == "source" else both)
