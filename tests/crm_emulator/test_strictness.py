"""One switch over the many."""

from dataclasses import fields

import pytest
import requests

from crm_emulator import Emulator
from crm_emulator.control import set_switches
from crm_emulator.strictness import Strictness, switches_for


@pytest.fixture(scope="module")
def emulator():
    with Emulator(empty=True, strictness="strict") as emulator:
        yield emulator


def test_strict_and_lenient_are_values_of_switches_that_there_are_and_no_two_are_alike(emulator):
    for vendor in emulator.vendors:
        strict, lenient = (switches_for(vendor, each) for each in Strictness)
        assert strict.keys() == lenient.keys() <= {each.name for each in fields(vendor.switches)}
        for values in (lenient, strict):
            set_switches(vendor, values)  # raises for a value of another type
        described = vendor.described_switches()
        for name, value in [*strict.items(), *lenient.items()]:
            assert not isinstance(value, str) or value in described[name], name
            assert strict[name] != lenient[name], name


@pytest.mark.parametrize("strictness", Strictness)
def test_every_crm_has_its_records_however_strict_it_is(strictness):
    with Emulator(strictness=strictness, people=5) as emulator:
        for vendor in emulator.vendors[:-1]:  # the last is the endpoint for anything
            assert sum(vendor.counts().values()) > 20, vendor.name


def test_what_is_doubtful_is_refused_or_taken_at_every_crm(emulator):
    key = {"Authorization": f"Bearer {emulator.copper.access_token}"}
    token = {"Authorization": f"Token token={emulator.freshsales.api_key}"}
    keys = {"apiKey": emulator.apptivo.api_key, "accessKey": emulator.apptivo.access_key}
    keys["searchData"] = '{"favouriteColour": "red"}'

    def statuses():
        copper = requests.post(
            f"{emulator.copper.base_url}/people/search", json={"page_size": 500}, headers=key, timeout=120
        )
        freshsales = requests.post(
            f"{emulator.freshsales.base_url}/contacts", json={"last_name": "Lee"}, headers=token, timeout=120
        )
        found = requests.post(f"{emulator.apptivo.base_url}/customers?a=getAllByAdvancedSearch", data=keys, timeout=120)
        anything = requests.put(f"{emulator.anything.base_url}/people/7", json={}, timeout=120)
        return [copper.status_code, freshsales.status_code, "data" in found.json(), anything.status_code]

    emulator.set_strictness("strict")
    assert statuses() == [422, 400, False, 401]
    told = requests.put(f"{emulator.url}/_emulator/strictness", json="lenient", timeout=120).json()
    assert told["copper"]["oversized_page"] == "clamp"
    assert statuses() == [200, 201, True, 201]
    wrong = requests.put(f"{emulator.url}/_emulator/strictness", json="fussy", timeout=120)
    assert (wrong.status_code, wrong.json()) == (
        400,
        {"error": "strictness must be one of strict, lenient, not 'fussy'"},
    )
    requests.post(f"{emulator.url}/crm/copper/strictness", data={"strictness": "strict"}, timeout=120)
    assert [each.switches.retry_after for each in (emulator.copper, emulator.freshsales)] == [False, True]
