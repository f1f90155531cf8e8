"""The dbt package over what targets of others write into a real PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crm_emulator import Emulator
from tests.dbt_package.warehouse import Warehouse

pytestmark = pytest.mark.peer

SIZES = {"people": 40, "companies": 12, "leads": 12, "opportunities": 12, "projects": 11, "tasks": 12, "activities": 30}


@pytest.fixture
def account() -> Iterator[Emulator]:
    with Emulator(seed=3, sizes={"copper": SIZES}) as running:
        yield running


@pytest.fixture(params=["meltanolabs-target-postgres", "pipelinewise-target-postgres"])
def warehouse(request: pytest.FixtureRequest, postgres: str, tmp_path: Path) -> Warehouse:
    made = Warehouse(postgres, tmp_path, request.param)
    made.dbt("deps")
    return made


def test_the_models_follow_two_loads_with_deletions_and_a_record_that_comes_back(
    warehouse: Warehouse, account: Emulator
) -> None:
    copper = account.copper
    warehouse.load(account)
    warehouse.dbt("build")
    for stream in ("people", "companies", "leads", "opportunities", "projects", "tasks"):
        assert warehouse.count(f"stg_copper__{stream}") == copper.count(stream)
    gone, back = (copper.records("people")[number] for number in (0, 1))
    for each in (gone, back):
        copper.delete("people", each["id"])
    warehouse.load(account)
    warehouse.dbt("build")
    ids = {number for (number,) in warehouse.rows("SELECT id FROM stg_copper__people")}
    assert ids == {each["id"] for each in copper.records("people")}
    copper.insert("people", back)
    copper.change("people", back["id"], {"name": "Once More"})
    warehouse.load(account)
    warehouse.dbt("build")
    assert warehouse.rows("SELECT name FROM stg_copper__people WHERE id = %s", back["id"]) == [("Once More",)]
    warehouse.dbt("run", "--vars", "{copper_keep_deleted: true}", "--select", "stg_copper__people")
    kept = warehouse.rows("SELECT id, deleted_at IS NOT NULL FROM stg_copper__people WHERE is_deleted")
    assert kept == [(gone["id"], True)]


def test_columns_have_the_types_that_the_package_says(warehouse: Warehouse, account: Emulator) -> None:
    warehouse.load(account)
    warehouse.dbt("build")
    query = "SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'stg_copper__people'"
    types = dict(warehouse.rows(query))
    assert types["id"] == "bigint"
    assert types["emails"] == types["custom_fields"] == types["tags"] == "jsonb"
    assert types["date_modified"] == types["deleted_at"] == "timestamp with time zone"
    same = (
        "SELECT count(*) FROM people JOIN stg_copper__people s USING (id) WHERE people.name IS NOT DISTINCT FROM s.name"
    )
    assert warehouse.rows(same) == [(SIZES["people"],)]
    (times,) = warehouse.rows("SELECT extract(epoch FROM date_modified)::bigint, id FROM stg_copper__people LIMIT 1")
    person = next(each for each in account.copper.records("people") if each["id"] == times[1])
    assert times[0] == person["date_modified"]


def test_fields_of_odd_names_are_columns_and_rows(warehouse: Warehouse, account: Emulator) -> None:
    copper = account.copper
    names = ["Select", "From", "user", "x" * 60, "Größe", "  ", '2nd "name"', "Select"]
    fields = [
        copper.insert("custom_field_definitions", {"name": name, "data_type": "String", "available_on": ["person"]})
        for name in names
    ]
    person = copper.records("people")[0]
    values = [{"custom_field_definition_id": field["id"], "value": f"v{number}"} for number, field in enumerate(fields)]
    copper.change("people", person["id"], {"custom_fields": values})
    warehouse.load(account)
    warehouse.dbt("build")
    query = "SELECT field_name, text FROM copper__custom_field_values WHERE stream = 'people' AND record_id = %s"
    found = warehouse.rows(query, person["id"])
    assert {text for _, text in found} >= {f"v{number}" for number in range(len(names))}
    (row,) = warehouse.rows("SELECT cf_select, cf_from, cf_user FROM stg_copper__people WHERE id = %s", person["id"])
    assert row == ("v0", "v1", "v2")
    copper.change("custom_field_definitions", fields[0]["id"], {"name": "Renamed"})
    warehouse.load(account)
    warehouse.dbt("build")
    (row,) = warehouse.rows("SELECT cf_select FROM stg_copper__people WHERE id = %s", person["id"])
    assert row == ("v0",)


def test_an_empty_account_and_one_that_was_never_loaded_have_empty_models(warehouse: Warehouse) -> None:
    warehouse.dbt("build")  # nothing there, not even the schema
    assert warehouse.rows("SELECT id, name, is_deleted FROM stg_copper__people") == []
    with Emulator(empty=True) as emulator:
        warehouse.load(emulator)
    warehouse.dbt("build")
    assert warehouse.rows("SELECT id, name, is_deleted, deleted_at FROM stg_copper__people") == []
    assert warehouse.rows("SELECT * FROM copper__custom_field_values") == []


def test_columns_that_hold_nothing_and_columns_that_were_not_selected_are_null(warehouse: Warehouse) -> None:
    schema = {"type": "object", "properties": {"id": {"type": "integer"}, "group": {"type": ["null", "string"]}}}
    messages = [
        {"type": "SCHEMA", "stream": "people", "schema": schema, "key_properties": ["id"]},
        {"type": "RECORD", "stream": "people", "record": {"id": 1, "group": None}},
    ]
    warehouse.load_lines("".join(f"{json.dumps(each)}\n" for each in messages).encode())
    warehouse.dbt("build")
    query = 'SELECT id, name, custom_fields, date_modified, is_deleted, "group" FROM stg_copper__people'
    assert warehouse.rows(query) == [(1, None, None, None, False, None)]


def test_a_key_that_comes_twice_fails_the_build(warehouse: Warehouse, account: Emulator) -> None:
    warehouse.load(account)
    warehouse.execute("CREATE TABLE twice AS SELECT * FROM people")
    warehouse.execute("DROP TABLE people CASCADE")
    warehouse.execute("CREATE TABLE people AS SELECT * FROM twice UNION ALL SELECT * FROM twice")
    assert "unique_stg_copper__people_id" in warehouse.dbt("build", "--select", "stg_copper__people", succeeds=False)


def lines_of(stream: str, version: int, *records: dict[str, Any]) -> bytes:
    """Singer messages of a stream that is read whole."""
    kinds = {"id": "integer", "is_deleted": "boolean"}
    properties = {name: {"type": [kinds.get(name, "string"), "null"]} for each in records for name in each}
    schema = {"type": "object", "properties": {**properties, "id": {"type": "integer"}}}
    messages = [
        {"type": "SCHEMA", "stream": stream, "schema": schema, "key_properties": ["id"]},
        *({"type": "RECORD", "stream": stream, "record": each, "version": version} for each in records),
        {"type": "ACTIVATE_VERSION", "stream": stream, "version": version},
    ]
    return "".join(f"{json.dumps(each)}\n" for each in messages).encode()


@pytest.mark.parametrize("warehouse", ["meltanolabs-target-postgres"], indirect=True)
def test_rows_that_a_later_version_lacks_are_gone_until_they_come_again(warehouse: Warehouse) -> None:
    ada, bob = ({"id": number, "name": name} for number, name in ((1, "Ada"), (2, "Bob")))
    for version, (given, there) in enumerate([((ada, bob), 2), ((ada,), 1), ((ada, bob), 2)], 1):
        warehouse.load_lines(lines_of("users", version, *given))
        warehouse.dbt("run", "--select", "stg_copper__users")
        assert warehouse.count("stg_copper__users") == there
    warehouse.load_lines(lines_of("activities_search", 1, {"id": 1, "details": "Call"}, {"id": 2, "is_deleted": True}))
    warehouse.dbt("run", "--select", "stg_copper__activities_search")
    assert warehouse.rows("SELECT id, details FROM stg_copper__activities_search") == [(1, "Call")]


def test_the_package_is_read_without_a_warning_and_described(warehouse: Warehouse, account: Emulator) -> None:
    warehouse.dbt("--warn-error", "parse")
    warehouse.load(account)
    warehouse.dbt("run")
    warehouse.dbt("docs", "generate")
    manifest = json.loads((warehouse.project / "target" / "manifest.json").read_text())
    people = manifest["nodes"]["model.tap_copper.stg_copper__people"]["columns"]
    assert people["company_id"]["description"] == "Company: companies.id"
    assert manifest["sources"]["source.tap_copper.copper.people"]["columns"]["company_id"]["description"]
