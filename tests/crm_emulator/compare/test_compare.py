"""Recorded answers of an account, compared with what the emulator answers."""

import re

import pytest

from crm_emulator import Emulator
from tests.crm_emulator.compare.recorder import Recorder

CRMS = ("copper", "freshsales", "freshsales_classic", "apptivo")


@pytest.fixture(scope="module")
def emulator():
    """An account of other records than the ones that compare makes."""
    with Emulator(seed=3, people=30, companies=12, leads=15, opportunities=20, tasks=10, activities=40) as running:
        yield running


def use_copper(copper):
    for name in ("people", "companies", "opportunities", "leads", "tasks", "activities"):
        found = copper.ask("POST", f"/{name}/search", {"page_size": 20})
        copper.ask("GET", f"/{name}/{found[3]['id']}")
    for name in ("account", "users", "pipelines", "custom_field_definitions", "contact_types"):
        copper.ask("GET", f"/{name}")
    users = copper.ask("POST", "/users/search", {})
    copper.ask("POST", "/people/search", {"assignee_ids": [users[0]["id"]], "page_size": 5, "page_number": 1})
    person = copper.ask("POST", "/people", {"name": "Zoë Secret", "assignee_id": users[1]["id"]})
    copper.ask("PUT", f"/people/{person['id']}", {"emails": [{"email": "zoe@secret.example", "category": "work"}]})
    copper.ask("POST", "/people/fetch_by_email", {"email": "zoe@secret.example"})
    copper.ask("POST", "/people", {"nmae": "Zoë"})
    copper.ask("DELETE", f"/people/{person['id']}")
    copper.ask("GET", f"/people/{person['id']}")
    copper.ask("GET", "/account", is_signed=False)


def use_freshsales(freshsales):
    views = freshsales.ask("GET", "/contacts/filters")["filters"]
    for view in views[:2]:
        freshsales.ask("GET", f"/contacts/view/{view['id']}?per_page=5&sort=updated_at&sort_type=asc")
    views = freshsales.ask("GET", "/sales_accounts/filters")["filters"]
    freshsales.ask("GET", f"/sales_accounts/view/{views[0]['id']}")
    freshsales.ask("GET", "/selector/owners")
    freshsales.ask("GET", "/settings/contacts/fields")
    made = freshsales.ask("POST", "/contacts", {"contact": {"last_name": "Secret", "email": "zoe@secret.example"}})
    contact = made["contact"]["id"]
    freshsales.ask("GET", f"/contacts/{contact}?include=owner")
    freshsales.ask("GET", "/lookup?f=email&q=zoe@secret.example&entities=contact")
    freshsales.ask("PUT", f"/contacts/{contact}", {"contact": {"job_title": "Spy"}})
    freshsales.ask("POST", "/deals", {"deal": {"name": "Secret", "amount": 12}})
    freshsales.ask("DELETE", f"/contacts/{contact}")
    freshsales.ask("GET", "/contacts/99999999999")


def use_apptivo(apptivo):
    for name in ("contacts", "customers", "leads", "opportunities", "cases"):
        found = apptivo.ask("POST", f"/{name}?a=getAll", {"numRecords": "10", "startIndex": "0"})
        key = {"opportunities": "opportunityId"}.get(name, f"{name[:-1]}Id")
        apptivo.ask("GET", f"/{name}?a=getById&{key}={found['data'][2][key]}")
        apptivo.ask("GET", f"/{name}?a=getConfigData")
    apptivo.ask("POST", "/employees?a=getAll", {"objectId": "8"})
    apptivo.ask("POST", "/contacts?a=save", {"contactData": '{"lastName": "Secret"}'})
    apptivo.ask("POST", "/contacts?a=getAllByAdvancedSearch", {"searchData": '{"lastName": "Secret"}'})


USES = {
    "copper": use_copper,
    "freshsales": use_freshsales,
    "freshsales_classic": use_freshsales,
    "apptivo": use_apptivo,
}


@pytest.mark.parametrize("crm", CRMS)
def test_a_recording_of_the_emulator_itself_is_equal(emulator, compare, crm):
    recorder = Recorder(getattr(emulator, crm))
    USES[crm](recorder)
    code, printed = compare(recorder)
    assert (code, printed.splitlines()[-1]) == (0, "no difference"), printed
    assert f"{len(recorder.entries)} recorded requests compared" in printed
    for value in ("Secret", "secret", recorder.vendor.api_key):
        assert value not in printed


CONTACT = {"contact": {"last_name": "Lee"}}
KNOWN = {
    "copper.unknown_attributes=ignore": (("POST", "/people", {"name": "Zoë", "hobby": "x"}), "status: 200, here 422"),
    "copper.converted_value=number": (
        ("POST", "/opportunities/search", {"page_size": 20}),
        "[].converted_value: number, here text",
    ),
    "freshsales.create_status=200": (("POST", "/contacts", CONTACT), "status: 200, here 201"),
    "freshsales_classic.read_ids=present": (("POST", "/contacts", CONTACT), "contact.territory_id: recorded (null)"),
    "apptivo.read_wrapper=data": (("GET", "/contacts?a=getById&contactId=21330001"), "data: recorded (object)"),
}


@pytest.mark.daily(one_of=2)
@pytest.mark.parametrize("switch", KNOWN)
def test_a_known_difference_is_told_with_the_switch_that_makes_it_equal(compare, switch):
    asked, said = KNOWN[switch]
    crm, name, value = re.split("[.=]", switch)
    with Emulator(seed=5, people=10) as emulator:
        recorder = Recorder(getattr(emulator, crm))
        kind = type(getattr(recorder.vendor.switches, name))
        setattr(recorder.vendor.switches, name, kind(value))
        recorder.ask(*asked)
    code, printed = compare(recorder)
    assert code == 1, printed
    assert said in printed
    assert f"--switch {switch}" in printed
    assert "converted_value=null" not in printed  # numbers were recorded: no nulls would make them equal
    code, printed = compare(recorder, "--switch", switch)
    assert (code, printed.splitlines()[-1]) == (0, "no difference"), printed
