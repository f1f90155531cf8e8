"""Attributes that are not sent are named once, not once for each record, and counted wherever a run is told."""

from __future__ import annotations

import json

import pytest

from tests.target_crm.messages import record_of, schema_of

PEOPLE = schema_of("people", "name", "email", "company_name", "date_created", "interaction_count", "shoe_size")


def person(number, **more):
    return record_of("people", id=number, name=f"P{number}", email=f"p{number}@x.org", **more)


def warnings(done):
    return [line for line in done.errors.splitlines() if "Stream people: left out" in line]


def test_what_is_left_out_for_one_reason_is_one_warning_a_run(run):
    more = {"company_name": "Acme", "date_created": "2020-01-01", "interaction_count": 1, "shoe_size": 40}
    done = run([PEOPLE, *(person(number, **more) for number in range(30))], batch_size_rows=10)
    assert done.of("people")["created"] == 30
    assert len(warnings(done)) == 2
    (read_only,) = [line for line in warnings(done) if "company_name" in line]
    assert "company_name, date_created, interaction_count" in read_only
    assert "the CRM does not let it be written" in read_only
    assert "left out shoe_size: people have no such attribute" in done.errors


def test_it_is_counted_by_record_and_only_where_a_record_has_a_value(run):
    done = run([PEOPLE, person(1, shoe_size=40), person(2, shoe_size=None), person(3, shoe_size=41), person(4)])
    assert done.report["left_out"] == {
        "people": {"shoe_size": {"records": 2, "reason": "people have no such attribute", "nearest": None}}
    }
    assert "people: left out shoe_size of 2 records: people have no such attribute" in done.errors
    assert run([PEOPLE, person(5, shoe_size=None)]).report["left_out"] == {}


def test_a_record_that_is_not_written_has_nothing_left_out(run):
    done = run([PEOPLE, record_of("people", id=1, email="p1@x.org", shoe_size=40)])
    assert done.of("people") == {"input": 1, "rejected": 1}
    assert done.report["left_out"] == {}


def test_each_record_says_in_the_responses_what_was_left_out_of_it(run, tmp_path):
    path = tmp_path / "responses.jsonl"
    run([PEOPLE, person(1, shoe_size=40), person(2)], responses_path=str(path))
    schema, one, two = map(json.loads, path.read_text().splitlines())
    assert "left_out" in schema["schema"]["properties"]
    assert one["record"]["left_out"] == {"shoe_size": "people have no such attribute"}
    assert two["record"]["left_out"] is None


def test_a_dry_run_shows_it_too(run):
    done = run([PEOPLE, person(1, shoe_size=40)], dry_run=True)
    (line,) = [line for line in done.errors.splitlines() if line.startswith("people 1: create")]
    assert line.endswith("(left out: shoe_size)")
    assert done.report["left_out"]["people"]["shoe_size"]["records"] == 1


def test_the_hint_prefers_a_custom_field_of_the_account(run, emulator):
    emulator.copper.insert(
        "custom_field_definitions", {"name": "Shoe Sizes", "data_type": "Float", "available_on": ["person"]}
    )
    done = run([PEOPLE, person(1, shoe_size=40)])
    assert done.report["left_out"]["people"]["shoe_size"]["nearest"] == "cf_shoe_sizes"
    assert (
        "left out shoe_size: people have no such attribute: the nearest one is 'cf_shoe_sizes' (Shoe Sizes)"
        in done.errors
    )


def test_a_reference_that_is_left_out_counts(run):
    references = {"company_id": {"stream": "companies", "source_id": "firm"}}
    given = {"references": references, "missing_reference": "leave_out"}
    done = run(
        [schema_of("people", "name", "firm"), record_of("people", id=1, name="A", firm="x")], streams={"people": given}
    )
    assert done.of("people")["created"] == 1
    assert done.report["left_out"]["people"]["company_id"]["records"] == 1


@pytest.mark.parametrize(
    ("attributes", "kept", "lost"),
    [
        ({"email": "a@x.org", "EMAIL": "b@x.org"}, "a@x.org", "EMAIL"),
        ({"E-Mail": "a@x.org", "email": "b@x.org"}, "b@x.org", "E-Mail"),
    ],
)
def test_of_two_spellings_of_one_name_the_exact_one_is_taken_and_told_at_the_schema(
    run, emulator, attributes, kept, lost
):
    schema = schema_of("people", "name", *attributes)
    done = run([schema, record_of("people", id=1, name="A", **attributes)])
    assert f"Stream people: {lost} is sent only where email is empty" in done.errors
    assert [each["email"] for each in emulator.copper.records("people")[0]["emails"]] == [kept]
    assert done.report["left_out"]["people"][lost]["records"] == 1
    assert f"Stream people: {lost} is sent only" in run([schema], source_name="no records").errors


def test_of_two_names_of_one_value_the_second_is_sent_where_the_first_is_empty(run, emulator):
    schema = schema_of("people", "name", "title", "job_title")
    done = run(
        [
            schema,
            record_of("people", id=1, name="A", title="Chef", job_title="Cook"),
            record_of("people", id=2, name="B", title=None, job_title="Cook"),
            record_of("people", id=3, name="C", title="Chef", job_title="Chef"),
        ]
    )
    assert [each["title"] for each in emulator.copper.records("people")] == ["Chef", "Cook", "Chef"]
    assert "Stream people: job_title is sent only where title is empty" in done.errors
    assert done.report["left_out"]["people"]["job_title"]["records"] == 1


def test_the_source_id_is_there_for_itself_and_no_second_claim(run):
    companies = schema_of("companies", "company", "name", keys=("company",))
    done = run([companies, record_of("companies", company="Acme", name="Acme")])
    assert done.of("companies") == {"input": 1, "created": 1}
    assert "is sent only where" not in done.errors


def test_the_column_of_a_renamed_custom_field_is_told_with_what_to_do_which_helps(run, emulator):
    field = emulator.copper.insert(
        "custom_field_definitions", {"name": "Region", "data_type": "String", "available_on": ["person"]}
    )
    schema = schema_of("people", "name", "cf_region")

    def held():
        (ann,) = emulator.copper.records("people")
        return {each["custom_field_definition_id"]: each["value"] for each in ann["custom_fields"]}[field["id"]]

    run([schema, record_of("people", id=1, name="Ann", cf_region="North")])
    emulator.copper.change("custom_field_definitions", field["id"], {"name": "Sales Area"})
    row = record_of("people", id=1, name="Ann", cf_region="South")
    done = run([schema, row])
    said = "people have no custom field of that name; of one that was renamed say custom_fields: {its name: cf_region}"
    assert f"people: left out cf_region of 1 record: {said}" in done.errors
    assert held() == "North"
    done = run([schema, row], streams={"people": {"custom_fields": {"Sales Area": "cf_region"}}})
    assert done.report["left_out"] == {}
    assert held() == "South"
