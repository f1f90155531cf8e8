"""Fields that an endpoint names are found in the record in any spelling, and sent as the endpoint spells them."""

from __future__ import annotations

import pytest

ENDPOINT = {"path": "/to/{account_id}", "attributes": ["firstName", "emailAddress"]}


def bodies(api, method="POST"):
    return [request["body"] for request in api.received(method)]


def test_attributes_and_addresses_are_filled_in_any_spelling(api, send):
    record = {"id": 1, "AccountId": 7, "First Name": "Ann", "EMAIL_ADDRESS": "ann@x.org", "other": 1}
    done = send([record], ENDPOINT)
    assert done.of("links") == {"input": 1, "created": 1}, done.errors
    assert [request["path"] for request in api.received()] == ["/to/7"]
    assert bodies(api) == [{"firstName": "Ann", "emailAddress": "ann@x.org"}]
    assert done.report["left_out"] == {}  # the user has chosen


def test_the_exact_spelling_wins(api, send):
    record = {"id": 1, "account_id": 7, "ACCOUNT_ID": 8, "firstName": "Ann", "first_name": "Bob", "Email address": "a"}
    send([record], ENDPOINT)
    (request,) = api.received()
    assert (request["path"], request["body"]) == ("/to/7", {"firstName": "Ann", "emailAddress": "a"})


def test_a_name_that_could_be_two_fields_is_none_of_them(send, api):
    done = send([{"id": 1, "AccountId": 7, "ACCOUNT_ID": 8}], ENDPOINT)
    assert done.code == 2
    assert "the create endpoint needs {account_id}, and the stream has it in several spellings" in done.errors
    assert api.received() == []


def test_a_whole_record_keeps_its_own_spelling(api, send):
    send([{"id": 1, "AccountId": 7, "Full Name": "Ann"}], {"path": "/to/{account_id}"})
    assert bodies(api) == [{"id": 1, "AccountId": 7, "Full Name": "Ann"}]


def test_xml_attributes_are_found_in_any_spelling(api, send):
    xml = {"root": "person", "attributes": ["personId"]}
    send([{"id": 1, "PERSON_ID": 7, "name": "Ann"}], {"path": "/xml", "format": "xml", "xml": xml})
    (request,) = api.received()
    assert 'personId="7"' in request["text"]
    assert "<name>Ann</name>" in request["text"]


@pytest.mark.parametrize("exclude", ["secret note", "SECRET_NOTE", "SecretNote"])
def test_exclude_names_a_field_in_any_spelling(api, send, exclude):
    streams = {"links": {"endpoint": {"path": "/in"}, "exclude": [exclude]}}
    send([{"id": 1, "secretNote": "x"}], streams=streams)
    assert bodies(api) == [{"id": 1}]
