"""A command that a message recommends can be pasted as it stands, and does what the message says."""

from __future__ import annotations

import json
import re
import shlex
import shutil

import pytest

from crm_api.transport.quota import Pause
from crm_api.transport.quota_stores import open_store
from crm_emulator.emulator import Emulator
from tests.commands import Command, run_command
from tests.target_crm.messages import as_lines, record_of, schema_of

LINES = as_lines([schema_of("tasks", "name"), record_of("tasks", id=1, name="T1")]).decode()
PAUSE_MILLISECONDS = 600_000


@pytest.fixture
def folder(tmp_path):
    """A folder whose name must be quoted."""
    folder = tmp_path / "it's a folder"
    folder.mkdir()
    return folder


@pytest.fixture
def settings():
    with Emulator(seed=1) as emulator:
        copper = emulator.copper
        yield {"base_url": copper.base_url, "api_key": copper.api_key, "user_email": copper.user_email}


@pytest.fixture
def write(settings, folder):
    """Run target-crm with such settings."""
    own = {"crm": "copper", "ledger_url": f"sqlite:///{folder}/ledger.sqlite", "report_path": f"{folder}/report.json"}

    def write(**config):
        file = folder / "config.json"
        file.write_text(json.dumps(settings | own | config))
        return run_command("target-crm", "--config", file, given=LINES)

    return write


def pasted(message, command):
    """Run the command that a message recommends."""
    found = re.search(rf"singer-crm ({command} --config '.*config\.json')", message)
    assert found, message
    return run_command("singer-crm", *shlex.split(found[1]))


def test_a_restored_ledger_is_accepted_by_the_command_that_the_run_names(write, folder):
    assert write().returncode == 0
    shutil.copy(folder / "ledger.sqlite", folder / "backup.sqlite")
    assert write().returncode == 0
    shutil.copy(folder / "backup.sqlite", folder / "ledger.sqlite")
    refused = write(require_ledger=True)
    assert refused.returncode == 2
    assert pasted(refused.stderr, "ledger accept-restore").returncode == 0
    assert write(require_ledger=True).returncode == 0


def test_another_name_of_an_account_is_accepted_by_the_command_that_the_run_names(write):
    assert write(account_name="acme").returncode == 0
    refused = write(account_name="acme 2")
    assert refused.returncode == 2
    assert pasted(refused.stderr, "ledger accept-credential").returncode == 0
    assert write(account_name="acme 2").returncode == 0


@pytest.mark.parametrize("plugin", ["target-crm", "tap-copper"])
@pytest.mark.daily(one_of=2)
def test_a_shared_pause_is_ended_by_the_command_that_the_process_that_waits_names(settings, folder, plugin):
    url = f"sqlite:///{folder}/quota.sqlite"
    own = {"crm": "copper", "ledger_url": f"sqlite:///{folder}/ledger.sqlite"} if plugin == "target-crm" else {}
    file = folder / "config.json"
    file.write_text(json.dumps(settings | own | {"quota_url": url}))
    store = open_store(url, base_url=settings["base_url"], credential=settings["api_key"])
    with store.locked():
        store.set_pause(Pause(store.now() + PAUSE_MILLISECONDS, "the CRM turned POST /tasks away"))
    store.close()
    waiting = Command(plugin, "--config", file, *(["--discover"] if plugin == "tap-copper" else []))
    if plugin == "target-crm":
        waiting.stdin.write(LINES.encode())
    told = next(line for line in map(bytes.decode, waiting.stderr) if "No request is sent for" in line)
    ended = pasted(told, "quota clear")
    assert "The pause is ended" in ended.stdout
    waiting.communicate()
    assert waiting.returncode == 0


def test_a_file_of_settings_that_meltano_removes_is_not_named(settings, tmp_path):
    """The run is Meltano's: it writes the settings into a file that goes with the run."""
    file = tmp_path / ".meltano" / "run" / "target-crm--copper" / "target.0a1b.config.json"
    file.parent.mkdir(parents=True)
    own = {"crm": "copper", "ledger_url": f"sqlite:///{tmp_path}/ledger.sqlite"}
    file.write_text(json.dumps(settings | own))
    lines = as_lines([schema_of("people", "name"), record_of("people", id=1, name=None)]).decode()
    done = run_command("target-crm", "--config", file, given=lines)
    assert done.returncode == 1
    hint = "singer-crm rejected list --config FILE, where FILE holds what meltano invoke --dump=config"
    assert f"{hint} target-crm--copper prints" in done.stderr
    assert ".json" not in done.stderr
