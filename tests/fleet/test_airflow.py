"""Twelve accounts on a real Airflow with two Celery workers: one is killed, a host is lost, and all get done."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import urllib.error
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest

from crm_emulator import Emulator
from tests.fleet.airflow import PYTHON, Airflow, install_provider, kill, processes_of, until
from tests.fleet.cases import COPPER
from tests.fleet.hosts import hosts
from tests.servers import database, free_port, postgresql, redis_store

pytestmark = [pytest.mark.fleet, pytest.mark.timeout(7200)]

DATABASE, BROKER, API = "127.0.0.2", "127.0.0.3", "127.0.0.4"
ACCOUNTS = [f"account-{number:02}" for number in range(1, 13)]
SHARING = ACCOUNTS[:3]  # these read with one credential, and so take turns
RECORDS = 60  # of an account in each run
TROUBLE = ("latency:seconds=0.5", *(f"lost:rate=0.05,route={route}" for route in COPPER.creates))
TAP = """
import json, sys
given = dict(zip(sys.argv[1::2], sys.argv[2::2]))
place = json.load(open(given["--state"]))["place"] if "--state" in given else 0
lines = open(json.load(open(given["--config"]))["source"]).read().splitlines()
print(lines[0])
for place, line in enumerate(lines[1:][place:], place + 1):
    print(line)
    if place % 10 == 0:
        print(json.dumps({"type": "STATE", "value": {"place": place}}), flush=True)
print(json.dumps({"type": "STATE", "value": {"place": place}}))
"""
DAG = """
from datetime import timedelta
from singer_crm_airflow.sync_dag import crm_sync_dag
dag = crm_sync_dag({accounts!r}, schedule=None, singer_crm_bin={singer_crm!r},
                   default_args={{"retries": 20, "retry_delay": timedelta(seconds=5)}})
"""


class Fleet:
    """Twelve accounts, their sources, and the Airflow that keeps them in step."""

    def __init__(self, stack: ExitStack, folder: Path) -> None:
        self._folder = folder
        self._told = 0
        self.emulator = stack.enter_context(Emulator(accounts=len(ACCOUNTS), empty=True))
        self.emulator.trouble(*TROUBLE)
        server = stack.enter_context(postgresql(f"127.0.0.1,{DATABASE}"))
        here = f"postgresql://tester@127.0.0.1:{server.port}"
        urls = [stack.enter_context(database(here)).replace("127.0.0.1", DATABASE) for _ in range(2)]
        broker = stack.enter_context(redis_store(BROKER))
        api = API, free_port()
        links = {
            "crm": ("127.0.0.1", self.emulator.port),
            "database": (DATABASE, server.port),
            "broker": (BROKER, broker.port),
            "api": api,
        }
        self.hosts = stack.enter_context(hosts(2, links))
        (folder / "tap.py").write_text(TAP)
        (folder / "accounts.yml").write_text(json.dumps(self._accounts(urls[0])))  # JSON is YAML
        self.crms = {name: each.copper for name, each in zip(ACCOUNTS, self.emulator.accounts, strict=True)}
        keys = {self._variable(name): crm.api_key for name, crm in self.crms.items()}
        redis = f"redis://{BROKER}:{broker.port}/0"
        (folder / "airflow").mkdir()
        self.airflow = Airflow(folder / "airflow", api, urls[1], redis, {**keys, "SHARED": "a token"})
        dag = DAG.format(
            accounts=str(folder / "accounts.yml"), singer_crm=str(Path(sys.executable).parent / "singer-crm")
        )
        (folder / "airflow" / "dags" / "crm.py").write_text(textwrap.dedent(dag))
        stack.enter_context(self.airflow.running())
        self.workers = [self.airflow.worker(f"worker-{place}", host) for place, host in enumerate(self.hosts)]

    def _variable(self, account: str) -> str:
        return account.upper().replace("-", "_")

    def _accounts(self, ledger_url: str) -> dict:
        crm = self.emulator.copper
        target = {
            "crm": "copper",
            "base_url": crm.base_url,
            "user_email": crm.user_email,
            "ledger_url": ledger_url,
            "index_lag_seconds": 0,
            "requests_per_minute": 0,
            "bulk_requests_per_second": 0,
            "request_timeout_seconds": 20,
            "batch_size_rows": 10,
            "max_concurrency": 1,
        }
        source = {"source": str(self._folder / "${entry}.jsonl")}
        return {
            "defaults": {
                "tap": {"command": [sys.executable, str(self._folder / "tap.py")], "config": source},
                "target": target,
            },
            "accounts": {
                name: {
                    "target": {"api_key": f"${{{self._variable(name)}}}"},
                    "tap": {"config": {"token": "${SHARED}"} if name in SHARING else {}},
                }
                for name in ACCOUNTS
            },
        }

    def tell(self) -> None:
        """Add records to the source of each account, and change one in five of the last ones."""
        first, self._told = self._told, self._told + RECORDS
        names = [*COPPER.make(0), *COPPER.change]
        schema = {"type": "object", "properties": {name: {} for name in names}}
        begins = {"type": "SCHEMA", "stream": COPPER.stream, "schema": schema, "key_properties": ["id"]}
        records = [COPPER.make(number) for number in range(first, self._told)]
        records += [COPPER.make(number) | COPPER.change for number in range(first - RECORDS, first, 5) if number >= 0]
        for account in ACCOUNTS:
            file = self._folder / f"{account}.jsonl"
            with file.open("a") as source:
                for message in [] if first else [begins]:
                    source.write(f"{json.dumps(message)}\n")
                for record in records:
                    source.write(f"{json.dumps({'type': 'RECORD', 'stream': COPPER.stream, 'record': record})}\n")

    def amiss(self) -> list[str]:
        """Say what is lost, doubled or unchanged."""
        found = []
        for account, crm in self.crms.items():
            counts = Counter(COPPER.names(crm))
            expected = {COPPER.name_of(number) for number in range(self._told)}
            found += [f"{account}: {name} is there {count} times" for name, count in counts.items() if count > 1]
            found += [f"{account}: {name} is lost" for name in sorted(expected - set(counts))]
            found += [f"{account}: {name} came from nowhere" for name in sorted(set(counts) - expected)]
            changed = range(0, self._told - RECORDS, 5)
            found += [f"{account}: {number} is unchanged" for number in changed if not COPPER.shows_change(crm, number)]
        return found

    def at_work(self, place: int) -> list[str]:
        """Return the accounts that a host has begun, and has more than half of before it."""
        running = " ".join(processes_of(self.hosts[place]).values())
        there = {
            account: len(COPPER.names(crm)) for account, crm in self.crms.items() if f" sync {account} " in running
        }
        return [account for account, count in there.items() if 0 < count - (self._told - RECORDS) < RECORDS // 2]

    def runs_on(self, place: int) -> bool:
        """Tell whether a run of singer-crm is on a host."""
        return any("singer-crm" in command for command in processes_of(self.hosts[place]).values())

    def start_run(self, **conf: object) -> str:
        """Trigger the DAG; returns the id of its run."""
        until(self._has_dag, "the DAG is there")
        return self.airflow.ask("POST", "/dags/crm_sync/dagRuns", {"logical_date": None, "conf": conf})["dag_run_id"]

    def _has_dag(self) -> bool:
        try:
            return bool(self.airflow.ask("GET", "/dags/crm_sync"))
        except urllib.error.HTTPError:
            return False

    def ended(self, run: str) -> dict[str, tuple[str, int]]:
        """Wait for the end of a run of the DAG; returns the state and the tries of each task."""
        path = f"/dags/crm_sync/dagRuns/{quote(run)}"
        until(lambda: self.airflow.ask("GET", path)["state"] in {"success", "failed"}, f"the end of {run}")
        tasks = self.airflow.ask("GET", f"{path}/taskInstances")["task_instances"]
        return {task["task_id"]: (task["state"], task["try_number"]) for task in tasks}

    def counts(self, run: str, account: str) -> dict:
        """Return what a task has pushed as its result."""
        path = f"/dags/crm_sync/dagRuns/{quote(run)}/taskInstances/{account}/xcomEntries/return_value?deserialize=true"
        return self.airflow.ask("GET", path)["value"]


@pytest.fixture
def fleet(tmp_path):
    install_provider()
    with ExitStack() as stack:
        yield Fleet(stack, tmp_path)


def test_a_killed_worker_and_a_lost_host_cost_nothing_and_nobody_a_hand(fleet, tmp_path):
    pools = subprocess.run(
        [PYTHON.parent / "singer-crm-airflow-pools", tmp_path / "accounts.yml"], capture_output=True, check=True
    )
    (tmp_path / "pools.json").write_bytes(pools.stdout)
    fleet.airflow.command("pools", "import", str(tmp_path / "pools.json"))

    # A worker is killed in mid-run: its runs end by themselves, and whoever keeps it up starts it again.
    fleet.tell()
    run = fleet.start_run()
    struck = until(lambda: fleet.at_work(0), "the first worker is in the middle of an account")
    kill([pid for pid in processes_of(fleet.hosts[0]) if os.getsid(pid) == fleet.workers[0].pid])
    until(lambda: not fleet.runs_on(0), "the runs of the killed worker end")
    fleet.workers[0] = fleet.airflow.worker("worker-0", fleet.hosts[0])
    tasks = fleet.ended(run)
    print("worker killed:", struck, tasks)
    assert {state for state, _ in tasks.values()} == {"success"}
    assert all(tasks[account][1] > 1 for account in struck)
    assert fleet.amiss() == []

    # A host is cut off in mid-run, for good: the other one does it all.
    fleet.tell()
    run = fleet.start_run()
    struck = until(lambda: fleet.at_work(1), "the second worker is in the middle of an account")
    for link in fleet.hosts[1].links.values():
        link.down()
    tasks = fleet.ended(run)
    print("host lost:", struck, tasks)
    assert {state for state, _ in tasks.values()} == {"success"}
    assert all(tasks[account][1] > 1 for account in struck)
    assert fleet.amiss() == []

    # It comes back: what it was in the middle of is no longer its own.
    for link in fleet.hosts[1].links.values():
        link.up()
    until(lambda: not fleet.runs_on(1), "the runs of the lost host end")
    assert fleet.amiss() == []

    # A backfill of one account beside: all is read again, nothing is sent, and the schedule's STATE stays.
    run = fleet.start_run(accounts=[ACCOUNTS[4]], pipeline="backfill", full_refresh=True)
    tasks = fleet.ended(run)
    assert Counter(state for state, _ in tasks.values()) == {"success": 1, "skipped": 11}
    counts = fleet.counts(run, ACCOUNTS[4])
    assert counts["records"] == 2 * RECORDS + RECORDS // 5
    assert "created" not in counts["outcomes"]
    assert fleet.amiss() == []
    run = fleet.start_run(accounts=[ACCOUNTS[4]])
    fleet.ended(run)
    assert fleet.counts(run, ACCOUNTS[4])["records"] == 0
