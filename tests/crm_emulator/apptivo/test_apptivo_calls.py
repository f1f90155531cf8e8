"""Sections 1, 2, 9 and 11 of the Apptivo reference: transport, keys, failures, throttling."""

import json

import pytest
import requests

from crm_emulator import Emulator, Rate

LEAD = {"lastName": "Rivera", "firstName": "Ada"}


def call(firm, method, *, query, form=None):
    url = f"{firm.vendor.base_url}/leads"
    return requests.request(method, url, params=query, data=form, timeout=120).json()


@pytest.mark.parametrize(
    ("method", "in_query", "in_form"),
    [
        ("POST", (), ("a", "leadData", "apiKey", "accessKey")),
        ("POST", ("a",), ("leadData", "apiKey", "accessKey")),
        ("GET", ("a", "leadData", "apiKey", "accessKey"), ()),
        ("POST", ("a", "apiKey", "accessKey"), ("leadData",)),
    ],
)
def test_parameters_may_stand_in_the_query_or_in_the_form_or_in_both(firm, method, in_query, in_form):
    values = {"a": "save", "leadData": json.dumps(LEAD), **firm.keys}
    answer = call(
        firm, method, query={name: values[name] for name in in_query}, form={name: values[name] for name in in_form}
    )
    assert answer["lead"]["fullName"] == "Ada Rivera"


@pytest.mark.parametrize(
    "wrong", [{"apiKey": "x"}, {"accessKey": "x"}, {"apiKey": ""}, {"accesKey": "x", "accessKey": ""}]
)
def test_a_wrong_or_missing_key_is_a_failure_inside_a_200_that_names_the_key(firm, wrong):
    url = f"{firm.vendor.base_url}/leads"
    answer = requests.get(url, params={"a": "getConfigData", **firm.keys, **wrong}, timeout=120)
    assert answer.status_code == 200
    assert "Key" in firm.reason(answer.json())


def test_keys_that_are_right_show_the_configuration(firm):
    assert "displayName" in firm("leads", "getConfigData")


def test_a_call_may_be_made_on_behalf_of_an_employee(firm):
    lead = firm.save("leads", LEAD, userName="grace@emulator.example")
    assert lead["createdByName"] == "Grace Hopper"
    assert firm.save("leads", LEAD)["createdByName"] == "Ada Lovelace"
    assert "userName" in firm.reason(firm("leads", "save", leadData=LEAD, userName="nobody@x.example"))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "leadData is required"),
        ({"leadData": "{"}, "leadData is not valid JSON"),
        ({"leadData": "[]"}, "leadData must be a JSON object"),
        ({"leadData": {"firstName": "x"}}, "lastName is required"),
    ],
)
def test_a_call_that_cannot_be_read_is_a_failure_with_its_reason(firm, values, said):
    assert firm.reason(firm("leads", "save", **values)) == said
    assert firm.vendor.count("leads") == 0


def test_an_unknown_action_is_a_failure_and_an_unknown_object_a_page(firm):
    assert firm.reason(firm("leads", "createLead", leadData=LEAD)) == "Invalid action: createLead"
    assert "bulkSave" in firm.reason(firm("leads", "bulkSave", leadData=[LEAD]))
    answer = requests.post(f"{firm.vendor.base_url}/nothing?a=save", data=firm.keys, timeout=120)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


def test_the_json_style_saves_updates_and_deletes_by_switch(firm):
    assert firm.reason(firm.rest("POST", "leads", LEAD).json())
    assert firm.reason(firm.rest("POST", "leads", LEAD, a="save").json()) == "leadData is required"
    assert firm.vendor.count("leads") == 0
    firm.vendor.switches.rest_style = True
    lead = firm.rest("POST", "leads", LEAD).json()["lead"]
    changed = firm.rest("PUT", f"leads/{lead['leadId']}", {"jobTitle": "CEO"}).json()["lead"]
    assert (changed["jobTitle"], changed["lastName"]) == ("CEO", "Rivera")
    assert firm.rest("DELETE", f"leads/{lead['leadId']}").json()["status"] == "SUCCESS"
    assert firm.vendor.count("leads") == 0


def test_the_json_style_applies_every_attribute_that_was_sent(firm):
    firm.vendor.switches.rest_style = True
    attribute = firm.vendor.define_attribute("leads", "Shoe Size", "number")
    lead = firm.rest("POST", "leads", LEAD).json()["lead"]
    sent = {
        "addresses": [{"city": "Graz"}],
        "customAttributes": [{"customAttributeId": attribute["id"], "customAttributeValue": "44"}],
    }
    changed = firm.rest("PUT", f"leads/{lead['leadId']}", sent).json()["lead"]
    assert changed["addresses"] == [{"city": "Graz"}]
    assert changed["customAttributes"][0]["numberValue"] == 44


def test_a_json_body_is_also_taken_with_the_action_in_the_url(firm):
    firm.vendor.switches.rest_style = True
    assert firm.rest("POST", "leads", LEAD, a="save").json()["lead"]["lastName"] == "Rivera"


def test_a_throttled_call_is_a_429_or_a_failure_by_switch(firm):
    firm.vendor.use_quota((Rate(1, 60.0),))
    firm.vendor.switches.rest_style = True
    firm.rest("POST", "leads", LEAD)
    assert firm.rest("POST", "leads", LEAD).status_code == 429
    firm.vendor.switches.throttle_style = "failure"
    assert firm.reason(firm.rest("POST", "leads", LEAD).json()) == "Too many requests"


def test_no_rate_is_published(firm):
    firm.vendor.use_quota()
    assert firm.vendor.quota.rates == ()


def test_trouble_strikes_an_action_by_its_name(firm, emulator):
    emulator.script("POST /app/dao/v6/leads?a=save", ["error:status=503", "ok"])
    url = f"{firm.vendor.base_url}/leads"
    form = {"a": "save", "leadData": json.dumps(LEAD), **firm.keys}
    assert [requests.post(url, data=form, timeout=120).status_code for _ in range(2)] == [503, 200]
    assert firm.vendor.count("leads") == 1
    assert emulator.journal.count(route="/app/dao/v6/leads?a=save") == 2


def test_a_session_key_is_given_at_login_and_wanted_by_exports(emulator, firm):
    login = f"{emulator.url}/apptivo/app/login"
    form = {"emailId": firm.vendor.user_name, "password": "emulated-password", "firmId": "1"}
    session = requests.post(f"{login}?a=login&generateSessionkey=true", data=form, timeout=120).json()
    key = session["responseObject"]["authenticationKey"]
    firm.save("leads", LEAD)
    url = f"{firm.vendor.base_url}/datamanagement"
    found = requests.get(url, params={"a": "getAll", "sessionKey": key, "objectId": 4}, timeout=120).json()
    assert found["countOfRecords"] == 1
    assert firm.reason(firm("datamanagement", "getAll", objectId=4)) == "sessionKey is required"
    wrong = requests.post(f"{login}?a=login", data={**form, "password": "x"}, timeout=120).json()
    assert firm.reason(wrong)


def test_the_same_seed_gives_the_same_records_and_none_when_empty():
    def records(seed: int) -> dict[str, list[object]]:
        with Emulator(seed=seed) as emulator:
            return {name: emulator.apptivo.records(name) for name in emulator.apptivo.tables}

    first = records(3)
    assert first == records(3)
    assert first["leads"] != records(4)["leads"]
    assert len(first["customers"]) == 12
    with Emulator(empty=True) as emulator:
        assert emulator.apptivo.count("leads") == 0
        assert emulator.apptivo.count("employees") == 3
