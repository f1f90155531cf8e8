"""Edits by people between two requests of ours, or where ours got no answer: none is lost, and no record doubled."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from target_crm.cli.main import main
from tests.target_crm.messages import record_of, schema_of

PEOPLE = schema_of("people", "title", "details", "cf_tier", name={"type": "string"})
PROTECTED = pytest.mark.parametrize("policy", ["crm", "review"])


def person(number=1, **more):
    return record_of("people", **{"id": number, "name": f"P{number}", "title": "A", "details": "one"} | more)


def only(emulator):
    (found,) = emulator.copper.records("people")
    return found


@pytest.fixture
def edit_once(emulator):
    """Edit the only person, as soon as a request comes and a condition holds."""

    def edit_once(holds, **change):
        def look(request):
            if holds(request):
                undo()
                emulator.copper.change("people", only(emulator)["id"], change)

        undo = emulator.between_requests(look)

    return edit_once


@PROTECTED
def test_an_edit_between_two_versions_of_one_run_stays(run, emulator, edit_once, policy):
    streams = {"people": {"conflicts": policy}}
    run([PEOPLE, person()], streams=streams)
    edit_once(lambda _: only(emulator)["title"] == "B", title="typed")
    run([PEOPLE, person(title="B"), person(title="C")], streams=streams, batch_size_rows=1)
    assert only(emulator)["title"] == "typed"


@pytest.mark.parametrize("policy", ["source", "crm", "review"])
def test_what_the_source_never_had_is_not_emptied_when_somebody_filled_it(run, emulator, policy):
    streams = {"people": {"null_values": "send", "conflicts": policy}}
    run([PEOPLE, person(title=None)], streams=streams)
    emulator.copper.change("people", only(emulator)["id"], {"title": "typed"})
    done = run([PEOPLE, person(title=None, details="two")], streams=streams)
    assert done.of("people") == {"input": 1, "updated": 1}
    assert (only(emulator)["title"], done.report["conflicts"]) == ("typed", {})


@PROTECTED
def test_a_custom_field_that_gets_another_title_is_nobodys_edit(run, emulator, policy):
    field = {"name": "Tier", "data_type": "String", "available_on": ["person"]}
    field = emulator.copper.insert("custom_field_definitions", field)
    for title, value in (("Tier", "Gold"), ("Loyalty tier", "Silver")):
        emulator.copper.change("custom_field_definitions", field["id"], {"name": title})
        streams = {"people": {"conflicts": policy, "custom_fields": {title: "cf_tier"}}}
        assert run([PEOPLE, person(cf_tier=value)], streams=streams).code == 0
        has = {each["custom_field_definition_id"]: each["value"] for each in only(emulator)["custom_fields"]}
        assert has[field["id"]] == value


@pytest.mark.parametrize("ends", ["import", "forget"])
def test_a_lost_create_that_somebody_edited_is_in_doubt_and_no_second_one(run, emulator, settings, tmp_path, ends):
    emulator.trouble("error_after:status=500,route=POST /people", "error:status=500,route=POST /people/search")
    run([PEOPLE, person()], max_attempts=1)
    emulator.no_trouble()
    emulator.copper.change("people", only(emulator)["id"], {"title": "typed"})
    for _ in range(2):
        done = run([PEOPLE, person()])
        assert done.report["reject_kinds"] == {"people": {"in_doubt": 1}}
        assert only(emulator)["title"] == "typed"
    config, pairs = tmp_path / "config.json", tmp_path / "pairs.csv"
    config.write_text(json.dumps(settings))
    pairs.write_text(f"1,{only(emulator)['id']}\n")
    told = ["--stream", "people", str(pairs) if ends == "import" else "1", "--config", str(config)]
    assert CliRunner().invoke(main, ["ledger", ends, *told]).exit_code == 0
    done = run([PEOPLE, person()])
    assert (done.code, done.report["pending"]) == (0, 0)
    assert emulator.copper.count("people") == (1 if ends == "import" else 2)


@PROTECTED
def test_an_edit_before_the_run_itself_finds_its_lost_create_is_no_value_of_ours(run, emulator, edit_once, policy):
    streams = {"people": {"conflicts": policy, "fields": {"tags": "replace"}}}
    people = schema_of("people", "name", "tags")
    records = [record_of("people", id=1, name="P", tags=[tag]) for tag in ("a", "b")]
    emulator.trouble("error_after:status=500,route=POST /people,every=1,times=1")
    edit_once(lambda _: emulator.copper.count("people"), tags=["typed"])
    assert run([people, records[0]], streams=streams, max_attempts=1).of("people") == {"input": 1, "created": 1}
    run([people, records[1]], streams=streams)
    assert only(emulator)["tags"] == ["typed"]


@pytest.mark.parametrize("rows", [1, 100])
def test_a_flawed_version_gives_way_to_a_sound_one_that_follows(run, emulator, rows):
    versions = [person(), person(name=5), person(title="B")]
    done = run([PEOPLE, *versions], batch_size_rows=rows)
    assert (done.report["pending"], only(emulator)["title"]) == (0, "B")


@PROTECTED
def test_a_link_that_comes_late_leaves_what_somebody_filled_in_during_the_run(run, emulator, edit_once, policy):
    to_company = {"company_id": {"stream": "companies", "source_id": "company"}}
    people = {"conflicts": policy, "missing_reference": "link_later", "references": to_company}
    typed = emulator.copper.insert("companies", {"name": "Typed"})["id"]
    edit_once(lambda _: emulator.copper.count("people"), company_id=typed)
    person = [schema_of("people", "name", "company"), record_of("people", id=1, name="P", company=1)]
    company = [schema_of("companies", "name"), record_of("companies", id=1, name="C")]
    run([*person, *company], streams={"people": people, "companies": {}}, batch_size_rows=1)
    assert emulator.copper.count("companies") == 2
    assert only(emulator)["company_id"] == typed


@PROTECTED
def test_the_type_that_goes_with_every_update_of_an_activity_is_the_one_that_somebody_chose(run, emulator, policy):
    about = emulator.copper.insert("people", {"name": "P"})["id"]
    own = {"category": "user", "is_disabled": False, "count_as_interaction": True}
    types = [emulator.copper.insert("user_activity_types", {**own, "name": name}) for name in ("Visit", "Lunch")]
    activities = schema_of("activities", "parent", "type", "details")
    given = {"id": 1, "parent": {"type": "person", "id": about}, "type": "Visit"}
    streams = {"activities": {"conflicts": policy}}
    run([activities, record_of("activities", **given, details="one")], streams=streams)
    (made,) = emulator.copper.records("activities")
    emulator.copper.change("activities", made["id"], {"type": {"category": "user", "id": types[1]["id"]}})
    for details in ("two", "three"):
        run([activities, record_of("activities", **given, details=details)], streams=streams)
        (made,) = emulator.copper.records("activities")
        assert (made["details"], made["type"]["id"]) == (details, types[1]["id"])
