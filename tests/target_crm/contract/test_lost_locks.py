"""Once a run can know that another writes in its place, it sends nothing more, and leaves the ledger as it is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from fnmatch import fnmatchcase

import pytest

from tests.target_crm.messages import state_of


class Successor:
    """Takes over, in the ledger, while the n-th request that writes is on its way.

    Attributes:
        left: The ledger as it was left then; None until then.
        later: The requests that came after it.
    """

    def __init__(self, contract, ledger, number):
        self._contract = contract
        self._ledger = ledger
        self._number = number
        self.left = None
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
                self.left = self.content

    @property
    def content(self):
        with closing(sqlite3.connect(self._ledger)) as connection:
            return list(connection.iterdump())


@pytest.mark.parametrize("number", [1, 3])
def test_a_run_that_lost_its_epoch_sends_and_writes_nothing_more(contract, run, tmp_path, monkeypatch, number):
    monkeypatch.setattr("target_crm.ledger.sole_writer.PROOF_SECONDS", 0)  # each request is preceded by a proof
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
    assert done.states == []
    assert successor.later == []
    assert successor.content == successor.left
