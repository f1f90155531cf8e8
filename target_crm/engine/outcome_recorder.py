"""The outcomes of one run's records: counted in the books, and passed on to the observers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack

from crm_api.crm_objects import CrmId, CrmRecord
from crm_api.values import is_empty
from target_crm.engine.incoming import IncomingRecord
from target_crm.engine.record_log import RecordLog
from target_crm.ledger.outcome_lines import TAKEN_BACK, OutcomeLines
from target_crm.ledger.values import Held
from target_crm.mapping.values import Change, LeftOut
from target_crm.report.books import Books
from target_crm.report.outcomes import LINKED, STOPPED, Observer, Outcome, RecordOutcome, Shared, outcome_of

_IN_THE_CRM = frozenset({Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED})
_NOT_KEPT = frozenset({Outcome.UNCHANGED, Outcome.SUPERSEDED})

_LOGGER = logging.getLogger("target-crm")


class OutcomeRecorder:
    """Counts each record of a run once, as what became of it, and passes that on to the observers.

    Nothing else counts in the books, or speaks to the dry run's preview, the captured responses or the reject file.
    Thread-safe.

    Args:
        run_id: Names the run.
        books: Count outcomes by stream.
        observers: Get each record's outcome.
        lines: Write outcomes into the ledger that nothing else writes there.
        began_at: When the run began, in Unix seconds: what is held since then under its name is its own. A scheduler
            that tries a task again may give the name of the first try.
        shown: Says why a record is held in words that may stand on stderr.

    Attributes:
        books: The counts, to be read.
        log: What was written and held so far.
    """

    def __init__(
        self,
        run_id: str,
        books: Books,
        observers: Sequence[Observer],
        lines: OutcomeLines,
        began_at: float,
        shown: Callable[[Held], str],
    ) -> None:
        self._run_id = run_id
        self._lines = lines
        self._shown = shown
        self._began_at = began_at
        self._observers = tuple(observers)
        self.books = books
        self.log = RecordLog()

    # Records that come

    def arrived(self, stream: str, object_name: str, records: int) -> None:
        """Count records that came from the input, after stream maps."""
        self._lines.note_object(stream, object_name)
        self.books.arrived(stream, records)

    def received(self, stream: str, object_name: str, incoming_records: Iterable[IncomingRecord]) -> None:
        """See which records a batch holds: what this run holds of one of them is superseded by it."""
        noted = self.log.held_of(stream)
        for incoming in incoming_records:
            held = noted.pop(incoming.source_id, None)
            if incoming.held_at is not None:
                self.log.note_retried(stream, incoming.source_id)  # ``retried`` has opened its outcome again
            elif held is not None:
                self.reopened(stream, held)
                self.ended(stream, object_name, [incoming.source_id], Outcome.SUPERSEDED)

    def retried(self, held: Held) -> None:
        """Open the outcome of a held record again: of this run, or carried over from an earlier one."""
        if self._is_own(held):
            self.reopened(held.stream, held)
        else:
            self.books.carried(held.stream)

    def reopened(self, stream: str, held: Held) -> None:
        """Take back the outcome of a record that this run holds."""
        self.books.reopened(stream, outcome_of(held), held.kind)
        self._lines.ended(stream, [held.source_id], TAKEN_BACK, outcome_of(held))

    def carried_over(self, held: Held, object_name: str) -> None:
        """Count a delete that an earlier run held, as waiting."""
        if not self._is_own(held):
            self.books.carried(held.stream)
            self.books.ended(held.stream, Outcome.WAITING, held.kind)
            self._lines.note_object(held.stream, object_name)
            self._lines.ended(held.stream, [held.source_id], Outcome.WAITING, held.kind)

    def _is_own(self, held: Held) -> bool:
        """Tell whether this run holds a record, and has counted its outcome."""
        return held.run_id == self._run_id and held.at >= self._began_at

    def mapped(self, stream: str, source_id: str, left_out: Mapping[str, LeftOut]) -> None:
        """See which attributes of a record have a value and will not be sent; they count once it has its outcome."""
        for reason, names in self.log.note_left_out(stream, source_id, left_out).items():
            _LOGGER.warning("Stream %s: left out %s: %s", stream, ", ".join(names), reason)

    # Outcomes

    def ended(
        self,
        stream: str,
        object_name: str,
        source_ids: Collection[str],
        outcome: Outcome,
        reason: str = "",
        *,
        crm_ids: Mapping[str, CrmId | None] | None = None,
    ) -> None:
        """Count records that ended without a write and without being held.

        Args:
            stream: Their stream's name.
            object_name: The CRM object's name.
            source_ids: Which records.
            outcome: How all of them ended.
            reason: Why, for people.
            crm_ids: The CRM's ids by source id, of those that it has.
        """
        if not source_ids:
            return
        self.books.ended(stream, outcome, reason, len(source_ids))
        if outcome not in _NOT_KEPT:
            self._lines.ended(stream, source_ids, outcome, reason, crm_ids)
        left_out = self._left_out_by_id(stream, source_ids, outcome)
        self._tell(
            RecordOutcome(
                stream,
                object_name,
                source_id,
                outcome,
                crm_id=(crm_ids or {}).get(source_id),
                reason=reason,
                left_out=left_out.get(source_id, {}),
            )
            for source_id in source_ids
        )

    def left_as_is(
        self,
        stream: str,
        object_name: str,
        crm_ids: Mapping[str, CrmId | None],
        matched_by: Mapping[str, str],
        changes: Mapping[str, Change],
    ) -> None:
        """Count records that were compared with the CRM's and need no write.

        Args:
            stream: Their stream's name.
            object_name: The CRM object's name.
            crm_ids: The CRM's ids, by source id.
            matched_by: How those were recognised that the ledger had not known, by source id.
            changes: The changes that need not be sent, by source id.
        """
        self.books.ended(stream, Outcome.UNCHANGED, records=len(crm_ids))
        left_out = self._left_out_by_id(stream, crm_ids, Outcome.UNCHANGED)
        for change in changes.values():
            self.unsent(stream, change)
        self._tell(
            RecordOutcome(
                stream,
                object_name,
                source_id,
                Outcome.UNCHANGED,
                crm_id=crm_id,
                matched_by=matched_by.get(source_id, ""),
                left_out=left_out.get(source_id, {}),
                conflicts=changes[source_id].conflicts,
            )
            for source_id, crm_id in crm_ids.items()
        )

    def unsent(self, stream: str, change: Change) -> None:
        """Count what a change of a record leaves as the CRM has it; fields that the CRM does not show are named once.

        Counted with the record's outcome: a change is planned anew if no answer comes to it.
        """
        self.books.nulled(stream, change.emptied)
        self.books.left_to_crm(stream, [each.attribute for each in change.conflicts])
        if change.unknown and (new := self.books.left_unknown(stream, change.unknown)):
            _LOGGER.warning(
                "Stream %s: %s left alone: the CRM's answers do not show what is there, so it is neither compared nor "
                "filled",
                stream,
                ", ".join(new),
            )

    def written(
        self,
        stream: str,
        object_name: str,
        source_id: str,
        outcome: Outcome,
        *,
        crm_id: CrmId | None,
        answer: CrmRecord,
        change: Change,
        status: int | None = None,
    ) -> None:
        """Count a record that was sent: created or updated, or deleted by an endpoint that does no more."""
        self.books.ended(stream, outcome)
        self.unsent(stream, change)
        differences = change.differences
        if outcome is Outcome.UPDATED:
            self.books.emptied(stream, [each.attribute for each in differences if is_empty(each.new)])
        facts = RecordOutcome(
            stream,
            object_name,
            source_id,
            outcome,
            crm_id=crm_id,
            status=status,
            answer=answer,
            differences=differences,
            left_out=self._left_out_of(stream, source_id, outcome),
            conflicts=change.conflicts,
        )
        self._tell([facts])

    def linked(
        self,
        stream: str,
        object_name: str,
        source_id: str,
        *,
        crm_id: CrmId,
        answer: CrmRecord,
        change: Change,
        status: int | None = None,
    ) -> None:
        """Count references that were put into a record written without them: the record itself is not counted again."""
        self.books.linked(stream, len(change.differences))
        self.unsent(stream, change)
        facts = RecordOutcome(
            stream,
            object_name,
            source_id,
            LINKED,
            crm_id=crm_id,
            status=status,
            answer=answer,
            differences=change.differences,
            conflicts=change.conflicts,
        )
        self._tell([facts])

    def shared(self, stream: str, crm_id: CrmId, source_ids: Sequence[str]) -> None:
        """Count a record that is written to the CRM record of another one of its stream.

        Args:
            stream: Its stream's name.
            crm_id: The CRM's id.
            source_ids: The record, and the others.
        """
        self.books.shared(Shared(stream, crm_id, tuple(source_ids)))

    def held(
        self,
        stream: str,
        object_name: str,
        held_records: Sequence[Held],
        crm_ids: Mapping[str, CrmId | None] | None = None,
    ) -> None:
        """Count records that are rejected or wait, and are in the ledger."""
        for held in held_records:
            if held.state == "deleting":
                self._lines.ended(stream, [held.source_id], Outcome.WAITING, held.kind)
            self.log.take_left_out(stream, held.source_id)  # nothing of it was sent
            self.log.note_held(stream, held)
            self.books.ended(stream, outcome_of(held), held.kind)
            self.books.explained(stream, held.kind, held.source_id, self._shown(held))
        known = crm_ids or {}
        self._tell(RecordOutcome.of_held(stream, object_name, each, known.get(each.source_id)) for each in held_records)

    def overtaken(self, stream: str, object_name: str, source_id: str, kind: str, reason: str) -> None:
        """Count a record that is rejected and not kept: another run has a later version of it."""
        self.log.take_left_out(stream, source_id)
        self.books.ended(stream, Outcome.REJECTED, kind)
        self.books.explained(stream, kind, source_id, reason)
        self._lines.ended(stream, [source_id], Outcome.REJECTED, kind)
        self._tell([RecordOutcome(stream, object_name, source_id, Outcome.REJECTED, kind=kind, reason=reason)])

    # Deletes, whose message was counted as waiting when it came

    def deleted(
        self,
        stream: str,
        object_name: str,
        source_id: str,
        *,
        crm_id: CrmId | None,
        record: CrmRecord | None,
        held: Held | None,
        status: int | None = None,
    ) -> None:
        """Count a record that was deleted.

        Args:
            stream: Its stream's name.
            object_name: The CRM object's name.
            source_id: Which record.
            crm_id: The CRM's id of it.
            record: As the CRM had it, or None if that was not read.
            held: What was held of the message that deleted it; None if it is absent from the source,
                and so not part of the input.
            status: HTTP status of the answer, or None.
        """
        facts = RecordOutcome(
            stream, object_name, source_id, Outcome.DELETED, crm_id=crm_id, status=status, answer=record
        )
        self._tell([facts])
        if held is None:
            self.books.removed(stream)
        else:
            self.reopened(stream, held)
            self.books.ended(stream, Outcome.DELETED)

    def kept(self, held: Held, object_name: str, crm_id: CrmId | None, reason: str) -> None:
        """Count a delete that is not carried out after all."""
        self.reopened(held.stream, held)
        crm_ids = {held.source_id: crm_id}
        self.ended(held.stream, object_name, [held.source_id], Outcome.SKIPPED, reason, crm_ids=crm_ids)

    def dropped(self, held: Held, object_name: str, reason: str) -> None:
        """Count a held record that is no longer tried, because its source has it no more."""
        if self._is_own(held):
            self.reopened(held.stream, held)
            self.ended(held.stream, object_name, [held.source_id], Outcome.SKIPPED, reason)

    def released(self, stream: str, object_name: str, source_ids: Iterable[str], reason: str) -> None:
        """Say that records which a stream held are held no more, because another stream dealt with them.

        Their outcomes stay counted: the stream did reject them, or let them wait.
        """
        self._tell(
            RecordOutcome(stream, object_name, source_id, Outcome.SKIPPED, reason=reason)
            for source_id in sorted(source_ids)
        )

    # The end

    def stopped(self) -> None:
        """Count what the run had begun and not finished as skipped."""
        for stream, records in self.books.stopped().items():
            self._lines.ended(stream, [None] * records, Outcome.SKIPPED, STOPPED)

    def flush(self) -> None:
        """Have the observers, and the ledger, write down what they got."""
        for observer in self._observers:
            observer.flush()
        self._lines.flush()

    def finish(self, rejected: Iterable[Held]) -> None:
        """Have the observers end with what is still rejected, of this run and of earlier ones.

        Raises:
            FileError: A file cannot be written.
        """
        for observer in self._observers:
            observer.finish(rejected)

    def close(self) -> None:
        """Close the observers, all of them even if one fails."""
        with ExitStack() as stack:
            for observer in self._observers:
                stack.callback(observer.close)

    def _left_out_of(self, stream: str, source_id: str, outcome: Outcome) -> Mapping[str, LeftOut]:
        """Count what was left out of a record that the CRM has by now, and return it; of another, nothing is lost."""
        left_out = self.log.take_left_out(stream, source_id)
        if not left_out or outcome not in _IN_THE_CRM:
            return {}
        self.books.left_out(stream, left_out)
        return left_out

    def _left_out_by_id(
        self, stream: str, source_ids: Collection[str], outcome: Outcome
    ) -> dict[str, Mapping[str, LeftOut]]:
        if not self.log.has_left_out:
            return {}
        return {source_id: self._left_out_of(stream, source_id, outcome) for source_id in source_ids}

    def _tell(self, outcomes: Iterable[RecordOutcome]) -> None:
        if self._observers:
            passed_on = list(outcomes)
            for observer in self._observers:
                observer.ended(passed_on)
