"""One round of actions: carried out, and brought to what their answers, refusals and missing answers lead to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from crm_api.crm_objects import CrmId, Payload, outgoing
from target_crm.engine.approval import Intended, Step
from target_crm.engine.decisions import Action, Create, Ready, Reject, Skip, Update, upsert_by
from target_crm.engine.destination import Stream
from target_crm.engine.in_doubt import CreateFate, DoubtResolver, Verdict
from target_crm.engine.incoming import IncomingRecord
from target_crm.engine.run import StreamContext, logger
from target_crm.engine.sender import Done, NotDone, Results, Sender, Write
from target_crm.engine.shared_matches import SharedMatches
from target_crm.engine.stream_ledger import StreamLedger
from target_crm.engine.values_kept import kept_values
from target_crm.ledger.values import Entry, Held, Origin
from target_crm.load_method import LoadMethod
from target_crm.mapping.changes import Basis
from target_crm.mapping.values import NOTHING_TO_SEND, Change, KeptValue, Reason, Side
from target_crm.report.outcomes import Outcome, RejectKind

_NO_UPDATE = (
    "It has changed since it was sent, and the stream has no endpoints.update. Declare one, or set load_method to "
    "append-only to send every version."
)
_AS_SENT = Basis(take=Side.SOURCE)
TRIES = 6  # writes of one record without an answer, before it is rejected as in doubt


@dataclass
class Round:
    """The records of a round that are not done yet.

    Attributes:
        writes: To be sent.
        unneeded: Updates whose record the CRM has as it should be.
        held: Records to be held.
        in_doubt: Records to be held with their intents.
        again: Records to be decided anew.
    """

    writes: list[Write] = field(default_factory=list)
    unneeded: list[tuple[Update, Change]] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)
    in_doubt: list[IncomingRecord] = field(default_factory=list)
    again: list[Ready] = field(default_factory=list)


class ActionRunner:
    """Carries out the actions of one stream.

    Args:
        context: The stream's way into the CRM.
        stream: The stream.
        records: The stream's records in the ledger.
        shared: Tells of records that share a CRM record.
    """

    def __init__(self, context: StreamContext, stream: Stream, records: StreamLedger, shared: SharedMatches) -> None:
        self._context = context
        self._stream = stream
        self._mapper = context.mapper
        self._crm_object = context.mapper.crm_object
        self._destination = stream.destination
        self._records = records
        self._shared = shared
        self._upserted: list[Done] = []
        self._method = stream.settings.load_method
        unanswered = records.unanswered.values()
        self._sender = Sender(
            context,
            on_done=self._done,
            tried={each.source_id: each.server_at for each in unanswered if each.action == "upsert"},
            told_as=stream.destination.outcome_of,
        )

    @cached_property
    def resolver(self) -> DoubtResolver:
        """Finds out whether creates to which no answer came were carried out; made when first needed."""
        # The CRM's own upsert settles a doubt only by the stream's own match key, and never adds to a log. It would
        # also write over what a person typed since.
        may_upsert = self._method is not LoadMethod.APPEND_ONLY and not self._stream.settings.mapping.decided_by_crm
        return self._destination.resolver(self._context, self._mapper.upserted_by if may_upsert else None)

    def upsert_of(self, ready: Ready) -> tuple[str, str] | None:
        """Return the attribute and the value by which the CRM itself may find or make a record, many a request."""
        # An upsert tells only afterwards whose record the CRM has found.
        may_upsert = self._crm_object.upserts_in_bulk and not self._shared.rejects
        attribute = self._mapper.upserted_by if may_upsert else None
        return upsert_by(ready, attribute, self._method)

    def is_blind(self, ready: Ready) -> bool:
        """Tell whether a record may be upserted without looking for it first."""
        values = [value for key in ready.mapped.keys for part in key.parts for value in part.values]
        settings = self._stream.settings
        if settings.compares_crm or settings.mapping.decided_by_crm or self._context.ledger.kept_values.on:
            return False
        return len(values) == 1 and self._mapper.is_blind(ready.mapped)

    def stuck(self, incoming_records: Sequence[IncomingRecord]) -> set[str]:
        """Return the source ids whose update is in doubt for good, because it comes again as it was sent."""
        crm, ledger = self._context.crm, self._context.ledger
        updates = [
            intent
            for intent in self._records.unanswered.values()
            if intent.action == "update" and self._destination.leaves_updates_in_doubt(crm, ledger.age_seconds(intent))
        ]
        sent = {incoming.source_id: incoming.record_hash for incoming in incoming_records}
        return {intent.source_id for intent in updates if sent.get(intent.source_id) == intent.record_hash}

    def carry_out(self, actions: Sequence[Action]) -> list[Ready]:
        """Carry out actions that may go at once, in any order.

        Args:
            actions: What is to be done, with at most one action for each record.

        Returns:
            The records that must be decided anew; all others have their outcome.

        Raises:
            StopError: Nothing further can succeed; what was answered until then is in the ledger.
            BusyError: Nothing further can succeed for now; what was answered until then is in the ledger, too.
        """
        prepared = self._prepared(actions)
        self._show(prepared)
        self._leave_as_is(prepared.unneeded)
        if prepared.held:
            self._records.hold(prepared.held)
        results = self._sender.send(prepared.writes)
        self._shared.note_upserts(self._upserted)
        self._upserted.clear()
        sent = sum(write.crm_id is not None for write in prepared.writes)
        not_done = [*results.in_doubt, *(each.write for each in results.refused)]
        freed = sent > sum(write.crm_id is not None for write in not_done)
        again = prepared.again
        if results.refused:
            again += self._after_refusals(results.refused, freed=freed)
        if results.in_doubt:
            again += self._after_doubts(results)
        return again

    # Before anything is sent

    def _prepared(self, actions: Sequence[Action]) -> Round:
        """Say what each action sends; those that send nothing have their outcome, or are held."""
        prepared = Round()
        for action in actions:
            if isinstance(action, Reject):
                prepared.held.append(self._records.rejected(action))
            elif isinstance(action, Skip):
                self._records.ended([action.ready.incoming.source_id], Outcome.SKIPPED, action.reason)
            elif isinstance(action, Create):
                self._prepare_create(action, prepared)
        if updates := [action for action in actions if isinstance(action, Update)]:
            self._prepare_updates(updates, prepared)
        return prepared

    def _prepare_create(self, action: Create, prepared: Round) -> None:
        creation = self._mapper.creation(action.ready.mapped, may_be_there=action.upsert is not None)
        if isinstance(creation, Change):
            prepared.writes.append(self._outgoing(Write(action, creation)))
        else:
            prepared.held.append(self._records.flawed(action.ready.incoming, creation))

    def _outgoing(self, write: Write) -> Write:
        return replace(write, change=self._destination.outgoing(self._stream.name, write.action.ready, write.change))

    def _with_first_try(self, update: Update) -> Update:
        """Add what was there before a write of an earlier run to which no answer came, if it was kept."""
        ready = update.ready
        intent = self._records.unanswered.get(ready.incoming.source_id)
        if ready.before is not None or intent is None or intent.before is None or intent.crm_id != update.crm_id:
            return update
        tried = ready.basis.tried or (intent.payload,)
        basis = replace(ready.basis, tried=tried)
        return replace(update, ready=replace(ready, before=intent.before, basis=basis))

    def _prepare_updates(self, updates: Sequence[Update], prepared: Round) -> None:
        if self._method is LoadMethod.MATCH:
            prepared.unneeded += [(update, NOTHING_TO_SEND) for update in updates if update.matched]
            self._records.unchanged(
                {update.ready.incoming.source_id: update.crm_id for update in updates if not update.matched}
            )
            return
        plan = self._destination.planned(self._context, [self._with_first_try(update) for update in updates])
        self._records.hold_conflicts(plan.conflicting)
        for update in plan.gone:
            self._begin_anew(update.ready, update.crm_id, prepared)
        for update in plan.impossible:
            reject = Reject(update.ready, RejectKind.NO_ENDPOINT, _NO_UPDATE)
            prepared.held.append(self._records.rejected(reject))
        prepared.writes += map(self._outgoing, plan.writes)
        prepared.unneeded += plan.unneeded

    def _show(self, prepared: Round) -> None:
        """Show what is about to be written to whoever may object; holds, and takes out, that to which somebody does."""
        steps = [(each.action, each.change.payload) for each in prepared.writes]
        steps += [(update, change.payload) for update, change in prepared.unneeded]
        if not steps:
            return
        intended = [self._intended(*step) for step in steps]
        objections = self._context.run.approval.intended(self._context.crm, intended)
        if not objections:
            return
        objected = [(action, objections[_source_id(action)]) for action, _ in steps if _source_id(action) in objections]
        for action, objection in objected:
            if objection.is_gone and isinstance(action, Update):
                self._begin_anew(action.ready, action.crm_id, prepared)
        self._records.hold_objected(
            (action.ready.incoming, objection) for action, objection in objected if not objection.is_gone
        )
        prepared.writes = [each for each in prepared.writes if _source_id(each.action) not in objections]
        prepared.unneeded = [each for each in prepared.unneeded if _source_id(each[0]) not in objections]

    def _intended(self, action: Create | Update, payload: Payload) -> Intended:
        ready, update = action.ready, action if isinstance(action, Update) else None
        return Intended(
            self._stream.name,
            self._context.scope,
            ready.incoming.source_id,
            self._crm_object,
            Step.CREATE if update is None else Step.UPDATE if payload else Step.KEEP,
            None if update is None else update.crm_id,
            payload,
            action.upsert if isinstance(action, Create) else None,
            None if update is None else update.current,
            ready.basis.tried,
            is_matched=update is not None and update.matched,
            in_doubt=ready.reread or ready.tries > 0,
            references=frozenset(self._stream.settings.mapping.references),
            lacks=bool(ready.mapped.references),
            reason="" if update is None else update.reason,
            readable=self._mapper.readable,
        )

    def _begin_anew(self, ready: Ready, crm_id: CrmId, into: Round) -> None:
        """Do what the settings say of a record that the ledger knows and the CRM no longer has."""
        self._context.recent.lose(crm_id)
        self._context.ledger.claims.forget_match_values(self._context.scope, crm_id)
        if self._stream.settings.when_gone == "reject":
            reason = f"The CRM no longer has record {crm_id}. Restore it there, or set when_gone to match_again."
            into.held.append(self._records.held(ready.incoming, RejectKind.GONE, reason))
            return
        recreate = self._stream.settings.when_gone == "recreate"
        forgotten = replace(ready.basis, last=self._context.ledger.digests.unknown, tried=())
        basis = ready.basis if ready.basis.last is None else forgotten
        unread = replace(ready, crm_id=None, reread=False, before=None)
        anew = replace(unread, origin=Origin.CREATED, recreate=recreate, basis=basis)
        into.again.append(anew)

    def _leave_as_is(self, unneeded: Sequence[tuple[Update, Change]]) -> None:
        """Count records that the CRM has as they should be, or that are only to be matched."""
        if not unneeded:
            return
        written = self._method is not LoadMethod.MATCH
        entries = [
            Entry(
                update.ready.incoming.source_id,
                update.crm_id,
                "updated" if update.ready.before is not None else "matched" if update.matched else "unchanged",
                Origin.MATCHED if update.matched else update.ready.origin,
                update.ready.incoming.record_hash if written else None,
                update.ready.mapped.digest if written else None,
                gained=self._mapper.gained(update.ready.mapped, (update.matched and update.current) or {}),
                links=update.ready.links,
                reason=update.reason,
                last=self._mapper.remembered(update.ready.mapped, update.ready.basis, change, update.current),
                values=self._kept_of_tried(update),
            )
            for update, change in unneeded
        ]
        matched_by = {update.ready.incoming.source_id: update.reason for update, _ in unneeded if update.matched}
        changes = {update.ready.incoming.source_id: change for update, change in unneeded}
        self._records.left_as_is(entries, matched_by, changes)

    def _kept_of_tried(self, update: Update) -> Sequence[KeptValue]:
        """The values to be kept of writes without an answer that were carried out, as the record shows by now."""
        before = update.ready.before
        if before is None or not self._context.ledger.kept_values.on:
            return ()
        return kept_values(self._mapper, NOTHING_TO_SEND, update.ready, before, None)

    # After sending

    def _done(self, done: Done) -> None:
        """Count a write; in a dry run also say what an upsert would change."""
        if done.write.upsert is not None:
            self._upserted.append(done)
        if done.before is not None:
            sent = done.write.change
            change = self._mapper.change(done.write.action.ready.mapped, done.before, sent.settled, _AS_SENT)
            done = replace(done, write=replace(done.write, change=replace(sent, differences=change.differences)))
        self._records.written(done)

    def _after_refusals(self, refused: Sequence[NotDone], *, freed: bool) -> list[Ready]:
        """Hold refused writes, but for those that may go another way; returns these, to be decided anew.

        Args:
            refused: The writes.
            freed: Updates of the round were carried out, which may have given up a value that was taken.
        """
        after = Round()
        for each in refused:
            ready = each.write.action.ready
            if each.unstorable is not None:
                self._records.hold_unstorable([ready.incoming], each.unstorable)
                continue
            if each.gone and each.write.crm_id is not None:
                self._begin_anew(ready, each.write.crm_id, after)
                continue
            rejected = Reject(ready, _kind_of(each), each.reason, each.status, _sent(each))
            if freed and self._was_taken(each):
                after.again.append(ready)  # perhaps by a record that has given it up by now
            elif self._may_exist(each):
                # Unique in the CRM, and refused: perhaps because it is there, and the search did not show it yet.
                after.again.append(replace(ready, refused=rejected))
            else:
                after.held.append(self._records.rejected(rejected))
        self._records.hold(after.held)
        return after.again

    def _was_taken(self, refused: NotDone) -> bool:
        """Tell whether an update gave a record what only one may have."""
        if refused.forbidden or refused.write.crm_id is None:
            return False
        return refused.duplicate or not refused.write.change.payload.keys().isdisjoint(self._crm_object.unique)

    def _may_exist(self, refused: NotDone) -> bool:
        """Tell whether a create may have been refused because the CRM has such a record."""
        if refused.forbidden or refused.write.crm_id is not None or refused.write.action.ready.refused is not None:
            return False
        if refused.write.upsert is not None:
            return False
        names = {part.attribute for key in refused.write.action.ready.mapped.keys for part in key.parts}
        unique = refused.duplicate or not names.isdisjoint(self._crm_object.unique)
        return self._method is not LoadMethod.APPEND_ONLY and unique

    def _after_doubts(self, results: Results) -> list[Ready]:
        """Find out about writes to which no answer came; returns the records to be decided anew."""
        writes = results.in_doubt
        logger.warning(
            "Stream %s: no answer to %d writes; checking the CRM for their result", self._stream.name, len(writes)
        )
        creates = [write for write in writes if write.crm_id is None and write.upsert is None]
        intents = [self._sender.intent(write) for write in creates]
        verdicts = self.resolver.verdicts(intents, self._context.run.timing.clock()) if intents else {}
        after = Round()
        for write in writes:
            verdict = verdicts.get(write.action.ready.incoming.source_id, Verdict(CreateFate.NOT_CARRIED_OUT))
            self._decide_doubt(write, verdict, after)
        self._records.hold(after.held)
        self._records.hold_in_doubt(after.in_doubt, results.answers)
        return after.again

    def _decide_doubt(self, write: Write, verdict: Verdict, after: Round) -> None:
        ready = write.action.ready
        if verdict.fate is CreateFate.CARRIED_OUT and verdict.ours and verdict.record is not None:
            self._sender.found(write, verdict.record, edited=verdict.edited)
        elif verdict.fate is CreateFate.REFUSED:
            rejected = Reject(ready, RejectKind.REFUSED, verdict.reason, verdict.status, _sent_payload(write))
            after.held.append(self._records.rejected(rejected))
        elif verdict.fate is CreateFate.UNKNOWN or ready.tries + 1 >= TRIES or self._stays_in_doubt(write):
            after.in_doubt.append(ready.incoming)
            self._records.give_up(self._sender.intent(write))
        else:
            tried = () if write.crm_id is None else (*ready.basis.tried, write.change.payload)
            basis = replace(ready.basis, tried=tried)
            reread = write.crm_id is not None
            before = ready.before or (write.action.current if isinstance(write.action, Update) else None)
            after.again.append(replace(ready, tries=ready.tries + 1, reread=reread, basis=basis, before=before))

    def _stays_in_doubt(self, write: Write) -> bool:
        return write.crm_id is not None and self._destination.leaves_updates_in_doubt(self._context.crm)


def _source_id(action: Action) -> str:
    return action.ready.incoming.source_id


def _kind_of(refused: NotDone) -> str:
    if refused.status is None:
        return Reason.INVALID_VALUE  # it was not even sent
    return RejectKind.FORBIDDEN if refused.forbidden else RejectKind.REFUSED


def _sent_payload(write: Write) -> dict[str, Any]:
    """Return what was sent of a record, for the reject file: the payload, and beside it the flags, if there are any."""
    sent = outgoing(write.change.payload)
    return {"payload": sent.payload, **({"parameters": sent.parameters} if sent.parameters else {})}


def _sent(refused: NotDone) -> dict[str, Any]:
    return {"crm_id": refused.write.crm_id, **_sent_payload(refused.write), "answer": refused.body}
