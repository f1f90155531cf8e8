"""One stream's records in the ledger: written, held, unchanged or in doubt; the recorder counts each."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Any

from crm_api.crm import Unclear
from crm_api.crm_objects import CrmId
from target_crm.engine.approval import Objection
from target_crm.engine.decisions import Reject, Update
from target_crm.engine.destination import Stream
from target_crm.engine.incoming import IncomingRecord
from target_crm.engine.run import StreamContext
from target_crm.engine.sender import Done
from target_crm.ledger.values import Awaited, Entry, Held, Intent, LedgerDataError
from target_crm.mapping.values import Change, Conflict, Rejection
from target_crm.report.outcomes import Outcome, RejectKind

_NO_ANSWER = Unclear(None)
_CHANGED = "the CRM's value is not the one that was last sent, and the source has another one by now"
_NOT_SHOWN = "the source has another value by now, and the CRM does not show whether somebody changed its own"
_TO_DECIDE = "Nothing was written. singer-crm rejected show NUMBER --config FILE tells both, and how to decide"


class StreamLedger:
    """Brings one stream's records to their outcomes: first in the ledger, then for the recorder.

    Args:
        context: The stream's way into the CRM.
        stream: The stream.

    Attributes:
        unanswered: Intents of writes to which no answer came that tells what became of them, by source id.
        undecided: Source ids of creates that stayed in doubt when the CRM was asked in this run.
        open: Source ids of the batch that have no outcome yet.
    """

    def __init__(self, context: StreamContext, stream: Stream) -> None:
        self._context = context
        self._ledger = context.ledger
        self._scope = context.scope
        self._recorder = context.run.recorder
        self._stream = stream
        self._name = stream.name, stream.settings.object
        self._held: set[str] = set()
        self.unanswered: dict[str, Intent] = {}
        self.undecided: set[str] = set()
        self.open: set[str] = set()
        self.reload()

    def reload(self) -> None:
        """Read from the ledger which records are held, and which writes have no answer."""
        self._held = self._ledger.held_records.held_ids(self._scope)
        self.unanswered = self._intents()

    def _intents(self) -> dict[str, Intent]:
        """Return the writes without an answer; those of another share are under way elsewhere, or for its next run."""
        intents = self._ledger.intents(self._scope)
        if self._context.share is None:
            return intents
        return {source_id: intent for source_id, intent in intents.items() if self._context.is_ours(source_id)}

    def received(self, incoming_records: Collection[IncomingRecord]) -> None:
        """See which records a batch holds."""
        self._recorder.received(*self._name, incoming_records)
        self.open = {incoming.source_id for incoming in incoming_records}

    def sent_without_answer(self, incoming_records: Iterable[IncomingRecord]) -> set[str]:
        """Return the source ids of those of which the ledger has an intent."""
        self.unanswered = self._intents()
        return self.unanswered.keys() & {incoming.source_id for incoming in incoming_records}

    @property
    def unasked_creates(self) -> dict[str, Intent]:
        """Unanswered creates about which the CRM was not asked yet in this run, by source id."""
        return {
            source_id: intent
            for source_id, intent in self.unanswered.items()
            if intent.action == "create" and source_id not in self.undecided
        }

    # Records that the CRM has

    def written(self, done: Done) -> None:
        """Take a write that is in the ledger."""
        source_id = done.write.action.ready.incoming.source_id
        self._recorder.written(
            *self._name,
            source_id,
            self._stream.destination.outcome_of(Outcome.CREATED if done.created else Outcome.UPDATED),
            crm_id=self._shown_id(source_id, done.crm_id),
            answer=done.record,
            change=done.write.change,
            status=done.status,
        )
        self._settled([source_id])

    def _shown_id(self, source_id: str, crm_id: CrmId | None) -> CrmId | None:
        """Return the CRM's id of a record; None where the endpoint gives none, and another stands in for it."""
        return crm_id if self._stream.destination.names_id(source_id, crm_id) else None

    def settle(self, entries: Sequence[Entry]) -> None:
        """Remember what the CRM has, where nothing was sent."""
        if entries:
            self._ledger.settle(self._scope, entries)
            self._settled([entry.source_id for entry in entries])

    def _settled(self, source_ids: Iterable[str]) -> None:
        """The CRM has them: in the ledger, their intents and what was held of them are gone."""
        for source_id in source_ids:
            self.unanswered.pop(source_id, None)
            self._held.discard(source_id)
            self.open.discard(source_id)
            self._recorder.log.note_written(self._stream.name, source_id)

    def unchanged(self, crm_ids: Mapping[str, CrmId | None], hashes: Mapping[str, bytes] | None = None) -> None:
        """Take records that the CRM has already.

        Args:
            crm_ids: The CRM's ids, by source id.
            hashes: Digests of those that look unlike last time, by source id.
        """
        if hashes:
            self._ledger.touch(self._scope, hashes)
        self.ended(crm_ids.keys(), Outcome.UNCHANGED, crm_ids=crm_ids)

    def left_as_is(
        self, entries: Sequence[Entry], matched_by: Mapping[str, str], changes: Mapping[str, Change]
    ) -> None:
        """Remember and count records that the CRM has as they should be, or that are only to be matched.

        Args:
            entries: What the ledger remembers of them.
            matched_by: How those were recognised that the ledger had not known, by source id.
            changes: The changes that need not be sent, by source id.
        """
        self.settle(entries)
        crm_ids = {entry.source_id: self._shown_id(entry.source_id, entry.crm_id) for entry in entries}
        self._recorder.left_as_is(*self._name, crm_ids, matched_by, changes)

    def ended(
        self,
        source_ids: Collection[str],
        outcome: Outcome,
        reason: str = "",
        *,
        crm_ids: Mapping[str, CrmId | None] | None = None,
    ) -> None:
        """Count records that a newer version, or the settings, have dealt with; what was held of them is forgotten."""
        crm_ids = {source_id: self._shown_id(source_id, crm_id) for source_id, crm_id in (crm_ids or {}).items()}
        self._recorder.ended(*self._name, source_ids, outcome, reason, crm_ids=crm_ids)
        self.open.difference_update(source_ids)
        self.release(source_ids)

    def superseded(self, source_ids: Collection[str]) -> None:
        """Count versions of records that a later one replaces before they are written."""
        self._recorder.ended(*self._name, source_ids, Outcome.SUPERSEDED)

    def release(self, source_ids: Iterable[str]) -> None:
        """Forget what was held of records."""
        stale = self._held.intersection(source_ids)
        if stale:
            self._ledger.held_records.release(self._scope, stale)
            self._held -= stale

    # Records in doubt

    def withdraw(self, source_ids: Collection[str]) -> None:
        """Forget intents of writes that were not carried out."""
        self._ledger.withdraw(self._scope, source_ids)
        for source_id in source_ids:
            self.unanswered.pop(source_id, None)

    def give_up(self, intent: Intent) -> None:
        """Ask no more, in this run, whether a write was carried out."""
        self.unanswered[intent.source_id] = intent
        self.undecided.add(intent.source_id)

    def hold_in_doubt(
        self, incoming_records: Iterable[IncomingRecord], answers: Mapping[str, Unclear] | None = None
    ) -> None:
        """Hold records that may have been written, with their intents, for the next run.

        Args:
            incoming_records: The records.
            answers: Answers that came and do not tell, by source id.
        """
        held = [
            self._in_doubt(incoming, (answers or {}).get(incoming.source_id, _NO_ANSWER))
            for incoming in incoming_records
        ]
        if held:
            self._ledger.held_records.hold(self._scope, held, keep_intents=True)
            self._count_held(held)

    def _in_doubt(self, incoming: IncomingRecord, answer: Unclear) -> Held:
        answered = f"the answer (HTTP {answer.status}) does not tell what became of it"
        came = "no answer came" if answer.status is None else answered
        reason = self._stream.destination.still_in_doubt.format(came=came)
        sent = {"answer": answer.body} if answer.body else None
        return self.held(incoming, RejectKind.IN_DOUBT, reason, status=answer.status, sent=sent)

    # What is held

    def hold(self, held: Sequence[Held]) -> None:
        """Hold records that are not written, and count them."""
        if not held:
            return
        self._ledger.held_records.hold(self._scope, held)
        for each in held:
            self.unanswered.pop(each.source_id, None)
        self._count_held(held)

    def hold_conflicts(self, conflicting: Sequence[tuple[Update, Change]]) -> None:
        """Hold records that both sides changed; a write of one that is in doubt stays so."""
        by_doubt: dict[bool, list[Held]] = {}
        for update, change in conflicting:
            by_doubt.setdefault(update.ready.reread, []).append(self._in_conflict(update, change))
        for is_in_doubt, held in by_doubt.items():
            self._ledger.held_records.hold(self._scope, held, keep_intents=is_in_doubt)
            self._count_held(held)

    def _in_conflict(self, update: Update, change: Change) -> Held:
        incoming = update.ready.incoming
        attributes = [each.attribute for each in change.to_review]
        kept = self._ledger.kept_values.last_sent(self._scope, incoming.source_id, attributes)
        readable = self._stream.destination.mapper.readable
        conflicts = [
            each.facts
            | ({"last_sent": readable(each.attribute, kept[each.attribute])} if each.attribute in kept else {})
            for each in change.to_review
        ]
        sent = {"crm_id": update.crm_id, "conflicts": conflicts}
        return self.held(incoming, RejectKind.CONFLICT, _in_conflict(change.to_review), sent=sent)

    def hold_objected(self, objected: Iterable[tuple[IncomingRecord, Objection]]) -> None:
        """Hold records to which somebody objected; an unanswered write and a later version of one stay as they are."""
        held: list[Held] = []
        for incoming, objection in objected:
            if objection.is_overtaken:
                self._recorder.overtaken(*self._name, incoming.source_id, RejectKind.PLAN_OUTDATED, objection.reason)
                self.open.discard(incoming.source_id)
                continue
            kind = RejectKind.PLAN_OUTDATED if objection.waits_on is None else RejectKind.MISSING_REFERENCE
            held.append(self.held(incoming, kind, objection.reason, waits_on=objection.waits_on))
        if held:
            self._ledger.held_records.hold(self._scope, held, keep_intents=True)
            self._count_held(held)

    def hold_unstorable(self, incoming_records: Iterable[IncomingRecord], error: LedgerDataError) -> None:
        """Hold records of which the ledger's database refuses a value; under a digest, if that is the source id."""
        for incoming in incoming_records:
            held = self.flawed(incoming, not_storable(error))
            self.open.discard(incoming.source_id)
            try:
                self.hold([held])
            except LedgerDataError:
                digest = blake2b(incoming.source_id.encode("utf-8", "surrogatepass"), digest_size=16)
                self.hold([replace(held, source_id=f"#{digest.hexdigest()}")])

    def _count_held(self, held: Sequence[Held]) -> None:
        self._recorder.held(*self._name, held)
        self._held.update(each.source_id for each in held)
        self.open.difference_update(each.source_id for each in held)

    def rejected(self, action: Reject) -> Held:
        """Return a record that was decided against, or refused, as it is held."""
        return self.held(action.ready.incoming, action.kind, action.reason, status=action.status, sent=action.sent)

    def flawed(self, incoming: IncomingRecord, flaw: Rejection) -> Held:
        """Return a record that cannot be sent, as it is held."""
        return replace(self.held(incoming, flaw.kind, flaw.reason), value=flaw.value)

    def held(
        self,
        incoming: IncomingRecord,
        kind: str,
        reason: str,
        *,
        status: int | None = None,
        sent: Any = None,
        waits_on: tuple[Awaited, ...] | None = None,
        state: str | None = None,
    ) -> Held:
        """Return a record that is not written, as it is held.

        Args:
            incoming: The record.
            kind: A published kind.
            reason: Why, for people.
            status: HTTP status of a refusal.
            sent: What was sent, and what came back.
            waits_on: What it waits for; None: for nothing.
            state: How it is held; if left out, waiting or rejected, as ``waits_on`` says.
        """
        return Held(
            incoming.source_id,
            state or ("rejected" if waits_on is None else "waiting"),
            str(kind),
            reason,
            incoming.message,
            self._stream.schema,
            self._stream.schema_id,
            status,
            sent,
            waits_on or (),
        )


def _in_conflict(conflicts: Sequence[Conflict]) -> str:
    """Return the reason why a record is held that somebody has to decide about."""
    reasons = [
        f"{' and '.join(names)}: {why}"
        for is_shown, why in ((True, _CHANGED), (False, _NOT_SHOWN))
        if (names := [each.attribute for each in conflicts if each.is_shown is is_shown])
    ]
    return f"{'. '.join(reasons)}. {_TO_DECIDE}"


def not_storable(error: LedgerDataError) -> Rejection:
    """Return the reason why a record is rejected of which the ledger's database refuses a value."""
    return Rejection(RejectKind.NOT_STORABLE, f"The ledger's database cannot hold a value of it: {error.said}")
