"""The provider in a real Airflow: it is listed, its DAG is what it should be, and a task ends as the exit code says."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.fleet.airflow import MODEST, PYTHON, ROOT, install_provider

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(3000)]

ACCOUNTS = """
defaults: {tap: tap-copper, target: {crm: freshsales}}
accounts:
  acme: {tap: {config: {api_key: "${SHARED}"}}}
  globex: {tap: {config: {api_key: "${SHARED}"}}}
  initech: {tap: {config: {api_key: "${OWN}"}}}
"""
TELLS_DAG = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
from airflow.providers_manager import ProvidersManager
bag = DagBag(sys.argv[1])
dag = bag.dags["crm_sync"]
print("ANSWER", json.dumps({
    "errors": {key: str(value) for key, value in bag.import_errors.items()},
    "provider": ProvidersManager().providers["singer-crm-airflow"].version,
    "tasks": {task.task_id: [task.pool, task.retries, sorted(task.upstream_task_ids)] for task in dag.tasks},
    "params": {name: dag.params[name] for name in dag.params},
    "one at a time": [dag.max_active_runs, dag.catchup],
    "schedule": dag.schedule,
}))
"""
TELLS_END = """
import json, sys
from types import SimpleNamespace
from singer_crm_airflow.sync_operator import CrmSyncOperator
class Task(SimpleNamespace):
    def xcom_push(self, key, value):
        self.pushed[key] = value
for script, arguments in json.loads(sys.argv[1]):
    ti = Task(dag_id="d", run_id="r", task_id="acme", try_number=1, pushed={})
    task = CrmSyncOperator(task_id="acme", account="acme", singer_crm_bin=["sh", "-c", script, "-"], **arguments)
    delay = None
    try:
        end = ["returned", CrmSyncOperator.execute.__wrapped__(task, {"ti": ti})]
    except Exception as error:
        end = [type(error).__name__, str(error)]
        delay = task.retry_policy.evaluate(error, 1, 3).retry_delay
    print("ANSWER", json.dumps([*end, ti.pushed, None if delay is None else delay.total_seconds()]))
"""


def answers(folder: Path, code: str, *arguments: str) -> list:
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(folder / "home"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folder}/airflow.sqlite",
    }
    done = subprocess.run(
        [*MODEST, PYTHON, "-c", code, *arguments], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    lines = done.stdout.splitlines()
    return [json.loads(line.removeprefix("ANSWER ")) for line in lines if line.startswith("ANSWER ")]


@pytest.fixture(scope="module", autouse=True)
def _installed():
    install_provider()


def test_the_dag_of_the_examples_is_imported_with_a_task_for_each_account(tmp_path):
    (tmp_path / "accounts.yml").write_text(ACCOUNTS)
    (tmp_path / "dags").mkdir()
    example = (ROOT / "examples" / "airflow_dag.py").read_text()
    edited = example.replace("/etc/singer-crm/accounts.yml", str(tmp_path / "accounts.yml"))
    (tmp_path / "dags" / "crm.py").write_text(edited)

    (told,) = answers(tmp_path, TELLS_DAG, str(tmp_path / "dags"))

    assert told == {
        "errors": {},
        "provider": "0.1.0",
        "tasks": {
            "acme": ["singer_crm_SHARED", 3, []],
            "globex": ["singer_crm_SHARED", 3, []],
            "initech": ["default_pool", 3, []],
        },
        "params": {"full_refresh": False, "pipeline": "", "accounts": []},
        "one at a time": [1, False],
        "schedule": "*/15 * * * *",
    }


LINE = {
    "account": "acme",
    "records": 3,
    "outcomes": {"created": 3},
    "requests": {"tap": 1, "target": 2},
    "ended": "done",
}


def run_that_ends(code: int, **line: object) -> str:
    return f"echo working >&2; echo '{json.dumps(LINE | line)}'; exit {code}"


def test_a_task_ends_as_its_run_did(tmp_path):
    later = {"ended": "The CRM is down", "retry": "later", "retry_after_seconds": 90}
    cases = [
        (run_that_ends(0), {}),
        (run_that_ends(1, ended="2 records are rejected", retry="no"), {}),
        (run_that_ends(1, ended="A stream broke off", retry="now"), {}),
        (run_that_ends(2, ended="api_key is wrong"), {}),
        (run_that_ends(3), {}),
        (run_that_ends(4, **later), {}),
        (run_that_ends(5, ended="crm_sync/r/acme/1 is at it"), {}),
        ("kill -9 $$", {}),
        ("exit 0", {}),
        ("exit 0", {"only": "globex initech"}),
        ("""test "$*" = "sync acme --output json --run-id d/r/acme/1 --pipeline p --full-refresh" && echo '{}'""",
         {"pipeline": "p", "full_refresh": "True"}),
    ]  # fmt: skip

    told = answers(tmp_path, TELLS_END, json.dumps(cases))

    counts = {name: LINE[name] for name in ("records", "outcomes", "requests")}
    assert told[0] == ["returned", counts, {"report": LINE}, None]
    assert [[kind, delay] for kind, _, _, delay in told[1:]] == [
        ["AirflowFailException", None],
        ["SyncLaterError", 0],
        ["AirflowFailException", None],
        ["AirflowFailException", None],
        ["SyncLaterError", 90],
        ["AirflowSkipException", None],
        ["SyncLaterError", 60],
        ["AirflowFailException", None],
        ["AirflowSkipException", None],
        ["returned", None],
    ]
    assert told[1][1] == "acme: 2 records are rejected (exit code 1)"
    assert told[1][2]["report"]["retry"] == "no"
    assert told[6][1] == "acme: crm_sync/r/acme/1 is at it (exit code 5)"
    assert told[9][1] == "acme: this run is for globex initech"


def test_a_command_that_is_not_there_fails_in_a_sentence(tmp_path):
    code = TELLS_END.replace('["sh", "-c", script, "-"]', "script")
    ((kind, sentence, _, _),) = answers(tmp_path, code, json.dumps([["/nowhere/singer-crm", {}]]))
    assert kind == "AirflowFailException"
    assert sentence.startswith("/nowhere/singer-crm cannot be started: No such file or directory. Set singer_crm_bin")
