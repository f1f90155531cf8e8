"""Fields of Apptivo that its answers leave out where they are empty, under each policy."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from target_crm.cli.main import main
from tests.target_crm.apptivo.sending import send

CONTACT = {"id": 1, "last_name": "Smith", "email": "ann@acme.example"}


@pytest.mark.parametrize("policy", ["source", "crm", "review"])
def test_fields_that_nobody_filled_are_filled(run, firm, policy):
    streams = {"contacts": {"conflicts": policy}}
    send(run, "contacts", CONTACT, streams=streams)
    done = send(run, "contacts", {**CONTACT, "cf_loyalty_tier": "Gold", "job_title": "CTO"}, streams=streams)
    assert done.code == 0
    (contact,) = firm.records("contacts")
    assert contact["customAttributes"][0]["customAttributeValue"] == "Gold"
    assert contact["jobTitle"] == "CTO"


@pytest.mark.parametrize("answer", ["record", "status"])
def test_a_value_that_somebody_kept_is_no_edit_any_more_whatever_the_answer_shows(
    run, firm, settings, tmp_path, answer
):
    firm.switches.write_answer = answer
    streams = {"contacts": {"conflicts": "review"}}
    send(run, "contacts", {**CONTACT, "job_title": "CTO", "city": "Bonn"}, streams=streams)
    (contact,) = firm.records("contacts")
    firm.change("contacts", contact["id"], {"jobTitle": "typed"})
    done = send(run, "contacts", {**CONTACT, "job_title": "CEO", "city": "Ulm"}, streams=streams)
    assert done.report["reject_kinds"] == {"contacts": {"conflict": 1}}
    config = tmp_path / "config.json"
    config.write_text(json.dumps({**settings, "streams": streams}))
    CliRunner().invoke(main, ["rejected", "replay", "--all", "--take", "crm", "--config", str(config)])
    done = send(run, "contacts", {**CONTACT, "job_title": "CFO", "city": "Ulm"}, streams=streams)
    (contact,) = firm.records("contacts")
    assert (done.code, contact["jobTitle"], contact["addresses"][0]["city"]) == (0, "CFO", "Ulm")


@pytest.mark.usefixtures("style")
def test_what_somebody_adds_to_a_list_between_two_versions_of_one_run_stays(run, emulator, firm):
    def add(_):
        for contact in firm.records("leads"):
            undo()
            shipping = {"addressTypeCode": "2", "addressType": "Shipping Address", "city": "typed"}
            customs = [
                {**each, "customAttributeValue": "77", "numberValue": 77} if "numberValue" in each else each
                for each in contact["customAttributes"]
            ]
            firm.change("leads", contact["id"], {"addresses": [*contact["addresses"], shipping]})
            firm.change("leads", contact["id"], {"customAttributes": customs})

    undo = emulator.between_requests(add)
    lead = {"id": 1, "last_name": "Smith", "email": "ann@acme.example", "cf_lead_score": 1}
    versions = [{**lead, "city": city, "cf_lead_key": key} for city, key in (("Bonn", "1"), ("Ulm", "2"))]
    send(run, "leads", *versions, batch_size_rows=1)
    (contact,) = firm.records("leads")
    assert [each.get("city") for each in contact["addresses"]] == ["Ulm", "typed"]
    assert {each["customAttributeValue"] for each in contact["customAttributes"]} >= {"2", "77"}
