"""Every RECORD is valid against its SCHEMA, whatever stands in Copper's answers."""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crm_emulator import Emulator
from tap_copper.conformance import UnfitColumn, UnfitValues, fitted, number_of
from tap_copper.custom_fields import _TYPES, CustomColumns
from tap_copper.records import Shape
from tap_copper.streams import STREAMS
from tests.tap_copper.running import Output, run
from tests.tap_copper.strange_server import speaking
from tests.tap_copper.test_strange_answers import OWN, read

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(1_000_000_000, 10**13)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5)
    | st.sampled_from(["250000.0", "1e400", "NaN", "-1", "true", "2026-01-31", "2026-02-30", "20224-01-01T00:00:00Z"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "name", "email"]), inner),
    max_leaves=5,
)
KINDS = [*_TYPES, "Hologram"]
COLUMNS = CustomColumns(
    [{"id": place, "name": kind, "data_type": kind, "available_on": ["person"]} for place, kind in enumerate(KINDS)],
    "person",
)
SCHEMAS = {
    str(vars(stream)["name"]): json.loads(
        files("tap_copper").joinpath("schemas", f"{vars(stream)['name']}.json").read_bytes()
    )
    for stream in STREAMS
}


def is_read(schema: Any, value: Any) -> bool:
    """Whether a value is valid, also where 1.0 is no integer, and its dates are such as programs in Python read."""
    if isinstance(value, str) and schema.get("format"):
        {"date-time": datetime.fromisoformat, "date": date.fromisoformat}[schema["format"]](value)
    return jsonschema_rs.Draft4Validator(schema, validate_formats=True).is_valid(value)


@cache
def places_in(name: str) -> list[tuple[str, ...]]:
    """The names of a stream's columns, and those inside them, but the keys: they are checked as an answer is read."""
    keys = next(stream.primary_keys for stream in STREAMS if vars(stream)["name"] == name)
    return [(name, *path) for path in paths_in(SCHEMAS[name]) if path[0] not in keys]


def paths_in(schema: dict[str, Any]) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for name, inner in (schema.get("properties") or {}).items():
        found += [(name,), *((name, *rest) for rest in paths_in(inner))]
        found += [(name, "[]", *rest) for rest in paths_in(inner.get("items") or {})]
    return found


def at(path: tuple[str, ...], value: Any) -> Any:
    """A value inside objects and lists, as a path says."""
    for name in reversed(path):
        value = [value] if name == "[]" else {name: value}
    return value


@pytest.mark.parametrize("name", [*SCHEMAS, "custom fields"])
def test_each_column_has_one_type_beside_null(name: str) -> None:
    properties = COLUMNS.properties if name not in SCHEMAS else SCHEMAS[name]["properties"]
    for column, schema in properties.items():
        kinds = {schema["type"]} if isinstance(schema["type"], str) else {*schema["type"]} - {"null"}
        assert len(kinds) == 1, column


@given(place=st.sampled_from([place for name in SCHEMAS for place in places_in(name)]), value=VALUES)
@example(place=("opportunities", "converted_value"), value="250000.0")
@example(place=("opportunities", "win_probability"), value=33.5)
@example(place=("activities_search", "old_value"), value={"id": 5, "name": None})
@example(place=("people", "assignee_id"), value=1.0)
@example(place=("tasks", "due_date"), value=576_069_926_400)
@example(place=("companies", "websites", "[]", "category"), value=7)
def test_whatever_a_column_holds_the_record_is_valid(place: tuple[str, ...], value: Any) -> None:
    name, *path = place
    schema = SCHEMAS[name]
    record = {"id": 5, "name": "A", "category": "user", "parent_type": "lead", "parent_id": 3, "type": "person"}
    record |= at(tuple(path), value)
    shape = Shape(schema["properties"])
    shape.apply([record])
    error = next(jsonschema_rs.validator_for(schema, validate_formats=True).iter_errors(record), None)
    assert error is None, error
    assert is_read(schema["properties"][path[0]], record[path[0]])
    assert value is not None or not shape.unfit


@given(value=VALUES)
def test_whatever_custom_fields_hold_the_record_is_valid(value: Any) -> None:
    fields = [{"custom_field_definition_id": place, "value": value} for place in range(len(KINDS))]
    record: dict[str, Any] = {"id": 5, "custom_fields": fields}
    properties = SCHEMAS["people"]["properties"] | COLUMNS.properties
    Shape(properties, COLUMNS).apply([record])
    assert all(is_read(properties[name], each) for name, each in record.items())


@pytest.mark.parametrize(
    ("value", "schema", "made"),
    [
        ("250000.0", {"type": ["number", "null"]}, 250000.0),
        ("9007199254740993", {"type": "integer"}, 9007199254740993),
        (12.0, {"type": ["integer", "null"]}, 12),
        (12.5, {"type": ["integer", "null"]}, None),
        (True, {"type": ["number", "null"]}, None),
        ({"b": [None, True]}, {"type": ["string", "null"]}, '{"b":[null,true]}'),
        ("false", {"type": ["boolean", "null"]}, False),
        ("vip", {"type": ["array", "null"], "items": {"type": "string"}}, ["vip"]),
        ({"email": 5}, {"type": "object", "properties": {"email": {"type": "string"}}}, {"email": "5"}),
        ("x", {"type": ["object", "null"]}, None),
    ],
)
def test_a_value_is_converted_where_nothing_of_it_is_lost(value: Any, schema: dict[str, Any], made: Any) -> None:
    found, lost = fitted(value, schema)
    assert (found, type(found)) == (made, type(made))
    assert lost == (made is None)


@pytest.mark.parametrize("text", ["1e400", "NaN", "Infinity", "1_000", "0x10", "", "1,5", "9" * 400])
def test_text_that_is_no_finite_number_is_none(text: str) -> None:
    assert number_of(text) is None


def test_a_value_that_its_column_cannot_hold_is_null_and_told(
    account: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    def reply(question: str) -> tuple[int, bytes]:
        if "tasks" not in question:
            return 200, b"[]"
        tasks = (
            '{"id": 1, "date_modified": 5, "due_date": 576069926400}, {"id": 2, "date_modified": 6, "due_date": 1e400}'
        )
        return 200, f'[{tasks}, {{"id": 3, "date_modified": 7, "due_date": 1754516347, "status": {{"a": 1}}}}]'.encode()

    with speaking(reply) as address:
        output = read(account, "tasks", base_url=address)
    assert output.error is None
    assert [record["due_date"] for record in output.records("tasks")] == [None, None, "2025-08-06T21:39:07Z"]
    assert output.records("tasks")[2]["status"] == '{"a":1}'
    facts = [entry.facts for entry in caplog.records if getattr(entry, "event_name", "") == "values_unfit"]  # type: ignore[attr-defined]  # the event's
    assert facts == [{"stream": "tasks", "column": "due_date", "values": 2, "first_id": 1}]


def test_a_declared_property_that_cannot_be_null_is_left_out(account: Emulator) -> None:
    declared = {"name": "own", "path": "/own", "keys": ["id"], "properties": {"size": {"type": "integer"}}}
    body = b'[{"id": 1, "size": "many"}, {"id": 2, "size": "3", "else": {"a": 1e400, "b": %s}}]' % (b"9" * 5_000)
    with speaking(lambda _: (200, body)) as address:
        output = run(account, catalog=OWN, base_url=address, extra_streams=[declared])
    assert output.error is None
    assert output.records("own") == [{"id": 1}, {"id": 2, "size": 3, "else": {"a": "1e400", "b": "9" * 5_000}}]


def test_values_are_counted_by_column_with_the_first_record() -> None:
    unfit = UnfitValues()
    for key in (7, 8):
        unfit.note("size", {"id": key})
    assert unfit == {"size": UnfitColumn(first_id=7, values=2)}


def all_valid(output: Output) -> bool:
    """Whether each RECORD of a run fits the SCHEMA before it."""
    checks: dict[str, Any] = {}
    for message in output.messages:
        if message["type"] == "SCHEMA":
            checks[message["stream"]] = jsonschema_rs.validator_for(message["schema"], validate_formats=True)
        elif message["type"] == "RECORD":
            checks[message["stream"]].validate(message["record"])
    return bool(checks)


def test_the_records_of_a_whole_run_are_valid(account: Emulator) -> None:
    output = run(account, date_order="mdy")
    assert output.error is None
    assert all_valid(output)


def test_one_broken_definition_costs_its_column_and_no_stream_of_records(account: Emulator) -> None:
    def reply(question: str) -> tuple[int, bytes]:
        if "definitions" in question:
            score = b'{"id": 5, "name": "Score", "data_type": "Float", "available_on": ["person"]}'
            return 200, b'[%b, null, {"name": "No id"}, {"id": "7"}]' % score
        return (
            200,
            b'[{"id": 1, "date_modified": 5, "custom_fields": [{"custom_field_definition_id": 5, "value": "2"}]}]',
        )

    with speaking(reply) as address:
        output = read(account, "custom_field_definitions", "people", "users", base_url=address)
    assert [record["cf_score"] for record in output.records("people")] == [2]
    assert output.records("users")
    assert not output.records("custom_field_definitions")
    told = "custom_field_definitions cannot be read whole: expected an object as record 2 of 4, got null."
    assert str(output.error) == f"custom_field_definitions: {told}"


def test_an_account_that_cannot_be_read_costs_no_stream_with_dates(account: Emulator) -> None:
    def reply(question: str) -> tuple[int, bytes]:
        if "account" in question:
            return 200, b"null"
        if "definitions" in question:
            return 200, b'[{"id": 5, "name": "Since", "data_type": "Date", "available_on": ["person"]}]'
        value = b'{"custom_field_definition_id": 5, "value": 1754031600}'
        return 200, b'[{"id": 1, "date_modified": 5, "custom_fields": [%b]}]' % value

    with speaking(reply) as address:
        output = read(account, "account", "people", "users", base_url=address)
    assert [record["cf_since"] for record in output.records("people")] == ["2025-08-01"]
    assert output.records("users")
    assert str(output.error).startswith("account: ")
    assert "people" not in str(output.error)
