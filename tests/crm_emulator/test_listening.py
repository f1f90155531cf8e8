"""Listening beyond this machine: who may then use the control API and the pages."""

import socket

import pytest
import requests

from crm_emulator import Emulator
from crm_emulator.addresses import given_address, is_loopback, url_host
from tests.machine import missing

EVERY = "0.0.0.0"  # noqa: S104 - what these tests are about


@pytest.fixture(scope="module")
def emulator():
    with Emulator(empty=True, listen=EVERY) as emulator:
        yield emulator


def status(emulator, **headers):
    return requests.get(f"{emulator.url}/_emulator/status", headers=headers, timeout=120).status_code


def test_beyond_this_machine_the_control_api_takes_the_token(emulator):
    assert status(emulator) == 401
    assert status(emulator, Authorization="Bearer guessed") == 401
    right = f"Bearer {emulator.control_token}"
    assert status(emulator, Authorization=right) == 200
    assert status(emulator, Authorization=right, Host="emulator.test") == 200
    assert status(emulator, Authorization=right, Origin="https://evil.example") == 403


def test_beyond_this_machine_the_pages_take_the_token_once(emulator):
    visitor = requests.Session()
    asked = visitor.get(f"{emulator.url}/requests", timeout=120)
    assert asked.status_code == 401
    assert "<form" in asked.text
    assert visitor.get(f"{emulator.url}/static/style.css", timeout=120).status_code == 200
    assert visitor.get(f"{emulator.url}/requests?token=guessed", timeout=120).status_code == 401
    opened = visitor.get(f"{emulator.url}/requests?token={emulator.control_token}", timeout=120)
    assert (opened.status_code, opened.url) == (200, f"{emulator.url}/requests")
    assert visitor.get(f"{emulator.url}/trouble", timeout=120).status_code == 200
    forged = visitor.post(f"{emulator.url}/trouble/clear", headers={"Origin": "https://evil.example"}, timeout=120)
    assert forged.status_code == 403


def test_the_crms_themselves_take_their_own_keys_alone(emulator):
    headers = {"Authorization": f"Bearer {emulator.copper.access_token}", "Host": "emulator.test"}
    assert requests.get(f"{emulator.copper.base_url}/account", headers=headers, timeout=120).status_code == 200


def test_each_emulator_has_a_token_of_its_own_unless_it_is_given_one(emulator):
    made = [
        Emulator(empty=True, **options) for options in ({"listen": EVERY}, {"listen": EVERY, "token": "chosen"}, {})
    ]
    first, second, third = (each.control_token for each in made)
    assert len({first, emulator.control_token}) == 2
    assert (second, third) == ("chosen", "")
    for each in made:
        each.store.close()


def test_it_listens_on_an_address_of_version_6():
    if not socket.has_ipv6:
        missing("this machine speaks no IPv6")
    with Emulator(empty=True, listen="::1") as emulator:
        assert emulator.url == f"http://[::1]:{emulator.port}"
        assert status(emulator) == 200


@pytest.mark.parametrize(
    ("host", "alone"),
    [("127.0.0.1", True), ("127.8.0.1", True), ("::1", True), ("localhost", True), (EVERY, False), ("::", False),
     ("192.168.1.7", False), ("localhost.evil.example", False), ("", False)],
)  # fmt: skip
def test_only_loopback_is_this_machine_alone(host, alone):
    assert is_loopback(host) is alone


@pytest.mark.parametrize(
    ("given", "read"),
    [("::1", "::1"), ("[::1]", "::1"), ("*", EVERY), (EVERY, EVERY), ("localhost", "localhost")],
)
def test_an_address_is_read_as_people_write_it(given, read):
    assert given_address(given) == read


@pytest.mark.parametrize("given", ["", "http://0.0.0.0", "0.0.0.0:8000", "localhost:80"])
def test_an_address_has_neither_scheme_nor_port(given):
    with pytest.raises(ValueError, match="without a scheme and a port"):
        given_address(given)


def test_a_url_names_an_address_that_can_be_asked():
    assert [url_host(each) for each in (EVERY, "::", "::1", "10.0.0.2")] == [
        "127.0.0.1",
        "[::1]",
        "[::1]",
        "10.0.0.2",
    ]


@pytest.mark.parametrize("token", ["a;b", "a b", " ", "\u00fc", "a\r\nb"])
def test_a_token_that_no_header_or_cookie_carries_is_refused(token):
    with pytest.raises(ValueError, match="must be of letters, digits"):
        Emulator(empty=True, token=token)
