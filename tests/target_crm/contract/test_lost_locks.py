"""Two runs: the second is refused before it asks for much; one that lost its place sends and writes nothing more."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from fnmatch import fnmatchcase

import pytest

from crm_api.transport.connections import Permit
from target_crm.concurrency import Stopping
from target_crm.ledger.locks import FileLocks
from target_crm.ledger.values import Source
from tests.target_crm.messages import state_of


class Successor:
    """Takes over, in the ledger, while the n-th request that writes is on its way.

    Attributes:
        left: The ledger as it was left then; None until then.
        during: The request that was on its way then, as ``METHOD /template``.
        later: The requests that came after it.
    """

    def __init__(self, contract, ledger, number):
        self._contract = contract
        self._ledger = ledger
        self._number = number
        self.left = None
        self.during = ""
        self.later = []

    def __call__(self, request):
        called = f"{request.method} {request.route}"
        if self.left is not None:
            self.later.append(called)
        elif any(fnmatchcase(called, pattern) for pattern in self._contract.case.writes):
            self._number -= 1
            if self._number == 0:
                with closing(sqlite3.connect(self._ledger)) as connection:
                    connection.execute("UPDATE ledger_epochs SET epoch = epoch + 1, holder = 'the successor'")
                    connection.commit()
                self.during = called
                self.left = self.content

    @property
    def content(self):
        with closing(sqlite3.connect(self._ledger)) as connection:
            return list(connection.iterdump())


@pytest.mark.parametrize("number", [1, 3])
@pytest.mark.daily(one_of=3)
def test_a_run_that_lost_its_epoch_sends_and_writes_nothing_more(contract, run, tmp_path, monkeypatch, number):
    monkeypatch.setattr(Permit, "check", lambda permit: permit._prove())  # each request is preceded by a proof
    case, config = contract.case, {"max_concurrency": 1}
    if case.deletes:
        config["streams"] = contract.stream_settings(hard_delete=True)
    run(contract.made(*range(4)), **config)
    changed = [{**case.make(n), **case.change} for n in range(3)]
    gone = [{**case.make(3), "_sdc_deleted_at": "2026-01-01T00:00:00Z"}] if case.deletes else []
    messages = [*contract.messages(*changed, *map(case.make, range(4, 7)), *gone), state_of(1)]
    successor = Successor(contract, tmp_path / "ledger.sqlite", number)
    undo = contract.emulator.between_requests(successor)
    done = run(messages, **config)
    undo()
    if successor.left is None:  # fewer requests write all of it
        assert done.code == 0, done.errors
        return
    assert done.code == 4, done.errors
    assert "taken over by the successor" in done.errors
    is_delete = "DELETE" in successor.during or "destroy" in successor.during
    assert done.states == ([{"position": 1}] if is_delete else [])  # STATE passes before the deletes, which are held
    assert successor.later == []
    assert successor.content == successor.left


# Requests that tell whose account it is, which is what a lock is about. Freshsales and Apptivo tell it with their
# users, an endpoint's settings by themselves.
ASKED = {"copper": 2, "freshsales": 1, "freshsales_classic": 1, "apptivo": 1, "anything": 0}


@pytest.mark.daily(one_of=2)
def test_a_run_that_is_refused_has_asked_for_nothing_but_whose_account_it_is(contract, run, tmp_path):
    run(contract.made(1))
    written = contract.names
    ((crm, account, name),) = objects_of(tmp_path / "ledger.sqlite")
    before = len(contract.emulator.requests)
    locks = FileLocks(
        tmp_path / "ledger.sqlite", Source(crm, account, "x"), "the first", Stopping(), wait_seconds=0, clock=float
    )
    locks.take(name)
    done = run(contract.made(2))
    locks.close()
    assert "Another run is writing" in done.errors
    asked = [f"{request.method} {request.route}" for request in contract.emulator.requests[before:]]
    assert len(asked) <= ASKED[contract.case.vendor], asked
    assert contract.names == written


def objects_of(ledger):
    with closing(sqlite3.connect(ledger)) as connection:
        return connection.execute("SELECT crm, account, object FROM objects").fetchall()
