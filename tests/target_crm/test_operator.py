"""The singer-crm command looks after what target-crm keeps."""

from __future__ import annotations

import json
import shlex
import sqlite3
import sys
from contextlib import closing

import pytest
from click.testing import CliRunner

from target_crm.cli.main import main
from tests.commands import run_command
from tests.target_crm.messages import as_lines, record_of, schema_of

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


@pytest.mark.parametrize(
    ("given", "code", "named"),
    [
        ({"ledger_url": "sqlite:////proc/nope/x.sqlite"}, 2, "ledger_url"),
        ({"ledger_url": "postgresql://u:hidden@127.0.0.1:9/x"}, 4, "ledger"),
        ({"ledger_url": "mysql://u@h/x"}, 2, "ledger_url"),
        ({"quota_url": "sqlite:////proc/nope/x.sqlite"}, 2, "quota_url"),
        ({"quota_url": "redis://:hidden@127.0.0.1:9/0"}, 4, "quota_url"),
        ({"quota_url": "postgresql://u:hidden@127.0.0.1:9/x"}, 4, "quota_url"),
    ],
)
def test_check_opens_the_ledger_and_the_quota_store(operate, given, code, named):
    done = operate("check", **given)
    assert done.exit_code == code, done.output
    assert named in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "hidden" not in done.output + done.stderr


@pytest.mark.parametrize(("package", "setting"), [("psycopg", "ledger_url"), ("redis", "quota_url")])
def test_check_names_an_extra_that_is_missing(operate, monkeypatch, package, setting):
    monkeypatch.setitem(sys.modules, package, None)
    url = {"ledger_url": "postgresql://u@127.0.0.1:9/x", "quota_url": "redis://127.0.0.1:9/0"}[setting]
    done = operate("check", **{setting: url})
    assert done.exit_code == 2
    assert "singer-crm[" in done.stderr


def test_check_takes_a_ledger_that_is_no_database_for_a_wrong_setting(operate, tmp_path):
    (tmp_path / "ledger.sqlite").write_text("no database at all, but a text that is long enough to look like none")
    done = operate("check")
    assert done.exit_code == 2
    assert "not a database" in done.stderr


@pytest.mark.usefixtures("two_rejected")
def test_check_leaves_the_ledger_as_it_is(operate, tmp_path):
    new = tmp_path / "new" / "deep"
    done = operate("check", ledger_url=f"sqlite:///{new / 'ledger.sqlite'}")
    assert done.exit_code == 0, done.stderr
    assert "the first run makes it" in done.output
    assert not new.parent.exists()
    file = tmp_path / "ledger.sqlite"
    with closing(sqlite3.connect(file)) as ledger, ledger:
        ledger.execute("UPDATE ledger_version SET version = 1")
        for table, names in {"intents": ["links"], "history": ["request_id", "reason", "changes"]}.items():
            for name in names:
                ledger.execute(f"ALTER TABLE {table} DROP COLUMN {name}")
    assert operate("check").exit_code == 0
    with closing(sqlite3.connect(file)) as ledger:
        assert ledger.execute("SELECT version FROM ledger_version").fetchone() == (1,)
        ledger.execute("UPDATE ledger_version SET version = 999")
        ledger.commit()
    done = operate("check")
    assert done.exit_code == 2
    assert "newer program" in done.stderr


def test_check_says_that_base_url_leads_elsewhere(operate, settings):
    done = operate("check", base_url=settings["base_url"].replace("developer_api", "nowhere"))
    assert done.exit_code == 2
    assert "Check base_url." in done.stderr


def test_the_command_that_a_run_recommends_can_be_run_as_it_stands(settings, tmp_path):
    folder = tmp_path / "it's a folder"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(settings | {"stop_after_rejected": 1}))
    lines = as_lines([PEOPLE, record_of("people", id=1, email="a@x.org")]).decode()
    env = {f"TARGET_CRM_{name.upper()}": str(settings[name]) for name in ("crm", "base_url", "api_key", "user_email")}
    env |= {"TARGET_CRM_LEDGER_URL": settings["ledger_url"], "TARGET_CRM_INDEX_LAG_SECONDS": "0"}
    for given in (["--config", folder / "config.json"], [f"--config={folder / 'config.json'}"], ["--config=ENV"]):
        done = run_command("target-crm", *given, given=lines, env=env)
        assert done.returncode == 1
        for line in done.stderr.splitlines():
            if (found := line.partition("singer-crm rejected list ")[2]) and "Summary" not in line:
                shown = run_command("singer-crm", "rejected", "list", *shlex.split(found.rstrip(".")), env=env)
                assert "1 rejected" in shown.stderr, line
        assert "singer-crm rejected list" in done.stderr
