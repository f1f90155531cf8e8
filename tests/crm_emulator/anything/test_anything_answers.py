"""Answers that the catch-all is told to give, and the kinds of sign-in that it can require."""

import pytest
import requests

from crm_emulator import Rate


def test_a_rule_answers_with_a_template(http):
    http.vendor.answer("POST /invoices", status=200, body={"result": {"key": "{id}", "text": "no {body.no}!"}})
    answer = http("POST", "/invoices", {"no": "A-1"})
    assert (answer.status_code, answer.json()) == (200, {"result": {"key": 1, "text": "no A-1!"}})
    assert http("POST", "/others", {}).json() == {"id": 2}


def test_the_newest_rule_speaks_and_patterns_meet_many_paths(http):
    http.vendor.answer("*", status=500, body={"error": "down"}, does_nothing=True)
    http.vendor.answer("POST /v?/people", body={"ok": True})
    assert http("POST", "/v2/people", {}).json() == {"ok": True}
    assert http("POST", "/v2/cases", {}).status_code == 500
    assert http.vendor.count("records") == 1


def test_items_of_a_batch_may_fail_inside_a_success(http):
    http.vendor.answer(
        "POST /people",
        items="people.rows",
        item={"ref": "{body.email}", "uid": "P-{id}"},
        failed_item={"ref": "{body.email}", "problem": "{error}", "at": "{index}"},
        fails={"email": ["bad@b.example"]},
        error="no such mailbox",
        body={"out": "{items}", "n": "{count}"},
    )
    rows = [{"email": "a@b.example"}, {"email": "bad@b.example"}]
    assert http("POST", "/people", {"people": {"rows": rows}}).json() == {
        "out": [
            {"ref": "a@b.example", "uid": "P-1"},
            {"ref": "bad@b.example", "problem": "no such mailbox", "at": 1},
        ],
        "n": 2,
    }
    assert http.vendor.count("records") == 1


def test_a_single_record_may_fail_too(http):
    http.vendor.answer("* /people*", fails={"email": ["bad@b.example"]}, error="no", failed_status=409)
    answer = http("POST", "/people", {"email": "bad@b.example"})
    assert (answer.status_code, answer.json()) == (409, {"error": "no"})
    http("POST", "/people", {"email": "a@b.example"})
    assert http("PATCH", "/people/1", {"email": "bad@b.example"}).status_code == 409
    assert http.vendor.records("records")[0]["body"] == {"email": "a@b.example"}


def test_xml_is_answered_in_xml_and_as_a_template_says(http):
    headers = {"Content-Type": "application/xml"}
    first = http("POST", "/orders", data=b"<order><no>1</no></order>", headers=headers)
    assert first.headers["Content-Type"].startswith("application/xml")
    assert first.text == "<response><order><no>1</no></order><id>1</id></response>"
    http.vendor.answer("POST /orders", format="xml", status=200, body="<done id='{id}'>{body.order.no}</done>")
    assert http("POST", "/orders", data=b"<order><no>2</no></order>", headers=headers).text == "<done id='2'>2</done>"


def test_a_batch_may_be_answered_in_xml(http):
    http.vendor.answer("POST /o", items="orders.order", format="xml", item="<ok>{id}</ok>", body="<all>{items}</all>")
    xml = b"<orders><order>a</order><order>b</order></orders>"
    answer = http("POST", "/o", data=xml, headers={"Content-Type": "text/xml"})
    assert answer.text == "<all><ok>1</ok><ok>2</ok></all>"


def test_a_rule_may_add_headers_and_answer_text(http):
    http.vendor.answer("POST /o", format="text", body="made {id}", headers={"Location": "/o/1"})
    answer = http("POST", "/o", {})
    assert (answer.text, answer.headers["Location"]) == ("made 1", "/o/1")


def test_rules_are_set_through_the_control_api_as_well(http, emulator):
    control = f"{emulator.url}/_emulator/anything"
    rule = {"route": "POST /people", "status": 202, "body": {"queued": "{id}"}}
    assert requests.post(f"{control}/records/answers", json=rule, timeout=120).ok
    assert http("POST", "/people", {"name": "x"}).json() == {"queued": 1}
    seen = requests.get(f"{control}/records/requests", timeout=120).json()
    assert (seen[0]["body"], seen[0]["status"]) == ({"name": "x"}, 202)
    wrong = requests.post(f"{control}/records/answers", json={"path": "/people"}, timeout=120)
    assert wrong.status_code == 400
    assert "needs route" in wrong.json()["error"]
    assert requests.put(f"{control}/switches", json={"auth": "bearer"}, timeout=120).ok
    assert http("POST", "/people", {}).status_code == 401


def signed(http, kind):
    key, name = http.vendor.api_key, http.vendor.switches.auth_name
    match kind:
        case "header":
            return http("POST", "/a", {}, headers={name: key})
        case "query":
            return http("POST", f"/a?{name}={key}", {})
        case "basic":
            return http("POST", "/a", {}, auth=(http.vendor.user, key))
        case "bearer":
            return http("POST", "/a", {}, headers={"Authorization": f"Bearer {key}"})
    return http("POST", "/a", {})


KINDS = ["header", "query", "basic", "bearer"]


@pytest.mark.parametrize("wanted", KINDS)
def test_only_the_wanted_kind_of_sign_in_is_let_in(http, wanted):
    http.vendor.switches.auth = wanted
    http.vendor.switches.auth_name = "key"
    assert {kind: signed(http, kind).status_code for kind in [*KINDS, ""]} == {
        kind: 201 if kind == wanted else 401 for kind in [*KINDS, ""]
    }


def test_any_kind_of_sign_in_may_do(http):
    http.vendor.switches.auth = "any"
    assert [signed(http, kind).status_code for kind in KINDS] == [201] * 4
    assert signed(http, "").status_code == 401


@pytest.mark.parametrize("basic", [True, False])
def test_a_token_of_the_client_credentials_grant_lives_for_a_while(http, basic):
    http.vendor.switches.auth = "oauth"
    http.vendor.switches.token_seconds = 60.0
    client = (http.vendor.client_id, http.vendor.client_secret)
    form = {"grant_type": "client_credentials"}
    form |= {} if basic else dict(zip(("client_id", "client_secret"), client, strict=True))
    granted = requests.post(http.vendor.token_url, data=form, auth=client if basic else None, timeout=120).json()
    assert (granted["token_type"], granted["expires_in"]) == ("Bearer", 60)
    headers = {"Authorization": f"Bearer {granted['access_token']}"}
    assert http("POST", "/a", {}, headers=headers).status_code == 201
    http.vendor.clock.advance(61)
    assert http("POST", "/a", {}, headers=headers).status_code == 401


def test_a_wrong_client_gets_no_token(http):
    form = {"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"}
    answer = requests.post(http.vendor.token_url, data=form, timeout=120)
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})
    right = {"client_id": http.vendor.client_id, "client_secret": http.vendor.client_secret}
    answer = requests.post(http.vendor.token_url, data={**right, "grant_type": "password"}, timeout=120)
    assert answer.json() == {"error": "unsupported_grant_type"}


def test_it_has_a_quota_of_its_own(http):
    http.vendor.use_quota((Rate(1, 10.0),))
    assert http("POST", "/a", {}).status_code == 201
    answer = http("POST", "/a", {})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "10")
