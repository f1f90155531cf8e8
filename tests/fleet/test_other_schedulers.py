"""The recipes for Celery, Dagster and Kubernetes, each tried with the program itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from contextlib import contextmanager

import pytest

from crm_emulator import Emulator
from tests.fleet.airflow import MODEST
from tests.machine import find_program
from tests.recipes import ROOT, follow
from tests.servers import redis_store

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(1800)]

PAGE = "other-schedulers.md"
THEIRS = ROOT / ".venvs"
OURS = ROOT / ".venv" / "bin"


@pytest.fixture
def page(tmp_path):
    """Follow the page, then offer its files and an environment in which its programs are found."""
    with Emulator(empty=True) as emulator:
        key = {"ACME_KEY": emulator.copper.api_key}
        assert follow(PAGE, tmp_path, emulator, **key)[-1].code == 0
        path = [THEIRS / "celery" / "bin", THEIRS / "dagster" / "bin", THEIRS / "tap-spreadsheets" / "bin", OURS]
        state = {"XDG_STATE_HOME": str(tmp_path / "state"), "DAGSTER_HOME": str(tmp_path)}
        (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
        yield emulator, {**os.environ, **key, **state, "PATH": os.pathsep.join([*map(str, path), os.environ["PATH"]])}


def add_a_contact(folder):
    with (folder / "contacts.csv").open("a") as contacts:
        contacts.write("3,Emi Sakura,emi@sakura.example\n")


def names(emulator):
    return sorted(each["name"] for each in emulator.copper.records("people"))


EVERYBODY = ["Alice Whitman", "Bruno Keller", "Emi Sakura"]


def run(words, folder, environment):
    done = subprocess.run([*MODEST, *words], cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done


@contextmanager
def started(words, folder, environment):
    with (folder / "worker.out").open("wb") as printed:
        process = subprocess.Popen(
            [*MODEST, *words],
            cwd=folder,
            env=environment,
            stdout=printed,
            stderr=printed,
            start_new_session=True,
        )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_celery_syncs_an_account(page, tmp_path):
    emulator, environment = page
    add_a_contact(tmp_path)
    with redis_store() as redis:
        tasks = (tmp_path / "tasks.py").read_text()
        (tmp_path / "tasks.py").write_text(tasks.replace(":6379/", f":{redis.port}/"))
        words = (tmp_path / "celery").read_text().split()
        with started([word for word in words if word != "--beat"], tmp_path, environment):
            called = run(
                ["celery", "-A", "tasks", "call", "tasks.sync", "--args", '["acme"]'], tmp_path, environment
            ).stdout
            report = None
            while report is None:
                code = f"import json, tasks; print(json.dumps(tasks.app.AsyncResult({called.strip()!r}).result))"
                report = json.loads(run(["python", "-c", code], tmp_path, environment).stdout)
                threading.Event().wait(0.2)
    assert (report["account"], report["exit_code"], report["outcomes"]) == ("acme", 0, {"created": 1, "unchanged": 2})
    assert report["run_id"] == f"celery/{called.strip()}/0"
    assert names(emulator) == EVERYBODY


def test_dagster_syncs_an_account(page, tmp_path):
    emulator, environment = page
    add_a_contact(tmp_path)
    done = run((tmp_path / "dagster").read_text().split(), tmp_path, environment)
    assert names(emulator) == EVERYBODY, done.stderr


def test_kubernetes_takes_the_manifest():
    program = find_program(str(THEIRS / "kubernetes-validate" / "bin" / "kubernetes-validate"))
    run([program, "--strict", str(ROOT / "examples" / "kubernetes" / "cronjob.yaml")], ROOT, os.environ)
