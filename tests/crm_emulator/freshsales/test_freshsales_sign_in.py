"""Sections 1, 9 and 10 of the Freshsales reference: sign-in, errors, quota."""

import pytest
import requests

from crm_emulator import Clock, Emulator, Rate


@pytest.mark.parametrize("form", ["Bearer {}", "Token {}", "token token={}", "Token token= {}", "{}"])
def test_only_the_exact_token_form_signs_in(suite, form):
    headers = {"Authorization": form.format(suite.vendor.api_key)}
    answer = requests.get(f"{suite.vendor.base_url}/contacts/filters", headers=headers, timeout=120)
    assert answer.status_code == 401
    assert answer.json()["message"]


def test_classic_signs_in_with_email_and_password_and_answers_the_token(classic):
    user = {"email": "ada@emulator.example", "password": "emulated-password"}
    answer = requests.post(f"{classic.vendor.base_url}/sign_in", json={"user": user}, timeout=120)
    assert answer.json() == {"login": "success", "auth_token": classic.vendor.api_key}
    wrong = requests.post(f"{classic.vendor.base_url}/sign_in", json={"user": {**user, "password": "x"}}, timeout=120)
    assert wrong.status_code == 401


def test_basic_sign_in_works_only_where_the_switch_brings_it_back(classic):
    def basic():
        return requests.get(
            f"{classic.vendor.base_url}/leads/filters", auth=("ada@emulator.example", "emulated-password"), timeout=120
        )

    assert basic().status_code == 401
    classic.vendor.switches.basic_auth = True
    assert basic().status_code == 200


def test_the_two_generations_lie_under_their_own_prefixes(emulator):
    assert emulator.freshsales.base_url == f"{emulator.url}/freshsales/crm/sales/api"
    assert emulator.freshsales_classic.base_url == f"{emulator.url}/freshsales/api"


@pytest.mark.parametrize("path", ["/nothing", "/accounts", "/users", "/leads/filters", "/contacts"])
def test_a_route_that_does_not_exist_answers_a_page_and_not_json(suite, path):
    answer = suite("GET", path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"].startswith("text/html")


def test_accounts_stands_for_sales_accounts_only_by_switch(suite):
    assert suite("POST", "/accounts", {"sales_account": {"name": "Acme"}}).status_code == 404
    suite.vendor.switches.lenient_aliases = True
    answer = suite("POST", "/accounts", {"sales_account": {"name": "Acme"}})
    assert answer.json()["sales_account"]["name"] == "Acme"


def test_users_cannot_be_created(suite):
    assert suite("POST", "/users", {"user": {"email": "a@b.example"}}).status_code == 404
    assert {user["email"] for user in suite.get("/selector/owners")["users"]} >= {"ada@emulator.example"}


def test_a_missing_record_answers_404_in_json(suite):
    assert suite.messages("GET", "/contacts/99", status=404)
    assert suite.messages("PUT", "/deals/99", {"deal": {"name": "x"}}, status=404)
    assert suite.messages("GET", "/contacts/nonsense", status=404)


def test_a_body_that_is_not_json_is_refused(suite):
    answer = suite("POST", "/contacts", data=b"{")
    assert answer.status_code == 400
    assert answer.json()["errors"]["code"] == 400


def test_validation_answers_422_where_the_switch_says_so(suite):
    suite.vendor.switches.validation_status = 422
    assert suite.messages("POST", "/sales_accounts", {"sales_account": {}}, status=422) == ["Name can't be blank"]


def test_what_the_keys_user_may_not_do_answers_403(suite):
    contact = suite.contact(last_name="Rivera")
    suite.vendor.switches.forbidden = "DELETE /contacts/*;PUT /deals/*"
    assert suite.messages("DELETE", f"/contacts/{contact['id']}", status=403)
    assert suite("GET", f"/contacts/{contact['id']}").status_code == 200


def test_the_hourly_quota_of_the_plan_is_kept_with_whole_retry_after_seconds():
    clock = Clock(frozen_at=1_767_225_600.0)
    with Emulator(empty=True, quota=True, clock=clock) as emulator:
        vendor = emulator.freshsales
        assert [rate.limit for rate in vendor.quota.rates] == [1_000]
        assert [rate.limit for rate in emulator.freshsales_classic.quota.rates] == [1_000, 400]
        vendor.use_plan("enterprise")
        assert vendor.quota.rates[0] == Rate(5_000, 3_600.0)
        vendor.use_quota((Rate(2, 3_600.0),))
        session = requests.Session()
        session.headers["Authorization"] = f"Token token={vendor.api_key}"
        statuses = [session.get(f"{vendor.base_url}/contacts/filters", timeout=120) for _ in range(3)]
        assert [answer.status_code for answer in statuses] == [200, 200, 429]
        assert statuses[-1].headers["Retry-After"] == "3600"
        assert isinstance(statuses[-1].json()["errors"]["message"], str)
        vendor.switches.retry_after = False
        assert "Retry-After" not in session.get(f"{vendor.base_url}/contacts/filters", timeout=120).headers
        clock.advance(3_601)
        assert session.get(f"{vendor.base_url}/contacts/filters", timeout=120).status_code == 200


def test_a_plan_that_does_not_exist_is_named(classic):
    with pytest.raises(ValueError, match="has no plan 'sprout'"):
        classic.vendor.use_plan("sprout")
    classic.vendor.use_plan("forest")
    assert classic.vendor.quota.rates[0].limit == 5_000


def test_rate_headers_come_only_by_switch(suite):
    suite.vendor.use_plan("pro")
    assert "X-RateLimit-Limit" not in suite("GET", "/contacts/filters").headers
    suite.vendor.switches.rate_limit_headers = True
    answer = suite("GET", "/contacts/filters")
    assert answer.headers["X-RateLimit-Limit"] == "2000"
    assert int(answer.headers["X-RateLimit-Remaining"]) == 1_998
