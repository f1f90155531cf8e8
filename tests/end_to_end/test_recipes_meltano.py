"""The pages about Meltano and PostgreSQL, followed to the letter in projects of their own, without Meltano's Hub."""

from __future__ import annotations

import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from crm_emulator import Emulator
from tests.machine import find_program, import_package, missing
from tests.recipes import follow

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.meltano, pytest.mark.long]


@pytest.fixture
def folder():
    """A folder on the disk: Meltano makes virtual environments."""
    with tempfile.TemporaryDirectory(prefix="meltano-") as folder:
        yield Path(folder)


@pytest.fixture
def variables(postgres):
    """The variables that the pages ask for, and none of a virtual environment."""
    if not (ROOT / ".venvs" / "meltano" / "ready").exists():
        missing("meltano is not installed (make .venvs/meltano/ready)")
    find_program("psql")
    at = urlsplit(postgres)
    server = {"PGHOST": "127.0.0.1", "PGPORT": str(at.port), "PGUSER": "tester", "PGPASSWORD": "none"}
    alone = {"MELTANO_HUB_URL": "http://127.0.0.1:1", "NO_COLOR": "1", "VIRTUAL_ENV": "", "PYTHONPATH": ""}
    return {**server, **alone, "PGDATABASE": at.path[1:], "SINGER_CRM": str(ROOT)}


def follow_all(page, folder, emulator, variables):
    typed = follow(page, folder, emulator, **variables)
    told = "\n".join(f"$ {each.text}{each.output[-3000:]}{each.errors[-3000:]}" for each in typed)
    assert all(each.code == 0 for each in typed), told
    return typed


def test_copper_comes_into_postgresql_and_models_by_meltano(folder, postgres, variables):
    psycopg = import_package("psycopg")
    with Emulator(seed=5, people=30, companies=10, opportunities=25) as emulator:
        typed = follow_all("meltano-copper-into-postgresql.md", folder, emulator, variables)
        assert len(typed) == 7
        assert "Emulated Copper" in typed[2].output + typed[2].errors
        costly = [each.path for each in emulator.requests if each.path.endswith(("/related", "/files"))]
        assert costly == []
    with psycopg.connect(postgres) as connection:
        for model in ("people", "companies", "opportunities"):
            count = connection.execute(f"SELECT count(*) FROM analytics.stg_copper__{model}").fetchone()  # noqa: S608 - ours
            assert count == ({"people": 30, "companies": 10, "opportunities": 25}[model],)


def test_a_table_goes_into_copper_by_meltano_and_a_mapper(folder, variables):
    with Emulator(empty=True) as emulator:
        copper = emulator.copper
        typed = follow_all("meltano-postgresql-into-copper.md", folder, emulator, variables)
        _, _, checked, planned, tried, _, asked, _, listed = typed
        assert "matched by" in checked.output + checked.errors
        assert "Ann Lee" in planned.output
        assert "Zoe" in tried.output + tried.errors
        assert "missing_required" in asked.output
        ann = next(each["id"] for each in copper.records("people") if each["name"] == "Ann Lee")
        assert f"The CRM has it as {ann} (created" in asked.output
        assert "2 created, 1 rejected" in asked.output
        assert "customers" in listed.output
        people = {each["name"]: each for each in copper.records("people")}
        assert set(people) == {"Ann Lee", "Bo Chen", "Cy Diaz"}
        assert people["Ann Lee"]["address"]["city"] == "Bremen"
        added = yaml.safe_load((folder / "meltano.yml").read_text())["plugins"]["loaders"][0]
        kinds = {each["name"]: (each["kind"], each.get("sensitive", False)) for each in added["settings"]}
        assert kinds["api_key"] == ("string", True)
        assert kinds["requests_per_minute"] == ("integer", False)
