"""A field that is misspelt in a stream's settings is named, with the nearest one, before anything is written."""

from __future__ import annotations

import pytest

from tests.target_crm.messages import record_of, schema_of

PEOPLE = [schema_of("people", "name", "score", "company"), record_of("people", id=1, name="Ann", score=5, company="c1")]
COMPANY = {"stream": "companies", "source_id": "compny"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"source_id": ["idd"]}, "source_id: the stream's SCHEMA has no 'idd': the nearest one is 'id'"),
        ({"exclude": ["scroe"]}, "exclude: the stream's SCHEMA has no 'scroe': the nearest one is 'score'"),
        (
            {"references": {"company_id": COMPANY}},
            "references.company_id.source_id: the stream's SCHEMA has no 'compny'",
        ),
        (
            {"references": {"company_id": {"object": "companies", "match": {"name": "compny"}}}},
            "references.company_id.match: the stream's SCHEMA has no 'compny': the nearest one is 'company'",
        ),
        ({"custom_fields": {"Lead Score": "scroe"}}, "custom_fields[Lead Score]: the stream's SCHEMA has no 'scroe'"),
        ({"hard_delete": True, "delete_when": "gone"}, "delete_when: the stream's SCHEMA has no 'gone'"),
    ],
)
def test_a_setting_that_names_a_field_which_the_schema_lacks_is_told(run, emulator, given, said):
    emulator.copper.insert(
        "custom_field_definitions", {"name": "Lead Score", "data_type": "Float", "available_on": ["person"]}
    )
    assert f"streams.people.{said}" in run(PEOPLE, streams={"people": given}).errors


def test_nothing_is_told_of_fields_that_are_there_or_of_a_schema_that_says_nothing(run):
    given = {"source_id": "id", "exclude": ["score"], "references": {"company_id": {**COMPANY, "source_id": "company"}}}
    assert "the stream's SCHEMA has no" not in run(PEOPLE, streams={"people": given}).errors
    silent = [{**PEOPLE[0], "schema": {"type": "object", "properties": {}}}, PEOPLE[1]]
    assert "the stream's SCHEMA has no" not in run(silent, streams={"people": {"exclude": ["scroe"]}}).errors
