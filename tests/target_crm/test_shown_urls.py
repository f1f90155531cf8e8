"""A password in the URL of a store is shown nowhere, wherever in the URL it stands."""

from __future__ import annotations

import json

import pytest

from crm_api.transport.network import secrets_in
from target_crm.cli.stores import checked_ledger
from target_crm.ledger.store import shown_url
from target_crm.ledger.values import LedgerError
from tests.target_crm.messages import record_of, schema_of

MESSAGES = [schema_of("tasks", "name"), record_of("tasks", id=1, name="T")]
SECRET = "hunter2hunter2"


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://ann:{SECRET}@h/db",
        f"postgresql://ann@h/db?password={SECRET}",
        f"postgresql://ann@h/db?sslmode=require&sslpassword={SECRET}",
        f"postgresql://ann:{SECRET}@h/db?sslmode={SECRET}",
    ],
)
def test_a_url_is_shown_without_its_password(url):
    assert SECRET not in shown_url(url)
    assert shown_url(url).startswith("postgresql://ann")


@pytest.mark.parametrize("url", [f"redis://:{SECRET}@h/0", f"redis://h/0?password={SECRET}"])
def test_a_password_is_found_wherever_it_stands(url):
    assert secrets_in(url) == (SECRET,)


def test_neither_log_nor_report_shows_it(run, postgres, caplog):
    caplog.set_level("INFO")
    done = run(MESSAGES, ledger_url=f"{postgres}?password={SECRET}")
    assert done.code == 0
    assert SECRET not in done.errors + json.dumps(done.report)


@pytest.mark.parametrize("also", ["password", "sslpassword"])
def test_a_driver_that_repeats_it_is_not_repeated(run, postgres, also):
    """As where it was put in the place of another value."""
    done = run(MESSAGES, ledger_url=f"{postgres}?{also}={SECRET}&sslmode={SECRET}")
    assert done.code == 2
    assert "invalid sslmode value" in done.errors
    assert SECRET not in done.errors + json.dumps(done.report)


def test_the_check_of_a_ledger_shows_it_nowhere(postgres):
    assert SECRET not in checked_ledger(f"{postgres}?password={SECRET}")
    with pytest.raises(LedgerError) as caught:
        checked_ledger(f"{postgres}?password={SECRET}&sslmode={SECRET}")
    assert SECRET not in caught.value.sentence
