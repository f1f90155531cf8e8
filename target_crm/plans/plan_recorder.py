"""A plan made in a dry run: each record's line, put together of what was taken, what was intended, and how it ended."""

from __future__ import annotations

import itertools
import logging
import threading
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

from typing_extensions import override

from crm_api.crm import Crm
from crm_api.crm_objects import CrmId, CrmRecord, outgoing
from target_crm.engine.approval import Approval, Batch, Deletion, Intended, Objection, Opened, Place, Step
from target_crm.engine.dry_run import DryRunCrm
from target_crm.ledger.planned_lines import Writer
from target_crm.ledger.values import Scope
from target_crm.mapping.values import Difference
from target_crm.plans.carried_messages import as_text
from target_crm.plans.plan_file import ACTIONS, PlanHeader, PlanLine, made_now, write_plan
from target_crm.plans.seen_records import SeenRecords, digest_of_all
from target_crm.plans.symbols import Symbols, plain, readable, symbols_in
from target_crm.report.books import Books
from target_crm.report.outcomes import LINKED, Observer, Outcome, RecordOutcome
from target_crm.report.summary import Forecast

logger = logging.getLogger("target-crm")
_ACTIONS = {
    Outcome.CREATED: "create",
    Outcome.UPDATED: "update",
    LINKED: "link",
    Outcome.DELETED: "delete",
    Outcome.UNCHANGED: "unchanged",
    Outcome.SKIPPED: "skip",
    Outcome.REJECTED: "reject",
    Outcome.WAITING: "wait",
}
_PASSING = frozenset({"skip", "reject", "wait"})
"""Lines that a later outcome of their record takes the place of."""
_HELD_FOR_THE_END = "deleting"


@dataclass(slots=True)
class _Taken:
    """A record as it came.

    Attributes:
        number: Its place among all that came.
        batch: The number of the batch that it came in.
        message: The line that it came in.
        schema_id: The digest of its SCHEMA message.
        written: Who wrote it last; None: nobody.
        held: The version of it that was held before; None: none was.
        last_sent: Values that it was last sent with, readable, by attribute, as far as they are kept.
    """

    number: int
    batch: int
    message: bytes
    schema_id: str
    written: Writer | None
    held: str | None = None
    last_sent: Mapping[str, Any] = field(default_factory=dict)


_Deleted = tuple[Deletion, Writer | None, str | None]
"""A record that is deleted, who wrote it last, and the version of it that was held before."""


class PlanRecorder(Approval, Observer):
    """Writes down what a run would do, so that it can be carried out later.

    Args:
        path: The file of the plan.
        settings: The digest of the settings.
        crm: The dry run's account.
        has_ledger: Whether there is a ledger yet.
    """

    def __init__(self, path: Path, settings: str, crm: DryRunCrm, *, has_ledger: bool) -> None:
        self._path = path
        self._settings = settings
        self._crm = crm
        self._has_ledger = has_ledger
        self._redact = crm.session.redact
        self._lock = threading.RLock()
        self._numbers = itertools.count(1)
        self._batches = itertools.count(1)
        self._plan_id = uuid.uuid4().hex
        self._taken: dict[Place, _Taken] = {}
        self._intended: dict[Place, Intended] = {}
        self._links: dict[Place, tuple[Intended, _Taken]] = {}
        self._deleted: dict[Place, _Deleted] = {}
        self._held: dict[tuple[int, str], str | None] = {}
        """The version of each record that was held before, by scope and source id."""
        self._made_up: dict[str, Place] = {}
        self._schemas: dict[str, str] = {}
        self._lines: dict[Place, list[tuple[int, PlanLine]]] = {}
        self._run: Opened | None = None

    @override
    def begin(self, opened: Opened) -> None:
        self._run = opened

    @property
    def _opened(self) -> Opened:
        if self._run is None:
            raise RuntimeError("begin was not called")
        return self._run

    # What the run is about to do

    @override
    def taken(self, batch: Batch) -> Mapping[str, Objection]:
        ledger = self._opened.ledger
        source_ids = [each.source_id for each in batch.records]
        writers = ledger.planned_lines.writers(batch.scope, source_ids)
        self._note_held(batch.scope, source_ids)
        with self._lock:
            self._schemas[batch.schema_id] = as_text(batch.schema)
            number = next(self._batches)
            for each in batch.records:
                place = batch.stream, each.source_id
                held = self._held[batch.scope.id, each.source_id]
                writer = writers.get(each.source_id)
                self._taken[place] = _Taken(next(self._numbers), number, each.message, batch.schema_id, writer, held)
        return {}

    @override
    def intended(self, crm: Crm, intended: Sequence[Intended]) -> Mapping[str, Objection]:
        kept = self._opened.ledger.kept_values
        for each in intended:
            last: Mapping[str, Any] = {}
            if kept.on and each.step in {Step.UPDATE, Step.LINK}:
                last = kept.last_sent(each.scope, each.source_id)
            last = {name: each.readable(name, value) for name, value in last.items()}
            with self._lock:
                if each.step is Step.LINK:
                    self._links[each.place] = each, _Taken(next(self._numbers), 0, b"", "", None, last_sent=last)
                    continue
                self._intended[each.place] = each
                if (taken := self._taken.get(each.place)) is not None:
                    taken.last_sent = last
        return {}

    @override
    def deleted(self, deletions: Sequence[Deletion]) -> Mapping[Place, Objection]:
        for each in deletions:
            writer = None
            held = None
            if each.scope is not None and each.known_as is not None:
                writer = self._writer(each.scope, each.known_as)
                self._note_held(each.scope, [each.known_as])
                held = self._held[each.scope.id, each.known_as]
            with self._lock:
                self._deleted[each.place] = each, writer, held
        return {}

    def _note_held(self, scope: Scope, source_ids: Collection[str]) -> None:
        """Note what the ledger held of records before this run took them."""
        new = [each for each in source_ids if (scope.id, each) not in self._held]
        found = self._opened.ledger.planned_lines.held(scope, new)
        with self._lock:
            self._held |= {(scope.id, each): found[each][1] if each in found else None for each in new}

    def _writer(self, scope: Scope, source_id: str) -> Writer | None:
        return self._opened.ledger.planned_lines.writers(scope, [source_id]).get(source_id)

    # What became of it

    @override
    def ended(self, outcomes: Sequence[RecordOutcome]) -> None:
        with self._lock:
            for outcome in outcomes:
                self._ended(outcome)

    def _ended(self, outcome: RecordOutcome) -> None:
        place = outcome.stream, outcome.source_id
        lines = self._lines.setdefault(place, [])
        if outcome.outcome == LINKED:  # which says nothing of what becomes of the record itself
            link, at = self._links.pop(place)
            lines.insert(0, (at.number, self._line(outcome, at, link, None)))
            return
        if lines and lines[-1][1].action in _PASSING:
            lines.pop()
        intended = self._intended.pop(place, None)
        is_pending = outcome.held is not None and outcome.held.state == _HELD_FOR_THE_END
        taken = self._taken.get(place) if is_pending else self._taken.pop(place, None)
        is_new_match = outcome.outcome is Outcome.UNCHANGED and intended is not None and intended.is_matched
        is_worth_a_line = outcome.outcome in _ACTIONS and (outcome.outcome is not Outcome.UNCHANGED or is_new_match)
        if is_pending or not is_worth_a_line:
            if not lines:
                del self._lines[place]
            return
        deletion = self._deleted.pop(place, None) if outcome.outcome is Outcome.DELETED else None
        number = next(self._numbers) if taken is None else taken.number
        lines.append((number, self._line(outcome, taken, intended, deletion)))

    def _line(
        self,
        outcome: RecordOutcome,
        taken: _Taken | None,
        intended: Intended | None,
        deletion: _Deleted | None,
    ) -> PlanLine:
        action = _ACTIONS[outcome.outcome]
        crm_id, current = outcome.crm_id, None
        writer, held = (None, None) if taken is None else (taken.written, taken.held)
        carry: dict[str, Any] = {}
        refers: Symbols = {}
        if taken is not None and taken.message and action not in _PASSING:
            carry |= {"schema": taken.schema_id, "message": as_text(taken.message), "batch": taken.batch}
        if intended is not None and action not in _PASSING:
            crm_id = crm_id if intended.crm_id is None else intended.crm_id
            current = self._read(intended, crm_id)
            sent, refers = self._sent(intended)
            carry |= sent
            if action == "create" and outcome.crm_id is not None and self._crm.is_new(outcome.crm_id):
                self._made_up[str(outcome.crm_id)] = outcome.stream, outcome.source_id
        if deletion is not None:
            each, writer, held = deletion
            crm_id = each.crm_id
            current = self._read(each, crm_id)
            carry |= {"delete": each.crm_id, "symbols": symbols_in(each.crm_id, self._made_up)}
        if held is not None and action not in _PASSING:
            carry["held"] = held
        seen = self._seen(outcome.object, current)
        if seen is not None:
            carry["seen"] = seen
        is_shown = crm_id is not None and not self._crm.is_new(crm_id) and outcome.crm_id is not None
        last_sent = {} if taken is None else taken.last_sent
        is_unknown = action == "update" and current is None and is_shown
        return PlanLine(
            stream=outcome.stream,
            source_id=outcome.source_id,
            object=outcome.object,
            action=action,
            crm_id=crm_id if is_shown else None,
            reason=self._redact(self._reason(outcome, intended, deletion)),
            fields=[self._field(each, last_sent, refers, is_unknown=is_unknown) for each in outcome.differences],
            left_out=sorted(outcome.left_out),
            conflicts=[self._shown(each) for each in outcome.in_conflict],
            seen=None if seen is None else digest_of_all(seen),
            written=None if writer is None else {"run_id": writer[0], "at": writer[1]},
            waits_on=[place for place in refers.values() if place != (outcome.stream, outcome.source_id)],
            carry=carry,
        )

    def _read(self, intended: Intended | Deletion, crm_id: CrmId | None) -> CrmRecord | None:
        """Return the CRM's record as it was read, without what this run would have done to it."""
        if crm_id is None or self._crm.is_new(crm_id):
            return None
        return self._crm.as_read(intended.crm_object, crm_id) or intended.current

    def _sent(self, intended: Intended) -> tuple[dict[str, Any], dict[str, Place]]:
        """Return what is sent of a record, as the guard compares it, and the records of the plan that it refers to."""
        sent = outgoing(intended.payload)
        said = {
            "step": intended.step,
            "crm_id": intended.crm_id,
            "upsert": intended.upsert,
            "payload": sent.payload,
            "parameters": sent.parameters,
            "added": sorted(sent.added),
        }
        referring = {
            name: value
            for name, value in sent.payload.items()
            if name in intended.references
            or ((attribute := intended.crm_object.attribute(name)) is not None and attribute.refers_to is not None)
        }
        symbols = symbols_in([said["payload"], said["parameters"], intended.crm_id], self._made_up)
        carried = {"sent": plain(said), "symbols": symbols, "lacks": intended.lacks}
        return carried, symbols_in(referring, self._made_up)

    def _seen(self, object_name: str, record: CrmRecord | None) -> dict[str, str] | None:
        if record is None:
            return None
        crm_object = self._opened.crm.objects[object_name]
        return SeenRecords(self._opened.crm.owner(crm_object), crm_object).digests(record)

    @staticmethod
    def _reason(outcome: RecordOutcome, intended: Intended | None, deletion: _Deleted | None) -> str:
        if outcome.kind:
            return f"{outcome.kind}: {outcome.reason}"
        if deletion is not None and deletion[0].reason:
            return deletion[0].reason
        return outcome.reason or outcome.matched_by or ("" if intended is None else intended.reason)

    def _field(
        self, difference: Difference, last_sent: Mapping[str, Any], refers: Symbols, *, is_unknown: bool
    ) -> dict[str, Any]:
        name = difference.attribute
        shown = {"name": name, "current": difference.old, "new": readable(difference.new, refers)}
        if name in last_sent:
            shown["last_sent"] = last_sent[name]
        if is_unknown:
            shown["current_is_unknown"] = True
        return self._shown(shown)

    def _shown(self, value: Mapping[str, Any]) -> dict[str, Any]:
        """Return what people read, without secrets."""
        shown: dict[str, Any] = self._redact.value(plain(value))
        return shown

    # The end

    @override
    def end(self, books: Books, forecast: Forecast | None) -> None:
        """Write the plan.

        Raises:
            FileError: It cannot be written.
        """
        run = self._opened
        with self._lock:
            drafts = sorted((draft for lines in self._lines.values() for draft in lines), key=lambda draft: draft[0])
        lines = [line for _, line in drafts]
        used = {line.carry["schema"] for line in lines if "schema" in line.carry}
        header = PlanHeader(
            plan_id=self._plan_id,
            made_at=made_now(),
            program=version("singer-crm"),
            run_id=run.run_id,
            crm=run.source.crm,
            account=run.source.account,
            account_name=run.source.account_name,
            source_name=run.source.name,
            ledger=run.ledger.planned_lines.ledger_id if self._has_ledger else None,
            settings=self._settings,
            counts={stream: _counts(books, stream, lines) for stream in books.streams},
            requests=0 if forecast is None else forecast.requests,
            seconds=0.0 if forecast is None else forecast.seconds,
            schemas={schema_id: text for schema_id, text in self._schemas.items() if schema_id in used},
        )
        write_plan(self._path, header, lines)
        logger.info("The plan of %d records is in %s", len(lines), self._path)


def _counts(books: Books, stream: str, lines: Sequence[PlanLine]) -> dict[str, int]:
    """Count a stream's records by what the plan says of them; deletes of absent records, and links, besides."""
    outcomes = books.outcomes(stream)
    counts = {_ACTIONS[outcome]: records for outcome, records in outcomes.items() if outcome in _ACTIONS}
    counts["delete"] += books.removed_from(stream)
    counts["link"] = sum(line.stream == stream and line.action == "link" for line in lines)
    return {action: counts.get(action, 0) for action in ACTIONS}
