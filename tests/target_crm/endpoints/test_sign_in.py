"""Every way of signing in, and tokens that expire; no secret is shown."""

from __future__ import annotations

import pytest


def signed(api, kind):
    name = {"header": "X-Api-Key", "query": "key", "basic": api.user}.get(kind)
    given = {"auth": kind, "auth_name": name, "auth_value": api.api_key}
    if kind == "oauth":
        given = {"token_url": api.token_url, "client_id": api.client_id, "client_secret": api.client_secret}
    return {**given, "auth": kind}


def records(count):
    return [{"id": n} for n in range(count)]


@pytest.mark.parametrize("kind", ["header", "query", "basic", "bearer", "oauth"])
def test_requests_are_signed(send, api, kind):
    api.switches.auth = kind
    api.switches.auth_name = "key" if kind == "query" else "X-Api-Key"
    done = send(records(3), {"path": "/people"}, **signed(api, kind))
    assert done.code == 0, done.errors
    assert done.of("links") == {"input": 3, "created": 3}
    assert len(api.received("POST", "/people")) == 3


@pytest.mark.parametrize("kind", ["header", "query", "basic", "bearer", "oauth"])
def test_a_wrong_key_stops_the_run_and_is_not_shown(send, api, kind):
    api.switches.auth = kind
    wrong = "wrong-secret-0123456789"
    given = signed(api, kind)
    given |= {"client_secret": wrong} if kind == "oauth" else {"auth_value": wrong}
    done = send(records(3), {"path": "/people"}, **given)
    assert done.code == 2
    assert wrong not in done.errors
    assert ("gave no token" if kind == "oauth" else "did not accept the credentials") in done.errors
    assert api.received() == []


def test_a_token_is_asked_for_once_and_again_when_it_expires(send, api, emulator, clock):
    api.switches.auth = "oauth"
    api.switches.token_seconds = 40
    send(records(5), {"path": "/people"}, **signed(api, "oauth"))
    assert emulator.journal.count("POST", "/oauth/token") == 1

    def age(_):
        clock.seconds += 9

    emulator.between_requests(age)
    done = send(records(15), {"path": "/people"}, max_concurrency=1, **signed(api, "oauth"))
    assert done.code == 0, done.errors
    assert 3 <= emulator.journal.count("POST", "/oauth/token") - 1 <= 10


def test_a_token_that_is_refused_early_is_renewed_and_nothing_is_doubled(send, api, emulator):
    api.switches.auth = "oauth"
    emulator.script("POST /people", ["ok", "error:status=401", "ok"])
    done = send(records(5), {"path": "/people"}, max_concurrency=1, **signed(api, "oauth"))
    assert done.code in {0, 2}, done.errors
    assert len(api.records("records")) == done.report["streams"]["links"]["created"]


def test_a_token_is_in_no_output(send, api, emulator, caplog):
    api.switches.auth = "oauth"
    caplog.set_level("DEBUG")
    tokens = []
    emulator.between_requests(lambda request: tokens.append(request.headers.get("authorization", "")))
    api.answer("POST /people", status=422, body={"error": "no"})
    done = send(records(1), {"path": "/people"}, log_values=True, **signed(api, "oauth"))
    (token,) = {each.removeprefix("Bearer ") for each in tokens if each}
    assert token
    assert token not in done.errors
    assert api.client_secret not in done.errors
