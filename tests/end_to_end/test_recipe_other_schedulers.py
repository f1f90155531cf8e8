"""The recipes for other schedulers do what they say: cron's line, and what Kubernetes makes of each exit code."""

from __future__ import annotations

import fcntl
import json
import signal
import subprocess

import pytest
import yaml

from crm_api.errors import SIGNAL_OFFSET, Exit
from crm_emulator import Emulator
from tests.recipes import ROOT, follow

PAGE = "other-schedulers.md"
KEY = {"ACME_KEY": "c0ffee00c0ffee00c0ffee00c0ffee00"}
MANIFEST = ROOT / "examples" / "kubernetes" / "cronjob.yaml"


def test_the_line_for_cron_syncs_once_and_leaves_a_run_out_while_another_is_at_work(tmp_path):
    with Emulator(empty=True) as emulator:
        *_, cron = follow(PAGE, tmp_path, emulator, **KEY)
        names = [each["name"] for each in emulator.copper.records("people")]
        assert sorted(names) == ["Alice Whitman", "Bruno Keller"]
        line = json.loads(cron.output)
        assert (line["account"], line["exit_code"], line["outcomes"]) == ("acme", 0, {"created": 2})
    command = (tmp_path / "crontab").read_text().split(" ", 5)[5]
    with (tmp_path / "singer-crm.lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert subprocess.run(["/bin/sh", "-c", command], cwd=tmp_path, check=False).returncode == 0
    assert (tmp_path / "runs.jsonl").read_text() == cron.output


def decided(code, conditions=()):
    """Return the action of the first rule of the manifest that fits a pod; None: none does, and the pod counts."""
    job = yaml.safe_load(MANIFEST.read_text())["spec"]["jobTemplate"]["spec"]
    for rule in job["podFailurePolicy"]["rules"]:
        if any(each["type"] in conditions for each in rule.get("onPodConditions", ())):
            return rule["action"]
        codes = rule.get("onExitCodes", {"operator": "In", "values": ()})
        assert codes["operator"] == "In"
        if code in codes["values"]:
            return rule["action"]
    return None


@pytest.mark.parametrize("code", [each for each in Exit if each not in {Exit.DONE, Exit.BUSY}])
def test_kubernetes_tries_again_where_it_helps_and_nowhere_else(code):
    assert decided(code) == ("Count" if code is Exit.UNREACHABLE else "FailJob")


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_kubernetes_tries_again_after_a_signal_and_takes_a_drained_node_for_no_try(number):
    assert decided(SIGNAL_OFFSET + number) == "Count"
    assert decided(SIGNAL_OFFSET + number, ["DisruptionTarget"]) == "Ignore"


def test_kubernetes_gives_a_run_the_time_to_end_in_order_and_starts_one_at_a_time():
    spec = yaml.safe_load(MANIFEST.read_text())["spec"]
    pod = spec["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] >= 30
    assert pod["restartPolicy"] == "Never"
    assert spec["concurrencyPolicy"] == "Forbid"
    assert pod["securityContext"]["runAsNonRoot"] is True
