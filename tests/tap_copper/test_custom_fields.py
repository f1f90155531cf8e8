from __future__ import annotations

import json
from typing import Any
from zoneinfo import ZoneInfo

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_api.errors import SettingError
from crm_emulator import Emulator
from tap_copper.conformance import UnfitColumn, UnfitValues
from tap_copper.custom_fields import _TYPES, CustomColumns, day
from tap_copper.inputs import checked_state
from tests.tap_copper.running import Output, nobody_waits, run
from tests.tap_copper.strange_server import speaking

PACIFIC = ZoneInfo("America/Los_Angeles")


@pytest.fixture
def emulator(emulator: Emulator) -> Emulator:
    for definition in emulator.copper.records("custom_field_definitions"):
        emulator.copper.delete("custom_field_definitions", definition["id"])
    return emulator


def define(emulator: Emulator, name: str, data_type: str, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = emulator.copper.insert(
        "custom_field_definitions", {"name": name, "data_type": data_type, "available_on": ["person"], **more}
    )
    return made


def person_with(emulator: Emulator, *values: tuple[dict[str, Any], Any]) -> None:
    fields = [{"custom_field_definition_id": each["id"], "value": value} for each, value in values]
    emulator.copper.insert("people", {"name": "Ann Lee", "custom_fields": fields})


def columns(output: Output) -> dict[str, Any]:
    assert output.error is None
    record = output.records("people")[0]
    declared = output.schema("people")["schema"]["properties"]
    found = {name: value for name, value in record.items() if name.startswith("cf_")}
    assert set(found) == {name for name in declared if name.startswith("cf_")}
    return found


def test_values_come_in_columns_typed_and_named_by_their_definitions(emulator: Emulator) -> None:
    rank = define(emulator, "Rank", "Dropdown", options=[{"name": "Gold"}, {"name": "Tin"}])
    likes = define(emulator, "Likes & Dislikes", "MultiSelect", options=[{"name": "Tea"}, {"name": "Rain"}])
    options = {each["name"]: each["id"] for each in [*rank["options"], *likes["options"]]}
    person_with(
        emulator,
        (rank, options["Tin"]),
        (likes, [options["Rain"], options["Tea"]]),
        (define(emulator, "Since", "Date"), 1_704_067_200),
        (define(emulator, "Score", "Float"), 4.5),
        (define(emulator, "Fee", "Currency", currency="USD"), 1000),
        (define(emulator, "Share", "Percentage"), 95),
        (define(emulator, "VIP", "Checkbox"), True),
        (define(emulator, "Café", "String"), "Zola"),
    )
    define(emulator, "Notes", "Text")
    output = run(emulator, "people")
    assert columns(output) == {
        "cf_rank": "Tin",
        "cf_likes_dislikes": ["Tea", "Rain"],
        "cf_since": "2024-01-01",
        "cf_score": 4.5,
        "cf_fee": 1000,
        "cf_share": 95,
        "cf_vip": True,
        "cf_cafe": "Zola",
        "cf_notes": None,
    }
    raw = {each["custom_field_definition_id"]: each["value"] for each in output.records("people")[0]["custom_fields"]}
    assert raw[rank["id"]] == options["Tin"]


def test_columns_may_be_named_by_id_pinned_or_left_out(emulator: Emulator) -> None:
    score = define(emulator, "Score", "Float")
    person_with(emulator, (score, 1.5))
    key = score["id"]
    assert columns(run(emulator, "people", custom_field_columns="id")) == {f"cf_{key}": 1.5}
    assert columns(run(emulator, "people", custom_field_columns="off")) == {}
    pinned = {"custom_field_names": {str(key): "rating"}}
    assert columns(run(emulator, "people", **pinned)) == {"cf_rating": 1.5}
    emulator.copper.change("custom_field_definitions", key, {"name": "Points"})
    assert columns(run(emulator, "people", **pinned)) == {"cf_rating": 1.5}
    assert columns(run(emulator, "people")) == {"cf_points": 1.5}


def test_definitions_are_read_once_a_run(emulator: Emulator) -> None:
    run(emulator)
    assert emulator.journal.count(route="/custom_field_definitions") == 1


DEFINITIONS: list[dict[str, Any]] = [
    {"id": 5, "name": "Score", "data_type": "Float", "available_on": ["person"]},
    {"id": 9, "name": "score", "data_type": "Float", "available_on": ["person"]},
    {"id": 7, "name": "評価", "data_type": "String", "available_on": ["person"]},
    {"id": 8, "name": "Twin", "data_type": "Hologram", "available_on": ["person", "lead"]},
    {"id": 10, "name": "Friends", "data_type": "Connect", "available_on": ["person"]},
    {"id": 11, "name": "Elsewhere", "data_type": "Float", "available_on": ["lead"]},
    {"id": 12, "name": None, "data_type": None, "available_on": None},
]


def filled(*values: tuple[int, Any]) -> dict[str, Any]:
    record = {"custom_fields": [{"custom_field_definition_id": key, "value": value} for key, value in values]}
    CustomColumns(DEFINITIONS, "person").fill([record])
    return {name: value for name, value in record.items() if name.startswith("cf_") and value is not None}


def test_of_two_fields_with_one_name_the_older_keeps_it() -> None:
    assert filled((5, 1.0), (9, 2.0)) == {"cf_score": 1.0, "cf_score_9": 2.0}


def test_of_two_fields_with_one_pinned_name_too() -> None:
    columns = CustomColumns(DEFINITIONS, "person", pinned={"5": "rating", "10": "cf_rating", "11": "rating"})
    assert {"cf_rating", "cf_rating_10"} <= set(columns.properties)
    assert "cf_rating_11" not in columns.properties


def test_a_name_without_latin_letters_gives_its_id() -> None:
    assert filled((7, "A")) == {"cf_7": "A"}


def test_a_field_of_an_unknown_kind_comes_as_text_or_json() -> None:
    assert filled((8, "deep")) == {"cf_twin": "deep"}
    assert filled((8, {"x": 1})) == {"cf_twin": '{"x":1}'}
    assert CustomColumns(DEFINITIONS, "person").properties["cf_twin"]["type"] == ["string", "null"]


def test_a_value_without_a_definition_stays_in_the_raw_array_alone() -> None:
    assert filled((11, 1.0), (404, "gone")) == {}


def test_links_come_as_a_list() -> None:
    assert filled((10, [3, 4])) == {"cf_friends": [3, 4]}


def test_an_option_that_is_gone_comes_as_its_id() -> None:
    columns = CustomColumns(
        [{"id": 1, "name": "Rank", "data_type": "Dropdown", "available_on": ["person"], "options": None}], "person"
    )
    record: dict[str, Any] = {"custom_fields": [{"custom_field_definition_id": 1, "value": 77}]}
    columns.fill([record])
    assert record["cf_rank"] == "77"


@pytest.mark.parametrize("value", ["many", {"x": 1}])
def test_a_number_that_is_none_is_null_in_its_column(value: Any) -> None:
    assert filled((5, value)) == {}


@pytest.mark.parametrize(
    ("seconds", "zone", "expected"),
    [
        (1_704_067_200, PACIFIC, "2024-01-01"),  # midnight in UTC, as older values are
        (1_754_031_600, PACIFIC, "2025-08-01"),  # midnight in the account's zone
        (1_754_031_600, ZoneInfo("UTC"), "2025-08-01"),  # midnight in some zone in the west
        (1_735_642_800, ZoneInfo("Pacific/Auckland"), "2025-01-01"),  # midnight thirteen hours before UTC's
        (1_754_010_000 - 18_000, ZoneInfo("UTC"), "2025-08-01"),  # midnight in some zone in the east
    ],
)
def test_a_date_is_the_day_whose_midnight_it_is(seconds: int, zone: ZoneInfo, expected: str) -> None:
    assert day(seconds, zone).isoformat() == expected


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=4,
)
KINDS = ["Hologram", *_TYPES]


@given(kind=st.sampled_from(KINDS), options=ANYTHING, value=ANYTHING)
def test_whatever_a_field_holds_its_column_has_the_declared_type(kind: str, options: Any, value: Any) -> None:
    definition = {"id": 1, "name": "X", "data_type": kind, "available_on": ["person"], "options": options}
    columns = CustomColumns([definition], "person")
    record: dict[str, Any] = {"custom_fields": [{"custom_field_definition_id": 1, "value": value}]}
    columns.fill([record])
    assert jsonschema_rs.is_valid(columns.properties["cf_x"], record["cf_x"])


@given(fields=ANYTHING, available=ANYTHING)
def test_what_is_no_field_is_passed_over(fields: Any, available: Any) -> None:
    definition = {"id": 1, "name": "X", "data_type": "Float", "available_on": available}
    columns = CustomColumns([*DEFINITIONS, definition], "person")
    record: dict[str, Any] = {"custom_fields": fields}
    columns.fill([record])
    assert record["custom_fields"] == fields
    columns.fill([record := {"custom_fields": [fields, {"custom_field_definition_id": 5, "value": 1.5}]}])
    assert record["cf_score"] == 1.5


def test_of_two_columns_pinned_to_one_name_the_older_keeps_it() -> None:
    columns = CustomColumns(DEFINITIONS, "person", pinned={"5": "grade", "9": "cf_grade"})
    assert {"cf_grade", "cf_grade_9"} <= set(columns.properties)


def test_a_pinned_id_that_no_definition_has_is_told(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    score = define(emulator, "Score", "Float")
    person_with(emulator, (score, 1.5))
    assert run(emulator, "people", custom_field_names={str(score["id"]): "a", "404": "b"}).error is None
    facts = [entry.facts for entry in caplog.records if getattr(entry, "event_name", "") == "unknown_custom_fields"]  # type: ignore[attr-defined]  # the event's
    assert facts == [{"ids": "404"}]


def test_where_the_definitions_are_refused_what_has_no_custom_fields_is_read_all_the_same(emulator: Emulator) -> None:
    emulator.copper.insert("people", {"name": "Ann Lee"})
    emulator.trouble("error:status=403,route=GET /custom_field_definitions")
    output = run(emulator, "people", "users")
    assert "on GET /custom_field_definitions (HTTP 403)" in str(output.error)
    assert "With custom_field_columns off, people is read without columns of custom fields" in str(output.error)
    assert output.records("users")
    assert output.bookmark("people") is None
    assert emulator.journal.count(route="/custom_field_definitions") == 1
    without = run(emulator, "people", custom_field_columns="off")
    assert without.error is None
    assert without.records("people")


def test_an_account_without_custom_fields_is_read_without_columns(emulator: Emulator) -> None:
    def reply(question: str) -> tuple[int, bytes]:
        if question.endswith("/custom_field_definitions"):
            return 403, b'{"success":false,"status":403,"message":"Feature not enabled"}'
        return 200, b'[{"id": 1, "date_modified": 1700000000}]'

    with speaking(reply) as address:
        output = run(emulator, "people", base_url=address)
    assert output.error is None
    assert output.ids("people") == [1]


def test_a_definition_that_is_removed_leaves_its_value_in_the_raw_array(emulator: Emulator) -> None:
    score, rank = define(emulator, "Score", "Float"), define(emulator, "Rank", "Float")
    person_with(emulator, (score, 1.5), (rank, 2.5))
    emulator.between_requests(
        lambda request: (
            request.route == "/people/search"
            and emulator.copper.records("custom_field_definitions")[1:]
            and emulator.copper.delete("custom_field_definitions", score["id"])
        )
    )
    output = run(emulator, "people")
    assert output.error is None
    assert output.records("people")[0]["cf_rank"] == 2.5
    assert columns(run(emulator, "people")) == {"cf_rank": 2.5}


def test_a_column_keeps_its_field_when_another_of_that_name_is_removed_or_it_is_renamed(
    emulator: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    older, younger = define(emulator, "Region", "String"), define(emulator, "region", "String")
    person_with(emulator, (older, "old"), (younger, "new"))
    first = run(emulator, "people")
    column = f"cf_region_{younger['id']}"
    assert columns(first) == {"cf_region": "old", column: "new"}
    assert run(emulator, "people", state=first.state).state["bookmarks"]["people"] == first.state["bookmarks"]["people"]
    facts = [entry.facts for entry in caplog.records if getattr(entry, "event_name", "") == "fields_alike"]  # type: ignore[attr-defined]  # the event's
    assert [(each["stream"], each["columns"]) for each in facts] == [("people", f"cf_region,{column}")]
    assert "custom_field_names" in facts[0]["advice"]
    emulator.copper.delete("custom_field_definitions", older["id"])
    second = run(emulator, "people", state=first.state, resync=["people"])
    assert columns(second) == {column: "new"}
    emulator.copper.change("custom_field_definitions", younger["id"], {"name": "Area"})
    third = run(emulator, "people", state=second.state, resync=["people"])
    assert columns(third) == {column: "new"}
    assert third.state["bookmarks"]["people"]["columns"] == {"cf_region": older["id"], column: younger["id"]}
    pinned = run(emulator, "people", state=third.state, resync=["people"], custom_field_names={younger["id"]: "area"})
    assert columns(pinned) == {"cf_area": "new"}


def test_an_attribute_of_coppers_own_never_shares_a_column_with_a_custom_field(emulator: Emulator) -> None:
    fields: list[dict[str, Any]] = []

    def reply(question: str) -> tuple[int, bytes]:
        values = [{"custom_field_definition_id": each["id"], "value": "of a field"} for each in fields]
        person = {"id": 1, "name": "Ann", "date_modified": 5, "cf_score": "Copper's own", "custom_fields": values}
        bodies = {"people": [person], "custom_field_definitions": fields}
        return 200, json.dumps(next((bodies[name] for name in bodies if name in question), [])).encode()

    seen: dict[str, set[Any]] = {}
    state: dict[str, Any] = {}
    with speaking(reply) as address:
        for definitions in ([], [{"id": 7, "name": "Score", "data_type": "String", "available_on": ["person"]}], []):
            fields[:] = definitions
            for naming in ("name", "off", "id", "name"):
                settings = {"base_url": address, "custom_field_columns": naming, "resync": ["people"]}
                # Nobody waits for totals that the answers do not tell.
                output = run(emulator, "people", state=state, clocks=nobody_waits(), **settings)
                assert output.error is None
                state = output.state
                for name, value in output.records("people")[0].items():
                    seen.setdefault(name, set()).add(json.dumps(value))
    assert seen["copper_cf_score"] == {'"Copper\'s own"'}
    assert seen["cf_score"] == seen["cf_7"] == {'"of a field"'}


def test_a_state_whose_columns_are_none_is_refused() -> None:
    for columns in ({"id": 1}, {"cf_a": "1"}, []):
        with pytest.raises(SettingError, match=r"The state cannot be used: bookmarks\.people\.columns"):
            checked_state({"bookmarks": {"people": {"columns": columns}}})


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("String", True, "true"),
        ("Text", ["a", None], '["a",null]'),
        ("URL", 1.5, "1.5"),
        ("Dropdown", 1, "Gold"),
        ("Dropdown", 2, "2"),
        ("Dropdown", 3, "false"),
        ("Dropdown", True, "true"),
        ("MultiSelect", [1, 2, {"x": None}], ["Gold", "2", '{"x":null}']),
        ("Float", " 55.5 ", 55.5),
        ("Currency", "9007199254740993", 9007199254740993),
        ("Float", "NaN", None),
        ("Float", "1_000", None),
        ("Percentage", True, None),
        ("Checkbox", "true", True),
        ("Checkbox", "yes", None),
        ("Date", "1754031600", "2025-08-01"),
        ("Date", "20250801", "2025-08-01"),
        ("Date", 1_754_031_600_000, None),
        ("Date", True, None),
    ],
)
def test_values_of_another_kind_are_spelled_as_json_spells_them_or_counted(
    kind: str, value: Any, expected: Any
) -> None:
    options = [{"id": 1, "name": "Gold"}, {"id": 2, "name": None}, {"id": 3, "name": False}]
    definition = {"id": 1, "name": "X", "data_type": kind, "available_on": ["person"], "options": options}
    found, unfit = CustomColumns([definition], "person"), UnfitValues()
    record: dict[str, Any] = {"id": 7, "custom_fields": [{"custom_field_definition_id": 1, "value": value}]}
    found.fill([record], unfit)
    assert record["cf_x"] == expected
    assert unfit == ({"cf_x": UnfitColumn(first_id=7, values=1)} if expected is None else {})
