"""Records that are written at once and linked when what they refer to comes: missing_reference link_later."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

from target_crm.cli.main import main as operator
from tests.commands import Command
from tests.target_crm.hurried import main, until_all_is_read
from tests.target_crm.messages import as_lines, record_of, schema_of, state_of

PROGRAM = "from target_crm.target import TargetCrm; TargetCrm.cli()"
COMPANIES = schema_of("companies", "name", "contact")
PEOPLE = schema_of("people", "name", "email", "company", "title", "_sdc_deleted_at")
LATER = {
    "people": {
        "missing_reference": "link_later",
        "references": {"company_id": {"stream": "companies", "source_id": "company"}},
    }
}
CIRCLE = {
    **LATER,
    "companies": {
        "missing_reference": "link_later",
        "references": {"primary_contact_id": {"stream": "people", "source_id": "contact"}},
    },
}
ACME = record_of("companies", id="A", name="Acme", contact=1)
ANN = record_of("people", id=1, name="Ann", email="ann@example.org", company="A")


def person(number, **more):
    return record_of(
        "people", **{"id": number, "name": f"P{number}", "email": f"p{number}@x.org", "company": "A"} | more
    )


def company_of(emulator, name="Ann"):
    (person,) = [person for person in emulator.copper.records("people") if person["name"] == name]
    companies = {company["id"]: company["name"] for company in emulator.copper.records("companies")}
    return companies.get(person["company_id"])


def pending(tmp_path):
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as ledger:
        return ledger.execute("SELECT source_id, attribute, stream, on_source_id FROM links ORDER BY 1, 2").fetchall()


def test_a_record_is_written_at_once_and_linked_in_a_later_run(run, emulator, tmp_path):
    done = run([PEOPLE, ANN, state_of(1)], streams=LATER)
    assert (done.code, done.of("people")) == (0, {"input": 1, "created": 1})
    assert company_of(emulator) is None
    assert pending(tmp_path) == [("1", "company_id", "companies", "A")]
    done = run([COMPANIES, ACME], streams=LATER)
    assert company_of(emulator) == "Acme"
    assert done.report["linked"] == {"people": 1}
    assert "people: 1 reference was linked" in done.errors
    assert pending(tmp_path) == []


def test_a_version_that_is_rejected_stays_so_when_its_older_one_is_linked(run, emulator):
    run([PEOPLE, ANN], streams=LATER)
    schema = schema_of("people", "name", "email", "company", "assignee")
    newer = record_of("people", id=1, name="Ann", email="ann@example.org", company="A", assignee="nobody at all")
    assert run([schema, newer], streams=LATER, max_rejected=9).report["pending"] == 1
    done = run([COMPANIES, ACME], streams=LATER, max_rejected=9, retry_rejected=False)
    assert company_of(emulator) == "Acme"
    assert done.report["pending"] == 1


def test_what_waits_to_be_linked_is_listed_at_the_end_of_every_run(run):
    for _ in range(2):
        done = run([PEOPLE, ANN, person(2, company="B")], streams=LATER)
        assert "people: 2 are written, and company_id waits for records of companies: 1, 2" in done.errors
        (missing,) = done.report["missing"]
        assert (missing["attribute"], missing["on"], missing["records"]) == ("company_id", "companies", 2)


def test_a_link_is_made_in_the_same_run_when_the_parent_comes_later(run, emulator):
    done = run([PEOPLE, ANN, COMPANIES, ACME], streams=LATER, batch_size_rows=1)
    assert company_of(emulator) == "Acme"
    assert done.of("people") == {"input": 1, "created": 1}
    assert done.report["missing"] == []


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize("first", ["people", "companies"])
def test_two_streams_may_refer_to_each_other(run, emulator, size, first):
    both = [[PEOPLE, ANN], [COMPANIES, ACME]]
    messages = [message for part in (both if first == "people" else both[::-1]) for message in part]
    done = run(messages, streams=CIRCLE, batch_size_rows=size)
    (acme,), (ann,) = emulator.copper.records("companies"), emulator.copper.records("people")
    assert (ann["company_id"], acme["primary_contact_id"]) == (acme["id"], ann["id"])
    assert done.report["missing"] == []
    assert run(messages, streams=CIRCLE).report["requests"]["requests"] <= 2


def test_streams_that_wait_for_each_other_are_told_how_to_end_that(run, emulator):
    waiting = {name: {**stream, "missing_reference": "wait"} for name, stream in CIRCLE.items()}
    done = run([PEOPLE, ANN, COMPANIES, ACME], streams=waiting)
    assert done.report["waiting"] == 2
    assert "wait for each other: set missing_reference to link_later for one of them" in done.errors
    waiting["people"]["missing_reference"] = "link_later"
    done = run([PEOPLE, ANN, COMPANIES, ACME], streams=waiting)
    assert done.report["missing"] == []
    assert emulator.copper.count("people") == emulator.copper.count("companies") == 1
    assert company_of(emulator) == "Acme"


def test_a_link_is_never_made_twice(run, emulator, writes):
    run([PEOPLE, ANN], streams=LATER)
    run([COMPANIES, ACME], streams=LATER)
    before = len(writes())
    for _ in range(2):
        run([COMPANIES, ACME, PEOPLE, ANN], streams=LATER)
    assert len(writes()) == before
    assert company_of(emulator) == "Acme"


def test_a_changed_record_waits_for_its_new_parent_only(run, emulator, tmp_path):
    run([PEOPLE, ANN], streams=LATER)
    run([PEOPLE, record_of("people", id=1, name="Ann", email="ann@example.org", company="B")], streams=LATER)
    assert pending(tmp_path) == [("1", "company_id", "companies", "B")]
    run([COMPANIES, ACME], streams=LATER)
    assert company_of(emulator) is None
    run([COMPANIES, record_of("companies", id="B", name="Bolt")], streams=LATER)
    assert company_of(emulator) == "Bolt"


def test_a_deleted_or_forgotten_record_waits_for_nothing(run, tmp_path):
    streams = {"people": LATER["people"] | {"hard_delete": True}}
    run([PEOPLE, ANN], streams=streams)
    run([PEOPLE, person(1, _sdc_deleted_at="2026-01-01")], streams=streams)
    assert pending(tmp_path) == []
    assert run([COMPANIES, ACME], streams=streams).code == 0


@pytest.mark.parametrize(("mode", "expected"), [("replace", "Acme"), ("fill_empty", "Typed"), ("create_only", "Typed")])
def test_what_people_typed_meanwhile_is_safe_as_its_mode_says(run, emulator, mode, expected):
    streams = {"people": LATER["people"] | {"fields": {"company_id": mode}}}
    run([PEOPLE, ANN], streams=streams)
    typed = emulator.copper.insert("companies", {"name": "Typed"})["id"]
    (ann,) = emulator.copper.records("people")
    emulator.copper.change("people", ann["id"], {"company_id": typed})
    run([COMPANIES, ACME], streams=streams)
    assert company_of(emulator) == expected


def test_a_link_that_is_only_made_at_creation_is_completed_later(run, emulator):
    streams = {"people": LATER["people"] | {"fields": {"company_id": "create_only"}}}
    run([PEOPLE, ANN], streams=streams)
    run([COMPANIES, ACME], streams=streams)
    assert company_of(emulator) == "Acme"


def test_other_fields_that_people_typed_meanwhile_stay(run, emulator):
    run([PEOPLE, ANN], streams=LATER)
    (ann,) = emulator.copper.records("people")
    emulator.copper.change("people", ann["id"], {"name": "Ann Lee"})
    run([COMPANIES, ACME], streams=LATER)
    assert company_of(emulator, "Ann Lee") == "Acme"


def test_a_record_that_cannot_be_written_without_its_reference_waits(run, emulator):
    activities = schema_of("activities", "details", "type", "person")
    streams = {
        "activities": {
            "missing_reference": "link_later",
            "references": {"parent": {"stream": "people", "source_id": "person"}},
        }
    }
    note = record_of("activities", id=1, details="Called", type="Note", person=1)
    assert run([activities, note], streams=streams).of("activities") == {"input": 1, "waiting": 1}
    done = run([PEOPLE, ANN], streams=streams)
    assert done.of("activities") == {"input": 1, "created": 1}
    assert emulator.copper.count("activities") == 1


def test_a_reference_by_match_is_linked_when_the_crm_has_the_record(run, emulator):
    schema = schema_of("people", "name", "email", "domain")
    streams = {
        "people": {
            "missing_reference": "link_later",
            "references": {"company_id": {"object": "companies", "match": {"email_domain": "domain"}}},
        }
    }
    run([schema, record_of("people", id=1, name="Ann", email="a@acme.example", domain="acme.example")], streams=streams)
    emulator.copper.insert("companies", {"name": "Acme", "email_domain": "acme.example"})
    done = run([schema], streams=streams)
    assert done.report["linked"] == {"people": 1}
    assert company_of(emulator) == "Acme"


@pytest.mark.parametrize("policy", ["wait", "link_later"])
def test_a_reference_by_match_finds_what_the_same_run_writes_later(run, emulator, policy):
    schema = schema_of("people", "name", "email", "domain")
    companies = schema_of("companies", "name", "email_domain")
    streams = {
        "people": {
            "missing_reference": policy,
            "references": {"company_id": {"object": "companies", "match": {"email_domain": "domain"}}},
        }
    }
    ann = record_of("people", id=1, name="Ann", email="a@acme.example", domain="acme.example")
    acme = record_of("companies", id=1, name="Acme", email_domain="acme.example")
    done = run([schema, ann, companies, acme], streams=streams, batch_size_rows=1)
    assert done.of("people") == {"input": 1, "created": 1}
    assert done.report["missing"] == []
    assert company_of(emulator) == "Acme"


def test_a_link_that_the_crm_refuses_stays_and_says_why(run, emulator, tmp_path):
    run([PEOPLE, ANN], streams=LATER)
    emulator.script("PUT /people/{id}", ["error:status=422"])
    done = run([COMPANIES, ACME], streams=LATER)
    assert (done.code, done.report["closed"]) == (0, True)
    assert "is not linked" in done.errors
    assert done.report["missing"][0]["reason"]
    assert pending(tmp_path)
    run([COMPANIES], streams=LATER)
    assert company_of(emulator) == "Acme"


def test_a_link_whose_answer_is_lost_is_made_once(run, emulator):
    run([PEOPLE, *map(person, range(12))], streams=LATER)
    emulator.trouble("lost:route=POST /people/bulk_update,every=2", "lost:route=POST /people/{id}/related,every=3")
    done = run([COMPANIES, ACME], streams=LATER)
    assert done.report["missing"] == []
    assert {person["company_id"] for person in emulator.copper.records("people")} == {
        company["id"] for company in emulator.copper.records("companies")
    }
    assert done.report["closed"]


def test_the_dry_run_shows_links_as_they_would_be_made(run, emulator):
    run([PEOPLE, ANN], streams=LATER)
    before = len(emulator.requests)
    dry = run([COMPANIES, ACME], streams=LATER, dry_run=True)
    (line,) = [line for line in dry.errors.splitlines() if line.startswith("people 1: ")]
    assert "company_id: -" in line
    assert not [request for request in emulator.requests[before:] if request.method in {"PUT", "DELETE"}]
    assert company_of(emulator) is None
    real = run([COMPANIES, ACME], streams=LATER)
    assert dry.report["linked"] == real.report["linked"] == {"people": 1}
    assert dry.report["dry_run"]["requests"] == real.report["requests"]["requests"]


def test_the_history_tells_of_the_link(run, tmp_path):
    run([PEOPLE, ANN], streams=LATER)
    run([COMPANIES, ACME], streams=LATER)
    with closing(sqlite3.connect(tmp_path / "ledger.sqlite")) as ledger:
        events = ledger.execute("SELECT action, fields FROM history WHERE source_id = '1' ORDER BY id").fetchall()
    assert [(action, json.loads(fields)) for action, fields in events][1:] == [("linked", ["company_id"])]


@pytest.mark.parametrize("instant", range(6))
def test_a_killed_run_leaves_every_link_to_the_next(settings, emulator, tmp_path, instant):
    """Killed by the emulator's own answer to the n-th write: whatever was in flight then is done by the next run."""
    streams = CIRCLE
    count = 23
    companies = [record_of("companies", id=f"C{n}", name=f"Company {n}", contact=n) for n in range(count)]
    people = [person(n, company=f"C{n}") for n in range(count)]
    messages = [COMPANIES, *companies, PEOPLE, *people]
    config = tmp_path / "config.json"
    config.write_text(json.dumps(settings | {"streams": streams}))
    seen = 0

    def kill(request):
        nonlocal seen
        if request.method in {"PUT", "POST", "DELETE"} and not request.route.endswith("/search"):
            seen += 1
            if seen == 3 + instant * 5:
                os.kill(process.pid, signal.SIGKILL)

    emulator.between_requests(kill)
    process = Command("target-crm", "--config", config, main=main)
    process.communicate(as_lines(messages))
    assert process.returncode == -signal.SIGKILL
    until_all_is_read(emulator.url)
    process = Command("target-crm", "--config", config, main=main)
    _, errors = process.communicate(as_lines(messages))
    assert process.returncode == 0, errors.decode()
    companies_there = {company["name"].split()[1]: company for company in emulator.copper.records("companies")}
    people_there = {found["name"][1:]: found for found in emulator.copper.records("people")}
    assert emulator.copper.count("companies") == emulator.copper.count("people") == count
    for number in map(str, range(count)):
        assert people_there[number]["company_id"] == companies_there[number]["id"]
        assert companies_there[number]["primary_contact_id"] == people_there[number]["id"]


@pytest.mark.parametrize("policy", ["source", "crm", "review"])
def test_what_a_person_linked_meanwhile_stays_where_conflicts_are_not_the_sources(run, emulator, policy):
    streams = {"people": LATER["people"] | {"conflicts": policy}}
    run([PEOPLE, ANN], streams=streams)
    (ann,) = emulator.copper.records("people")
    emulator.copper.insert("companies", {"name": "Chosen"})
    (chosen,) = emulator.copper.records("companies")
    emulator.copper.change("people", ann["id"], {"company_id": chosen["id"]})
    done = run([COMPANIES, record_of("companies", id="A", name="Acme"), PEOPLE, ANN], streams=streams)
    (ann,) = emulator.copper.records("people")
    assert (ann["company_id"] == chosen["id"]) == (policy != "source")
    assert done.report["linked"] == ({"people": 1} if policy == "source" else {})
    assert done.report["conflicts"] == ({"people": {"company_id": 1}} if policy == "crm" else {})
    assert ("conflicts is review" in done.errors) == (policy == "review")
    emulator.copper.change("people", ann["id"], {"company_id": None})
    done = run([PEOPLE, ANN], streams=streams)
    assert done.report["linked"] == ({"people": 1} if policy == "review" else {})


def test_a_record_that_was_linked_later_is_sent_whole_if_it_differs_in_what_no_digest_tells(run, emulator):
    streams = {"people": LATER["people"] | {"fields": {"tags": "replace"}}}
    people = schema_of("people", "name", "email", "company", "tags")
    ann = {"id": 1, "name": "Ann", "company": "A"}
    run([people, record_of("people", **ann, tags=["a", "b"])], streams=streams)
    run([COMPANIES, record_of("companies", id="A", name="Acme")], streams=streams)
    before = len(emulator.requests)
    run([people, record_of("people", **ann, tags=["b", "a"])], streams=streams)
    updates = [json.loads(each.body) for each in emulator.requests[before:] if each.method == "PUT"]
    assert updates == [{"name": "Ann", "tags": ["b", "a"]}]


@pytest.fixture
def replayed(settings, tmp_path):
    """The command ``singer-crm rejected``, with streams that hold conflicts for a review."""
    file = tmp_path / "config.json"

    def replayed(*words):
        streams = {"people": LATER["people"] | {"conflicts": "review"}}
        file.write_text(json.dumps(settings | {"streams": streams}))
        return CliRunner().invoke(operator, ["rejected", *words, "--config", str(file)])

    return replayed


@pytest.mark.parametrize(("side", "company"), [("source", "Acme"), ("crm", "Typed")])
def test_a_link_that_waits_for_a_review_ends_with_the_side_that_somebody_takes(
    run, emulator, tmp_path, replayed, side, company
):
    streams = {"people": LATER["people"] | {"conflicts": "review"}}
    run([PEOPLE, ANN, person(2)], streams=streams)
    typed = emulator.copper.insert("companies", {"name": "Typed"})["id"]
    for ann in emulator.copper.records("people"):
        emulator.copper.change("people", ann["id"], {"company_id": typed})
    assert "rejected replay --take source" in run([COMPANIES, ACME], streams=streams).errors
    listed = replayed("list").output
    assert "company_id is not linked" in listed
    assert "2 links to be decided" in listed
    assert replayed("replay", "--source-id", "1", "--take", side).exit_code == 0
    assert (company_of(emulator), company_of(emulator, "P2")) == (company, "Typed")
    assert [source_id for source_id, *_ in pending(tmp_path)] == ["2"]
    assert run([COMPANIES, ACME, PEOPLE, ANN], streams=streams).of("people") == {"input": 1, "unchanged": 1}
    later = record_of("people", **ANN["record"] | {"company": "B"})
    run([COMPANIES, record_of("companies", id="B", name="Bolt"), PEOPLE, later], streams=streams)
    assert company_of(emulator) == "Bolt"


def test_a_record_that_changes_its_parent_is_linked_anew_where_nobody_edited_it(run, emulator):
    streams = {"people": LATER["people"] | {"conflicts": "review"}}
    run([COMPANIES, ACME, PEOPLE, ANN], streams=streams)
    run([PEOPLE, record_of("people", **ANN["record"] | {"company": "B"})], streams=streams)
    run([COMPANIES, record_of("companies", id="B", name="Bolt")], streams=streams)
    assert company_of(emulator) == "Bolt"
