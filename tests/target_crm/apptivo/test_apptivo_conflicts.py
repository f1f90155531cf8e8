"""Fields of Apptivo that its answers leave out where they are empty, under each policy."""

from __future__ import annotations

import pytest

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
