"""The outcomes of one run's records: counted in the books, and passed on to the observers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack

from crm_api.crm_objects import CrmId, CrmRecord
from crm_api.values import is_empty
from target_crm.engine.incoming import IncomingRecord
from target_crm.ledger.values import Held
from target_crm.mapping.values import Change, Difference
from target_crm.report.outcomes import LINKED, Books, Observer, Outcome, RecordOutcome


class RecordLog:
    """Remembers source ids for the whole run, by stream, where later records or the next stream need them.

    A stream whose SCHEMA changes gets another sink; this stays.
    """

    def __init__(self) -> None:
        self._written: dict[str, set[str]] = {}
        self._retried: dict[str, set[str]] = {}
        self._held: dict[str, dict[str, Held]] = {}

    def note_written(self, stream: str, source_id: str) -> None:
        """Note that the CRM has a record by now."""
        self._written.setdefault(stream, set()).add(source_id)

    @property
    def streams_written(self) -> list[str]:
        """Streams of which records were written since they were last taken."""
        return list(self._written)

    def take_written(self, stream: str) -> set[str]:
        """Return the source ids of a stream that were written since they were last taken."""
        return self._written.pop(stream)

    def note_retried(self, stream: str, source_id: str) -> None:
        """Note that a record which was held is tried again."""
        self._retried.setdefault(stream, set()).add(source_id)

    def note_held(self, stream: str, held: Held) -> None:
        """Note a record that is held, if a later record of its source id takes its place in the books."""
        if held.state != "rejected" or held.source_id in self._retried.get(stream, ()):
            self._held.setdefault(stream, {})[held.source_id] = held

    def held_of(self, stream: str) -> dict[str, Held]:
        """Return what was noted of a stream's held records, by source id; whoever uses an entry removes it."""
        return self._held.setdefault(stream, {})


class OutcomeRecorder:
    """Counts each record of a run once, as what became of it, and passes that on to the observers.

    Nothing else counts in the books, or speaks to the dry run's preview, the captured responses or the reject file.
    Thread-safe.

    Args:
        run_id: Names the run.
        books: Count outcomes by stream.
        observers: Get each record's outcome.
        began_at: When the run began, in Unix seconds: what is held since then under its name is its own. A scheduler
            that tries a task again may give the name of the first try.

    Attributes:
        books: The counts, to be read.
        log: What was written and held so far.
    """

    def __init__(self, run_id: str, books: Books, observers: Sequence[Observer] = (), began_at: float = 0.0) -> None:
        self._run_id = run_id
        self._began_at = began_at
        self._observers = tuple(observers)
        self.books = books
        self.log = RecordLog()

    # Records that come

    def arrived(self, stream: str, records: int) -> None:
        """Count records that came from the input, after stream maps."""
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

    def carried_over(self, held: Held) -> None:
        """Count a delete that an earlier run held, as waiting."""
        if not self._is_own(held):
            self.books.carried(held.stream)
            self.books.ended(held.stream, Outcome.WAITING, held.kind)

    def _is_own(self, held: Held) -> bool:
        """Tell whether this run holds a record, and has counted its outcome."""
        return held.run_id == self._run_id and held.at >= self._began_at

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
        self._tell(
            RecordOutcome(stream, object_name, source_id, outcome, crm_id=(crm_ids or {}).get(source_id), reason=reason)
            for source_id in source_ids
        )

    def left_as_is(
        self,
        stream: str,
        object_name: str,
        crm_ids: Mapping[str, CrmId],
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
        for change in changes.values():
            self._count_unsent(stream, change)
        self._tell(
            RecordOutcome(
                stream,
                object_name,
                source_id,
                Outcome.UNCHANGED,
                crm_id=crm_id,
                matched_by=matched_by.get(source_id, ""),
                conflicts=changes[source_id].conflicts,
            )
            for source_id, crm_id in crm_ids.items()
        )

    def _count_unsent(self, stream: str, change: Change) -> None:
        self.books.nulled(stream, change.emptied)
        self.books.left_to_crm(stream, [each.attribute for each in change.conflicts])

    def written(
        self,
        stream: str,
        object_name: str,
        source_id: str,
        outcome: Outcome,
        *,
        crm_id: CrmId,
        answer: CrmRecord,
        change: Change,
    ) -> None:
        """Count a record that was created or updated."""
        self.books.ended(stream, outcome)
        self._count_unsent(stream, change)
        differences = change.differences
        if outcome is Outcome.UPDATED:
            self.books.emptied(stream, [each.attribute for each in differences if is_empty(each.new)])
        facts = RecordOutcome(
            stream,
            object_name,
            source_id,
            outcome,
            crm_id=crm_id,
            answer=answer,
            differences=differences,
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
        differences: Sequence[Difference],
    ) -> None:
        """Count references that were put into a record written without them: the record itself is not counted again."""
        self.books.linked(stream, len(differences))
        facts = RecordOutcome(
            stream, object_name, source_id, LINKED, crm_id=crm_id, answer=answer, differences=differences
        )
        self._tell([facts])

    def held(
        self,
        stream: str,
        object_name: str,
        held_records: Sequence[Held],
        crm_ids: Mapping[str, CrmId | None] | None = None,
    ) -> None:
        """Count records that are rejected or wait, and are in the ledger."""
        self._tell(
            RecordOutcome(
                stream,
                object_name,
                held.source_id,
                outcome_of(held),
                crm_id=(crm_ids or {}).get(held.source_id),
                status=held.status,
                kind=held.kind,
                reason=held.reason,
                held=held,
            )
            for held in held_records
        )
        for held in held_records:
            self.log.note_held(stream, held)
            self.books.ended(stream, outcome_of(held), held.kind)
            self.books.explained(stream, held.kind, held.source_id, held.reason)

    # Deletes, whose message was counted as waiting when it came

    def deleted(
        self,
        stream: str,
        object_name: str,
        source_id: str,
        *,
        crm_id: CrmId,
        record: CrmRecord | None,
        held: Held | None,
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
        """
        self._tell([RecordOutcome(stream, object_name, source_id, Outcome.DELETED, crm_id=crm_id, answer=record)])
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
        self.books.stopped()

    def flush(self) -> None:
        """Have the observers write down what they got."""
        for observer in self._observers:
            observer.flush()

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

    def _tell(self, outcomes: Iterable[RecordOutcome]) -> None:
        if self._observers:
            passed_on = list(outcomes)
            for observer in self._observers:
                observer.ended(passed_on)


def outcome_of(held: Held) -> Outcome:
    """The outcome that a held record counts as."""
    return Outcome.REJECTED if held.state == "rejected" else Outcome.WAITING
