"""Ledgers that earlier versions wrote are carried on: nothing is written twice, nothing that was begun is forgotten."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.machine import import_package
from tests.target_crm.ledgers.make import VENDORS, scene_of
from tests.target_crm.ledgers.stage import ADDRESS

LEDGERS = Path(__file__).parent / "ledgers"
CORPUS = [
    (place.parent.name, place.name, database)
    for place in sorted(LEDGERS.glob("*/*/"))
    for database in ("sqlite", "postgresql")
    if (place / f"{database}.sql").exists()
]
KINDS = re.findall(r"^\| `(\w+)` \|", (Path(__file__).parents[2] / "docs" / "rejected.md").read_text(), re.MULTILINE)
SIGN_IN = {"copper": ("api_key", "user_email"), "freshsales": ("api_key",), "apptivo": ("api_key", "access_key")}
KEY_SECONDS = 10**9  # the ledgers grow older, and the API of their keys is to remember these
ID_GAP = 1000  # so far the ids of new records are from those that the ledger may know of records that are gone


@pytest.fixture(params=CORPUS, ids="-".join)
def old(request):
    """Version, CRM and database of a ledger."""
    return request.param


@pytest.fixture
def place(old):
    return LEDGERS / old[0] / old[1]


@pytest.fixture
def scene(old):
    return scene_of(old[1])


@pytest.fixture
def vendor(emulator, old):
    return getattr(emulator, VENDORS.get(old[1], old[1]))


@pytest.fixture
def ledger_url(emulator, old, place, tmp_path, request):
    """The old ledger, for the emulator at its new address."""
    text = (place / f"{old[2]}.sql").read_text().replace(ADDRESS, emulator.url.removeprefix("http://"))
    if old[2] == "sqlite":
        with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as connection:
            connection.executescript(text)
        return f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    server = request.getfixturevalue("postgres")
    psycopg = import_package("psycopg")
    name = f"ledger_{old[1]}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name}")
        connection.execute(f"CREATE DATABASE {name}")
    url = server.rpartition("/")[0] + f"/{name}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(text)
    return url


@pytest.fixture
def settings(old, place, vendor, ledger_url, tmp_path):
    """In place of those of other tests: the old settings, word for word, and the CRM as it was."""
    held = json.loads((place / f"{old[2]}.crm.json").read_text())
    for name, records in held.items():
        table = vendor.table(name)
        for record in records:
            vendor.store.put(table, record)
        vendor.store.reserve_ids(table, max(record["id"] for record in records) + ID_GAP)
    sign_in = {name: getattr(vendor, name) for name in SIGN_IN.get(old[1], ())}
    given = json.loads((place / "settings.json").read_text())
    if "keyed" in given["streams"]:
        given["streams"]["keyed"]["endpoint"]["idempotency_seconds"] = KEY_SECONDS
    return {
        **given,
        **sign_in,
        "base_url": vendor.base_url,
        "ledger_url": ledger_url,
        "report_path": str(tmp_path / "report.json"),
        "requests_per_minute": 0,
        "bulk_requests_per_second": 0,
        "index_lag_seconds": 0,
        "request_timeout_seconds": 30,
        "max_attempts": 2,
        "max_rejected": 100,
    }


@pytest.fixture
def operate(settings, tmp_path):
    """Run what the command singer-crm runs, whatever it is called inside, on the old settings."""
    (command,) = entry_points(group="console_scripts", name="singer-crm")
    file = tmp_path / "config.json"
    file.write_text(json.dumps(settings))

    def operate(*words):
        done = CliRunner().invoke(command.load(), [*words, "--config", str(file)])
        assert done.exit_code == 0, done.output
        return done

    return operate


def state_of_crm(vendor):
    """All its records, but not what it was asked."""
    return {name: vendor.records(name) for name in vendor.tables if name != "requests"}


def told(report):
    """The outcomes that are not zero, by stream; streams without any are left out."""
    streams = {
        stream: {name: count for name, count in outcomes.items() if count}
        for stream, outcomes in report["streams"].items()
    }
    return {stream: outcomes for stream, outcomes in streams.items() if outcomes}


def unanswered(operate, stream, source_id):
    """The actions of a record that were never answered."""
    known = json.loads(operate("ledger", "explain", "--source-id", source_id).stdout)
    return [each["action"] for one in known if one["stream"] == stream for each in one.get("unanswered", ())]


@pytest.mark.daily(one_of=2)
def test_what_was_begun_is_ended_and_nothing_is_written_twice(run, operate, vendor, scene, tmp_path):
    scene.go_on(vendor)
    messages = scene.messages(vendor)
    done = run(messages)
    assert done.report["closed"]
    assert told(done.report) == scene.OUTCOMES
    assert done.report["linked"] == scene.LINKED
    assert done.states[-1] == messages[-1]["value"]
    for name, others, outcomes in scene.of_other_sources(vendor):
        assert told(run(others, source_name=name).report) == outcomes
    assert scene.shown(vendor) == scene.SHOWN
    (leaver,) = json.loads(operate("ledger", "explain", "--source-id", scene.HISTORY[0]).stdout)
    assert [event["action"] for event in leaver["history"]] == scene.HISTORY[1]
    for stream, pairs in scene.IMPORTS.items():
        (tmp_path / "pairs.csv").write_text(pairs)
        operate("ledger", "import", "--stream", stream, str(tmp_path / "pairs.csv"))
    assert [place for place in scene.UNANSWERED if unanswered(operate, *place)] == []
    before = state_of_crm(vendor)
    again = run(messages, retry_rejected=False)
    assert all(outcomes.keys() == {"input", "unchanged"} for outcomes in told(again.report).values()), again.report
    assert state_of_crm(vendor) == before, "a second run writes nothing"


def test_the_operator_finds_what_it_holds(operate, vendor, scene):
    before = state_of_crm(vendor)
    listed = operate("ledger", "list").output
    assert all(stream in listed for stream in scene.OUTCOMES)
    operate("ledger", "migrate")
    rejected = operate("rejected", "list").output
    assert f"{scene.REJECTED} rejected" in rejected
    for place, action in scene.UNANSWERED.items():
        assert unanswered(operate, *place) == [action]
    assert state_of_crm(vendor) == before


def rows_of(version, database):
    """All rows of a version's ledgers in a kind of database: table and values."""
    texts = [file.read_text() for file in LEDGERS.glob(f"{version}/*/{database}.sql")]
    return re.findall(r'^INSERT INTO (?:public\.)?"?(\w+)"? VALUES ?(.*)', "\n".join(texts), flags=re.MULTILINE)


# Reasons to reject that version 0.1.0 did not know.
LATER_KINDS = {"not_storable", "shared_match", "conflict", "plan_outdated", "other_share"}


@pytest.mark.parametrize(("version", "database"), sorted({(version, database) for version, _, database in CORPUS}))
def test_every_table_and_every_state_occurs_in_the_corpus(version, database):
    rows = rows_of(version, database)
    made = (LEDGERS / version / "copper" / f"{database}.sql").read_text()
    assert {name for name, _ in rows} == set(re.findall(r'CREATE TABLE (?:public\.)?"?(\w+)', made))
    states = {
        "held": ("waiting", "rejected", "deleting", *(each for each in KINDS if each not in LATER_KINDS)),
        "intents": ("create", "update", "upsert", '[["company_id","companies","late"]]'),
        "records": ("created", "matched", "imported", "left"),
        "history": (
            *("created", "updated", "matched", "linked", "left", "deleting", "deleted", "waiting", "rejected"),
            *("matched by emails", "deleted at the source", "absent from the source"),
        ),
        "links": ("companies", ""),
        "waits": ("companies", ""),
        "objects": ("copper", "freshsales", "apptivo", "http"),
        "scopes": ("default", "other", "shop/2, Zürich"),
        "seen": ("2", "3"),
    }
    missing = {
        (table, state)
        for table, wanted in states.items()
        for state in wanted
        if not any(name == table and f"'{state}'" in values for name, values in rows)
    }
    assert missing == set()


def test_the_corpus_tells_nothing_of_the_machine_that_made_it():
    for file in LEDGERS.glob("[0-9]*/*/*"):
        text = file.read_text()
        assert not re.search(r"127\.0\.0\.1:\d|/home/|/root/|/tmp/", text), file
        assert str(Path(__file__).parents[2]) not in text, file
