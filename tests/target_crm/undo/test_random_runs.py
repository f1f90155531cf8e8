"""Whatever a run wrote and whatever people did since: what it wrote and nobody touched is as it was; the rest stays."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, note, settings, strategies

from crm_api.copper.objects import OBJECTS
from tests.target_crm.test_dry_run_equals_run import AS_IT_IS, INPUTS, SCHEMAS, STREAMS, whole

EDITED = {
    "people": ("title", "details", "tags"),
    "companies": ("details", "tags"),
    "opportunities": ("details", "monetary_value"),
    "tasks": ("details",),
    "activities": ("details",),
}
REFERENCES = {"company_id": "companies", "primary_contact_id": "people"}
PARENTS = {"person": "people", "company": "companies", "opportunity": "opportunities"}
AT = strategies.integers(0, 5)
EDITS = strategies.lists(
    strategies.one_of(
        strategies.tuples(strategies.just("change"), strategies.sampled_from(list(EDITED)), AT, AT),
        strategies.tuples(strategies.just("delete"), strategies.sampled_from(list(EDITED)), AT, AT),
        strategies.tuples(strategies.just("task"), strategies.sampled_from(["people", "companies"]), AT, AT),
    ),
    max_size=5,
)


def edit(copper, edits):
    """Do what people do in the CRM between the run and the undo."""
    for what, name, at, choice in edits:
        found = sorted(copper.records(name), key=lambda record: record["id"])
        if at >= len(found):
            continue
        record = found[at]
        if what == "delete":
            copper.delete(name, record["id"])
        elif what == "task":
            related = {"id": record["id"], "type": OBJECTS[name].singular}
            copper.insert("tasks", {"name": "Theirs", "related_resource": related})
        else:
            attribute = EDITED[name][choice % len(EDITED[name])]
            value = {"tags": ["typed"], "monetary_value": 4711}.get(attribute, "typed")
            copper.change(name, record["id"], {attribute: value})


def state(copper):
    """Every record as far as it can be written, by object and id."""
    return {
        (name, record["id"]): {
            attribute.name: plain(record.get(attribute.name))
            for attribute in OBJECTS[name].attributes
            if attribute.is_writable and attribute.name != "monetary_unit"  # which Copper fills in with a value
        }
        for name in EDITED
        for record in copper.records(name)
    }


def plain(value):
    """A value of which only what it says counts, whatever the order of custom fields."""
    if isinstance(value, list) and value and isinstance(value[0], dict) and "custom_field_definition_id" in value[0]:
        value = sorted(value, key=lambda field: field["custom_field_definition_id"])
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return None if value == "" else value


def refers_to(record):
    """The records that a record refers to."""
    found = {(name, record[attribute]) for attribute, name in REFERENCES.items() if record.get(attribute)}
    for attribute in ("parent", "related_resource"):
        value = record.get(attribute)
        if value and value.get("id"):
            found.add((PARENTS.get(value["type"], value["type"]), value["id"]))
    return found


def renamed(record, alias):
    """A record with the old ids of records that were made again."""
    changed = dict(record)
    for attribute, name in REFERENCES.items():
        if changed.get(attribute):
            changed[attribute] = alias.get((name, changed[attribute]), changed[attribute])
    for attribute in ("parent", "related_resource"):
        value = changed.get(attribute)
        if value and value.get("id"):
            name = PARENTS.get(value["type"], value["type"])
            changed[attribute] = {**value, "id": alias.get((name, value["id"]), value["id"])}
    return changed


def masked(record):
    """A record without references, by which one that is made again is known."""
    skipped = {*REFERENCES, "parent", "related_resource"}
    return json.dumps({name: value for name, value in record.items() if name not in skipped}, sort_keys=True)


def made_again(before, after, since):
    """The records that were deleted by the run and made again: the old id by object and new id."""
    alias = {}
    gone = [place for place in before if place not in after and place not in since]
    for place in sorted(set(since) - set(after), key=str):
        for old in gone:
            if old[0] == place[0] and masked(before[old]) == masked(since[place]):
                gone.remove(old)
                alias[place] = old[1]
                break
    return alias, gone


def refused_in(output):
    """The records that the CRM would not take back: what they refer to is gone."""
    return {(name, int(number)) for name, number in re.findall(r"^not back: (\w+) (\d+)", output, re.MULTILINE)}


def check(before, written, edited, undone, refused):
    """Hold the promise, record by record and attribute by attribute."""
    alias, lost = made_again(before, edited, undone)
    deleted = {place for place in before if place not in written}
    assert not set(lost) & deleted - refused, "what the run deleted is made again"
    assert len(alias) == len(set(undone) - set(edited)), "nothing is doubled"
    theirs = [place for place in written if place not in edited]
    assert not set(theirs) & set(undone), "what people deleted stays deleted"
    for (name, crm_id), record in undone.items():
        place = (name, alias.get((name, crm_id), crm_id))
        now = renamed(record, alias)
        if place in refused:
            assert now == edited[place], place
        elif place not in written:
            then = before.get(place) or edited[place]
            assert now == renamed(then, {}), place
        elif place in before:
            for attribute, value in now.items():
                was, left, seen = before[place][attribute], written[place][attribute], edited[place][attribute]
                expected = was if left == seen else seen
                assert value == expected, (place, attribute)
        else:  # the run created it, and it is still there
            assert now == edited[place], place
            is_edited = edited[place] != written[place]
            assert is_edited or place in {each for other in undone.values() for each in refers_to(other)}, place
    for place in set(edited) - set(undone):
        assert place not in before, place
        assert place in written, place
        assert edited[place] == written[place], place


def without_ids(state):
    """Show all that is there, whatever the ids: each record with those that it refers to."""
    return sorted(
        (name, masked(record), sorted(masked(state[place]) for place in refers_to(record) if place in state))
        for (name, _), record in state.items()
    )


@pytest.fixture
def anew(emulator, tmp_path):
    """Begins with an empty account and without a ledger."""
    empty = emulator.dump()

    def anew():
        emulator.load(empty)
        for file in tmp_path.glob("ledger.sqlite*"):
            file.unlink()

    return anew


ANYTHING = given(
    order=strategies.permutations(list(SCHEMAS)),
    records_before=INPUTS,
    records=INPUTS,
    edits=EDITS,
    batch_size=strategies.sampled_from([4, 1000]),
)


@settings(max_examples=4, **AS_IT_IS)
@ANYTHING
def test_what_nobody_changed_since_is_as_it_was(run, undo, emulator, anew, **case):
    anew()
    taken_back(run, undo, emulator, **case)


@pytest.mark.long
@pytest.mark.timeout(3000)
@settings(max_examples=150, **AS_IT_IS)
@ANYTHING
def test_so_it_is_in_many_cases(run, undo, emulator, anew, **case):
    anew()
    taken_back(run, undo, emulator, **case)


def taken_back(run, undo, emulator, *, order, records_before, records, edits, batch_size):
    config = {"streams": STREAMS, "batch_size_rows": batch_size, "keep_values_days": 30}
    run(whole(records_before, order), **config)
    before = state(emulator.copper)
    done = run(whole(records, order), **config)
    written = state(emulator.copper)
    edit(emulator.copper, edits)
    edited = state(emulator.copper)
    foreseen = undo(done.report["run_id"], "--dry-run", **config)
    assert state(emulator.copper) == edited, "a dry run writes nothing"
    undone = undo(done.report["run_id"], **config)
    note(undone.output)
    if "knows no run" in undone.output or "wrote nothing" in undone.output:
        assert written == before
        return
    refused = refused_in(undone.output)
    assert bool(refused) == bool(undone.code), undone.output
    assert not refused or any(what == "delete" for what, *_ in edits), undone.output
    check(before, written, edited, state(emulator.copper), refused)
    if not refused:  # which only the CRM itself knows
        assert (foreseen.left, foreseen.report["streams"]) == (undone.left, undone.report["streams"])
    back = undo(undone.run_id, **config)
    note(back.output)
    if not refused_in(back.output):
        assert back.code == 0 or "knows no run" in back.output, back.output
        assert without_ids(state(emulator.copper)) == without_ids(edited)
