"""A name or a policy in the settings that cannot work is told at the SCHEMA, before anything is written."""

from __future__ import annotations

import pytest

from tests.target_crm.messages import record_of, schema_of

PEOPLE = schema_of("people", "name", "Job", "E-Mail")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"match_on": [[]]}, "streams.people.match_on must name attributes"),
        (
            {"fields": {"title": "create_only", "Job Title": "replace"}},
            "streams.people.fields: 'title' and 'Job Title' are two names of title",
        ),
        (
            {"fields": {"city": {"conflicts": "crm"}, "street": {"conflicts": "source"}}},
            "streams.people.fields: 'city' and 'street' are two names of address",
        ),
        ({"fields": {"date_created": "fill_empty"}}, "streams.people.fields.date_created has no effect"),
        ({"fields": {"custom_fields": "replace"}}, "streams.people.fields.custom_fields holds all custom fields"),
        (
            {"custom_fields": {"Customer Number": "Job", "customer number": "E-Mail"}},
            "streams.people.custom_fields: 'Customer Number' and 'customer number' are two names of cf_customer_number",
        ),
        (
            {
                "references": {
                    "company_id": {"stream": "firms", "source_id": "Job"},
                    "Company": {"object": "companies", "match": {"name": "Job"}},
                }
            },
            "streams.people.references: 'company_id' and 'Company' are two names of company_id",
        ),
        ({"delete_when": "Job"}, "streams.people.delete_when has no effect without hard_delete"),
        ({"fields": {"Costumer Number": "fill_empty"}}, "the nearest one is 'cf_customer_number'"),
        (
            {"compare_with": "crm", "fields": {"title": {"conflicts": "review"}}},
            "streams.people.fields.title.conflicts must be source with compare_with crm",
        ),
        (
            {"load_method": "append-only", "conflicts": "crm"},
            "streams.people.conflicts has no effect with load_method append-only",
        ),
    ],
)
def test_settings_that_cannot_work_stop_the_run_in_one_sentence(run, emulator, given, said):
    done = run([PEOPLE, record_of("people", id=1, name="A", Job="x")], streams={"people": given})
    assert (done.code, emulator.copper.count("people")) == (2, 0)
    assert said in done.errors
    assert "Traceback" not in done.errors


def test_a_match_key_that_no_attribute_gives_is_told_before_any_record(run):
    said = "Stream people: match_on finds no record in the CRM: no attribute of the SCHEMA gives cf_customer_number"
    assert said in run([PEOPLE], streams={"people": {"match_on": ["Customer Number"]}}).errors
    for given in (["E-mail"], ["Customer Number", "emails"], [["name", "emails"]], ["id"]):
        assert "match_on finds" not in run([PEOPLE], streams={"people": {"match_on": given}}).errors


def test_a_field_of_an_endpoint_that_is_there_in_two_spellings_is_told_so(run):
    schema = schema_of("notes", "First Name", "firstName")
    endpoint = {"path": "/activities", "attributes": ["first_name"]}
    done = run([schema, record_of("notes", id=1)], streams={"notes": {"endpoint": endpoint}})
    assert "the stream has it in several spellings, First Name and firstName: name one of them" in done.errors
    given = {"notes": {"endpoint": {"path": "/activities"}, "exclude": ["FIRST NAME"]}}
    assert "SCHEMA has" not in run([schema], streams=given).errors


def test_settings_for_a_stream_in_another_spelling_are_told(run):
    record = record_of("people", id=1, name="A")
    done = run([PEOPLE, record], streams={"People": {"unknown_names": "leave_out"}}, stream_maps={"PEOPLE": {"x": "1"}})
    assert "streams.People is not for stream 'people': streams are named as the source spells them" in done.errors
    assert "stream_maps.PEOPLE is not for stream 'people'" in done.errors
    rows = schema_of("rows", "name")
    done = run([rows, record_of("rows", id=1, name="A")], streams={"Rows": {"object": "people"}})
    assert done.code == 2
    assert "The settings have streams.Rows" in done.errors
