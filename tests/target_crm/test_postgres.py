"""The ledger in PostgreSQL, where several machines write: the same promises, and locks that the server keeps."""

from __future__ import annotations

import pytest

from target_crm.concurrency import Stopping
from target_crm.ledger.database_locks import DatabaseLocks
from target_crm.ledger.lock_session import LockSession
from target_crm.ledger.locks import LockedError
from target_crm.ledger.store import open_engine
from target_crm.ledger.values import Source
from tests.target_crm.messages import record_of, schema_of, state_of

PEOPLE = schema_of("people", "email", "company", name={"type": ["string", "null"]})
COMPANIES = schema_of("companies", "name")
STREAMS = {"people": {"references": {"company_id": {"stream": "companies", "source_id": "company"}}}}


@pytest.fixture
def settings(settings, request):
    """As everywhere, but for the ledger, which is empty."""
    return settings | {"ledger_url": request.getfixturevalue("postgres")}


def people(count):
    return [record_of("people", id=n, name=f"P{n}", email=f"p{n}@x.org", company=n % 3) for n in range(count)]


def test_records_are_created_once_rejected_ones_kept_and_waiting_ones_written_later(run, emulator):
    bad = record_of("people", id=99, name=None, email="x@x.org", company=0)
    done = run([PEOPLE, *people(23), bad, state_of(1)], streams=STREAMS)
    assert done.of("people") == {"input": 24, "waiting": 24}
    companies = [record_of("companies", id=n, name=f"C{n}") for n in range(3)]
    done = run([COMPANIES, *companies], streams=STREAMS)
    assert done.of("people") == {"input": 24, "created": 23, "rejected": 1}
    assert run([PEOPLE, *people(23)], streams=STREAMS, max_rejected=1).of("people")["unchanged"] == 23
    assert emulator.copper.count("people") == 23


def test_lost_answers_leave_no_copies(run, emulator):
    emulator.trouble("lost:route=POST /tasks,every=3")
    tasks = schema_of("tasks", "name")
    messages = [tasks, *(record_of("tasks", id=n, name=f"T{n}") for n in range(20))]
    assert run(messages).of("tasks") == {"input": 20, "created": 20}
    assert emulator.copper.count("tasks") == 20


def test_a_dry_run_leaves_the_server_as_it_is(run):
    run([PEOPLE, *people(3)])
    changed = [record_of("people", id=n, name=f"Q{n}", email=f"p{n}@x.org", company=None) for n in range(3)]
    assert run([PEOPLE, *changed], dry_run=True).of("people") == {"input": 3, "updated": 3}
    assert run([PEOPLE, *changed]).of("people") == {"input": 3, "updated": 3}


def test_one_run_at_a_time_writes_a_kind_of_record(settings, clock):
    engine = open_engine(settings["ledger_url"])
    stopping = Stopping(clock=clock, sleep=clock.sleep)
    source = Source("copper", "1", "x")
    first, second = (
        DatabaseLocks(LockSession(engine, name), source, stopping, wait_seconds=5, clock=clock)
        for name in ("run first", "run second")
    )
    first.take("people")
    second.take("tasks")
    with pytest.raises(LockedError, match="run first"):
        second.take("people")
    first.close()
    second.take("people")
    second.close()
    engine.dispose()


def test_a_wrong_url_is_one_sentence(run):
    assert run([PEOPLE], ledger_url="mysql://x/y").code == 2
    done = run([PEOPLE], ledger_url="postgresql://tester:hidden@127.0.0.1:1/none")
    assert done.code == 4
    assert "ledger" in done.errors
    assert "hidden" not in done.errors
