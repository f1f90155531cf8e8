"""The first tenth of a second of a command: whoever stops it then gets its exit code, and no traceback."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tap_copper.tap import TapCopper
from target_crm.cli.main import main as operator
from tests.commands import run_command

INTERRUPTED = """
import importlib, importlib.abc, os, signal, sys

class Interrupts(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == imported:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
module, _, function = sys.argv.pop(1).partition(":")
imported = sys.argv.pop(1)
getattr(importlib.import_module(module), function)()
"""


TELLS_IMPORTS = """
import atexit, importlib.metadata, sys

name, *arguments = sys.argv[1:]
sys.argv = [name, *arguments]
atexit.register(lambda: print("imported", *sys.modules, file=sys.stderr))
(entry,) = importlib.metadata.entry_points(group="console_scripts", name=name)
entry.load()()
"""
HEAVY = {"singer_sdk", "sqlalchemy", "requests", "jsonschema", "rich"}


@pytest.mark.parametrize("option", ["--help", "--version"])
@pytest.mark.parametrize("command", ["tap-copper", "target-crm", "singer-crm", "crm-emulator"])
def test_a_help_and_a_version_need_neither_the_sdk_nor_sqlalchemy(command, option):
    done = subprocess.run(
        [sys.executable, "-c", TELLS_IMPORTS, command, option], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("Usage: " if option == "--help" and command != "crm-emulator" else ("usage", command))
    told, _, imported = done.stderr.rpartition("imported ")
    assert not told
    assert not HEAVY.intersection(imported.split())


@pytest.mark.parametrize("columns", ["80", "40"])
@pytest.mark.parametrize("command", ["tap-copper", "target-crm"])
def test_a_plugin_tells_by_itself_what_the_sdk_would_tell(command, columns, monkeypatch):
    monkeypatch.setenv("COLUMNS", columns)
    for option in ("--help", "--version"):
        done, of_sdk = run_command(command, option), run_command(command, "--about", option)
        assert (done.returncode, done.stdout, done.stderr) == (0, of_sdk.stdout, "")


def test_the_list_of_commands_says_of_each_what_it_says_itself():
    context = operator.make_context("singer-crm", [], resilient_parsing=True)
    told = {name: operator.get_command(context, name).get_short_help_str(200) for name in operator.commands}
    own = {name: operator.resolve_command(context, [name])[1] for name in operator.commands}
    assert {name: (name, each.get_short_help_str(200)) for name, each in own.items()} == {
        name: (own[name].name, does) for name, does in told.items()
    }


@pytest.mark.parametrize("start", ["tap_copper.start:tap", "target_crm.start:target", "target_crm.cli.start:operator"])
@pytest.mark.parametrize("imported", ["click", "singer_sdk"])
def test_an_interrupt_while_a_command_is_imported_ends_it_in_silence(start, imported):
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, start, imported, "check"],
        capture_output=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (128 + signal.SIGINT, b"", b"")


def test_a_pause_names_the_run_of_the_tap_that_met_it(tmp_path, monkeypatch):
    settings = {"api_key": "a" * 32, "user_email": "a@x.org", "quota_url": f"sqlite:///{tmp_path / 'quota.sqlite'}"}
    monkeypatch.setenv("SINGER_CRM_RUN_ID", "of-the-environment")
    for given, name in (("nightly", "nightly"), (None, "of-the-environment")):
        quota = TapCopper(config=settings, setup_mapper=False, run_id=given).account.session.quota
        quota.pause(5)
        assert quota.paused[1].endswith(f", run {name})")
        quota.end_pause()
        quota.close()


def test_a_name_of_a_run_that_is_none_is_refused_by_both_plugins(tmp_path):
    file = tmp_path / "config.json"
    file.write_text("{}")
    for command in ("tap-copper", "target-crm"):
        done = run_command(command, "--config", file, "--run-id", "two words")
        assert done.returncode == 2
        assert "--run-id must be" in done.stderr
