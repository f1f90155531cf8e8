"""Settings of the wrong shape: one sentence names the setting, the value and what is expected; nulls are left out."""

from __future__ import annotations

import pytest
from singer_sdk.exceptions import ConfigValidationError

from target_crm.target import TargetCrm
from tests.target_crm.messages import record_of, schema_of

PEOPLE = [schema_of("people", "name"), record_of("people", id=1, name="Ann")]


def said(**config):
    with pytest.raises(ConfigValidationError) as caught:
        TargetCrm(config={"crm": "copper", **config})
    return " ".join(caught.value.errors)


def of_people(**settings):
    return {"people": settings}


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (
            {"streams": {"a": {"custom_fields": [{"name": "Score"}]}}},
            "streams.a.custom_fields must be an object or a list of objects with name and attribute, not",
        ),
        (
            {"streams": of_people(fields={"title": {"conflicts": "ours"}})},
            'streams.people.fields.title.conflicts must be one of source, crm, review, not "ours".',
        ),
        ({"crm": None}, "The setting crm is missing: set it to one of copper, freshsales, apptivo, http."),
        ({"crm": "coper"}, 'crm must be one of copper, freshsales, apptivo, http, not "coper".'),
        ({"streams": "x"}, 'streams must be an object or a list, not "x".'),
        ({"streams": {"people": "x"}}, 'streams.people must be an object, not "x".'),
        ({"streams": {"people": ["upsert"]}}, 'streams.people must be an object, not ["upsert"].'),
        ({"streams": [{"object": "people"}]}, "The setting streams.0.name is missing."),
        (
            {"streams": of_people(load_method="upsrt")},
            "streams.people.load_method must be one of upsert, append-only, ",
        ),
        (
            {"streams": of_people(references={"company_id": {"stream": "companies"}})},
            "must be an object with stream and source_id or an object with object and match, not ",
        ),
        (
            {"streams": of_people(unknown_names="x")},
            "unknown_names must be reject or leave_out or an object with use, not ",
        ),
        ({"streams": of_people(endpoint="x")}, 'streams.people.endpoint must be an object, not "x".'),
        ({"batch_size_rows": "10"}, 'batch_size_rows must be a whole number, not "10".'),
    ],
)
def test_the_setting_is_named_with_what_it_should_be(config, sentence):
    assert sentence in said(**config)


def test_a_secret_of_the_wrong_type_is_not_shown():
    assert "12345678" not in said(api_key=12345678)
    assert "confidential" not in said(headers={"X-Key": ["confidential"]})


@pytest.mark.parametrize(
    "streams",
    [
        {"people": None},
        of_people(endpoint=None, endpoints=None, match_on=None, fields=None, load_method=None),
        [{"name": "people", "match_on": None}],
    ],
)
def test_what_is_null_is_as_if_it_were_left_out(run, streams):
    assert run(PEOPLE, streams=streams).of("people") == {"input": 1, "created": 1}


@pytest.mark.parametrize(
    "address", ["hooks/confidential", "ftp://hooks.example.com/confidential", "http://hooks.example.com/confidential"]
)
def test_a_webhook_that_cannot_be_is_named_and_not_shown(run, address):
    done = run(PEOPLE, responses_url=address)
    assert done.code == 2
    assert "responses_url" in done.errors
    assert "confidential" not in done.errors


def test_a_source_id_that_no_record_has_is_told_from_one_that_is_null(run):
    done = run(PEOPLE, streams=of_people(source_id="ide"))
    assert "ide is missing: the nearest one is 'id'" in done.errors
