"""A dry run writes nothing and says exactly what the run that follows does."""

from __future__ import annotations

import hashlib
import json
import random
import re

import pytest

from target_crm.ledger.presence import has_ledger
from tests.commands import run_command
from tests.target_crm.messages import as_lines, record_of, schema_of, state_of

PEOPLE = schema_of("people", "email", "title", "tags", "company", "_sdc_deleted_at", name={"type": ["string", "null"]})
COMPANIES = schema_of("companies", "name", "domain", "city")
STREAMS = {
    "people": {
        "hard_delete": True,
        "fields": {"title": "fill_empty"},
        "references": {"company_id": {"stream": "companies", "source_id": "company"}},
    }
}
ID = re.compile(r"-\d+|\d{7,}")
LINE = re.compile(r"^(POST|PUT|DELETE) (/\S+)(?: (.*))?$")


def person(number, **more):
    values = {"id": number, "name": f"P{number}", "email": f"p{number}@x.org", "company": number % 5} | more
    return record_of("people", **values)


def sent(emulator, since):
    """The requests that wrote, as the emulator saw them; a dry run cannot know new ids, so that all ids are alike."""
    return sorted(
        ID.sub("ID", f"{request.method} {request.path.removeprefix('/copper/developer_api/v1')} {plain(request.body)}")
        for request in emulator.requests[since:]
        if request.method != "GET" and not request.route.endswith("/search")
    )


def foretold(errors):
    """The requests that the dry run said it would send, likewise."""
    found = [LINE.match(line) for line in errors.splitlines()]
    return sorted(ID.sub("ID", f"{m[1]} {m[2]} {plain(m[3])}") for m in found if m)


def plain(body):
    return json.dumps(json.loads(body), sort_keys=True) if body else ""


def digest(folder):
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.glob("ledger.sqlite")}


@pytest.mark.parametrize("seed", range(8))
def test_the_run_that_follows_does_just_what_the_dry_run_said(run, emulator, tmp_path, seed):
    dice = random.Random(seed)
    for number in range(0, 40, 7):
        emulator.copper.insert(
            "people", {"name": "Theirs", "emails": [{"email": f"p{number}@x.org", "category": "work"}]}
        )
    companies = [record_of("companies", id=n, name=f"C{n}", domain=f"c{n}.example") for n in range(4)]
    run([COMPANIES, *companies, PEOPLE, *map(person, range(20))], streams=STREAMS)
    changes = [
        person,
        lambda n: person(n, title="Boss"),
        lambda n: person(n, tags=["a", "b"]),
        lambda n: person(n, name=None),
        lambda n: person(n, _sdc_deleted_at="2026-01-01"),
        lambda n: person(n, email=f"q{n}@x.org"),
        lambda n: person(n, company=None),
    ]
    messages = [
        COMPANIES,
        *(record_of("companies", id=n, name=f"C{n}", domain=f"c{n}.example", city="Rome") for n in range(2, 7)),
        PEOPLE,
        *(dice.choice(changes)(dice.randrange(45)) for _ in range(60)),
        state_of(1),
    ]
    before, since = digest(tmp_path), len(emulator.requests)
    dry = run(messages, streams=STREAMS, dry_run=True)
    assert sent(emulator, since) == []
    assert digest(tmp_path) == before
    assert dry.output == ""
    since = len(emulator.requests)
    real = run(messages, streams=STREAMS)
    assert dry.report["streams"] == real.report["streams"]
    assert foretold(dry.errors) == sent(emulator, since)
    assert dry.report["dry_run"]["requests"] == real.report["requests"]["requests"]


def test_each_field_is_shown_as_it_is_and_as_it_would_be(run, emulator):
    emulator.copper.insert(
        "people", {"name": "Old", "emails": [{"email": "p1@x.org", "category": "work"}], "title": "Dr"}
    )
    done = run([schema_of("people", "name", "email", "title"), person(1, title="Boss"), person(2)], dry_run=True)
    lines = done.errors.splitlines()
    (update,) = [line for line in lines if line.startswith("people 1: update")]
    assert 'name: "Old" -> "P1"' in update
    assert 'title: "Dr" -> "Boss"' in update
    (create,) = [line for line in lines if line.startswith("people 2: create")]
    assert 'name: "P2"' in create


def test_a_ledger_that_does_not_exist_is_not_made(run, tmp_path):
    run([schema_of("people", "name"), record_of("people", id=1, name="A")], dry_run=True)
    assert list(tmp_path.glob("ledger*")) == []


def test_a_database_without_a_ledger_is_left_empty(run, postgres):
    messages = [schema_of("tasks", "name"), record_of("tasks", id=1, name="T")]
    assert run(messages, ledger_url=postgres, dry_run=True).code == 0
    assert not has_ledger(postgres)


def test_the_forecast_counts_whole_minutes_of_the_rolling_window(run):
    tasks = schema_of("tasks", "name")
    messages = [tasks, *(record_of("tasks", id=n, name=f"T{n}") for n in range(50))]
    done = run(messages, dry_run=True, requests_per_minute=20, load_method="append-only")
    assert done.report["dry_run"]["writes"] == 50
    assert done.report["dry_run"]["seconds"] == ((done.report["dry_run"]["requests"] - 1) // 20) * 60
    assert "the quota makes them take at least 2 minutes" in done.errors


def test_limit_stops_after_so_many_records(run, emulator):
    tasks = schema_of("tasks", "name")
    messages = [tasks, record_of("tasks", id=1, name="A"), state_of(1), record_of("tasks", id=2, name="B"), state_of(2)]
    done = run(messages, limit=2)
    assert done.states == [{"position": 1}]
    assert emulator.copper.count("tasks") == 2
    assert run(messages, limit=1).of("tasks") == {"input": 1, "unchanged": 1}


def test_no_secret_is_in_what_a_dry_run_shows(run, settings):
    done = run([schema_of("people", "name"), record_of("people", id=1, name=settings["api_key"])], dry_run=True)
    assert settings["api_key"] not in done.errors


@pytest.mark.parametrize("method", ["create", "update"])
def test_what_the_crm_has_refused_is_shown_as_refused_again(run, emulator, method):
    people = schema_of("people", "name", "email", "title")
    if method == "update":
        run([people, person(1), person(2)])
        emulator.script("PUT /people/*", ["error:status=422"] * 9)
        emulator.script("POST /people/bulk_update", ["error:status=422"] * 9)
    else:
        emulator.script("POST /people/bulk_create", ["error:status=422"] * 9)
        emulator.script("POST /people", ["error:status=422"] * 9)
    refused = [people, person(1, title="A"), person(2, title="B")]
    first = run(refused)
    assert first.of("people") == {"input": 2, "rejected": 2}
    dry = run(refused, dry_run=True)
    assert dry.of("people") == {"input": 4, "rejected": 2, "superseded": 2}
    assert "create:" not in dry.errors
    assert "2 records would be rejected and kept" in dry.errors
    assert "rejected list" not in dry.errors
    changed = run([people, person(1, title="C")], dry_run=True, retry_rejected=False)
    assert changed.of("people") == {"input": 1, f"{method}d": 1}


@pytest.mark.parametrize("in_environment", [False, True])
def test_the_option_makes_any_run_a_dry_one(settings, emulator, tmp_path, in_environment):
    env = {f"TARGET_CRM_{name.upper()}": str(value) for name, value in settings.items()}
    (tmp_path / "config.json").write_text(json.dumps(settings))
    given = as_lines([PEOPLE, person(1)]).decode()
    config = "ENV" if in_environment else str(tmp_path / "config.json")
    env = {**env, "TARGET_CRM_DRY_RUN": "false"} if in_environment else {}
    done = run_command("target-crm", "--config", config, "--dry-run", given=given, env=env)
    assert done.returncode == 0, done.stderr
    assert emulator.copper.count("people") == 0
    assert "P1" in done.stderr
    assert run_command("target-crm", "--config", config, given=given, env=env).returncode == 0
    assert emulator.copper.count("people") == 1
