"""The pages about PostgreSQL and dbt, followed to the letter with a real server, and programs of others."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from crm_emulator import Emulator
from tests.machine import find_program, import_package, missing
from tests.recipes import follow

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.peer


@pytest.fixture
def variables(postgres):
    """The variables that the pages ask for."""
    for each in ("dbt-postgres", "meltanolabs-target-postgres", "meltanolabs-tap-postgres"):
        if not (ROOT / ".venvs" / each / "ready").exists():
            missing(f"{each} is not installed (make .venvs/{each}/ready)")
    find_program("psql")
    at = urlsplit(postgres)
    server = {"PGHOST": "127.0.0.1", "PGPORT": str(at.port), "PGUSER": "tester", "PGPASSWORD": "none"}
    return {**server, "PGDATABASE": at.path[1:], "SINGER_CRM": str(ROOT)}


def said(typed):
    return "\n".join(f"$ {each.text}{each.output[-3000:]}{each.errors[-3000:]}" for each in typed)


def test_copper_comes_into_postgresql_and_models_as_its_page_says(tmp_path, postgres, variables):
    psycopg = import_package("psycopg")
    with Emulator(seed=5, people=30, companies=10, opportunities=25) as emulator:
        copper = emulator.copper
        typed = follow("copper-into-postgresql-and-dbt.md", tmp_path, emulator, **variables)
        assert all(each.code == 0 for each in typed), said(typed)
        assert len(typed) == 5, said(typed)
        deals = copper.records("opportunities")
        expected = {
            owner: (
                sum(each["status"] == "Won" for each in deals if each["assignee_id"] == owner),
                sum(
                    each["monetary_value"] or 0
                    for each in deals
                    if (each["assignee_id"], each["status"]) == (owner, "Open")
                ),
            )
            for owner in {each["assignee_id"] for each in deals} - {None}
        }
    with psycopg.connect(postgres) as connection:
        rows = connection.execute("SELECT user_id, won, coalesce(open_value, 0) FROM analytics.owners").fetchall()
        assert {user: won for user, won, _ in rows} == {user: won for user, (won, _) in expected.items()}
        assert {user: float(value) for user, _, value in rows} == pytest.approx(
            {user: value for user, (_, value) in expected.items()}
        )
        people = connection.execute("SELECT count(*) FROM analytics.stg_copper__people").fetchone()
        assert people == (30,)


def test_a_dbt_model_goes_into_copper_as_its_page_says(tmp_path, variables):
    with Emulator(empty=True) as emulator:
        copper = emulator.copper
        fields = {field["name"]: field for field in copper.records("custom_field_definitions")}
        labels = {option["id"]: option["name"] for option in fields["Segment"]["options"]}
        ids = {}
        for name in ("ann@acme", "bo@acme", "cy@byte", "di@byte"):
            mail = {"email": f"{name}.example", "category": "work"}
            ids[name] = copper.insert("people", {"name": name, "title": "As it was", "emails": [mail]})["id"]
        seen = {}
        page = "dbt-model-into-copper.md"
        typed = follow(page, tmp_path, emulator, **variables)
        assert all(each.code == 0 for each in typed), said(typed)
        assert len(typed) == 7, said(typed)
        for person in copper.records("people"):
            held = {each["custom_field_definition_id"]: each["value"] for each in person["custom_fields"]}
            seen[person["id"]] = labels.get(held[fields["Segment"]["id"]]), held[fields["Lead Score"]["id"]]
        assert seen == {ids["ann@acme"]: ("Mid-Market", 13), ids["bo@acme"]: (None, None), ids["di@byte"]: (None, None)}
        dry, _, second, third = typed[3:]
        assert dry.errors.count(": update ") == 2, dry.errors
        for each in ("cf_segment", "cf_lead_score"):
            assert f"{each} became null at the source in 1 record, and was emptied in the CRM" in second.errors
        assert "became null" not in third.errors
        writes = [each for each in emulator.requests if each.method in ("PUT", "DELETE") or "bulk" in each.route]
        assert len(writes) == 3, [
            (each.method, each.path) for each in writes
        ]  # of them none in the dry run or the last
        assert {person["title"] for person in copper.records("people")} == {"As it was"}
