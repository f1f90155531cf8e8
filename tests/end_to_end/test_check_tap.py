"""``singer-crm check`` takes the settings of tap-copper as they are."""

from __future__ import annotations

import json

import pytest

from tests.commands import run_command


@pytest.fixture
def check(tmp_path):
    """Run ``singer-crm check`` on settings in a file; its exit code and what it said."""

    def check(settings, *arguments, **env):
        (tmp_path / "tap.json").write_text(json.dumps(settings))
        done = run_command("singer-crm", "check", *arguments, "--config", tmp_path / "tap.json", cwd=tmp_path, env=env)
        return done.returncode, done.stdout, done.stderr

    return check


def test_check_tells_whose_account_a_taps_settings_are(check, copper_account, empty_emulator):
    account = empty_emulator.copper.records("account")[0]
    user = next(
        each for each in empty_emulator.copper.records("users") if each["email"] == empty_emulator.copper.user_email
    )
    given = {
        **copper_account(empty_emulator),
        "start_date": "2024-01-01",
        "custom_field_columns": "id",
        "deletions": True,
    }
    code, told, said = check(given)
    assert code == 0, said
    assert f"Account {account['name']} (id {account['id']}), as {user['name']} <{user['email']}>" in told
    assert "The settings of tap-copper are valid" in told


def test_an_access_token_or_the_environment_will_do(check, empty_emulator):
    token = {"base_url": empty_emulator.copper.base_url, "access_token": empty_emulator.copper.access_token}
    assert check(token)[0] == 0
    variables = {f"TAP_COPPER_{name.upper()}": value for name, value in token.items()}
    code, told, said = check({"start_date": "2024-01-01"}, "--config=ENV", **variables)
    assert code == 0, said
    assert "settings of tap-copper" in told
    ours = {f"TARGET_CRM_{name.upper()}": value for name, value in token.items()}
    assert "Ledger" in check({}, "--config=ENV", **ours, TARGET_CRM_CRM="copper")[1]
    assert "crm is missing" in check({}, "--config=ENV", **ours)[2]


@pytest.mark.parametrize(
    ("changed", "sentence", "status"),
    [
        ({"start_dat": "2024-01-01"}, "There is no setting 'start_dat': the nearest one is 'start_date'", 2),
        ({"start_date": "soon"}, "start_date must be a date", 2),
        ({"api_key": "f" * 32}, "did not accept the credentials", 2),
        ({"base_url": "http://127.0.0.1:9/v1", "max_attempts": 1}, "cannot be reached", 4),
        ({"streams": {"people": {}}}, "crm", 2),
    ],
)
def test_what_is_wrong_with_them_is_one_sentence(check, copper_account, empty_emulator, changed, sentence, status):
    code, told, said = check({**copper_account(empty_emulator), **changed})
    assert sentence in said
    assert len(said.splitlines()) == 1
    assert "f" * 32 not in told + said
    assert code == status
