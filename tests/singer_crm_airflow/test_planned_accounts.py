"""The tasks and pools of a DAG follow from names or from accounts.yml, without Airflow and without any secret."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from singer_crm_airflow.accounts import DEFAULT_POOL, AccountsError, planned_accounts

FILE = """
defaults:
  tap: tap-copper
  target: {crm: freshsales, api_key: "${FRESHSALES_KEY}", ledger_url: "${LEDGER_URL}"}
accounts:
  acme: {tap: {config: {api_key: "${ACME_KEY}"}}}
  globex: {tap: {config: {api_key: "file:keys/${entry}"}}, target: {api_key: "file:keys/globex.out"}}
  initech: {tap: {config: {api_key: "${INITECH_KEY}"}}, target: {api_key: "file:keys/${entry}.out"}}
  off: {enabled: false}
  umbrella: {tap: {command: [tap-x], config: {password: "${X}"}}}
"""


@pytest.fixture
def planned(tmp_path):
    def of(text, pools=None):
        (tmp_path / "accounts.yml").write_text(text)
        return {each.name: each.pool for each in planned_accounts(tmp_path / "accounts.yml", pools)}

    return of


def test_names_are_tasks_in_their_order():
    assert [each.name for each in planned_accounts(["b", "a.1", "C-2_x"])] == ["b", "a.1", "C-2_x"]
    assert {each.pool for each in planned_accounts(["b", "a"])} == {DEFAULT_POOL}


def test_each_entry_is_a_task_but_those_that_are_not_enabled(planned):
    assert list(planned(FILE)) == ["acme", "globex", "initech", "umbrella"]


def test_accounts_that_share_a_credential_share_a_pool_and_others_have_none(planned):
    shared = "singer_crm_FRESHSALES_KEY"
    assert planned(FILE) == {"acme": shared, "globex": DEFAULT_POOL, "initech": DEFAULT_POOL, "umbrella": shared}


def test_a_credential_shared_through_a_third_account_joins_both_pools(planned):
    pools = planned(
        "accounts:\n"
        '  a: {tap: {config: {api_key: "${A}"}}, target: {api_key: "${Z}"}}\n'
        '  b: {tap: {config: {api_key: "${B}"}}, target: {api_key: "${Y}"}}\n'
        '  c: {tap: {config: {api_key: "${B}"}}, target: {api_key: "${Z}"}}\n'
        '  d: {tap: {config: {api_key: "${A}"}}, target: {access_token: "${D}"}}\n'
    )
    assert len(set(pools.values())) == 1
    assert DEFAULT_POOL not in pools.values()


def test_another_tap_than_the_default_one_does_not_get_its_credentials(planned):
    pools = planned(
        'defaults: {tap: {name: tap-copper, config: {api_key: "${K}"}}, target: {api_key: "file:${entry}"}}\n'
        "accounts: {a: {tap: {command: [tap-y]}}, b: {}}"
    )
    assert pools == {"a": DEFAULT_POOL, "b": DEFAULT_POOL}


def test_a_renamed_entry_keeps_its_credential(planned):
    pools = planned(
        'accounts: {new: {was: old, target: {api_key: "file:${entry}"}}, x: {target: {api_key: "file:old"}}}'
    )
    assert pools == {"new": "singer_crm_old", "x": "singer_crm_old"}


def test_a_pool_of_ones_own_goes_before(planned):
    assert planned(FILE, {"acme": "mine"})["acme"] == "mine"
    with pytest.raises(AccountsError, match="pools names the account nobody"):
        planned(FILE, {"nobody": "mine"})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("accounts: [a]", "must hold accounts"),
        ("- a", "must hold accounts"),
        ("accounts: {", "not valid YAML on line"),
        ("accounts: {}", "There is no account"),
        ("accounts: {a b: {}}", "'a b' is not the name of an account"),
        ("accounts: {a: {enabled: false}}", "There is no account"),
    ],
)
def test_a_file_that_is_wrong_is_told_in_a_sentence(planned, text, sentence):
    with pytest.raises(AccountsError, match=sentence):
        planned(text)


@pytest.mark.parametrize("wrong", ["accounts: {a: 1}", "defaults: 3\naccounts: {a: {tap: 7, target: [x]}}"])
def test_an_entry_that_is_wrong_has_its_task_which_will_tell(planned, wrong):
    assert planned(wrong) == {"a": DEFAULT_POOL}


def test_names_that_are_none_and_files_that_are_not_there_are_told(tmp_path):
    with pytest.raises(AccountsError, match="named twice"):
        planned_accounts(["a", "a"])
    with pytest.raises(AccountsError, match="is not the name"):
        planned_accounts(["../a"])
    with pytest.raises(AccountsError, match="No such file"):
        planned_accounts(str(tmp_path / "none.yml"))


def test_the_command_prints_pools_as_airflow_imports_them(tmp_path):
    (tmp_path / "accounts.yml").write_text(FILE)
    run = "from singer_crm_airflow.pools import main; main()"

    def printed(*arguments):
        return subprocess.run(
            [sys.executable, "-c", run, *map(str, arguments)], capture_output=True, text=True, check=False
        )

    pools = json.loads(printed(tmp_path / "accounts.yml", "--slots", 2).stdout)
    assert pools == {
        "singer_crm_FRESHSALES_KEY": {
            "slots": 2,
            "description": "Accounts with one credential: acme, umbrella",
            "include_deferred": False,
        }
    }
    missing = printed(tmp_path / "none.yml")
    assert (missing.returncode, missing.stderr.count("\n")) == (1, 1)
