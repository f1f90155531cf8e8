"""Parts common to all emulated CRMs: registration, routes, switches, printed configuration, documentation."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from crm_emulator import Clock, Emulator, Rate
from crm_emulator.documentation import rendered

CRMS = ("copper", "freshsales", "freshsales_classic", "apptivo", "anything")
PAGE = Path(__file__).parents[2] / "docs" / "emulator.md"


@pytest.fixture
def emulator():
    with Emulator(empty=True) as running:
        yield running


def started(*options: str) -> tuple[subprocess.Popen[str], str]:
    """Start crm-emulator on a free port; return it and the text that it printed before it served."""
    command = [sys.executable, "-m", "crm_emulator", "--port", "0", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line.startswith("# control API"):
            return process, "".join(lines)
    raise AssertionError(process.communicate()[1])


def stopped(process: subprocess.Popen[str]) -> int:
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=240)
    return process.returncode


@pytest.mark.parametrize("name", CRMS)
def test_every_crm_is_an_attribute_with_a_base_url_of_its_own(emulator, name):
    vendor = getattr(emulator, name)
    assert vendor in emulator.vendors
    assert vendor.base_url.startswith(emulator.url + vendor.prefix)


def test_no_crm_lies_inside_another(emulator):
    prefixes = [vendor.prefix + "/" for vendor in emulator.vendors]
    assert not [(a, b) for a in prefixes for b in prefixes if a != b and a.startswith(b)]


@pytest.mark.parametrize("name", CRMS)
def test_every_route_names_its_source(emulator, name):
    assert all(route.source for route in getattr(emulator, name).routes)


@pytest.mark.parametrize("name", CRMS)
def test_every_object_can_be_counted_and_listed_through_the_control_api(emulator, name):
    control = f"{emulator.url}/_emulator"
    counts = requests.get(f"{control}/status", timeout=120).json()["vendors"][name]["records"]
    assert counts == {each: getattr(emulator, name).count(each) for each in getattr(emulator, name).tables}
    for each in counts:
        assert len(requests.get(f"{control}/{name}/records/{each}", timeout=120).json()) == counts[each]


@pytest.mark.parametrize("name", CRMS)
def test_every_switch_can_be_set_to_its_own_value_through_the_control_api(emulator, name):
    at = f"{emulator.url}/_emulator/{name}/switches"
    switches = requests.get(at, timeout=120).json()
    assert requests.put(at, json=switches, timeout=120).json() == switches


@pytest.mark.parametrize(
    ("name", "method", "path", "body"),
    [
        ("copper", "POST", "/people", "[" * 100_000),
        ("copper", "POST", "/people/search", json.dumps({"ids": "9" * 5_000})),
        ("copper", "GET", f"/people/{'9' * 5_000}", None),
        ("copper", "POST", "/custom_field_definitions", '{"name": "x", "data_type": {}, "options": 5}'),
        ("copper", "POST", "/custom_field_definitions", '{"name": "x", "data_type": "URL", "available_on": [[]]}'),
        ("freshsales", "POST", "/contacts", json.dumps({"last_name": "x", "owner_id": "9" * 5_000})),
        ("freshsales", "POST", "/contacts", json.dumps({"subscription_status": "9" * 500})),
        ("freshsales", "GET", f"/contacts/{'9' * 5_000}", None),
        ("freshsales", "GET", "/contacts/1/notes?page=9999999999999999999", None),
        ("apptivo", "GET", f"/customers?a=getById&customerId={'9' * 5_000}", None),
    ],
)
def test_odd_numbers_and_forms_are_refused_by_the_crm_itself(emulator, name, method, path, body):
    vendor = getattr(emulator, name)
    headers = {
        "copper": {"Authorization": f"Bearer {emulator.copper.access_token}"},
        "freshsales": {"Authorization": f"Token token={emulator.freshsales.api_key}"},
        "apptivo": {},
    }[name]
    query = {"apiKey": vendor.api_key, "accessKey": vendor.access_key} if name == "apptivo" else {}
    headers["Content-Type"] = "application/json"
    url = vendor.base_url + path
    assert requests.request(method, url, data=body, params=query, headers=headers, timeout=120).status_code < 500


@pytest.mark.parametrize("name", CRMS)
def test_a_quota_of_ones_own_is_answered_with_429(emulator, name):
    vendor = getattr(emulator, name)
    vendor.use_quota((Rate(1, 60.0),))
    answers = [requests.get(vendor.base_url + "/anything", timeout=120).status_code for _ in range(2)]
    assert answers[1] == 429


def test_the_command_prints_settings_for_every_crm_and_takes_their_options():
    switches = ("--switch", "anything.auth=bearer", "--switch", "freshsales.create_status=200")
    process, greeting = started("--records", "freshsales.contacts=3", *switches)
    try:
        settings = [json.loads(line) for line in greeting.splitlines() if line.startswith("{")]
        assert {each["crm"] for each in settings[1:]} == {"copper", "freshsales", "apptivo", "http"}
        suite = next(each for each in settings if each.get("crm") == "freshsales")
        headers = {"Authorization": f"Token token={suite['api_key']}"}
        made = requests.post(f"{suite['base_url']}/contacts", json={"last_name": "x"}, headers=headers, timeout=120)
        assert made.status_code == 200
        url = re.search(r"http://\S+", greeting)
        assert url is not None
        status = requests.get(f"{url[0]}/_emulator/status", timeout=120).json()
        assert status["vendors"]["freshsales"]["records"]["contacts"] == 4
        http = next(each for each in settings if each.get("crm") == "http")
        assert requests.post(f"{http['base_url']}/a", json={}, timeout=120).status_code == 401
    finally:
        assert stopped(process) == 0


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (("--records", "freshsales.boats=3"), "--records 'freshsales.boats=3' must be CRM.OBJECT=N"),
        (("--switch", "zoho.x=1"), "--switch 'zoho.x=1' names no CRM"),
        (("--switch", "apptivo.x=1"), "apptivo has no switch 'x'"),
        (("--switch", "apptivo.rest_style=maybe"), "the switch apptivo.rest_style must be true or false, not 'maybe'"),
    ],
)
def test_a_wrong_option_is_answered_with_one_sentence(option, said):
    command = [sys.executable, "-m", "crm_emulator", "--port", "0", *option]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_page_about_the_emulator_lists_every_route_and_switch_as_they_are():
    text = PAGE.read_text(encoding="utf-8")
    assert rendered(text) == text, "run python -m crm_emulator.documentation docs/emulator.md"
    with Emulator(empty=True) as emulator:
        for name in CRMS:
            assert f"<!-- begin switches {name} -->" in text or name == "freshsales_classic"
            assert all(f"`{route.method} {route.path}`" in text for route in getattr(emulator, name).routes)


@pytest.mark.parametrize("instant", [1e300, float("nan"), -1.0, 253_402_300_800])
def test_a_clock_stays_where_dates_can_say_it(instant):
    with pytest.raises(ValueError, match="1970 and 9999"), Emulator(empty=True, clock=Clock(frozen_at=instant)):
        pass
    with Emulator(empty=True, clock=Clock(frozen_at=1_750_000_000)) as emulator:
        with pytest.raises(ValueError, match="1970 and 9999"):
            emulator.clock.advance(instant - 1_750_000_000)
        assert emulator.clock.now() == 1_750_000_000
