"""Settings name the fields of a record in any spelling; what stream maps and references read is used up."""

from __future__ import annotations

import pytest

from target_crm.singer.stream_maps import read_by_maps
from tests.target_crm.messages import record_of, schema_of


@pytest.mark.parametrize(
    ("rules", "read"),
    [
        ({"name": "vorname + ' ' + nachname"}, {"vorname", "nachname"}),
        ({"name": "record['Vor Name'] + _.get('Nach Name', '')"}, {"Vor Name", "Nach Name", "record", "_"}),
        ({"email": "email.lower()"}, set()),
        ({"name": "md5(secret)", "__filter__": "active == 1", "__alias__": "folk"}, {"secret", "active"}),
        ({"name": None, "other": "__NULL__", "__else__": None}, {"__NULL__"}),
        ("__NULL__", set()),
    ],
)
def test_the_names_that_a_stream_map_reads_are_known(rules, read):
    assert read_by_maps({"people": rules}, "people", "people") == read


def test_a_map_counts_for_the_streams_that_it_makes():
    maps = {"pub-*": {"a": "one"}, "folk": {"__source__": "pub-people", "b": "two"}}
    assert read_by_maps(maps, "pub-people", "pub-people") == {"one"}
    assert read_by_maps(maps, "pub-people", "folk") == {"one", "two"}
    assert read_by_maps(maps, "other", "other") == frozenset()
    assert read_by_maps(None, "other", "other") == frozenset()


def test_what_a_stream_map_used_is_not_complained_of(run, emulator):
    schema = schema_of("people", "vorname", "nachname", "PHONE", "shoe_size")
    maps = {"people": {"name": "vorname + ' ' + nachname", "phone": "'+49' + PHONE"}}
    record = record_of("people", id=1, vorname="Ann", nachname="Bee", PHONE="555", shoe_size=40)
    done = run([schema, record], stream_maps=maps)
    (person,) = emulator.copper.records("people")
    assert person["name"] == "Ann Bee"
    assert [each["number"] for each in person["phone_numbers"]] == ["+49555"]
    assert list(done.report["left_out"]["people"]) == ["shoe_size"]
    strict = {"people": {"unknown_attributes": "reject", "exclude": ["shoe_size"]}}
    assert run([schema, record], stream_maps=maps, streams=strict, source_name="b").report["left_out"] == {}


def test_settings_name_fields_of_a_record_in_any_spelling(run, emulator):
    emulator.copper.insert(
        "custom_field_definitions", {"name": "Loyalty", "data_type": "Float", "available_on": ["person"]}
    )
    given = {
        "source_id": "customer_no",
        "custom_fields": {"LOYALTY": "points"},
        "exclude": ["internal note", "Websites"],
        "match_on": ["E-Mails", "Phone"],
        "fields": {"Job Title": "fill_empty", "TAGS": "replace"},
    }
    record = {"CUSTOMER_NO": 7, "Name": "Ann", "Points": 5, "Internal_Note": "x", "website": "a.org", "title": "Boss"}
    schema = schema_of("people", *record, keys=[])
    done = run([schema, record_of("people", **record)], streams={"people": given})
    assert done.of("people") == {"input": 1, "created": 1}, done.errors
    assert "SCHEMA has no" not in done.errors
    assert done.report["left_out"] == {}
    (person,) = emulator.copper.records("people")
    assert (person["title"], person["websites"]) == ("Boss", [])
    assert 5 in [each["value"] for each in person["custom_fields"]]
    again = run([schema, record_of("people", **record, more=1)], streams={"people": given})
    assert again.of("people") == {"input": 1, "unchanged": 1}


def test_a_name_with_several_spellings_in_the_schema_is_not_guessed(run):
    schema = schema_of("people", "name", "CustomerNo", "CUSTOMER_NO")
    record = record_of("people", id=1, name="A", CustomerNo=1, CUSTOMER_NO=2)
    done = run([schema, record], streams={"people": {"source_id": "customer_no"}})
    assert "streams.people.source_id: the stream's SCHEMA has 'customer_no' in several spellings, " in done.errors
    assert done.of("people") == {"input": 1, "rejected": 1}


def test_references_are_named_in_any_spelling_and_what_they_read_is_not_sent_under_another_name(run, emulator):
    references = {"Company": {"stream": "companies", "source_id": "company_ref"}}
    companies = [schema_of("companies", "name"), record_of("companies", id="c1", name="Acme")]
    people = [schema_of("people", "name", "CompanyRef"), record_of("people", id=1, name="A", CompanyRef="c1")]
    run([*companies, *people], streams={"people": {"references": references}})
    (company,) = emulator.copper.records("companies")
    assert [each["company_id"] for each in emulator.copper.records("people")] == [company["id"]]


def test_a_name_of_what_is_referred_to_by_its_id_is_told_how(run):
    done = run(
        [schema_of("people", "name", "Employer", "Company"), record_of("people", id=1, name="A", Company="Acme")]
    )
    reason = done.report["left_out"]["people"]["Company"]["reason"]
    assert "references.company_id to {object: companies, match: {name: Company}}" in reason


@pytest.mark.parametrize("given", [{"custom_fields": {"Loyalty": "_sdc_row"}}, {"endpoint": {"path": "/x/{_sdc_row}"}}])
def test_a_setting_that_would_send_a_column_about_the_record_stops_the_run_at_its_schema(run, emulator, given):
    emulator.copper.insert(
        "custom_field_definitions", {"name": "Loyalty", "data_type": "Float", "available_on": ["person"]}
    )
    messages = [schema_of("people", "name", "_sdc_row"), record_of("people", id=1, name="A", _sdc_row=1)]
    done = run(messages, streams={"people": given})
    assert done.code == 2
    assert "_sdc_row: columns that begin with _sdc_ are never sent" in done.errors
    assert emulator.copper.count("people") == 0


def test_columns_about_the_record_may_identify_it_and_refer(run, emulator):
    streams = {
        "people": {
            "source_id": ["_sdc_file", "_sdc_line"],
            "references": {"company_id": {"stream": "companies", "source_id": "_sdc_firm"}},
        }
    }
    schema = schema_of("people", "name", "_sdc_file", "_sdc_line", "_sdc_firm", keys=[])
    schema["schema"]["required"] = ["_sdc_file"]
    companies = [schema_of("companies", "name"), record_of("companies", id="c1", name="Acme")]
    rows = [record_of("people", name=f"P{line}", _sdc_file="a", _sdc_line=line, _sdc_firm="c1") for line in (1, 2)]
    done = run([*companies, schema, *rows], streams=streams)
    assert done.of("people") == {"input": 2, "created": 2}, done.errors
    assert all(each["company_id"] for each in emulator.copper.records("people"))
    assert run([*companies, schema, *rows], streams=streams).of("people") == {"input": 2, "unchanged": 2}


def test_the_crm_s_own_id_is_a_match_key_under_any_spelling(run, emulator):
    crm_id = emulator.copper.insert("people", {"name": "Ann"})["id"]
    messages = [schema_of("people", "ID", "title"), record_of("people", id=None, ID=crm_id, title="Boss")]
    messages[0]["key_properties"] = ["ID"]
    run(messages, streams={"people": {"match_on": ["Id"]}})
    assert [each["title"] for each in emulator.copper.records("people")] == ["Boss"]
