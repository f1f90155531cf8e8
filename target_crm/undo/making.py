"""Records that the run deleted, made again: by creates with intents, so that a lost answer never makes two of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crm_api.crm_objects import CrmId
from target_crm.engine.decisions import Create, Ready
from target_crm.engine.in_doubt import CreateFate, MappedResolver, Verdict
from target_crm.engine.incoming import IncomingRecord
from target_crm.engine.run import StreamContext, logger
from target_crm.engine.sender import Done, Sender, Write
from target_crm.ledger.values import Entry, Intent, Known, Origin, Scope
from target_crm.mapping.changes import Basis
from target_crm.undo.decisions import Decision
from target_crm.undo.progress import TRIES, UNANSWERED, Progress, Refusals
from target_crm.undo.steps import Touched


class Maker:
    """Makes deleted records of one stream again.

    Args:
        context: The way into the CRM.
        progress: Takes what becomes of each record.
    """

    def __init__(self, context: StreamContext, progress: Progress) -> None:
        self._context = context
        self._progress = progress
        self._mapper = progress.places.mapper(context.mapper.crm_object)
        self._resolver = MappedResolver(context, None, matches=False)
        self._by_source_id: dict[str, Decision] = {}
        self._sender = Sender(context, on_done=self._done)

    # Creates of an undo that ended early

    def settle_open(self, touched: Sequence[Touched]) -> None:
        """Find out about creates without an answer of records that the run deleted.

        Raises:
            StopError: The CRM cannot be asked, or a signal came.
            BusyError: The CRM cannot be asked for now.
        """
        ledger, scope = self._context.ledger, self._context.scope
        wanted = {source_id for each in touched for source_id in each.source_ids.get(scope, ())}
        intents = {
            source_id: intent
            for source_id, intent in ledger.intents(scope).items()
            if source_id in wanted and intent.action == "create"
        }
        if not intents:
            return
        logger.warning("No answer to %d creates of an earlier run; checking the CRM for their result", len(intents))
        last_sent = self._context.run.locks.taken_at(self._context.mapper.crm_object.name)
        verdicts = self._resolver.verdicts(list(intents.values()), last_sent)
        entries = [
            self._entry(intents[source_id], verdict.record["id"])
            for source_id, verdict in verdicts.items()
            if verdict.fate is CreateFate.CARRIED_OUT and verdict.ours and verdict.record is not None
        ]
        if entries:
            ledger.settle(scope, entries)
        unknown = {source_id for source_id, verdict in verdicts.items() if verdict.fate is CreateFate.UNKNOWN}
        ledger.withdraw(scope, intents.keys() - unknown - {entry.source_id for entry in entries})

    def _entry(self, intent: Intent, crm_id: CrmId) -> Entry:
        """The answer to a create that was found in the CRM."""
        unknown = self._context.ledger.digests.unknown
        is_of_undo = not intent.record_hash
        return Entry(
            intent.source_id,
            crm_id,
            "created",
            Origin.RESTORED if is_of_undo and not self._progress.places.again else Origin.CREATED,
            intent.record_hash,
            intent.digest,
            gained=intent.keys,
            links=intent.links,
            reason=self._progress.reason,
            last=self._mapper.remembered_as_sent(intent.payload, unknown),
            values=self._mapper.kept(
                self._mapper.writing(self._mapper.attributes.shown(intent.payload), None), None, None
            ),
            keeps_held=True,
        )

    # Creates of this undo

    def make(self, decisions: Sequence[Decision], values: Mapping[Decision, Mapping[str, Any]]) -> Refusals:
        """Make records again.

        Args:
            decisions: The records.
            values: The values of each, in which references lead to records that are there.

        Returns:
            Those that the CRM refused, each with the reason.

        Raises:
            StopError: Nothing further can succeed.
            BusyError: Nothing further can succeed for now.
        """
        self._by_source_id = {each.touched.last.source_id: each for each in decisions}
        writes = [self._write(each, values[each]) for each in decisions]
        refusals: Refusals = {}
        tries = 0
        while writes:
            results = self._sender.send(writes)
            for refused in results.refused:
                source_id = refused.write.action.ready.incoming.source_id
                self._context.ledger.withdraw(self._context.scope, [source_id])
                refusals[self._by_source_id[source_id]] = f"the CRM refused: {refused.reason}"
            before, writes = len(writes), self._again(results.in_doubt, refusals)
            tries = 0 if len(writes) < before else tries + 1
            if tries >= TRIES:
                open_ids = [write.action.ready.incoming.source_id for write in writes]
                refusals |= {self._by_source_id[source_id]: UNANSWERED for source_id in open_ids}
                break
        return refusals

    def _write(self, decision: Decision, values: Mapping[str, Any]) -> Write:
        scope, source_id = self._context.scope, decision.touched.last.source_id
        known = self._context.ledger.known(scope, [source_id]).get(source_id)
        change = self._mapper.writing(values, None)
        origin, record_hash, digest = self._standing(known)
        ready = Ready(
            IncomingRecord(source_id, source_id, {}, record_hash, b""),
            self._mapper.mapped(change.payload, digest),
            origin=origin,
            basis=Basis(self._context.ledger.digests.unknown),
        )
        return Write(Create(ready, reason=self._progress.reason), change)

    def _standing(self, known: Known | None) -> tuple[str, bytes, str]:
        """Say how a source record stands for the record that is made again: origin, hash and digest.

        One whose record an undo took back still has it; of one that was deleted with its source's record nobody knows
        that it is there, until the source has it again.
        """
        if known is not None and known.origin == Origin.UNDONE:
            return Origin.CREATED, known.record_hash or b"", known.digest or ""
        return (Origin.CREATED if self._progress.places.again else Origin.RESTORED), b"", ""

    def _again(self, in_doubt: Sequence[Write], refusals: Refusals) -> list[Write]:
        """Find out about creates without an answer; returns those that were not carried out."""
        if not in_doubt:
            return []
        intents = [self._sender.intent(write) for write in in_doubt]
        verdicts = self._resolver.verdicts(intents, self._context.run.timing.clock())
        again: list[Write] = []
        for write in in_doubt:
            source_id = write.action.ready.incoming.source_id
            verdict = verdicts.get(source_id, Verdict(CreateFate.NOT_CARRIED_OUT))
            if verdict.fate is CreateFate.CARRIED_OUT and verdict.ours and verdict.record is not None:
                self._sender.found(write, verdict.record, edited=verdict.edited)
            elif verdict.fate is CreateFate.REFUSED:
                self._context.ledger.withdraw(self._context.scope, [source_id])
                refusals[self._by_source_id[source_id]] = f"the CRM refused: {verdict.reason}"
            elif verdict.fate is CreateFate.UNKNOWN:
                refusals[self._by_source_id[source_id]] = UNANSWERED
            else:
                again.append(write)
        return again

    def _done(self, done: Done) -> None:
        decision = self._by_source_id[done.write.action.ready.incoming.source_id]
        attach(self._context, decision, done.crm_id, self._progress)
        self._progress.made_again(decision, done)


def attach(context: StreamContext, decision: Decision, crm_id: CrmId, progress: Progress) -> None:
    """Let the other source records that stood for a deleted record stand for the one that is made again."""
    ledger, object_id = context.ledger, context.scope.object_id
    for scope_id, source_id in decision.touched.joined:
        scope = Scope(object_id=object_id, id=scope_id)
        known = ledger.known(scope, [source_id]).get(source_id)
        if known is None or known.crm_id is not None:
            continue
        is_undone = known.origin == Origin.UNDONE
        origin = Origin.MATCHED if is_undone or progress.places.again else Origin.RESTORED
        record_hash, digest = (known.record_hash, known.digest) if is_undone else (None, None)
        reason = progress.reason
        entry = Entry(source_id, crm_id, "matched", origin, record_hash, digest, reason=reason, keeps_held=True)
        ledger.settle(scope, [entry])
