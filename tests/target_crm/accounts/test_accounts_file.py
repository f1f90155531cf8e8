"""accounts.yml: an entry that is wrong is told, and costs itself alone; no secret is shown."""

from __future__ import annotations

import json

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from target_crm.accounts.accounts_file import read_accounts, schema_text
from target_crm.cli.main import main

GOOD = """
defaults:
  tap: tap-copper
  target: {crm: freshsales, ledger_url: "sqlite:///${folder}/${entry}.sqlite"}
accounts:
  acme:
    tap: {config: {api_key: "${ACME_COPPER}", user_email: ann@example.org}, select: [people]}
    target: {domain: acme, api_key: "file:acme.key"}
  beta:
    was: bravo
    tap: {command: [cat, feed.jsonl]}
    target: {domain: beta, api_key: "file:acme.key"}
"""
SECRET = "a-secret-of-acme"


@pytest.fixture
def accounts(tmp_path):
    """Read a file of this text, with more entries."""

    def read(text="", **environment):
        (tmp_path / "acme.key").write_text(f"{SECRET}\n")
        file = tmp_path / "accounts.yml"
        file.write_text(GOOD.replace("${folder}", str(tmp_path)) + text)
        return read_accounts(file, {"ACME_COPPER": "a-key-of-copper", **environment})

    return read


@pytest.fixture
def typed(tmp_path, accounts):
    """Type a command of ``singer-crm accounts`` on such a file."""

    def typed(command, *arguments, text="", **environment):
        accounts(text)
        options = ["--accounts", str(tmp_path / "accounts.yml"), *arguments]
        env = {"ACME_COPPER": "a-key-of-copper", **environment}
        ended = CliRunner().invoke(main, ["accounts", command, *options], env=env)
        assert ended.exception is None or isinstance(ended.exception, SystemExit)
        return ended.exit_code, ended.output

    return typed


def test_an_entry_has_the_defaults_and_what_its_references_stand_for(accounts, tmp_path):
    found = accounts()
    acme = found.entries["acme"]
    assert acme.target["crm"] == "freshsales"
    assert acme.target["api_key"] == SECRET
    assert acme.target["ledger_url"] == f"sqlite:///{tmp_path}/acme.sqlite"
    assert acme.tap.config["api_key"] == "a-key-of-copper"
    assert acme.tap.select == ("people",)


def test_another_tap_takes_no_settings_of_the_default_one(accounts):
    tap = accounts().entries["beta"].tap
    assert (tap.name, tap.command, tap.config) == ("", ("cat", "feed.jsonl"), {})


def test_a_renamed_entry_keeps_the_place_of_its_ledger_and_state(accounts, tmp_path):
    beta = accounts().entries["beta"]
    assert beta.key == "bravo"
    assert beta.target["ledger_url"] == f"sqlite:///{tmp_path}/bravo.sqlite"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("bad: {tapp: tap-copper}", "There is no setting 'accounts.bad.tapp': the nearest one is 'tap'"),
        ("bad: {tap: tap-coper}", "the nearest one is 'tap-copper'"),
        ("bad: {tap: {command: []}}", "accounts.bad.tap"),
        ("bad: {target: {api_key: sesame-street}}", "accounts.bad.target.api_key is a secret"),
        ("bad: {target: {ledger_url: 'postgresql://a:pass-word@h/d'}}", "accounts.bad.target.ledger_url is a secret"),
        ("bad: {target: {headers: {Authorization: sesame-street}}}", "headers.Authorization is a secret"),
        ("bad: {target: {api_key: '${NOT_SET}'}}", "the environment variable NOT_SET is not set"),
        ("bad: {target: {api_key: '${EMPTY}'}}", "the environment variable EMPTY is empty"),
        ("bad: {target: {api_key: 'file:not-there'}}", "cannot be read: No such file"),
        ("bad: {target: {api_key: '${unclosed'}}", "a reference is written ${NAME}"),
        ("bad: {tap: {command: [cat, '${ACME_COPPER}']}}", "everybody can see the words of a command"),
        ("bad: {tap: {command: [cat], name: tap-copper}}", "give either name or command"),
        ("bad: {tap: {config: sesame-street}}", "accounts.bad.tap.config must be an object"),
        ("bad: {enabled: sometimes}", "accounts.bad.enabled must be true or false"),
        ("bad: {enabled: true, enabled: false}", "accounts.bad.enabled stands there twice"),
        ("bad: {was: acme, target: {domain: bad, api_key: 'file:acme.key'}}", "keep STATE under one name"),
        ("bad: {target: {domain: acme, api_key: 'file:acme.key'}}", "are one account with one source"),
    ],
)
def test_an_entry_that_is_wrong_is_told_and_costs_itself_alone(accounts, entry, said):
    found = accounts(f"  {entry}\n", EMPTY="")
    assert said in found.flaws["bad"]
    assert "beta" in found.entries
    told = " ".join(found.flaws.values())
    assert "sesame-street" not in told
    assert "pass-word" not in told


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("accounts: [a]", "must hold accounts"),
        ("accounts: {a: {}}\ndefault: {}", "the nearest one is 'defaults'"),
        ("accounts: {a: {}}\naccounts: {}", "accounts stands there twice"),
        ("accounts: {'a b': {}}", "the name of an entry must be"),
        ("accounts: {off: {}}", "YAML reads the name of an account as False. Quote it"),
        ("accounts: {a: ", "is not valid YAML on line"),
    ],
)
def test_a_file_that_is_wrong_as_a_whole_is_refused_in_a_sentence(tmp_path, text, said):
    file = tmp_path / "accounts.yml"
    file.write_text(text)
    ended = CliRunner().invoke(main, ["accounts", "list", "--accounts", str(file)])
    assert (ended.exit_code, said in ended.output) == (2, True), ended.output
    assert len(ended.output.splitlines()) == 1


def test_check_tells_what_is_wrong_with_settings_and_shows_no_secret(typed):
    code, output = typed("check", text="  bad: {target: {domain: bad, api_key: 'file:acme.key', dry_rum: true}}\n")
    assert code == 2
    assert "acme: well" in output
    assert "bad: There is no setting 'dry_rum': the nearest one is 'dry_run'" in output
    assert SECRET not in output


def test_check_of_one_account_says_nothing_of_others(typed):
    code, output = typed("check", "beta", text="  bad: {tapp: x}\n")
    assert (code, output) == (0, "beta: well\n")


def test_an_account_that_is_not_there_is_named_with_its_nearest(typed):
    code, output = typed("check", "acne")
    assert (code, "has no account 'acne': the nearest one is 'acme'" in output) == (2, True)


def test_list_shows_all_entries_as_json_lines_without_secrets(typed):
    code, output = typed("list", "--output", "json", text="  bad: {tapp: x}\n  idle: {enabled: false}\n")
    rows = {row["account"]: row for row in map(json.loads, output.splitlines())}
    assert code == 0
    assert list(rows) == ["acme", "beta", "bad", "idle"]
    assert (rows["acme"]["tap"], rows["beta"]["tap"], rows["beta"]["was"]) == ("tap-copper", "cat", "bravo")
    assert not rows["idle"]["enabled"]
    assert SECRET not in output
    assert "a-key-of-copper" not in output


def test_the_published_schema_takes_the_file_and_knows_its_keys():
    schema = json.loads(CliRunner().invoke(main, ["accounts", "schema"]).output)
    assert schema == json.loads(schema_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    assert validator.is_valid(yaml.safe_load(GOOD))
    assert not validator.is_valid({"accounts": {"acme": {"tapp": {}}}})
