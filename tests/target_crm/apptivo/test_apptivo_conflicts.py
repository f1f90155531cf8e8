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
