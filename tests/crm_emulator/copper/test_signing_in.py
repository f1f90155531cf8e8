import pytest
import requests


def status_with(emulator, headers):
    return requests.get(f"{emulator.copper.base_url}/account", headers=headers, timeout=120).status_code


def key_headers(emulator):
    return {
        "X-PW-AccessToken": emulator.copper.api_key,
        "X-PW-Application": "developer_api",
        "X-PW-UserEmail": emulator.copper.user_email,
    }


def test_the_three_headers_sign_in(emulator):
    assert status_with(emulator, key_headers(emulator)) == 200


def test_a_bearer_token_signs_in(emulator):
    assert status_with(emulator, {"Authorization": f"Bearer {emulator.copper.access_token}"}) == 200


@pytest.mark.parametrize("missing", ["X-PW-AccessToken", "X-PW-Application", "X-PW-UserEmail"])
def test_without_one_of_the_headers_it_is_401(emulator, missing):
    headers = key_headers(emulator)
    del headers[missing]
    assert status_with(emulator, headers) == 401


@pytest.mark.parametrize("wrong", ["X-PW-AccessToken", "X-PW-Application", "X-PW-UserEmail"])
def test_with_one_of_the_headers_wrong_it_is_401(emulator, wrong):
    assert status_with(emulator, {**key_headers(emulator), wrong: "another"}) == 401


def test_the_email_may_be_in_any_case(emulator):
    headers = {**key_headers(emulator), "X-PW-UserEmail": emulator.copper.user_email.upper()}
    assert status_with(emulator, headers) == 200


def test_a_wrong_token_is_401_with_the_standard_body(emulator):
    answer = requests.get(
        f"{emulator.copper.base_url}/account", headers={"Authorization": "Bearer another"}, timeout=120
    )
    assert answer.status_code == 401
    assert answer.json() == {"success": False, "status": 401, "message": "Authentication failed"}


def test_the_key_has_32_characters(emulator):
    assert len(emulator.copper.api_key) == 32


def test_an_unknown_route_is_a_404_without_the_standard_body(copper):
    answer = copper.send("GET", "/peoples")
    assert (answer.status_code, answer.json()) == (404, {"error": "not_found"})


def test_the_search_of_pipeline_stages_that_never_was_is_a_401(copper):
    assert copper.send("POST", "/pipeline_stages/search", {}).status_code == 401


def test_trailing_slashes_are_tolerated(copper):
    assert copper.send("GET", "/contact_types/").status_code == 200


def test_a_body_that_is_no_json_is_400(copper):
    answer = copper.send("POST", "/people/search", data=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 400


def test_without_leads_every_lead_endpoint_says_feature_not_enabled(emulator, copper):
    emulator.copper.switches.leads_enabled = False
    for method, path in (("POST", "/leads/search"), ("GET", "/leads/1"), ("POST", "/leads"), ("PUT", "/leads/upsert")):
        assert "Feature not enabled" in copper.refused(method, path, {}, status=403)
    assert copper.ok("GET", "/account")["settings"]["setting_enable_leads"] is False
    assert copper.search("people") == []
