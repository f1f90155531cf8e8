"""singer-crm ledger: what was written where, why, and how to set it right."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from target_crm.cli.main import main
from tests.target_crm.messages import record_of, schema_of

PEOPLE = schema_of("people", "email", "title", name={"type": ["string", "null"]})


def person(number, **more):
    return record_of("people", **{"id": number, "name": f"P{number}", "email": f"p{number}@x.org"} | more)


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(settings, request):
    """With an empty ledger of each kind."""
    if request.param == "sqlite":
        return settings
    return settings | {"ledger_url": request.getfixturevalue("postgres")}


@pytest.fixture
def operate(settings, tmp_path):
    file = tmp_path / "config.json"

    def operate(*arguments, **config):
        file.write_text(json.dumps({**settings, **config}))
        done = CliRunner().invoke(main, ["ledger", *arguments, "--config", str(file)])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done

    return operate


def test_the_streams_are_listed_with_what_they_hold(run, operate):
    run([PEOPLE, person(1), person(2), person(3, name=None)])
    listed = operate("list").output
    (line,) = [line for line in listed.splitlines() if line.startswith("copper")]
    assert line.split()[2:8] == ["default", "people", "people", "2", "1", "0"]


def test_one_record_is_explained_by_its_source_id_its_crm_id_or_its_email(run, emulator, operate):
    run([PEOPLE, person(1)])
    run([PEOPLE, person(1, title="Boss")])
    (found,) = emulator.copper.records("people")
    for question in (("--source-id", "1"), ("--crm-id", str(found["id"])), ("--email", "P1@x.org")):
        (known,) = json.loads(operate("explain", *question).output)
        assert known["record"][0]["crm_id"] == found["id"]
        created, updated = known["history"]
        assert (created["action"], sorted(created["fields"])) == ("created", ["emails", "name"])
        assert (updated["action"], updated["fields"]) == ("updated", ["title"])


def test_only_records_of_the_crm_that_the_settings_name_are_explained(run, operate):
    run([PEOPLE, person(1)])
    assert operate("explain", "--source-id", "1").exit_code == 0
    assert operate("explain", "--source-id", "1", crm="apptivo", access_key="b").exit_code == 1


def test_a_ledger_in_which_two_sources_write_one_object_is_carried_on(run, operate):
    run([PEOPLE, person(1)])
    run([PEOPLE, person(2)], source_name="other")
    done = operate("accept-restore")
    assert done.exit_code == 0, done.output


def test_why_a_record_is_rejected_is_explained(run, operate):
    run([PEOPLE, person(1, name=None)])
    (known,) = json.loads(operate("explain", "--source-id", "1").output)
    assert known["held"][0]["kind"] == "missing_required"
    assert "name" in known["held"][0]["reason"]


def test_a_rejected_record_is_found_by_an_email_that_it_holds(run, operate):
    run([PEOPLE, person(1, name=None), person(2, name=None, email="P2@x.org")])
    (known,) = json.loads(operate("explain", "--email", "p2@X.org").output)
    assert known["source_id"] == "2"


def test_a_waiting_record_says_what_it_waits_for(run, operate):
    streams = {"people": {"references": {"company_id": {"stream": "companies", "source_id": "title"}}}}
    run([PEOPLE, person(1, title="Acme")], streams=streams)
    (known,) = json.loads(operate("explain", "--source-id", "1").output)
    assert "It waits for record Acme of stream companies." in known["in_short"]


def test_what_nobody_knows_is_said_by_the_exit_code(run, operate):
    run([PEOPLE, person(1)])
    assert operate("explain", "--source-id", "77").exit_code == 1
    assert operate("explain").exit_code == 2


def test_a_forgotten_record_is_found_again_by_its_match_key(run, emulator, operate):
    run([PEOPLE, person(1), person(2)])
    assert operate("forget", "--stream", "people", "1").output == "1 forgotten\n"
    assert run([PEOPLE, person(1), person(2)]).of("people") == {"input": 2, "unchanged": 2}
    assert operate("forget", "--stream", "people", "--all").output == "2 forgotten\n"
    assert run([PEOPLE, person(1, title="New")]).of("people") == {"input": 1, "updated": 1}
    assert emulator.copper.count("people") == 2


def test_nothing_is_forgotten_unless_it_is_named(run, operate):
    run([PEOPLE, person(1)])
    assert operate("forget", "--stream", "people").exit_code == 2
    assert operate("forget", "--stream", "peeple", "--all").exit_code == 2


def test_existing_pairs_are_imported_from_csv(run, emulator, operate, tmp_path):
    theirs = emulator.copper.insert("people", {"name": "Theirs"})["id"]
    (tmp_path / "pairs.csv").write_text(f"customer,copper\n7,{theirs}\n\n8,\n")
    assert operate("import", "--stream", "people", str(tmp_path / "pairs.csv")).output == "1 imported\n"
    assert run([PEOPLE, person(7)]).of("people") == {"input": 1, "updated": 1}
    assert emulator.copper.count("people") == 1


def test_a_lost_ledger_is_rebuilt_from_the_crm(run, emulator, operate):
    keyed = schema_of("people", "name", keys=("email",))
    messages = [keyed, *(record_of("people", email=f"p{n}@x.org", name=f"P{n}") for n in range(5))]
    run(messages)
    operate("forget", "--stream", "people", "--all")
    assert operate("rebuild", "--stream", "people", "--attribute", "email").output.startswith("5 imported")
    before = len([request for request in emulator.requests if request.route == "/people/bulk_create"])
    assert run(messages).of("people") == {"input": 5, "unchanged": 5}
    assert len([request for request in emulator.requests if request.route == "/people/bulk_create"]) == before


def test_a_ledger_moves_to_another_file(run, operate, tmp_path):
    run([PEOPLE, person(1), person(2, name=None)])
    other = f"sqlite:///{tmp_path / 'other.sqlite'}"
    assert other in operate("migrate", other).output
    assert operate("migrate", other).exit_code == 2
    done = run([PEOPLE, person(1), person(2)], ledger_url=other)
    assert done.of("people") == {"input": 3, "created": 1, "unchanged": 1, "superseded": 1}


@pytest.mark.parametrize(
    "text", ["7,{id}\n8,{id}", "id;copper\n7;{id}\n8;{id}\n", "\ufeffid\tcopper\r\n7\t{id}\r\n8\t{id}\r\n\r\n9\t\r\n"]
)
def test_pairs_come_with_a_heading_or_without_whatever_parts_them(emulator, operate, tmp_path, text):
    theirs = emulator.copper.insert("people", {"name": "Theirs"})["id"]
    (tmp_path / "pairs.csv").write_text(text.format(id=theirs), encoding="utf-8", newline="")
    assert operate("import", "--stream", "people", str(tmp_path / "pairs.csv")).output == "2 imported\n"


@pytest.mark.parametrize("line", ["8,twenty", ",20", "8"])
def test_a_line_that_is_no_pair_is_named_and_nothing_is_imported(operate, tmp_path, line):
    (tmp_path / "pairs.csv").write_text(f"id,copper\n7,20\n{line}\n")
    done = operate("import", "--stream", "people", str(tmp_path / "pairs.csv"))
    assert done.exit_code == 2
    assert "Line 3 of the file" in done.output
    assert "There is no ledger" in operate("explain", "--source-id", "7").output
