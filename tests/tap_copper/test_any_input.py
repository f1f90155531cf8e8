"""Whatever stands anywhere in the settings, the catalog, the state or an answer: the run ends well or in a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crm_api.errors import CrmError, SettingError
from crm_emulator import Emulator
from tap_copper.errors import IncompleteError
from tap_copper.inputs import checked_catalog, checked_state
from tests.tap_copper.running import run, selecting
from tests.tap_copper.strange_server import speaking
from tests.tap_copper.test_conformance import VALUES, all_valid
from tests.tap_copper.test_strange_answers import read

STATE = {
    "bookmarks": {
        "people": {"replication_key": "date_modified", "replication_key_value": "2026-01-01T00:00:00Z"},
        "companies": {"date_modified": "2026-01-01T00:00:00Z", "search_filters": "x"},
        "deleted_records": {"generation": 1},
    }
}
SETTINGS = {
    "start_date": "2020-01-01T00:00:00Z",
    "end_date": "2060-01-01T00:00:00Z",
    "lookback_seconds": 5,
    "activities_lookback_days": 5,
    "search_filters": {"people": {"tags": ["vip"], "minimum_created_date": "-3000d"}},
    "include_converted_leads": True,
    "full_result": True,
    "resync": ["people"],
    "custom_field_columns": "name",
    "custom_field_names": {"638": "score"},
    "date_order": "mdy",
    "max_deleted_fraction": 0.5,
    "max_concurrency": 2,
    "stream_maps": {"people": {"shout": "name.upper()"}},
    "extra_streams": [
        {
            "name": "types",
            "path": "/activity_types",
            "records_at": "user",
            "keys": ["id"],
            "query": {"a": 1},
            "properties": {"name": {"type": "string"}},
        }
    ],
}
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)

enough = settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@pytest.fixture(scope="module")
def small() -> Iterator[Emulator]:
    with Emulator(empty=True) as running:
        for name in ("Ann Lee", "Bo Ek"):
            running.copper.insert("people", {"name": name, "tags": ["vip"]})
        yield running


def places_in(value: Any) -> list[tuple[Any, ...]]:
    """The paths of everything inside a JSON value."""
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [(), *((key, *rest) for key, inner in items for rest in places_in(inner))]


def replaced(value: Any, path: tuple[Any, ...], by: Any) -> Any:
    """A JSON value with something else in one place."""
    if not path:
        return by
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = replaced(copy[path[0]], path[1:], by)
    return copy


def is_a_sentence(error: BaseException | None) -> bool:
    return error is None or isinstance(error, CrmError | IncompleteError)


@enough
@given(where=st.sampled_from(places_in(STATE)), value=ANYTHING)
def test_any_state(small: Emulator, where: tuple[Any, ...], value: Any) -> None:
    try:
        state = checked_state(json.loads(json.dumps(replaced(STATE, where, value))))
    except SettingError:
        return
    output = run(small, "people", "companies", state=state)
    assert is_a_sentence(output.error), repr(output.error)


@enough
@given(data=st.data(), value=ANYTHING)
def test_any_catalog(small: Emulator, data: st.DataObject, value: Any) -> None:
    whole = selecting("users")["streams"]
    catalog = {"streams": [each for each in whole if each["tap_stream_id"] == "users"]}
    where = data.draw(st.sampled_from(places_in(catalog)))
    try:
        checked = checked_catalog(replaced(catalog, where, value))
    except SettingError:
        return
    output = run(small, catalog=checked)
    assert is_a_sentence(output.error), repr(output.error)


@enough
@given(where=st.sampled_from(places_in(SETTINGS)[1:]), value=ANYTHING)
@example(where=("stream_maps", "people"), value={"": ""})
def test_any_settings(small: Emulator, where: tuple[Any, ...], value: Any) -> None:
    changed = replaced(SETTINGS, where, value)
    if changed["max_concurrency"] != 2:  # of which a number that is large is no mistake, and takes as many threads
        changed["max_concurrency"] = str(changed["max_concurrency"])
    output = run(small, **changed, max_attempts=1)
    assert is_a_sentence(output.error), repr(output.error)


NAMES = [
    *["id", "name", "type", "category", "date_modified", "date_created", "activity_date", "tags", "custom_fields"],
    *["options", "data_type", "available_on", "due_date", "old_value", "converted_value", "address", "emails"],
    *["primary_timezone", "win_probability", "stages"],
]
RECORDS = st.builds(
    lambda key, odd, values: {
        "id": key,
        "name": "A",
        "type": "person",
        "date_modified": 5,
        "activity_date": 5,
        "custom_fields": [{"custom_field_definition_id": place, "value": each} for place, each in enumerate(values)],
        **odd,
    },
    st.integers(1, 9),
    st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=4),
    st.lists(VALUES, max_size=3),
)
ANSWERS = st.lists(RECORDS | VALUES, max_size=3) | st.lists(RECORDS, max_size=3) | RECORDS | VALUES
STREAMS = ["account", "activities_search", "activity_types", "custom_field_definitions", "opportunities", "people"]
DEFINED = [
    {"id": place, "name": "A", "data_type": kind, "available_on": ["person"], "options": [{"id": 1}]}
    for place, kind in enumerate(["String", "Dropdown", "Date"])
]


@pytest.mark.long
@settings(enough, max_examples=40)
@given(answers=st.fixed_dictionaries({"account": ANSWERS, "definitions": ANSWERS | st.just(DEFINED), "": ANSWERS}))
def test_any_answers(small: Emulator, answers: dict[str, Any]) -> None:
    def reply(question: str) -> tuple[int, bytes]:
        if "tasks" in question:
            return 200, b'[{"id": 1, "date_modified": 5}]'
        return 200, json.dumps(next(each for name, each in answers.items() if name in question)).encode()

    with speaking(reply) as address:
        output = read(small, *STREAMS, "related_items", "tasks", base_url=address, max_attempts=1)
    assert is_a_sentence(output.error), repr(output.error)
    assert all_valid(output)
    failed = output.error.sentences if isinstance(output.error, IncompleteError) else []
    assert output.ids("tasks") == [1] or any(each.startswith("tasks: ") and "definitions" in each for each in failed)
