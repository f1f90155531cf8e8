"""Looking at a ledger makes none, so that a run that requires one still finds it missing."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from target_crm.cli.main import main
from target_crm.ledger import tables
from target_crm.ledger.store import Store, open_engine
from tests.target_crm.messages import record_of, schema_of

PEOPLE = schema_of("people", "name", "email")
PERSON = record_of("people", id=1, name="P1", email="p1@x.org")
LOOKS = {
    "list": ["ledger", "list"],
    "explain": ["ledger", "explain", "--source-id", "1"],
    "migrate": ["ledger", "migrate"],
    "forget": ["ledger", "forget", "--stream", "people", "--all"],
    "accept-restore": ["ledger", "accept-restore"],
    "rejected list": ["rejected", "list"],
    "rejected show": ["rejected", "show", "1"],
    "rejected drop": ["rejected", "drop", "--all"],
    "rejected replay": ["rejected", "replay", "--all"],
}


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(settings, request, tmp_path):
    if request.param == "sqlite":
        return settings | {"ledger_url": f"sqlite:///{tmp_path}/folder/ledger.sqlite"}
    return settings | {"ledger_url": request.getfixturevalue("postgres")}


@pytest.fixture
def operate(settings, tmp_path):
    file = tmp_path / "config.json"

    def operate(*words):
        file.write_text(json.dumps(settings))
        return CliRunner().invoke(main, [*words, "--config", str(file)])

    return operate


def is_untouched(url):
    if url.startswith("sqlite"):
        return not Path(url.removeprefix("sqlite:///")).parent.exists()
    engine = open_engine(url)
    try:
        return sa.inspect(engine).get_table_names() == []
    finally:
        engine.dispose()


@pytest.mark.parametrize("look", LOOKS)
def test_a_look_makes_no_ledger_and_says_that_there_is_none(settings, operate, look):
    done = operate(*LOOKS[look])
    assert done.exit_code == 2, done.output
    assert done.stderr.startswith("There is no ledger at ")
    assert done.stderr.count("\n") == 1
    assert is_untouched(settings["ledger_url"])


def test_a_copy_of_no_ledger_makes_neither(settings, operate, tmp_path):
    copy = tmp_path / "copy.sqlite"
    done = operate("ledger", "migrate", f"sqlite:///{copy}")
    assert done.exit_code == 2
    assert not copy.exists()
    assert is_untouched(settings["ledger_url"])


def test_an_empty_ledger_that_a_look_has_made_counts_as_none_where_one_is_required(run, settings, emulator):
    Store(settings["ledger_url"], "operator").close()
    done = run([PEOPLE, PERSON], require_ledger=True)
    assert done.code == 2
    assert "is empty" in done.errors
    assert emulator.copper.count("people") == 0
    assert run([PEOPLE, PERSON]).code == 0
    assert run([PEOPLE, PERSON], require_ledger=True).of("people") == {"input": 1, "unchanged": 1}
    assert run([PEOPLE, PERSON], require_ledger=True, dry_run=True).code == 0


def test_a_ledger_of_a_run_without_records_is_there(run):
    assert run([PEOPLE]).code == 0
    assert run([PEOPLE, PERSON], require_ledger=True).code == 0


def test_an_imported_ledger_is_there(run, operate, tmp_path):
    pairs = tmp_path / "pairs.csv"
    pairs.write_text("id,crm_id\n7,70\n")
    assert operate("ledger", "import", "--stream", "people", str(pairs)).exit_code == 0
    assert run([PEOPLE, PERSON], require_ledger=True).code == 0


def test_an_empty_ledger_that_was_accepted_is_there(run, settings, operate):
    Store(settings["ledger_url"], "operator").close()
    assert operate("ledger", "accept-restore").exit_code == 0
    assert run([PEOPLE, PERSON], require_ledger=True).code == 0


@pytest.mark.parametrize("missing", ["ledger_identity", "scopes"])
def test_the_emptiness_of_a_ledger_of_an_early_version_is_known_by_its_streams(run, settings, missing):
    url = settings["ledger_url"]
    run([PEOPLE, PERSON])
    engine = open_engine(url)
    with engine.begin() as connection:
        if missing == "scopes":
            for table in ("ledger_attribute_digests", "records", "history", "fresh_keys", "ledger_epochs", "scopes"):
                connection.exec_driver_sql(f"DELETE FROM {table}")  # noqa: S608 - the names stand above
        connection.exec_driver_sql("DROP TABLE ledger_identity")
        connection.exec_driver_sql("UPDATE ledger_version SET version = 2")
    engine.dispose()
    assert run([PEOPLE, PERSON], require_ledger=True).code == (2 if missing == "scopes" else 0)


def test_a_url_that_names_no_file_is_said_to_be_wrong(settings, operate):
    settings["ledger_url"] = "sqlite://"
    assert "ledger_url names no file" in operate("ledger", "list").stderr


def test_looks_at_a_ledger_that_is_there_go_on(run, settings, operate):
    run([PEOPLE, PERSON])
    assert "people" in operate("ledger", "list").stdout
    assert operate("ledger", "explain", "--source-id", "1").exit_code == 0
    assert operate("rejected", "list").exit_code == 0
    with closing(Store(settings["ledger_url"], "operator")) as store:
        assert store.identity.generation > 0


def dumped(url):
    """All that a ledger holds, with the columns of each table."""
    engine = open_engine(url)
    try:
        with engine.connect() as connection:
            names = sorted(sa.inspect(connection).get_table_names())
            found = {name: connection.exec_driver_sql(f"SELECT * FROM {name}") for name in names}  # noqa: S608 - as they are
            return {name: (list(rows.keys()), sorted(map(repr, rows.all()))) for name, rows in found.items()}
    finally:
        engine.dispose()


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize(
    "look",
    [["ledger", "list"], ["ledger", "explain", "--source-id", "1"], ["rejected", "list"], ["rejected", "show", "1"]],
)
@pytest.mark.daily(one_of=2)
def test_a_look_leaves_a_ledger_of_an_earlier_version_as_it_is(run, settings, operate, look, version):
    run([PEOPLE, record_of("people", id=1, name=None)])
    engine = open_engine(settings["ledger_url"])
    with engine.begin() as connection:
        connection.execute(tables.version.update().values(version=version))
    engine.dispose()
    before = dumped(settings["ledger_url"])
    done = operate(*look)
    assert done.exit_code == 0, done.output
    assert "people" in done.stdout
    assert "is of an earlier version: the next run brings it up to date" in done.stderr
    assert dumped(settings["ledger_url"]) == before
    assert "of an earlier version" not in operate("ledger", "migrate").stderr
    assert "of an earlier version" not in operate(*look).stderr
