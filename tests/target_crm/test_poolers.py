"""Poolers before the ledger's server: one that keeps sessions works, one that shares them is refused."""

from __future__ import annotations

import threading
from contextlib import closing

import pytest
import sqlalchemy as sa

from tap_copper.deletions.snapshots import Snapshots, SnapshotStoreError
from target_crm.concurrency import Stopping
from target_crm.ledger.database_locks import DatabaseLocks
from target_crm.ledger.lock_session import LockSession
from target_crm.ledger.locks import LockedError
from target_crm.ledger.server_sessions import SERVER_SIDE
from target_crm.ledger.store import Store, open_engine
from target_crm.ledger.values import LedgerError, Source
from tests.machine import import_package
from tests.target_crm.messages import record_of, schema_of

TASKS = schema_of("tasks", "name")
SOURCE = Source("copper", "1", "x")


@pytest.mark.parametrize(
    ("mode", "more"),
    [
        ("transaction", {}),
        ("transaction", {"server_round_robin": 1, "min_pool_size": 3}),
        ("transaction", {"default_pool_size": 1}),
        ("statement", {}),
    ],
)
def test_a_pooler_that_shares_sessions_is_refused_in_one_sentence(run, pooler, emulator, mode, more):
    done = run([TASKS, record_of("tasks", id=1, name="T")], ledger_url=pooler(mode, **more))
    assert done.code == 2
    assert "shares a session among transactions" in done.errors
    assert "pool_mode = session" in done.errors
    assert emulator.copper.count("tasks") == 0


def test_a_pooler_that_keeps_sessions_works_with_one_warning(run, pooler, emulator):
    url = pooler("session")
    done = run([TASKS, record_of("tasks", id=1, name="T")], ledger_url=url)
    assert done.code == 0
    assert done.errors.count("leads through a pooler") == 1
    assert run([TASKS, record_of("tasks", id=1, name="T")], ledger_url=url).of("tasks") == {"input": 1, "unchanged": 1}
    assert emulator.copper.count("tasks") == 1


def test_locks_hold_between_those_who_come_through_a_pooler_and_those_who_do_not(pooler, postgres, clock):
    stopping = Stopping(clock=clock, sleep=clock.sleep)
    sessions = [LockSession(open_engine(url), name) for url, name in ((pooler("session"), "a"), (postgres, "b"))]
    pooled, direct = (DatabaseLocks(each, SOURCE, stopping, wait_seconds=0, clock=clock) for each in sessions)
    pooled.take("people")
    with pytest.raises(LockedError):
        direct.take("people")
    pooled.close()
    direct.take("people")
    direct.close()


def test_a_pooler_without_a_second_session_is_told_with_what_to_change(run, pooler, monkeypatch):
    monkeypatch.setattr("target_crm.ledger.lock_session.ANSWER_SECONDS", 1)
    done = run([TASKS], ledger_url=pooler("session", default_pool_size=1))
    assert done.code != 0
    assert "default_pool_size" in done.errors


def test_the_server_asks_soon_whether_the_host_of_the_locks_is_there(postgres):
    session = LockSession(open_engine(postgres), "process 1 on a host, run 2")
    names = [*SERVER_SIDE, "application_name"]
    read = dict(session.ask("SELECT name, setting FROM pg_settings WHERE name = ANY(%s::text[])", names))
    assert read == {**SERVER_SIDE, "application_name": "process 1 on a host, run 2"}
    session.close()


SLOW = """
CREATE TABLE slow (id bigint);
CREATE FUNCTION wait_for_its_end() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN IF new.id = 500 THEN PERFORM pg_sleep(60); END IF; RETURN new; END $$;
"""


@pytest.fixture
def ended_amid_many(postgres):
    """End the server's session that writes row 500 of a table, once it is there."""
    with import_package("psycopg").connect(postgres, autocommit=True) as other:
        other.execute(SLOW)

        def begin(table):
            other.execute(f"CREATE TRIGGER t BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION wait_for_its_end()")
            threading.Thread(target=end, daemon=True).start()

        def end():
            asleep = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
            while not other.execute(asleep).fetchall():
                threading.Event().wait(0.01)

        yield begin


def is_told(error):
    """Which of them is said depends on what has come when the session ends."""
    told = ("terminating connection", "server closed the connection", "ended the session amid a statement")
    return any(words in str(error) for words in told)


@pytest.mark.parametrize("is_pooled", [False, True])
def test_a_session_of_the_ledger_that_is_ended_amid_many_statements_is_one_sentence(
    pooler, postgres, ended_amid_many, caplog, is_pooled
):
    """A traceback of the pool of connections would follow it, and the driver's own stumbling stand in its place."""
    with closing(Store(pooler("session") if is_pooled else postgres, "a run")) as store:
        ended_amid_many("slow")
        with pytest.raises(LedgerError) as caught, store.write() as connection:
            connection.execute(sa.table("slow", sa.column("id")).insert(), [{"id": each} for each in range(1000)])
        assert not store.rows(sa.select(sa.table("slow", sa.column("id"))))
    assert not caplog.records
    assert is_told(caught.value)


@pytest.mark.parametrize("is_pooled", [False, True])
def test_so_is_one_of_the_snapshots(pooler, postgres, ended_amid_many, caplog, is_pooled):
    snapshots = Snapshots(pooler("session") if is_pooled else postgres, "an account")
    generation = snapshots.begin(None)
    ended_amid_many("ids")
    with pytest.raises(SnapshotStoreError) as caught:
        snapshots.add(generation, "people", range(1000))
    assert snapshots.count(generation, "people") == 0
    assert not caplog.records
    assert is_told(caught.value)
    snapshots._engine.dispose()
