"""No wait for another program is silent or without end: it is told of, named, and ends in a sentence."""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from crm_api.transport import waits
from target_crm.ledger.opening import OpenedLedger
from target_crm.ledger.store import Store
from target_crm.ledger.values import LedgerError
from target_crm.ledger.waiting import BUSY_SECONDS, BusyLedgerError, try_until
from tests.fleet.relays import Relays
from tests.machine import import_package
from tests.target_crm.messages import record_of, schema_of

MESSAGES = [schema_of("tasks", "name"), record_of("tasks", id=1, name="T")]


class Until(logging.Handler):
    """Calls something once a message of a kind is logged.

    Attributes:
        said: The message.
    """

    def __init__(self, beginning, call):
        super().__init__()
        self._beginning = beginning
        self._call = call
        self.said = ""

    def emit(self, record):
        if record.getMessage().startswith(self._beginning) and not self.said:
            self.said = record.getMessage()
            threading.Thread(target=self._call).start()


@pytest.fixture
def until(caplog):
    """Call something once a message of a kind is logged; returns what will know the message."""
    caplog.set_level(logging.INFO, "target-crm")
    handlers = []

    def until(beginning, call):
        handlers.append(Until(beginning, call))
        logging.getLogger("target-crm").addHandler(handlers[-1])
        return handlers[-1]

    yield until
    for handler in handlers:
        logging.getLogger("target-crm").removeHandler(handler)


@pytest.fixture
def psql(postgres):
    """A session of somebody else at the ledger's server, in a transaction."""
    with import_package("psycopg").connect(postgres) as connection:
        connection.execute("SET application_name = 'somebody else'")
        yield connection


def test_a_ledger_that_is_there_is_opened_whoever_makes_another(run, postgres, psql):
    assert run(MESSAGES, ledger_url=postgres).code == 0
    psql.execute("SELECT pg_advisory_xact_lock(hashtext('singer-crm ledger'))")
    assert run(MESSAGES, ledger_url=postgres).code == 0


def test_a_run_that_waits_for_a_row_says_for_whom_and_goes_on(run, postgres, psql, until, emulator):
    assert run(MESSAGES, ledger_url=postgres).code == 0
    psql.execute("SELECT epoch FROM ledger_epochs FOR UPDATE")
    told = until("Waiting for", psql.rollback)
    assert run(MESSAGES, ledger_url=postgres).code == 0
    assert "somebody else" in told.said
    assert emulator.copper.count("tasks") == 1


def test_a_row_that_stays_locked_ends_the_run_in_a_sentence(run, postgres, psql, monkeypatch):
    assert run(MESSAGES, ledger_url=postgres).code == 0
    monkeypatch.setattr("target_crm.ledger.server_sessions.BUSY_SECONDS", 1)
    psql.execute("SELECT epoch FROM ledger_epochs FOR UPDATE")
    done = run(MESSAGES, ledger_url=postgres)
    assert done.code != 0
    assert "Another program has held the ledger" in done.errors


def test_a_program_that_stands_still_between_statements_sent_together_is_ended(run, postgres, monkeypatch, until):
    """A paused host may stand still there, and the server does not call that idle in a transaction."""
    monkeypatch.setattr("target_crm.ledger.waiting.SILENT_SECONDS", 0.5)
    assert run(MESSAGES, ledger_url=postgres).code == 0
    with closing(import_package("psycopg").connect(postgres)) as connection:
        session = connection.pgconn
        session.enter_pipeline_mode()
        for statement in (b"BEGIN", b"SELECT epoch FROM ledger_epochs FOR UPDATE"):
            session.send_query_params(statement, None)
        session.send_flush_request()
        session.flush()
        assert session.get_result().status
        assert session.get_result() is None
        assert session.get_result().ntuples, "the row is locked"
        told = until("Waiting for", lambda: None)
        assert run(MESSAGES, ledger_url=postgres).code == 0
        assert "another program's transaction in the ledger's database" in told.said


def test_a_run_that_waits_for_the_file_says_so_and_goes_on(run, settings, until, emulator):
    assert run(MESSAGES).code == 0
    file = settings["ledger_url"].removeprefix("sqlite:///")
    with closing(sqlite3.connect(file, check_same_thread=False, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        told = until("Waiting for", lambda: other.execute("ROLLBACK"))
        assert run(MESSAGES).code == 0
    assert file in told.said
    assert emulator.copper.count("tasks") == 1


def test_a_file_that_stays_locked_ends_the_run_in_a_sentence(run, settings, monkeypatch):
    assert run(MESSAGES).code == 0
    monkeypatch.setattr("target_crm.ledger.store.BUSY_SECONDS", 0.1)
    with closing(sqlite3.connect(settings["ledger_url"].removeprefix("sqlite:///"), isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        done = run(MESSAGES)
    assert done.code != 0
    assert "Another program has held the ledger" in done.errors


def test_who_makes_the_tables_is_waited_for_not_without_end(clock, caplog):
    caplog.set_level("INFO", "target-crm")
    began = clock()
    with pytest.raises(BusyLedgerError, match="somebody makes the tables"):
        try_until(lambda: False, "somebody makes the tables", sleep=clock.sleep)
    assert BUSY_SECONDS <= clock() - began < BUSY_SECONDS + 1
    assert len(caplog.messages) == 1
    tries = iter([False, False, True])
    try_until(lambda: next(tries), "somebody makes the tables", sleep=clock.sleep)


def test_a_process_of_the_server_that_has_stopped_is_not_waited_for_without_end(postgres, monkeypatch):
    monkeypatch.setattr(waits, "TELL_SECONDS", 0.02)
    monkeypatch.setattr(waits.FOR_LEDGER_SERVER, "give_up_seconds", 0.05)
    with closing(Store(postgres, "a run")) as store, pytest.raises(LedgerError):
        _stop_in_mid_transaction(store)


def _stop_in_mid_transaction(store, *others):
    with store.write() as connection:
        process = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
        stopped = {process, *others}
        _signal(stopped, signal.SIGSTOP)
        try:
            connection.execute(sa.text("SELECT 1"))
        finally:
            _signal(stopped, signal.SIGCONT)


def _signal(processes, number):
    for process in processes:
        with suppress(ProcessLookupError):  # a session that has ended meanwhile
            os.kill(process, number)


@pytest.mark.parametrize("has_witness", [True, False])
def test_a_pooler_without_a_session_left_hides_no_server_that_has_stopped(postgres, pooler, monkeypatch, has_witness):
    """The session of the locks is there already, and gets no answer; without one, the end comes after an hour."""
    monkeypatch.setattr(waits, "TELL_SECONDS", 0.02)
    monkeypatch.setattr(waits.FOR_LEDGER_SERVER, "give_up_seconds", 0.05)
    monkeypatch.setattr(waits, "CONNECT_SECONDS", 2)
    monkeypatch.setattr(waits, "UNCERTAIN_SECONDS", 3600 if has_witness else 0.1)
    url = pooler("session", query_wait_timeout=1)
    with closing(OpenedLedger(url, "a run") if has_witness else Store(url, "a run")) as opened:
        store = opened.store if has_witness else opened
        with import_package("psycopg").connect(postgres, autocommit=True) as asking:
            ((file,),) = asking.execute("SHOW data_directory").fetchall()
            ((running,),) = asking.execute("SELECT array_agg(pid) FROM pg_stat_activity").fetchall()
        server = [int(Path(file, "postmaster.pid").read_text().split()[0]), *running]
        with pytest.raises(LedgerError):
            _stop_in_mid_transaction(store, *server)


@pytest.mark.parametrize("has_witness", [True, False])
def test_a_statement_that_takes_long_is_waited_for_where_a_pooler_has_no_session_left(pooler, monkeypatch, has_witness):
    monkeypatch.setattr(waits, "TELL_SECONDS", 0.02)
    monkeypatch.setattr(waits.FOR_LEDGER_SERVER, "give_up_seconds", 0.05)
    url = pooler("session", query_wait_timeout=1, default_pool_size=2 if has_witness else 1)
    asked = []
    judge = waits._has_stopped
    monkeypatch.setattr(waits, "_has_stopped", lambda *given: (asked.append(judge(*given)), asked[-1])[1])
    with closing(OpenedLedger(url, "a run") if has_witness else Store(url, "a run")) as opened:
        store = opened.store if has_witness else opened
        with store.read() as connection:
            assert connection.execute(sa.text("SELECT 7 FROM pg_sleep(2.5)")).scalar_one() == 7
    assert asked
    assert set(asked) == {False if has_witness else None}


def test_a_statement_that_takes_long_is_waited_for(postgres, monkeypatch):
    monkeypatch.setattr(waits, "TELL_SECONDS", 0.02)
    monkeypatch.setattr(waits.FOR_LEDGER_SERVER, "give_up_seconds", 0.05)
    with closing(Store(postgres, "a run")) as store, store.read() as connection:
        assert connection.execute(sa.text("SELECT 7 FROM pg_sleep(0.5)")).scalar_one() == 7


@pytest.mark.long
def test_a_server_that_has_stopped_in_mid_run_ends_the_run_in_a_sentence(run, postgres, emulator, monkeypatch):
    monkeypatch.setattr(waits.FOR_LEDGER_SERVER, "give_up_seconds", 0.5)
    monkeypatch.setattr("crm_api.transport.waits.CONNECT_SECONDS", 2)
    seen = urlsplit(postgres)
    with Relays().running() as relays:
        relay = relays.to(seen.port)
        url = seen._replace(
            netloc=seen.netloc.replace(str(seen.port), str(relay.port)), query="connect_timeout=2"
        ).geturl()
        emulator.between_requests(lambda request: request.method == "POST" and relay.down())
        done = run(MESSAGES, ledger_url=url)
    assert done.code == 4
    assert "The ledger cannot be used" in done.errors
