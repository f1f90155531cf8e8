"""The ledger's history: what was done to a record, when, by which request and why; values only where that is wanted."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from crm_api.errors import SettingError
from target_crm.cli.main import main
from target_crm.ledger.store import open_engine
from target_crm.ledger.tables import VERSION
from tests.target_crm.messages import record_of, schema_of

PEOPLE = schema_of("people", "email", "title", "company", "_sdc_deleted_at", name={"type": ["string", "null"]})
COMPANIES = schema_of("companies", "name")
STREAMS = {
    "people": {
        "hard_delete": True,
        "missing_reference": "link_later",
        "references": {"company_id": {"stream": "companies", "source_id": "company"}},
    }
}
TO_VERSION_1 = (
    "DROP TABLE links",
    "ALTER TABLE intents DROP COLUMN links",
    "ALTER TABLE history DROP COLUMN request_id",
    "ALTER TABLE history DROP COLUMN reason",
    "ALTER TABLE history DROP COLUMN changes",
    "UPDATE ledger_version SET version = 1",
)


def person(number, **more):
    return record_of("people", **{"id": number, "name": f"P{number}", "email": f"p{number}@x.org"} | more)


@pytest.fixture
def operate(settings, tmp_path):
    file = tmp_path / "config.json"

    def operate(*arguments):
        file.write_text(json.dumps(settings))
        done = CliRunner().invoke(main, ["ledger", *arguments, "--config", str(file)])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    return operate


@pytest.fixture
def explained(operate):
    return lambda number: json.loads(operate("explain", "--source-id", str(number)).output)[0]


def test_the_history_names_fields_and_requests_and_holds_no_values(run, emulator, explained):
    run([PEOPLE, person(1, title="Secret title")])
    run([PEOPLE, person(1, title="Another title")])
    created, updated = explained(1)["history"]
    assert sorted(created["fields"]) == ["emails", "name", "title"]
    assert updated["fields"] == ["title"]
    numbers = {
        f"{request.number:032x}"
        for request in emulator.requests
        if request.method != "GET" and "/search" not in request.path
    }
    assert {created["request_id"], updated["request_id"]} == numbers
    assert "Another" not in json.dumps([created, updated])
    assert "changes" not in created


def test_with_keep_values_days_it_tells_what_each_field_was_and_became(run, explained):
    run([PEOPLE, person(1, title="A")], keep_values_days=1)
    run([PEOPLE, person(1, title="B")], keep_values_days=1)
    created, updated = explained(1)["history"]
    assert ["title", None, "A"] in created["changes"]
    assert updated["changes"] == [["title", "A", "B"]]
    run([PEOPLE, person(1, title="C")])
    assert not any("changes" in event for event in explained(1)["history"])


def test_history_values_is_taken_for_keep_values_days_with_a_warning(run, explained):
    done = run([PEOPLE, person(1, title="A")], history_values=True)
    assert "history_values is called keep_values_days now" in done.errors
    assert explained(1)["history"][0]["changes"]
    assert "Remove it" in run([PEOPLE], history_values=False).errors
    with pytest.raises(SettingError, match="both keep_values_days and history_values"):
        run([PEOPLE], history_values=True, keep_values_days=3)


def test_why_is_told_of_matches_deletes_links_and_rejections(run, emulator, explained):
    emulator.copper.insert("people", {"name": "Theirs", "emails": [{"email": "p1@x.org", "category": "work"}]})
    run([PEOPLE, person(1), person(2, company="A"), person(3, name=None)], streams=STREAMS)
    run([PEOPLE, person(3, name=None), person(2, _sdc_deleted_at="2026-01-01")], streams=STREAMS, retry_rejected=False)
    assert [event["reason"] for event in explained(1)["history"]] == ["matched by emails"]
    (rejected,) = explained(3)["history"]
    assert (rejected["action"], rejected["reason"].partition(":")[0]) == ("rejected", "missing_required")
    created, kept, deleted = explained(2)["history"]
    assert created["action"] == "created"
    assert (kept["action"], kept["record"]["name"]) == ("deleting", "P2")
    assert (deleted["action"], deleted["reason"]) == ("deleted", "deleted at the source")


def test_explain_says_in_short_how_things_stand(run, operate):
    run([PEOPLE, person(1), person(2, name=None), person(3, company="A")], streams=STREAMS)

    def in_short(number):
        return json.loads(operate("explain", "--source-id", str(number)).output)[0]["in_short"]

    assert "it is unchanged, and nothing is sent" in in_short(1)
    assert "rejected (missing_required): name" in in_short(2)
    assert "company_id waits for record A of stream companies" in in_short(3)


def test_since_leaves_out_what_was_done_before(run, operate):
    run([PEOPLE, person(1)])
    (known,) = json.loads(operate("explain", "--source-id", "1", "--since", "2999-01-01").output)
    assert known["history"] == []
    assert known["record"]


@pytest.fixture(params=["sqlite", "postgresql"])
def any_ledger(request, settings):
    """The URL of an empty ledger of each kind, in the settings too."""
    if request.param == "postgresql":
        settings["ledger_url"] = request.getfixturevalue("postgres")
    return settings["ledger_url"]


def make_older(url):
    engine = open_engine(url)
    with engine.begin() as connection:
        for statement in TO_VERSION_1:
            connection.exec_driver_sql(statement)
    engine.dispose()


def tables_of(url):
    engine = open_engine(url)
    there = sa.inspect(engine)
    found = {name: {column["name"] for column in there.get_columns(name)} for name in there.get_table_names()}
    engine.dispose()
    return found


def test_an_earlier_versions_ledger_is_brought_up_to_date_and_forgets_nothing(run, operate, any_ledger, emulator):
    run([PEOPLE, person(1), person(2, name=None)])
    now = tables_of(any_ledger)
    make_older(any_ledger)
    assert tables_of(any_ledger) != now
    done = run([PEOPLE, person(1), person(3, company="A")], streams=STREAMS, retry_rejected=False)
    assert done.of("people") == {"input": 2, "unchanged": 1, "created": 1}
    assert tables_of(any_ledger) == now
    assert done.report["pending"] == 1
    run([COMPANIES, record_of("companies", id="A", name="Acme")], streams=STREAMS)
    assert [found["company_name"] for found in emulator.copper.records("people")].count("Acme") == 1
    assert f"version {VERSION}, and is version {VERSION}" in operate("migrate").output


def test_migrate_says_from_which_version(run, operate, any_ledger):
    run([PEOPLE, person(1)])
    make_older(any_ledger)
    assert f"was version 1, and is version {VERSION}" in operate("migrate").output
    assert run([PEOPLE, person(1)]).of("people") == {"input": 1, "unchanged": 1}


def test_migrate_makes_no_ledger_where_there_is_none(operate, tmp_path):
    assert operate("migrate").exit_code == 2
    assert list(tmp_path.glob("ledger*")) == []


def test_a_dry_run_reads_an_earlier_versions_ledger_and_leaves_it_as_it_is(run, any_ledger):
    run([PEOPLE, person(1)])
    make_older(any_ledger)
    before = tables_of(any_ledger)
    assert run([PEOPLE, person(1)], dry_run=True).of("people") == {"input": 1, "unchanged": 1}
    assert tables_of(any_ledger) == before


def test_a_ledger_moves_to_a_server_and_goes_on_there(run, operate, postgres, settings):
    run([PEOPLE, person(1), person(2, name=None)])
    assert operate("migrate", postgres).exit_code == 0
    settings["ledger_url"] = postgres
    done = run([COMPANIES, record_of("companies", id="A", name="Acme"), PEOPLE, person(1), person(3)], max_rejected=1)
    assert done.code == 0, done.errors
    assert done.of("companies") == {"input": 1, "created": 1}
    assert done.report["streams"]["people"]["unchanged"] == 1
    assert done.report["closed"]


@pytest.mark.parametrize("rows", [[0], [-1], [1, VERSION], [None], []])
def test_a_ledger_that_does_not_say_its_version_is_named_in_a_sentence(run, operate, any_ledger, rows):
    run([PEOPLE, person(1)])
    engine = open_engine(any_ledger)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE ledger_version")
        connection.exec_driver_sql("CREATE TABLE ledger_version (version INTEGER)")
        for row in rows:
            connection.execute(sa.text("INSERT INTO ledger_version VALUES (:version)"), {"version": row})
    engine.dispose()
    done = run([PEOPLE, person(1)])
    assert done.code == 2
    assert "does not say which version it is" in done.errors
    assert "does not say which version it is" in operate("migrate").output


def test_a_ledger_of_a_newer_program_is_refused(run, any_ledger):
    run([PEOPLE, person(1)])
    engine = open_engine(any_ledger)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE ledger_version SET version = :version"), {"version": VERSION + 1})
    engine.dispose()
    done = run([PEOPLE, person(1)])
    assert done.code == 2
    assert "was made by a newer program" in done.errors
