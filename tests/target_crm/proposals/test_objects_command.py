"""singer-crm objects: what can be written, with and without an account."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner

from crm_api.apptivo.objects import OBJECTS as APPTIVO
from crm_api.copper.objects import OBJECTS as COPPER
from crm_api.freshsales.objects import SUITE
from target_crm.cli.main import main


def invoke(*arguments):
    return CliRunner().invoke(main, ["objects", *map(str, arguments)])


@pytest.fixture
def account(settings, tmp_path):
    file = tmp_path / "account.json"
    file.write_text(json.dumps(settings))
    return file


@pytest.mark.parametrize(("crm", "objects"), [("copper", COPPER), ("freshsales", SUITE), ("apptivo", APPTIVO)])
def test_every_writable_attribute_is_listed_for_programs(crm, objects):
    listed = json.loads(invoke("--crm", crm, "--json").stdout)
    assert list(listed) == list(objects)
    for name, crm_object in objects.items():
        writable = {each.name for each in crm_object.attributes if each.is_writable}
        assert {each["name"] for each in listed[name]["attributes"]} == writable
        assert listed[name]["match_on"] == [list(key) for key in crm_object.match_on]


def test_all_objects_are_listed_for_people_with_what_they_must_have():
    done = invoke("--crm", "freshsales")
    line = next(line for line in done.stdout.splitlines() if line.startswith("deals"))
    assert line.split() == ["deals", "opportunities", "name", "and", "sales_account_id", "name,", "amount"]


def test_the_accounts_own_fields_lists_and_options_are_shown(account):
    done = invoke("people", "--config", account)
    assert done.exit_code == 0, done.output
    lines = [re.split("  +", line.strip()) for line in done.stdout.splitlines()]
    shown = {line[0]: line[-1] for line in lines}
    assert shown["cf_interests"] == "Pricing, Support, Integrations, Café visits"
    assert shown["assignee_id"].startswith("Ada Lovelace, Grace Hopper")
    facts = json.loads(invoke("people", "--json", "--config", account).stdout)["people"]["attributes"]
    (segment,) = (each for each in facts if each["name"] == "cf_segment")
    assert segment == {
        "name": "cf_segment",
        "label": "Segment",
        "kind": "one of its options",
        "required": False,
        "choices": ["Small Business", "Mid-Market", "Großkunde"],
        "custom": True,
    }


def test_listing_writes_nothing(account, writes):
    invoke("people", "--config", account)
    assert writes() == []


def test_an_object_may_be_called_by_its_other_names_or_is_named_in_a_sentence():
    assert "sales_accounts: what can be written" in invoke("companies", "--crm", "freshsales").stdout
    done = invoke("pepole", "--crm", "copper")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "The CRM has no object 'pepole': the nearest one is 'people'" in done.stderr


def test_what_cannot_be_written_is_said_with_the_reason(account):
    done = invoke("users", "--config", account)
    assert done.exit_code == 2
    assert "Copper's users are read-only in its API" in done.stderr


def test_a_wrong_key_is_told_in_one_sentence(settings, tmp_path):
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps({**settings, "api_key": "0" * 32}))
    done = invoke("people", "--config", file)
    assert done.exit_code == 2
    assert "api_key" in done.stderr
    assert "0" * 32 not in done.output
