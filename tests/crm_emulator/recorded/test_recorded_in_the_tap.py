"""The tap makes of each record in a recorded shape one that is valid against its stream's schema."""

from __future__ import annotations

import signal

import jsonschema_rs
import pytest

from crm_emulator import Emulator
from tests.crm_emulator.recorded.shapes import shapes
from tests.tap_copper.running import run

STREAMS = {"activities": "activities_search"}
SHAPES = [pytest.param(shape, id=shape.name) for shape in shapes("copper") if shape.object]


@pytest.fixture
def emulator():
    kept = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM)}
    with Emulator(empty=True) as running:
        yield running
    for number, handler in kept.items():
        signal.signal(number, handler)


def hold(emulator, shape):
    """Give the account records whose answers are the bodies of a shape; return how many."""
    copper = emulator.copper
    for each in copper.records(shape.object):
        copper.store.remove(copper.table(shape.object), each["id"])
    bodies = shape.bodies(first_id=5_000_000_000)
    for body in bodies:
        copper.store.put(copper.table(shape.object), body)
    return len(bodies)


@pytest.mark.parametrize("shape", SHAPES)
def test_what_the_tap_writes_of_recorded_records_is_valid_against_its_schema(emulator, shape):
    stream = STREAMS.get(shape.object, shape.object)
    count = hold(emulator, shape)
    output = run(emulator, stream)
    assert output.error is None
    records = output.records(stream)
    assert len(records) == count
    schema = output.schema(stream)["schema"]
    validator = jsonschema_rs.validator_for(schema, validate_formats=True)
    assert [error.message for record in records for error in validator.iter_errors(record)] == []
    assert [set(record) - set(schema["properties"]) for record in records] == [set()] * count
