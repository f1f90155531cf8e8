"""The statements that open a ledger which is as it should be: questions, and no more of them than needed."""

from __future__ import annotations

from contextlib import contextmanager

from sqlalchemy import Engine, event

from target_crm.ledger.store import Store
from tests.target_crm.messages import record_of, schema_of, state_of

MAKES = ("CREATE", "ALTER", "DROP", "PRAGMA main", "DELETE")
STREAMS = ("companies", "people", "leads")


@contextmanager
def statements():
    """The SQL statements that are sent in a ``with`` block."""
    sent = []

    def note(_connection, _cursor, statement, *_):
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_a_ledger_of_the_right_version_is_opened_by_asking_for_its_version_and_its_identity(ledger_url):
    Store(ledger_url, "first").close()
    with statements() as sent:
        Store(ledger_url, "second").close()
    asked = [each for each in sent if each.startswith("SELECT ledger_")]
    assert len(asked) == 2, sent
    assert not [each for each in sent if each.startswith((*MAKES, "INSERT", "UPDATE"))]
    assert not [each for each in sent if "pg_catalog.pg_class" in each]  # where a table is looked for


def test_a_run_that_finds_nothing_to_do_makes_and_removes_nothing_in_its_ledger(run):
    messages = []
    for stream in STREAMS:
        messages += [schema_of(stream, "name"), record_of(stream, id=1, name=f"{stream} 1")]
    messages.append(state_of(1))
    assert run(messages).code == 0
    with statements() as sent:
        done = run(messages)
    assert [done.of(stream) for stream in STREAMS] == [{"input": 1, "unchanged": 1}] * 3
    assert not [each for each in sent if each.startswith(MAKES)]
    writes = [each.split(" SET")[0].split(" (")[0] for each in sent if each.startswith(("INSERT", "UPDATE"))]
    # It counts its generation up at its beginning and its end, has a line of its own, and an epoch of each object.
    expected = ["UPDATE ledger_identity", "INSERT INTO ledger_runs"] * 2 + ["UPDATE ledger_epochs"] * len(STREAMS)
    assert sorted(writes) == sorted(expected)


def test_a_run_asks_no_more_where_its_ledger_holds_more(run, caplog):
    messages = [schema_of("people", "name"), record_of("people", id=1, name="Ann Smith")]

    def asked():
        """The statements of a run with nothing to do."""
        with statements() as sent:
            assert run(messages).of("people") == {"input": 1, "unchanged": 1}
        return len(sent)

    assert run(messages).code == 0
    alone = asked()
    for number in range(3):
        assert run(messages, source_name=f"source {number}").code == 0
    assert asked() == alone
    caplog.set_level("INFO", "target-crm")
    assert ", 4 records, last written" in run(messages).errors
