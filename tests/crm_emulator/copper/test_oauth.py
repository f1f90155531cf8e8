"""The OAuth pages, as a client and its user meet them."""

import re
from html import unescape

import pytest
import requests

from crm_emulator import Emulator

BACK = "https://app.example/back?x=1&y=2"


def asked(emulator, **changed):
    query = {"response_type": "code", "client_id": emulator.copper.client_id, "redirect_uri": BACK}
    query |= {"scope": "developer/v1/all", "state": 'a"b<c>', **changed}
    return requests.get(f"{emulator.copper.oauth_url}/authorize", params=query, timeout=120)


def decided(page, **form):
    return requests.post(page.url, data=form, timeout=120)


def sent_back(page):
    """Where the form of a page goes, and with what."""
    (action,) = re.findall(r'<form method="post" action="([^"]*)"', page.text)
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text)
    return unescape(action), {name: unescape(value) for name, value in fields}


def token(emulator, code, /, **changed):
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": BACK,
        "client_id": emulator.copper.client_id,
    }
    form |= {"client_secret": emulator.copper.client_secret, **changed}
    return requests.post(f"{emulator.copper.oauth_url}/token", data=form, timeout=120)


def test_a_user_allows_and_the_code_that_comes_by_post_is_good_for_a_token_once(emulator):
    action, fields = sent_back(decided(asked(emulator), decision="allow"))
    assert action == BACK
    assert fields["state"] == 'a"b<c>'
    given = token(emulator, fields["code"])
    assert given.json() == {
        "access_token": emulator.copper.access_token,
        "token_type": "Bearer",
        "scope": "developer/v1/all",
    }
    headers = {"Authorization": f"Bearer {given.json()['access_token']}"}
    assert requests.get(f"{emulator.copper.base_url}/account", headers=headers, timeout=120).status_code == 200
    assert (token(emulator, fields["code"]).status_code, token(emulator, fields["code"]).json()) == (
        400,
        {"error": "invalid_grant"},
    )
    assert [each.route for each in emulator.requests][:3] == ["/oauth/authorize", "/oauth/authorize", "/oauth/token"]


def test_a_user_who_denies_gives_no_code(emulator):
    assert sent_back(decided(asked(emulator), decision="deny"))[1] == {"error": "access_denied", "state": 'a"b<c>'}


def test_a_test_gets_a_code_without_a_browser(emulator):
    emulator.copper.switches.oauth_approval = "always"
    _, fields = sent_back(asked(emulator))
    control = requests.post(
        f"{emulator.url}/_emulator/copper/authorize", json={"redirect_uri": BACK}, timeout=120
    ).json()
    for code in (fields["code"], control["code"], emulator.copper.authorize(BACK)):
        assert token(emulator, code).status_code == 200


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"client_id": "another"}, "client_id must be copper-client."),
        ({"response_type": "token"}, "response_type must be code."),
        ({"scope": "all"}, "scope must be developer/v1/all."),
        ({"redirect_uri": "http://localhost:5678/back"}, "redirect_uri must be an https URL."),
        ({"redirect_uri": "javascript:alert(1)"}, "redirect_uri must be an https URL."),
    ],
)
def test_a_request_that_is_wrong_is_told_and_sent_nowhere(emulator, changed, said):
    page = asked(emulator, **changed)
    assert (page.status_code, said in page.text, "<form" in page.text) == (400, True, False)
    forged = decided(page, decision="allow")
    assert (forged.status_code, "<form" in forged.text) == (400, False)


def test_an_address_of_this_machine_is_taken_by_switch(emulator):
    emulator.copper.switches.https_only = False
    assert asked(emulator, redirect_uri="http://localhost:5678/back").status_code == 200


@pytest.mark.parametrize(
    ("changed", "status", "error"),
    [
        ({"client_secret": "guessed"}, 401, "invalid_client"),
        ({"grant_type": "client_credentials"}, 400, "unsupported_grant_type"),
        ({"redirect_uri": "https://evil.example"}, 400, "invalid_grant"),
        ({"code": "guessed"}, 400, "invalid_grant"),
    ],
)
def test_no_token_is_given_for_what_is_wrong(emulator, changed, status, error):
    answer = token(emulator, emulator.copper.authorize(BACK), **changed)
    assert (answer.status_code, answer.json()) == (status, {"error": error})


def test_a_code_ends_and_json_is_not_taken(emulator):
    code = emulator.copper.authorize(BACK)
    emulator.clock.advance(601)
    assert token(emulator, code).json() == {"error": "invalid_grant"}
    answer = requests.post(f"{emulator.copper.oauth_url}/token", json={"code": code}, timeout=120)
    assert answer.json()["error"] == "invalid_request"


def test_a_token_that_a_user_revokes_ends_and_the_next_authorization_gives_another():
    with Emulator(empty=True) as emulator:

        def asks(given):
            headers = {"Authorization": f"Bearer {given}"}
            return requests.get(f"{emulator.copper.base_url}/account", headers=headers, timeout=120).status_code

        first, pending = emulator.copper.access_token, emulator.copper.authorize(BACK)
        assert asks(first) == 200
        revoked = requests.post(f"{emulator.url}/_emulator/copper/revoke", timeout=120)
        assert (revoked.status_code, revoked.json(), asks(first)) == (200, {}, 401)
        assert token(emulator, pending).json() == {"error": "invalid_grant"}
        second = token(emulator, emulator.copper.authorize(BACK)).json()["access_token"]
        assert (asks(second), second == emulator.copper.access_token, second == first) == (200, True, False)
        other = requests.post(f"{emulator.url}/_emulator/freshsales/revoke", timeout=120)
        assert (other.status_code, other.json()) == (400, {"error": "freshsales gives out no tokens"})


def test_the_pages_do_not_lie_below_the_api(emulator):
    assert requests.get(f"{emulator.copper.base_url}/oauth/authorize", timeout=120).status_code == 401


def test_the_user_chooses_among_several_accounts():
    with Emulator(empty=True, accounts=2) as emulator:
        page = asked(emulator)
        assert "<option>2</option>" in page.text
        _, fields = sent_back(decided(page, decision="allow", account="2"))
        assert token(emulator, fields["code"]).json()["access_token"] == emulator.accounts[1].copper.access_token
