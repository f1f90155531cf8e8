"""Endpoints declared by hand on an Apptivo account do as ours do for its own objects."""

from __future__ import annotations

import pytest

from tests.target_crm.apptivo.sending import send

BY_HAND = {
    "path": "/leads",
    "format": "form",
    "property": "leadData",
    "query": {"a": "save", "isDuplicateCheck": "Y"},
    "exclude": ["id"],
    "answer": {"id": "$.lead.leadId"},
}


def declared(**changed):
    endpoint = {name: value for name, value in {**BY_HAND, **changed}.items() if name != "exclude"}
    return {"by_hand": {"endpoint": endpoint, "exclude": ["id"]}}


def test_a_lead_goes_through_an_endpoint_written_by_hand_with_the_keys_in_its_form(run, emulator, firm):
    done = send(run, "by_hand", {"id": 1, "lastName": "Smith"}, {"id": 2, "lastName": "Li"}, streams=declared())
    assert done.code == 0, done.errors
    assert done.of("by_hand") == {"input": 2, "created": 2}
    assert sorted(lead["lastName"] for lead in firm.records("leads")) == ["Li", "Smith"]
    saved = [request for request in emulator.requests if request.route.endswith("?a=save")]
    assert all(b"apiKey=" in request.body and "apiKey" not in request.query for request in saved)


def test_a_failure_inside_a_200_rejects_its_record_there_too(run, firm):
    done = send(run, "by_hand", {"id": 1, "firstName": "Ann"}, {"id": 2, "lastName": "Li"}, streams=declared())
    assert done.of("by_hand") == {"input": 2, "created": 1, "rejected": 1}
    assert "lastName is required" in done.errors
    assert len(firm.records("leads")) == 1


def test_a_json_endpoint_gets_its_keys_in_the_url_and_shows_none(run, emulator, firm):
    firm.switches.rest_style = True
    streams = declared(format="json", property=None, query={})
    done = send(run, "by_hand", {"id": 1, "lastName": "Smith"}, {"id": 2}, streams=streams)
    assert done.of("by_hand") == {"input": 2, "created": 1, "rejected": 1}
    assert "apiKey=" in emulator.requests[-1].query
    for key in (firm.api_key, firm.access_key):
        assert key not in done.errors


@pytest.mark.parametrize("format_", ["form", "json"])
def test_an_endpoint_elsewhere_gets_no_key_of_apptivo(run, emulator, firm, format_):
    elsewhere = emulator.anything.base_url.replace("127.0.0.1", "localhost") + "/elsewhere"
    streams = declared(path=elsewhere, format=format_, property=None, query={}, answer={})
    send(run, "by_hand", {"id": 1, "lastName": "Smith"}, streams=streams)
    asked = [request for request in emulator.requests if request.path.endswith("/elsewhere")]
    assert asked
    for request in asked:
        for key in (firm.api_key, firm.access_key):
            assert key not in request.query
            assert key.encode() not in request.body
