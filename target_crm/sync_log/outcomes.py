"""The outcomes of records, read from the history: each line of a run that counts, and those that no longer do."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from target_crm.ledger import tables
from target_crm.ledger.outcome_lines import COUNTED, FOUND, TAKEN_BACK
from target_crm.ledger.runs import Beginnings
from target_crm.ledger.store import Store

ROWS_AT_ONCE = 1000
WRITTEN = ("created", "updated", "linked")
HELD = ("rejected", "waiting")
RETRIED = "retried"
"""In place of an outcome that was told before: the record was tried again in the same run, and ended otherwise."""
CONFIRMED = "confirmed"
"""In place of an outcome: a create of an earlier run, which got no answer, was found in the CRM. No run counts it."""


@dataclass(frozen=True, slots=True)
class OutcomeLine:
    """How one record of a run ended.

    Attributes:
        line: The number of the history's line that tells it.
        number: The record's number in that line.
        told: The number of the line by which it is as it is: a later one, if it no longer counts.
        scope_id: The stream's number in the ledger.
        run_id: Names the run.
        began_at: When the run began (Unix seconds); None if the ledger does not keep it.
        at: Unix seconds.
        source_id: The record's source id; None of a record that was left when the run stopped.
        outcome: How it ended.
        crm_id: The CRM's id as JSON; None if there is none.
        kind: The kind of rejection, or of what it waits for; empty for other outcomes.
        reason: Why, for people; may be empty.
        fields: The fields that were written.
        request_id: The CRM's id of the request; None if it gave none.
    """

    line: int
    number: int
    told: int
    scope_id: int
    run_id: str
    began_at: float | None
    at: float
    source_id: str | None
    outcome: str
    crm_id: str | None = None
    kind: str = ""
    reason: str = ""
    fields: Sequence[str] = ()
    request_id: str | None = None


_Key = tuple[int, str, float | None, str | None, str]  # scope, run and its beginning, source id, what is taken back


class Outcomes:
    """The outcomes that a ledger tells.

    Args:
        store: The ledger's database.
        beginnings: When runs began.
        scopes: The streams that are meant, by their numbers in the ledger.
    """

    def __init__(self, store: Store, beginnings: Beginnings, scopes: Sequence[int]) -> None:
        self._store = store
        self._scopes = scopes
        self._beginnings = beginnings

    def told(self, after: int, upto: int) -> Iterator[OutcomeLine]:
        """Yield what the lines of a range tell, in order; what the range itself takes back is left out.

        Args:
            after: The number of the last line that was read before; 0: none was.
            upto: The number of the last line to be read.
        """
        taken_back = self._taken_back(after, upto)
        for row in self._rows(after, upto, [*WRITTEN, *HELD, COUNTED, TAKEN_BACK]):
            if row.action == TAKEN_BACK:
                yield from self._no_longer(row, taken_back)
                continue
            for each in self._outcomes_of(row):
                if each.outcome not in HELD or not _is_taken_back(each, taken_back):
                    yield each

    def _rows(self, after: int, upto: int, actions: Sequence[str]) -> Iterator[sa.Row[Any]]:
        history = tables.history
        columns = [each for each in history.c if each.name not in {"keys", "changes", "record"}]
        query = sa.select(*columns).where(history.c.id > after, history.c.id <= upto, history.c.action.in_(actions))
        query = query.where(history.c.scope_id.in_(self._scopes)).order_by(history.c.id)
        with self._store.read() as connection:
            for part in connection.execution_options(yield_per=ROWS_AT_ONCE).execute(query).partitions():
                yield from part

    def _taken_back(self, after: int, upto: int) -> dict[_Key, list[int]]:
        """Return the lines of a range that take something back, in order, by what they take back."""
        found: dict[_Key, list[int]] = {}
        for row in self._rows(after, upto, [TAKEN_BACK]):
            for key in self._keys_taken_back(row):
                found.setdefault(key, []).append(row.id)
        return found

    def _keys_taken_back(self, row: sa.Row[Any]) -> Iterator[_Key]:
        told, began_at = json.loads(row.fields), self._beginnings.of(row.run_id, row.at)
        for source_id, _ in told["records"]:
            yield row.scope_id, row.run_id, began_at, source_id, told["reason"]

    def _no_longer(self, row: sa.Row[Any], taken_back: Mapping[_Key, list[int]]) -> Iterator[OutcomeLine]:
        """Yield the outcomes that were told before the range, and that a line of it takes back."""
        for key in self._keys_taken_back(row):
            if row.id in taken_back[key]:  # else a line of the range was left out for it
                taken_back[key].remove(row.id)
                if (earlier := self._last_before(row.id, key)) is not None:
                    yield replace(earlier, outcome=RETRIED, told=row.id)

    def _last_before(self, line: int, key: _Key) -> OutcomeLine | None:
        """Return the last outcome of a record in its run before a line."""
        scope_id, run_id, _, source_id, outcome = key
        history = tables.history
        own = sa.and_(history.c.source_id == source_id, history.c.action == outcome)
        shared = sa.and_(history.c.source_id == "", history.c.action == COUNTED)
        of_run = history.c.scope_id == scope_id, history.c.run_id == run_id, history.c.id < line
        query = sa.select(history).where(*of_run, sa.or_(own, shared)).order_by(history.c.id.desc())
        with self._store.read() as connection:
            for row in connection.execution_options(yield_per=ROWS_AT_ONCE).execute(query):
                for each in self._outcomes_of(row):
                    if _key_of(each) == key:
                        return each
        return None

    def _outcomes_of(self, row: sa.Row[Any]) -> Iterator[OutcomeLine]:
        """Yield the outcomes that one line tells."""
        began_at = self._beginnings.of(row.run_id, row.at)
        first = OutcomeLine(row.id, 0, row.id, row.scope_id, row.run_id, began_at, row.at, row.source_id, row.action)
        if row.action == COUNTED:
            told = json.loads(row.fields)
            is_held = told["outcome"] in HELD
            kind, reason = (told["reason"], "") if is_held else ("", told["reason"])
            for number, (source_id, crm_id) in enumerate(told["records"]):
                shown = None if crm_id is None else json.dumps(crm_id)
                each = replace(first, number=number, source_id=source_id, outcome=told["outcome"], crm_id=shown)
                yield replace(each, kind=kind, reason=reason)
        elif row.action in HELD:
            kind, _, reason = row.reason.partition(": ")
            yield replace(first, kind=kind, reason=reason)
        else:
            outcome = CONFIRMED if row.reason == FOUND else row.action
            more = {"fields": json.loads(row.fields), "request_id": row.request_id}
            yield replace(first, outcome=outcome, crm_id=row.crm_id, reason=row.reason, **more)


def _key_of(each: OutcomeLine) -> _Key:
    return each.scope_id, each.run_id, each.began_at, each.source_id, each.outcome


def _is_taken_back(each: OutcomeLine, taken_back: Mapping[_Key, list[int]]) -> bool:
    """Tell whether a later line takes back an outcome, and use that line up."""
    later = taken_back.get(_key_of(each), [])
    place = bisect_right(later, each.line)
    if place == len(later):
        return False
    del later[place]
    return True
