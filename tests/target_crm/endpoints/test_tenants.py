"""Two tenants of one API share neither rows of the ledger nor locks, and none takes the other's records for its own."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

from target_crm.cli.main import main

RECORDS = [{"id": number, "name": f"N{number}"} for number in range(5)]
ENDPOINT = {"path": "/notes"}


def key(value):
    return {"auth": "header", "auth_name": "X-Api-Key", "auth_value": value}


A, B = key("key-of-tenant-a"), key("key-of-tenant-b")


def endpoint_with(headers):
    return {"streams": {"links": {"endpoint": ENDPOINT | {"headers": headers}}}}


def oauth(api, client_id, client_secret):
    token_url = f"{api.base_url}/oauth/token"
    return {"auth": "oauth", "token_url": token_url, "client_id": client_id, "client_secret": client_secret}


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(settings, request):
    if request.param == "postgresql":
        return settings | {"ledger_url": request.getfixturevalue("postgres")}
    return settings


@pytest.fixture
def operate(settings, tmp_path):
    file = tmp_path / "config.json"

    def operate(*words, **config):
        file.write_text(json.dumps({**settings, **config}))
        return CliRunner().invoke(main, [*words, "--config", str(file)])

    return operate


def test_another_credential_at_a_known_address_stops_before_anything_is_sent(send, emulator):
    assert send(RECORDS, ENDPOINT, **A).of("links") == {"input": 5, "created": 5}
    before = len(emulator.requests)
    refused = send(RECORDS, ENDPOINT, **B)
    assert refused.code == 2
    assert len(emulator.requests) == before
    assert "account_name" in refused.errors
    assert "singer-crm ledger accept-credential" in refused.errors
    assert "key-of-tenant" not in refused.errors
    assert send(RECORDS, ENDPOINT, source_name="other", **B).code == 2, "the source's name does not tell tenants apart"
    assert send(RECORDS, ENDPOINT, dry_run=True, **B).code == 2
    assert send(RECORDS, ENDPOINT, **A).of("links") == {"input": 5, "unchanged": 5}


def test_account_name_is_the_way_on_for_another_tenant(send):
    send(RECORDS, ENDPOINT, **A)
    assert send(RECORDS, ENDPOINT, account_name="b", **B).of("links") == {"input": 5, "created": 5}
    assert send(RECORDS, ENDPOINT, account_name="b", **B).of("links") == {"input": 5, "unchanged": 5}
    assert send(RECORDS, ENDPOINT, **A).of("links") == {"input": 5, "unchanged": 5}


def test_accept_credential_is_the_way_on_for_a_rotated_one(send, operate):
    send(RECORDS, ENDPOINT, **A)
    accepted = operate("ledger", "accept-credential", **B)
    assert accepted.exit_code == 0, accepted.output
    assert send(RECORDS, ENDPOINT, **B).of("links") == {"input": 5, "unchanged": 5}
    assert send(RECORDS, ENDPOINT, **A).code == 0, "the old one stays good until the API refuses it"


@pytest.mark.parametrize(
    ("first", "rotated"),
    [
        (
            {"auth": "basic", "auth_name": "ada", "auth_value": "old password"},
            {"auth": "basic", "auth_name": "ada", "auth_value": "new password"},
        ),
        (key("same"), key("same") | {"headers": {"X-Region": "eu"}}),
        (key("same"), key("same") | {"headers": {"X-Api-Version": "2", "Accept-Language": "de"}}),
    ],
)
def test_what_rotates_beside_the_name_is_no_other_tenant(send, first, rotated):
    send(RECORDS, ENDPOINT, **first)
    assert send(RECORDS, ENDPOINT, **rotated).of("links") == {"input": 5, "unchanged": 5}


@pytest.mark.parametrize(
    ("first", "other"),
    [
        (
            {"auth": "basic", "auth_name": "ada", "auth_value": "password"},
            {"auth": "basic", "auth_name": "bob", "auth_value": "password"},
        ),
        ({"auth": "bearer", "auth_value": "token-a"}, {"auth": "bearer", "auth_value": "token-b"}),
        (
            {"auth": "query", "auth_name": "k", "auth_value": "a"},
            {"auth": "query", "auth_name": "k", "auth_value": "b"},
        ),
        ({"headers": {"X-Tenant": "a"}}, {"headers": {"X-Tenant": "b"}}),
        ({"headers": {"X-Shop": "a"}}, {"headers": {"X-Shop": "b"}}),
        ({"headers": {"Content-Profile": "a"}}, {"headers": {"Content-Profile": "b"}}),
        (A | endpoint_with({"X-Tenant": "a"}), A | endpoint_with({"X-Tenant": "b"})),
        (endpoint_with({"X-Site": "a"}), endpoint_with({"X-Site": "b"})),
        (
            endpoint_with({"X-App": "an integration of ours", "X-Token": "token-of-a"}),
            endpoint_with({"X-App": "an integration of ours", "X-Token": "token-of-b"}),
        ),
        (key("same") | {"headers": {"X-Account-Id": "1"}}, key("same") | {"headers": {"X-Account-Id": "2"}}),
        (endpoint_with({"X-Token": "token-of-tenant-a"}), endpoint_with({"X-Token": "token-of-tenant-b"})),
    ],
)
@pytest.mark.daily(one_of=2)
def test_whoever_signs_in_otherwise_is_another_tenant(send, first, other):
    send(RECORDS, ENDPOINT, **first)
    assert send(RECORDS, ENDPOINT, **other).code == 2


def test_oauth_counts_its_client_and_not_its_secret(send, api):
    assert send(RECORDS, ENDPOINT, **oauth(api, "emulator-client", "emulator-secret")).code in {0, 2}
    assert send(RECORDS, ENDPOINT, **oauth(api, "another-client", "emulator-secret")).code == 2


def test_a_named_account_goes_on_with_another_credential_and_says_so(send):
    send(RECORDS, ENDPOINT, account_name="a", **A)
    done = send(RECORDS, ENDPOINT, account_name="a", **B)
    assert done.of("links") == {"input": 5, "unchanged": 5}
    assert "Account a is written with another credential than before" in done.errors


@pytest.mark.parametrize(("first", "then"), [(None, "a"), ("a", None)])
def test_an_account_that_is_renamed_is_not_written_anew(send, operate, emulator, first, then):
    send(RECORDS, ENDPOINT, account_name=first, **A)
    before = len(emulator.requests)
    refused = send(RECORDS, ENDPOINT, account_name=then, **A)
    assert refused.code == 2
    assert "account_name" in refused.errors
    assert len(emulator.requests) == before
    assert send(RECORDS, ENDPOINT, account_name=first, **A).of("links") == {"input": 5, "unchanged": 5}
    named = {} if then is None else {"account_name": then}
    assert operate("ledger", "accept-credential", **named, **A).exit_code == 0
    assert send(RECORDS, ENDPOINT, account_name=then, **A).of("links") == {"input": 5, "created": 5}


def test_one_credential_may_write_several_accounts_that_all_have_names(send):
    for name in ("a", "b"):
        assert send(RECORDS, ENDPOINT, account_name=name, **A).of("links") == {"input": 5, "created": 5}
        assert send(RECORDS, ENDPOINT, account_name=name, **A).of("links") == {"input": 5, "unchanged": 5}


def test_an_older_ledger_notes_the_first_credential_that_it_sees(send, settings):
    send(RECORDS, ENDPOINT, **A)
    _forget_credentials(settings["ledger_url"])
    assert send(RECORDS, ENDPOINT, **A).of("links") == {"input": 5, "unchanged": 5}
    assert send(RECORDS, ENDPOINT, **B).code == 2


def test_the_ledger_holds_no_credential(send, settings, tmp_path):
    send(RECORDS, ENDPOINT, **A)
    if settings["ledger_url"].startswith("sqlite"):
        held = b"".join(file.read_bytes() for file in tmp_path.glob("ledger.sqlite*"))
        assert b"key-of-tenant-a" not in held


def _forget_credentials(url):
    statements = "DELETE FROM ledger_credentials", "DELETE FROM ledger_accounts"
    if url.startswith("sqlite"):
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection, connection:
            for statement in statements:
                connection.execute(statement)
        return
    psycopg = pytest.importorskip("psycopg")
    with psycopg.connect(url) as connection:
        for statement in statements:
            connection.execute(statement)
