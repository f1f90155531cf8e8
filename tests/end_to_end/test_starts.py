"""The first tenth of a second of a command: whoever stops it then gets its exit code, and no traceback."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from tap_copper.tap import TapCopper
from tests.commands import run_command

INTERRUPTED = """
import importlib, importlib.abc, os, signal, sys

class Interrupts(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == sys.argv[2]:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupts())
module, _, function = sys.argv[1].partition(":")
getattr(importlib.import_module(module), function)()
"""


@pytest.mark.parametrize("start", ["tap_copper.start:tap", "target_crm.start:target", "target_crm.cli.start:operator"])
@pytest.mark.parametrize("imported", ["click", "singer_sdk"])
def test_an_interrupt_while_a_command_is_imported_ends_it_in_silence(start, imported):
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, start, imported], capture_output=True, stdin=subprocess.DEVNULL, check=False
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
