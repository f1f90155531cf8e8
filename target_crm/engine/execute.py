"""A round of actions carried out, and what their answers, refusals and losses lead to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from crm_api.crm import Unclear
from crm_api.crm_objects import CrmId, CrmRecord, SourceRecord, outgoing
from target_crm.engine.decisions import Action, Create, Ready, Reject, Skip, Update, upsert_by
from target_crm.engine.in_doubt import CreateFate, EndpointInquiry, Inquiry, Verdict
from target_crm.engine.incoming import IncomingRecord
from target_crm.engine.outcome_recorder import OutcomeRecorder
from target_crm.engine.run import Office, Stream
from target_crm.engine.sender import Done, NotDone, Sender, Write, gained_values
from target_crm.ledger.values import Entry, Held, Origin, Scope
from target_crm.load_method import LoadMethod
from target_crm.mapping.mapper import Mapper
from target_crm.mapping.values import Change, Reason
from target_crm.report.outcomes import Outcome, RejectKind

_NO_UPDATE = (
    "It has changed since it was sent, and the stream has no endpoints.update. Declare one, or set load_method to "
    "append-only to send every version."
)
TRIES = 6  # writes of one record whose answer was lost, before it is rejected as in doubt


class ActionRunner:
    """Carries out the actions of one stream.

    Args:
        office: What all streams share.
        stream: The stream.
        mapper: Says what is sent.
        scope: Of the stream in the ledger.
        recorder: Keeps the outcomes.

    Attributes:
        inquiry: Finds out what became of lost creates.
    """

    def __init__(self, office: Office, stream: Stream, mapper: Mapper, scope: Scope, recorder: OutcomeRecorder) -> None:
        self._office = office
        self._stream = stream
        self._mapper = mapper
        self._recorder = recorder
        self._method = stream.settings.load_method
        self._recent = office.recent(mapper.crm_object.name)
        self._sender = Sender(
            office.crm,
            mapper,
            office.ledger,
            scope,
            office.pool,
            recent=self._recent,
            on_done=self._done,
            tried={each.source_id: each.server_at for each in recorder.unanswered.values() if each.action == "upsert"},
        )
        self._declared = stream.settings.declared
        self.inquiry = (Inquiry if self._declared is None else EndpointInquiry)(
            office.crm,
            mapper,
            office.ledger,
            scope,
            office.stopping,
            window=office.window,
            upsert_by=self._upsert_by(),
            clock=office.clock,
        )

    def _upsert_by(self) -> str | None:
        """The CRM's own upsert settles a doubt only by the stream's own match key, and never adds to a log."""
        return None if self._method is LoadMethod.APPEND_ONLY else self._mapper.upserted_by

    def upsert_of(self, ready: Ready) -> tuple[str, str] | None:
        """The attribute and the value by which the CRM itself may find or make a record, many a request."""
        attribute = self._mapper.upserted_by if self._mapper.crm_object.upserts_in_bulk else None
        return upsert_by(ready, attribute, self._method)

    def is_blind(self, ready: Ready) -> bool:
        """Tell whether a record may be upserted without looking for it first."""
        values = [value for key in ready.mapped.keys for part in key.parts for value in part.values]
        return len(values) == 1 and not self._stream.settings.compares_crm and self._mapper.is_blind(ready.mapped)

    def _done(self, done: Done) -> None:
        """Tell of a write; in a dry run also what an upsert would change."""
        if done.before is not None:
            change = self._mapper.change(done.write.ready.mapped, done.before)
            done = replace(done, write=replace(done.write, change=change))
        self._recorder.done(done)

    def carry_out(self, actions: Sequence[Action]) -> list[Ready]:
        """Carry actions out; returns the records that must be looked at again."""
        again: list[Ready] = []
        held: list[Held] = []
        writes: list[Write] = []
        updates: list[Update] = []
        for action in actions:
            if isinstance(action, Reject):
                held.append(self._recorder.rejected(action))
            elif isinstance(action, Skip):
                self._recorder.ended([action.ready.incoming.source_id], Outcome.SKIPPED, action.reason)
                self._recorder.release([action.ready.incoming.source_id])
            elif isinstance(action, Update):
                updates.append(action)
            else:
                self._creation(action, writes, held)
        again += self._changes(updates, writes, held)
        self._recorder.hold(held)
        results = self._sender.send(writes)
        changed = sum(write.crm_id is not None for write in writes)
        unchanged = sum(
            write.crm_id is not None for write in [*results.lost, *(each.write for each in results.refused)]
        )
        again += self._after_refusals(results.refused, freed=changed > unchanged)
        return again + self._after_losses(results.lost, results.untold)

    def _creation(self, action: Create, writes: list[Write], held: list[Held]) -> None:
        creation = self._mapper.creation(action.ready.mapped, may_be_there=action.upsert is not None)
        if isinstance(creation, Change):
            writes.append(Write(action, self._of_source(action.ready, creation)))
        else:
            held.append(self._recorder.flawed(action.ready.incoming, creation))

    def _of_source(self, ready: Ready, change: Change) -> Change:
        """Beside a record that is sent whole: whose it is."""
        if self._declared is None or not change.payload:
            return change
        source = SourceRecord(self._stream.name, ready.incoming.source_id, ready.written_at)
        return replace(change, payload=replace(outgoing(change.payload), source=source))

    def stuck(self, incoming_records: Sequence[IncomingRecord]) -> set[str]:
        """Source ids whose update is in doubt for good: sent as it comes again, and nobody can read what is there."""
        updates = [intent for intent in self._recorder.unanswered.values() if intent.action == "update"]
        if self._declared is None or not updates or self._office.crm.may_repeat(self._mapper.crm_object, update=True):
            return set()
        sent = {incoming.source_id: incoming.record_hash for incoming in incoming_records}
        return {intent.source_id for intent in updates if sent.get(intent.source_id) == intent.record_hash}

    def _outdated(self, updates: Sequence[Update], writes: list[Write], held: list[Held]) -> None:
        """What updates send whole; where no endpoint takes them, what was found stays and what changed is held."""
        if self._declared is not None and self._declared.calls.update is None:
            self._remember_unwritten([update for update in updates if update.matched])
            unsent = [update.ready for update in updates if not update.matched]
            held += [self._recorder.rejected(Reject(ready, RejectKind.NO_ENDPOINT, _NO_UPDATE)) for ready in unsent]
            return
        unneeded: list[Update] = []
        for update in updates:
            change = self._mapper.change(update.ready.mapped, update.current if update.matched else None)
            if change.payload:
                writes.append(Write(update, self._of_source(update.ready, change)))
            else:
                unneeded.append(update)
        self._remember_unwritten(unneeded)

    def _changes(self, updates: Sequence[Update], writes: list[Write], held: list[Held]) -> list[Ready]:
        """What updates send; those that need send nothing are done, and those whose record is gone begin anew."""
        if self._method is LoadMethod.MATCH:
            self._remember_unwritten([update for update in updates if update.matched])
            self._recorder.unchanged(
                {update.ready.incoming.source_id: update.crm_id for update in updates if not update.matched}
            )
            return []
        if self._declared is not None:
            self._outdated(updates, writes, held)
            return []
        again: list[Ready] = []
        unneeded: list[Update] = []
        current = self._current(updates)
        for update in updates:
            record = current.get(update.ready.incoming.source_id)
            if record is None and self._must_read(update):
                again += self._gone(update.ready, update.crm_id, held)
                continue
            change = self._mapper.change(update.ready.mapped, record)
            if change.payload:
                writes.append(Write(update, change))
            else:
                unneeded.append(update)
        self._remember_unwritten(unneeded)
        return again

    def _must_read(self, update: Update) -> bool:
        if not self._mapper.crm_object.readable:
            return False
        compares = self._stream.settings.compares_crm
        return compares or update.ready.reread or self._mapper.needs_current(update.ready.mapped)

    def _current(self, updates: Sequence[Update]) -> dict[str, CrmRecord]:
        """The CRM's records as they are, where an update depends on them, by source id."""
        current: dict[str, CrmRecord] = {}
        unread: dict[bool, list[Update]] = {False: [], True: []}
        for update in updates:
            record = self._recent.get(update.crm_id) or update.current
            if (update.ready.reread or record is None) and self._must_read(update):
                unread[update.ready.reread].append(update)
            elif record is not None:
                current[update.ready.incoming.source_id] = record
        for in_doubt, chosen in unread.items():
            if chosen:
                ids = [update.crm_id for update in chosen]
                records = self._office.crm.read(self._mapper.crm_object, ids, immediate=in_doubt)
                for update in chosen:
                    if update.crm_id in records:
                        current[update.ready.incoming.source_id] = records[update.crm_id]
        return current

    def _gone(self, ready: Ready, crm_id: CrmId, held: list[Held]) -> list[Ready]:
        """The CRM has lost a record that the ledger knows."""
        self._recent.lose(crm_id)
        if self._stream.settings.when_gone == "reject":
            reason = f"The CRM no longer has record {crm_id}. Restore it there, or set when_gone to match_again."
            held.append(self._recorder.held(ready.incoming, RejectKind.GONE, reason))
            return []
        recreate = self._stream.settings.when_gone == "recreate"
        return [replace(ready, crm_id=None, origin=Origin.CREATED, reread=False, recreate=recreate)]

    def _remember_unwritten(self, updates: Sequence[Update]) -> None:
        """Records that the CRM has as they should be, or that are only to be matched."""
        written = self._method is not LoadMethod.MATCH
        self._recorder.settle(
            [
                Entry(
                    update.ready.incoming.source_id,
                    update.crm_id,
                    "matched" if update.matched else "unchanged",
                    Origin.MATCHED if update.matched else update.ready.origin,
                    update.ready.incoming.record_hash if written else None,
                    update.ready.mapped.digest if written else None,
                    gained=gained_values(self._mapper, update.ready, update.current or {}),
                    links=update.ready.links,
                    reason=update.reason,
                )
                for update in updates
            ]
        )
        crm_ids = {update.ready.incoming.source_id: update.crm_id for update in updates}
        if self._office.preview is not None:
            for update in updates:
                if update.matched:
                    source_id = update.ready.incoming.source_id
                    self._office.preview.left(self._stream.name, [source_id], f"{update.reason}: {update.crm_id}")
        self._recorder.ended(crm_ids.keys(), Outcome.UNCHANGED, crm_ids=crm_ids)

    def _after_refusals(self, refused: Sequence[NotDone], *, freed: bool) -> list[Ready]:
        again: list[Ready] = []
        held: list[Held] = []
        for each in refused:
            ready = each.write.ready
            if each.gone and each.write.crm_id is not None:
                again += self._gone(ready, each.write.crm_id, held)
                continue
            kind: str = RejectKind.FORBIDDEN if each.forbidden else RejectKind.REFUSED
            kind = Reason.INVALID_VALUE if each.status is None else kind  # it was not even sent
            rejected = Reject(ready, kind, each.reason, each.status, _sent(each))
            if freed and self._was_taken(each):
                again.append(ready)  # perhaps by a record that has given it up by now
            elif self._may_exist(each):
                # Unique in the CRM, and refused: perhaps because it is there, and the search did not show it yet.
                again.append(replace(ready, refused=rejected))
            else:
                held.append(self._recorder.rejected(rejected))
        self._recorder.hold(held)
        return again

    def _was_taken(self, refused: NotDone) -> bool:
        """Tell whether an update gave a record what only one may have."""
        if refused.forbidden or refused.write.crm_id is None:
            return False
        return refused.duplicate or not refused.write.change.payload.keys().isdisjoint(self._mapper.crm_object.unique)

    def _may_exist(self, refused: NotDone) -> bool:
        if refused.forbidden or refused.write.crm_id is not None or refused.write.ready.refused is not None:
            return False
        if refused.write.upsert is not None:
            return False
        names = {part.attribute for key in refused.write.ready.mapped.keys for part in key.parts}
        unique = refused.duplicate or not names.isdisjoint(self._mapper.crm_object.unique)
        return self._method is not LoadMethod.APPEND_ONLY and unique

    def _after_losses(self, lost: Sequence[Write], untold: Mapping[str, Unclear]) -> list[Ready]:
        """Find out what became of writes whose answer was lost."""
        if not lost:
            return []
        name = self._stream.name
        self._office.logger.warning("Stream %s: the answers to %d writes were lost; finding out", name, len(lost))
        intents = [self._sender.intent(write) for write in lost if write.crm_id is None and write.upsert is None]
        verdicts = self.inquiry.verdicts(intents, self._office.clock()) if intents else {}
        again: list[Ready] = []
        held: list[Held] = []
        in_doubt: list[IncomingRecord] = []
        for write in lost:
            ready, source_id = write.ready, write.ready.incoming.source_id
            verdict = verdicts.get(source_id, Verdict(CreateFate.NOT_CARRIED_OUT))
            if verdict.fate is CreateFate.CARRIED_OUT and verdict.ours and verdict.record is not None:
                self._sender.found(write, verdict.record)
            elif verdict.fate is CreateFate.REFUSED:
                sent = _sent_payload(write)
                rejected = Reject(ready, RejectKind.REFUSED, verdict.reason, verdict.status, sent)
                held.append(self._recorder.rejected(rejected))
            elif verdict.fate is CreateFate.UNKNOWN or ready.tries + 1 >= TRIES or self._is_final(write):
                in_doubt.append(ready.incoming)
                self._recorder.lost(self._sender.intent(write))
            else:
                again.append(replace(ready, tries=ready.tries + 1, reread=write.crm_id is not None))
        self._recorder.hold(held)
        self._recorder.hold_in_doubt(in_doubt, untold)
        return again

    def _is_final(self, write: Write) -> bool:
        """Whether an update that was never answered stays so: it can neither be read nor repeated."""
        crm_object = self._mapper.crm_object
        return (
            crm_object.whole_records
            and write.crm_id is not None
            and not self._office.crm.may_repeat(crm_object, update=True)
        )


def _sent_payload(write: Write) -> dict[str, Any]:
    """What was sent of a record, for the reject file: the payload, and beside it the flags, if there are any."""
    sent = outgoing(write.change.payload)
    return {"payload": sent.payload, **({"parameters": sent.parameters} if sent.parameters else {})}


def _sent(refused: NotDone) -> dict[str, Any]:
    return {"crm_id": refused.write.crm_id, **_sent_payload(refused.write), "answer": refused.body}
