"""Two ledgers of one account: where the quota's store is shared, the second is refused; runs of one ledger are not."""

from __future__ import annotations

import json
import threading

import pytest

from crm_api.transport.leases import LEASE_SECONDS, Claim, SQLiteLeases, open_leases
from target_crm.concurrency import Stopping
from target_crm.ledger import opening
from target_crm.ledger.lease import Lease
from target_crm.ledger.locks import LockLostError, OtherLedgerError
from target_crm.ledger.store import Store
from tests.commands import Command
from tests.machine import import_package
from tests.target_crm.messages import as_lines, record_of, schema_of

TASKS = [schema_of("tasks", "name"), record_of("tasks", id=1, name="T")]
PEOPLE = [schema_of("people", "name"), record_of("people", id=1, name="P")]


@pytest.fixture(params=["sqlite", "redis"])
def quota_url(request, tmp_path):
    """A store on one machine, and one for several."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'quota.sqlite'}"
    return request.getfixturevalue("redis_server")


@pytest.fixture
def others(emulator, quota_url):
    """The claim of a run with another ledger, which holds the account's lease."""
    account = emulator.copper.records("account")[0]["id"]
    claim = Claim(f"copper {account}", "another ledger", "r9", "process 9 on elsewhere, run r9")
    leases = open_leases(quota_url)
    assert leases.take(claim) is None
    yield claim
    leases.release(claim)


def test_a_second_ledger_of_an_account_is_refused_and_names_the_first(run, emulator, quota_url, others):
    done = run(TASKS, quota_url=quota_url)
    assert done.code != 0
    assert "is writing this account with another ledger: process 9 on elsewhere" in done.errors
    assert "tasks" not in done.errors, "whatever the other one writes"
    assert "ledger_url" in done.errors
    assert emulator.copper.count("tasks") == 0
    open_leases(quota_url).release(others)
    assert run(TASKS, quota_url=quota_url).code == 0
    assert open_leases(quota_url).take(others) is None  # the run has given it back


@pytest.mark.usefixtures("others")
def test_a_dry_run_needs_no_lease(run, quota_url):
    assert run(TASKS, quota_url=quota_url, dry_run=True).code == 0


def test_runs_of_one_ledger_write_different_objects_at_once(settings, emulator, tmp_path):
    quota_url = f"sqlite:///{tmp_path / 'quota.sqlite'}"

    def start(name):
        file = tmp_path / f"{name}.json"
        own = {"report_path": str(tmp_path / f"{name}-report.json"), "quota_url": quota_url}
        file.write_text(json.dumps({**settings, **own}))
        return Command("target-crm", "--config", file)

    first, second = start("first"), start("second")
    first.stdin.write(as_lines([*PEOPLE, {"type": "SCHEMA", **PEOPLE[0], "schema": {"properties": {"name": {}}}}]))
    while not emulator.copper.count("people"):
        assert first.returncode is None
        threading.Event().wait(0.01)
    _, errors = second.communicate(as_lines(TASKS))
    assert second.returncode == 0, errors.decode()
    _, errors = first.communicate()
    assert first.returncode == 0, errors.decode()


def test_a_lease_that_another_ledger_took_meanwhile_is_a_lost_lock(tmp_path, clock):
    stopping = Stopping(clock=clock, sleep=clock.sleep)

    def lease(ledger, holder):
        leases = SQLiteLeases(tmp_path / "quota.sqlite", clock=clock)
        claim = Claim("copper 1", ledger, holder, holder)
        return Lease(leases, claim, stopping, wait_seconds=0, clock=clock, noted=lambda: ("copper 1", ledger))

    first, second = lease("A", "the first"), lease("B", "the second")
    first.take()
    with pytest.raises(OtherLedgerError, match="the first"):
        second.take()
    clock.sleep(LEASE_SECONDS + 1)  # the first stands still
    second.take()
    first.renew()
    with pytest.raises(LockLostError, match="the second"):
        first.check()
    second.check()
    first.close()
    second.renew()
    second.check()
    second.close()


def test_a_lease_from_before_the_clock_was_put_back_has_ended(tmp_path, clock):
    def claim(leases, ledger):
        return leases.take(Claim("copper 1", ledger, ledger, f"the run of {ledger}"))

    assert claim(SQLiteLeases(tmp_path / "quota.sqlite", clock=lambda: clock() + 3600), "A") is None
    leases = SQLiteLeases(tmp_path / "quota.sqlite", clock=clock)
    assert claim(leases, "B") is None
    assert claim(leases, "A") == "the run of B"


def test_account_name_hides_no_second_ledger_of_an_account(run, quota_url, others):
    assert others.account.startswith("copper ")
    done = run(TASKS, quota_url=quota_url, account_name="acme")
    assert done.code == 5
    assert "with another ledger" in done.errors


@pytest.mark.parametrize("file", ["boot", "no such file"])
def test_a_ledger_on_a_copied_disk_is_another_one(tmp_path, monkeypatch, file):
    store = Store(f"sqlite:///{tmp_path / 'ledger.sqlite'}", "run")
    here = opening.identity(store)
    (tmp_path / "boot").write_text("another machine\n")
    monkeypatch.setattr(opening, "BOOT", tmp_path / file)
    assert opening.identity(store) != here
    store.close()


def test_a_copy_of_a_database_is_another_ledger(postgres_server, postgres):
    psycopg = import_package("psycopg")
    store = Store(postgres, "run")
    here = opening.identity(store)
    assert opening.identity(store) == here
    store.close()
    name = f"copy_of_{postgres.rpartition('/')[2]}"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {postgres.rpartition('/')[2]}")
        copy = Store(f"{postgres_server}/{name}", "run")
        assert opening.identity(copy) != here
        copy.close()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
