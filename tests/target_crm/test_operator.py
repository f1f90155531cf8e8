"""The singer-crm command looks after what target-crm keeps."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from target_crm.cli.main import main
from tests.target_crm.messages import record_of, schema_of

PEOPLE = schema_of("people", "name", "email")


@pytest.fixture
def operate(settings, tmp_path):
    """Run singer-crm on the test's settings."""
    file = tmp_path / "config.json"

    def operate(*arguments, **config):
        file.write_text(json.dumps({**settings, **config}))
        *words, last = arguments
        return CliRunner().invoke(main, [*words, last, "--config", str(file)])

    return operate


@pytest.fixture
def two_rejected(run, emulator):
    emulator.script("POST /people/bulk_create", ["error:status=422"] * 3)
    emulator.script("POST /people", ["error:status=422"] * 2)
    run([PEOPLE, record_of("people", id=1, name="A", email="a@x.org"), record_of("people", id=2, name="B")])


def test_check_says_whose_account_it_is_and_what_becomes_of_each_stream(operate):
    streams = {"customers": {"object": "people", "match_on": ["email"]}, "deals": {"object": "opportunities"}}
    done = operate("check", streams=streams)
    assert done.exit_code == 0, done.output
    assert "Account" in done.output
    assert "customers: upsert into people, matched by email" in done.output


@pytest.mark.parametrize(
    ("stream", "named"),
    [
        ({"object": "peeple"}, "'people'"),
        ({"object": "people", "match_on": ["emial"]}, "emial"),
        ({"object": "people", "custom_fields": {"No Such Field": "x"}}, "No Such Field"),
        ({"object": "people", "fields": {"titel": "replace"}}, "titel"),
        ({"object": "people", "unknown_names": {"use": "ada@emulator.exmple"}}, "'ada@emulator.example'"),
        ({"object": "people", "references": {"company_id": {"stream": "firms", "source_id": "x"}}}, "'firms'"),
        ({"object": "people", "references": {"company_id": {"stream": "leads", "source_id": "x"}}}, "leads to leads"),
        (
            {"object": "people", "references": {"company_id": {"object": "people", "match": {"email": "x"}}}},
            "leads to people",
        ),
        ({"object": "people", "load_method": "delete", "ledger_stream": "leads"}, "ledger_stream"),
    ],
)
def test_check_names_what_does_not_exist(operate, stream, named):
    done = operate("check", streams={"customers": stream})
    assert done.exit_code == 2
    assert named in done.output


def test_check_says_in_one_sentence_that_the_key_is_wrong(operate):
    done = operate("check", api_key="0" * 32)
    assert done.exit_code == 2
    assert "api_key" in done.stderr
    assert "Traceback" not in done.output + done.stderr
    assert "0" * 32 not in done.output + done.stderr


def test_check_takes_what_exists(operate):
    streams = {
        "customers": {
            "object": "people",
            "unknown_names": {"use": "Ada@Emulator.example"},
            "references": {"company_id": {"stream": "firms", "source_id": "firm"}},
        },
        "firms": {"object": "companies"},
        "gone": {"object": "people", "load_method": "delete", "ledger_stream": "customers"},
    }
    done = operate("check", streams=streams)
    assert done.exit_code == 0, done.output


def test_a_reference_to_a_record_of_another_kind_stops_the_run_before_it_is_written(run, emulator):
    schema = schema_of("people", "name", "boss")
    streams = {"people": {"references": {"company_id": {"stream": "leads", "source_id": "boss"}}}}
    leads = schema_of("leads", "name")
    messages = [leads, record_of("leads", id=1, name="L"), schema, record_of("people", id=1, name="A", boss=1)]
    done = run(messages, streams=streams)
    assert done.code == 2
    assert "streams.people.references.company_id leads to leads" in done.errors
    assert emulator.copper.count("people") == 0


@pytest.mark.usefixtures("two_rejected")
def test_rejected_records_are_listed_shown_and_dropped(operate):
    listed = operate("rejected", "list")
    assert listed.exit_code == 0, listed.output
    assert "refused" in listed.output
    shown = json.loads(operate("rejected", "show", "1").output)
    assert shown["message"]["record"]["name"] in {"A", "B"}
    assert shown["status"] == 422
    assert operate("rejected", "drop", "1").output == "1 dropped\n"
    assert operate("rejected", "list").stderr == "1 rejected\n"


@pytest.mark.usefixtures("two_rejected")
def test_replay_tries_them_again_and_says_what_became_of_them(operate, emulator):
    done = operate("rejected", "replay", "--all")
    assert done.exit_code == 0, done.stderr
    assert sorted(person["name"] for person in emulator.copper.records("people")) == ["A", "B"]
    assert operate("rejected", "list").stderr == "0 rejected\n"


@pytest.mark.usefixtures("two_rejected")
def test_nothing_is_dropped_unless_it_is_named(operate):
    assert operate("rejected", "drop").exit_code == 2
    assert operate("rejected", "drop", "99").exit_code == 2
    assert operate("rejected", "list").stderr == "2 rejected\n"
