"""A wait for a store or a server is told of after a second, once, and a short one is not."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from contextlib import closing

import pytest

from crm_api.transport import waits
from crm_api.transport.leases import Claim, open_leases
from crm_api.transport.quota_stores import open_store
from crm_api.transport.store_failures import QuotaStoreError
from crm_api.transport.waits import WaitTeller


@pytest.fixture(autouse=True)
def hurried(monkeypatch, caplog):
    monkeypatch.setattr(waits, "TELL_SECONDS", 0.02)
    caplog.set_level("INFO")


def until(told):
    while not told():
        threading.Event().wait(0.005)


def test_a_wait_that_lasts_is_told_once_also_within_another_and_in_several_threads(caplog):
    teller = WaitTeller("the tide")

    def wait():
        with teller.told(), teller.told():
            until(lambda: caplog.messages)
            threading.Event().wait(0.05)

    threads = [threading.Thread(target=wait) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert caplog.messages == ["Waiting for the tide"]


def test_a_short_wait_is_not_told(caplog):
    teller = WaitTeller("the tide")
    for _ in range(20):
        with teller.told():
            threading.Event().wait(0.002)
    assert not caplog.messages


def test_the_store_of_the_quota_is_named_while_another_program_holds_it(tmp_path, caplog):
    url = f"sqlite:///{tmp_path / 'quota.sqlite'}"
    with closing(open_store(url, base_url="https://x.org", credential="k")) as store:
        with closing(
            sqlite3.connect(tmp_path / "quota.sqlite", isolation_level=None, check_same_thread=False)
        ) as other:
            other.execute("BEGIN IMMEDIATE")
            threading.Thread(target=lambda: (until(lambda: caplog.messages), other.execute("ROLLBACK"))).start()
            with store.locked():
                pass
        assert caplog.messages == ["Waiting for the store that quota_url names"]


def test_a_server_of_the_quota_that_has_stopped_is_given_up(postgres, monkeypatch):
    with closing(open_store(postgres, base_url="https://x.org", credential="k")) as store:
        with store.locked():
            store.now()
        (backend,) = store._execute("SELECT pg_backend_pid()")[0]
        monkeypatch.setattr(waits.FOR_QUOTA_STORE, "give_up_seconds", 0.05)
        os.kill(backend, signal.SIGSTOP)
        try:
            with pytest.raises(QuotaStoreError), store.locked():
                pass
        finally:
            os.kill(backend, signal.SIGCONT)


def test_a_wait_that_others_tell_of_is_not_told_and_is_given_up_again_and_again(caplog):
    teller, given_up = WaitTeller("the tide"), []
    teller.give_up_seconds = 0.01
    with teller.told(lambda: given_up.append(1), quietly=True):
        until(lambda: len(given_up) > 1)
        threading.Event().wait(0.05)
    assert not caplog.messages


def test_leases_at_a_server_that_has_stopped_are_given_up(postgres, monkeypatch):
    monkeypatch.setattr(waits.FOR_QUOTA_STORE, "give_up_seconds", 0.05)
    leases = open_leases(postgres)
    claim = Claim("an account", "a run", "a ledger", "somebody")
    assert leases.take(claim) is None
    with pytest.raises(QuotaStoreError), leases._transaction() as connection:
        _stop_under(connection)


def _stop_under(connection):
    backend = connection.info.backend_pid
    os.kill(backend, signal.SIGSTOP)
    try:
        connection.execute("SELECT 1")
    finally:
        os.kill(backend, signal.SIGCONT)
