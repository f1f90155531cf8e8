"""Servers of ledger, quota and snapshots that refuse, or are in trouble: a sentence, an exit code, no password."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest

from crm_api.errors import StopError
from crm_api.transport.quota_stores import open_store
from crm_api.transport.store_failures import is_setting
from tap_copper.deletions.snapshots import Snapshots, check_store
from target_crm.cli.stores import checked_ledger
from target_crm.ledger.store import Store
from tests.commands import run_command
from tests.machine import import_package
from tests.servers import database
from tests.target_crm.messages import as_lines, record_of, schema_of

SECRET = "hidden-8402"
SETTINGS, UNREACHABLE = 2, 4
ROLES = """
DO $$ BEGIN
    CREATE ROLE locked LOGIN PASSWORD 'other';
    CREATE ROLE guest LOGIN;
    CREATE ROLE crowded LOGIN CONNECTION LIMIT 0;
    CREATE ROLE hurried LOGIN SUPERUSER;
    ALTER ROLE hurried SET statement_timeout = '1ms';
    CREATE ROLE looking LOGIN SUPERUSER;
    ALTER ROLE looking SET default_transaction_read_only = on;
EXCEPTION WHEN duplicate_object THEN NULL;
END $$
"""
REFUSALS = {
    "wrong password": (f"locked:{SECRET}", "", SETTINGS, "password authentication failed"),
    "no password": ("locked", "", SETTINGS, "no password supplied"),
    "no role": (f"stranger:{SECRET}", "", SETTINGS, 'role "stranger" does not exist'),
    "no database": (f"tester:{SECRET}", "none", SETTINGS, 'database "none" does not exist'),
    "no right to make tables": (f"guest:{SECRET}", "", SETTINGS, "permission denied for schema public"),
    "too many connections": (f"crowded:{SECRET}", "", UNREACHABLE, "too many connections"),
    "read-only": (f"looking:{SECRET}", "", UNREACHABLE, "read-only transaction"),
    "no server": (f"tester:{SECRET}", ":1", UNREACHABLE, "onnection refused"),
}


@pytest.fixture(scope="module")
def account(empty_emulator):
    return empty_emulator.copper


@pytest.fixture(scope="module")
def server(postgres_server):
    with database(postgres_server) as url:
        with import_package("psycopg").connect(url, autocommit=True) as connection:
            connection.execute(ROLES)
            connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        yield url


@pytest.fixture
def ended(account, tmp_path):
    """Run a command with settings; returns its exit code and what it said."""

    def ended(command, *arguments, **config):
        file = tmp_path / "config.json"
        reached = {"base_url": account.base_url, "api_key": account.api_key, "user_email": account.user_email}
        of_tap = command == "tap-copper"
        if of_tap and arguments:
            command = "singer-crm"
        if not of_tap:
            reached |= {"crm": "copper", "ledger_url": f"sqlite:///{tmp_path / 'ledger.sqlite'}"}
        file.write_text(json.dumps({**reached, **config}))
        given = as_lines([schema_of("tasks", "name"), record_of("tasks", id=1, name="T")]).decode()
        given = given if command == "target-crm" else ""
        done = run_command(command, *arguments, "--config", file, given=given)
        assert SECRET not in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        return done.returncode, done.stderr

    return ended


def url_of(server, case):
    who, where, code, said = REFUSALS[case]
    parts = urlsplit(server)
    host = f"127.0.0.1{where}" if where.startswith(":") else f"{parts.hostname}:{parts.port}"
    path = f"/{where}" if where and not where.startswith(":") else parts.path
    return f"postgresql://{who}@{host}{path}", code, said


@pytest.mark.parametrize("case", REFUSALS)
def test_each_store_tells_a_setting_that_is_wrong_from_a_server_in_trouble(server, case):
    url, code, said = url_of(server, case)
    openings = {
        "ledger_url": lambda: Store(url, "run"),
        "quota_url": lambda: open_store(url, base_url="b", credential="c"),
        "snapshot_url": lambda: Snapshots(url, "1"),
        "check of ledger_url": lambda: checked_ledger(url),
        "check of snapshot_url": lambda: check_store(url),
    }
    for name, opening in openings.items():
        with pytest.raises(StopError, match=said) as caught:
            opening()
        assert caught.value.exit == code, name
        assert SECRET not in str(caught.value)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("case", ["wrong password", "too many connections"])
@pytest.mark.parametrize("setting", ["ledger_url", "quota_url", "snapshot_url"])
def test_the_commands_say_so_in_a_sentence(ended, server, setting, case):
    url, code, said = url_of(server, case)
    commands = (
        [["tap-copper"], ["tap-copper", "check"]]
        if setting == "snapshot_url"
        else [["target-crm"], ["singer-crm", "check"]]
    )
    for command in commands:
        more = {"deletions": True} if setting == "snapshot_url" else {}
        found, told = ended(*command, **more, **{setting: url})
        assert (found, said in told) == (code, True), told
        assert len([line for line in told.splitlines() if said in line]) == 1


def test_a_full_disk_or_a_server_that_ends_is_no_wrong_setting():
    psycopg = import_package("psycopg")
    for error in (
        psycopg.errors.DiskFull("no space"),
        psycopg.errors.AdminShutdown("bye"),
        psycopg.errors.QueryCanceled("statement timeout"),
    ):
        assert not is_setting(error)
    assert is_setting(psycopg.errors.InsufficientPrivilege("no"))


def test_a_password_that_breaks_the_url_is_not_shown(ended):
    for url in (
        f"postgresql://u:{SECRET}/ss@127.0.0.1/db",
        f"postgresql://u@127.0.0.1:1/db?password={SECRET}",
        f"postgresql://u@127.0.0.1:1/db?password={SECRET}&nonsense=1",
    ):
        for setting in ("ledger_url", "quota_url"):
            assert ended("target-crm", **{setting: url})[0] in {SETTINGS, UNREACHABLE}
