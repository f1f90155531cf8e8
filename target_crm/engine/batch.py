"""One batch of a stream, from records that arrived to outcomes that are kept.

In this order: the last version of each record, what the ledger knows, what is unchanged, mapping, references, what the
CRM has, then rounds of writes; a write to which no answer came is looked into before anything else is done with it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from crm_api.crm_objects import CrmId
from target_crm.engine.approval import Batch
from target_crm.engine.decisions import (
    Action,
    Candidates,
    Ready,
    Update,
    decide,
    is_unchanged,
    is_unchanged_payload,
    latest,
    match_values,
    one_round,
    stands,
)
from target_crm.engine.delete_requests import DeleteCollector
from target_crm.engine.destination import Stream
from target_crm.engine.execute import ActionRunner
from target_crm.engine.former_keys import FormerKeys
from target_crm.engine.identity import SourceIds
from target_crm.engine.in_doubt import CreateFate
from target_crm.engine.incoming import IncomingRecord
from target_crm.engine.lookup import Finder
from target_crm.engine.references import ReferenceResolver
from target_crm.engine.run import Run, StreamContext, logger
from target_crm.engine.shared_matches import SharedMatches
from target_crm.engine.shares import within_share
from target_crm.engine.stream_ledger import StreamLedger
from target_crm.ledger.outcome_lines import FOUND
from target_crm.ledger.values import Entry, Held, Intent, Known, LedgerDataError, Origin
from target_crm.load_method import LoadMethod
from target_crm.mapping.changes import Basis
from target_crm.mapping.values import Change, Mapped, Rejection
from target_crm.partition import Share
from target_crm.report.outcomes import Outcome

_NO_CANDIDATES = Candidates()
_HELD_AGAIN: Mapping[str, str] = {Origin.LEFT: Origin.MATCHED, Origin.RESTORED: Origin.CREATED}
"""The origins of records that their source did not have and has again, by their origins until then."""


class StreamWriter:
    """Writes the records of one stream.

    Args:
        run: What all streams share.
        stream: The stream.
        ids: Make the source ids of its records.
        share: The records that this run writes; None: all of them.

    Raises:
        SettingError: The stream's settings name what does not exist.
    """

    def __init__(self, run: Run, stream: Stream, ids: SourceIds, share: Share | None) -> None:
        settings = stream.settings
        mapper = stream.destination.mapper
        crm = run.crm.owner(mapper.crm_object)
        scope = run.ledger.scope(run.source, stream.name, settings.object)
        recent = run.recent.to(settings.object)
        context = StreamContext(crm, mapper, run.ledger, scope, run, recent, share)
        missing = settings.missing_reference
        if settings.load_method is LoadMethod.MATCH and missing == "link_later":
            missing = "leave_out"  # nothing is written, now or later
        self._context = context
        self._stream = stream
        self._settings = settings
        self._finder = Finder(context)
        self._references = ReferenceResolver(context, missing)
        self._records = StreamLedger(context, stream)
        self._former = FormerKeys(context, ids)
        self._shared = SharedMatches(context, stream, ids, self._former)
        self._runner = ActionRunner(context, stream, self._records, self._shared)
        self._appends = settings.load_method is LoadMethod.APPEND_ONLY

    @cached_property
    def _delete_collector(self) -> DeleteCollector:
        return DeleteCollector(self._context, self._stream, self._finder, self._records)

    def see(self, version: str, source_ids: Collection[str]) -> None:
        """Remember which records arrived, of a stream that mirrors its source."""
        self._context.ledger.arrivals.see(self._context.scope, version, source_ids)

    def write(self, incoming_records: Iterable[IncomingRecord]) -> None:
        """Bring records to an outcome; each is in the ledger when this returns.

        Raises:
            StopError: Nothing further can succeed; what was answered until then is in the ledger.
            BusyError: Nothing further can succeed for now; what was answered until then is in the ledger, too.
        """
        incoming_records = list(incoming_records)
        former = self._former.ids_of(incoming_records)
        if former and self._context.ledger.renames.rename(self._context.scope, former):
            self._records.reload()
        self._shared.begin_batch()
        self._records.received(incoming_records)
        chosen = latest(incoming_records)
        if chosen.superseded:
            self._records.superseded([incoming.source_id for incoming in chosen.superseded])
        kept = self._approved(chosen.kept)
        sound = [incoming for incoming in kept if incoming.flaw is None]
        self._each_storable(self._write, [incoming for incoming in sound if not incoming.gone])
        gone = [incoming for incoming in sound if incoming.gone]
        if gone and (decided := self._decided(gone)):
            self._each_storable(self._delete_collector.hold, decided)
        flawed = [incoming for incoming in kept if incoming.flaw is not None]
        if flawed:
            self._records.hold([self._records.flawed(incoming, incoming.flaw) for incoming in flawed if incoming.flaw])

    def _approved(self, incoming_records: Sequence[IncomingRecord]) -> Sequence[IncomingRecord]:
        """Show the records to whoever may object; holds those to which somebody does, and returns the others."""
        stream, scope = self._stream, self._context.scope
        batch = Batch(stream.name, scope, stream.schema, stream.schema_id, incoming_records)
        objections = self._context.run.approval.taken(batch)
        self._records.hold_objected(
            (incoming, objections[incoming.source_id])
            for incoming in incoming_records
            if incoming.source_id in objections
        )
        return [incoming for incoming in incoming_records if incoming.source_id not in objections]

    def _each_storable(
        self, work: Callable[[Sequence[IncomingRecord]], None], incoming_records: Sequence[IncomingRecord]
    ) -> None:
        """Do work on records; one that holds what the ledger's database refuses is found by halves, and rejected."""
        try:
            work(incoming_records)
        except LedgerDataError as error:
            left = [incoming for incoming in incoming_records if incoming.source_id in self._records.open]
            sent = self._records.sent_without_answer(left)
            # What was sent without an answer is asked about by the next run: nothing is sent twice.
            self._records.hold_in_doubt([incoming for incoming in left if incoming.source_id in sent])
            left = [incoming for incoming in left if incoming.source_id not in sent]
            if len(incoming_records) == 1:
                self._records.hold_unstorable(left, error)
                return
            middle = (len(left) + 1) // 2
            for half in filter(None, (left[:middle], left[middle:])):
                self._each_storable(work, half)

    def _decided(self, incoming_records: Sequence[IncomingRecord]) -> list[IncomingRecord]:
        """Hold those of which a create stayed in doubt when the CRM was asked in this run; returns the others."""
        undecided = self._records.undecided
        if not undecided:
            return list(incoming_records)
        self._records.hold_in_doubt([incoming for incoming in incoming_records if incoming.source_id in undecided])
        return [incoming for incoming in incoming_records if incoming.source_id not in undecided]

    def _write(self, incoming_records: Sequence[IncomingRecord]) -> None:
        unanswered = self._records.unasked_creates if self._records.unanswered else {}
        if not unanswered:
            self._write_ready(self._ready(incoming_records))
            return
        # A record that could be one of the unanswered creates, be taken for one, or follows one, waits until that is
        # found out.
        ready = self._ready([incoming for incoming in incoming_records if incoming.source_id not in unanswered])
        taken = {
            (name, value) for each in unanswered.values() for name, values in each.keys.items() for value in values
        }
        first = {incoming.order_id for incoming in incoming_records if incoming.source_id in unanswered}
        aside = [each for each in ready if match_values(each.mapped) & taken or each.incoming.order_id in first]
        waiting = {each.incoming.source_id for each in aside}
        self._write_ready([each for each in ready if each.incoming.source_id not in waiting])
        self._ask_about(unanswered)
        self._write([incoming for incoming in incoming_records if incoming.source_id in unanswered])
        self._write_ready(aside)

    # Records that need not be written

    def _ready(self, incoming_records: Sequence[IncomingRecord]) -> list[Ready]:
        """Return the records that must be written, mapped and with their references in place; the others have ended."""
        incoming_records = self._decided(incoming_records)
        if self._records.unanswered and (stuck := self._runner.stuck(incoming_records)):
            self._records.hold_in_doubt([incoming for incoming in incoming_records if incoming.source_id in stuck])
            incoming_records = [incoming for incoming in incoming_records if incoming.source_id not in stuck]
        known = self._context.ledger.known(self._context.scope, [incoming.source_id for incoming in incoming_records])
        mapped, flawed = self._mapped(self._changed(incoming_records, known))
        differing = self._differing(mapped, known)
        if flawed:
            self._records.hold(flawed)
        return self._with_basis(self._with_references(differing), known)

    def _changed(self, incoming_records: Sequence[IncomingRecord], known: Mapping[str, Known]) -> list[IncomingRecord]:
        """Return those that are not, at the source, what was written last."""
        changed: list[IncomingRecord] = []
        unchanged: dict[str, CrmId | None] = {}
        outdated: list[str] = []
        trusts_ledger = not self._settings.compares_crm
        unanswered = self._records.unanswered
        for incoming in incoming_records:
            before = known.get(incoming.source_id)
            if incoming.held_at is not None and before is not None and before.written_at > incoming.held_at:
                outdated.append(incoming.source_id)
            elif (
                before is not None
                and (trusts_ledger or before.origin == Origin.UNDONE)
                and (is_unchanged(incoming, before) or (self._appends and stands(before)))
                and incoming.source_id not in unanswered
            ):
                unchanged[incoming.source_id] = before.crm_id
            else:
                changed.append(incoming)
        if unchanged:
            self._records.unchanged(unchanged)
        if outdated:
            self._records.ended(outdated, Outcome.SUPERSEDED)
        return changed

    def _trusts_ledger(self, source_id: str, known: Known | None) -> bool:
        """Tell whether the CRM has what the ledger says: no write is in doubt, and nobody asks for a comparison."""
        is_undone = known is not None and known.origin == Origin.UNDONE
        return source_id not in self._records.unanswered and (is_undone or not self._settings.compares_crm)

    def _mapped(
        self, incoming_records: Sequence[IncomingRecord]
    ) -> tuple[list[tuple[IncomingRecord, Mapped]], list[Held]]:
        """Map records; returns those that can be mapped, and the others as they are to be held."""
        mapped: list[tuple[IncomingRecord, Mapped]] = []
        flawed: list[Held] = []
        for incoming in incoming_records:
            result = within_share(self._context.share, self._settings, self._context.mapper.map(incoming.record))
            if isinstance(result, Rejection):
                flawed.append(self._records.flawed(incoming, result))
            else:
                self._note_left_out(incoming, result)
                mapped.append((incoming, result))
        return mapped, flawed

    def _note_left_out(self, incoming: IncomingRecord, mapped: Mapped) -> None:
        """Note which attributes of a record are not sent."""
        if mapped.left_out and self._settings.load_method is not LoadMethod.MATCH:  # which sends nothing at all
            self._context.run.recorder.mapped(self._stream.name, incoming.source_id, mapped.left_out)

    def _differing(self, mapped: Sequence[tuple[IncomingRecord, Mapped]], known: Mapping[str, Known]) -> list[Ready]:
        """Return those that would not send what was sent last; the others are done."""
        ready: list[Ready] = []
        hashes: dict[str, bytes] = {}
        emptying = self._emptying(mapped, known)
        for incoming, result in mapped:
            before = known.get(incoming.source_id)
            empties = incoming.source_id in emptying
            if is_unchanged_payload(result, before) and not empties and self._trusts_ledger(incoming.source_id, before):
                hashes[incoming.source_id] = incoming.record_hash
            else:
                ready.append(self._as_known(incoming, result, before, empties=empties))
        if hashes:
            self._records.unchanged({source_id: known[source_id].crm_id for source_id in hashes}, hashes)
        return ready

    def _emptying(self, mapped: Sequence[tuple[IncomingRecord, Mapped]], known: Mapping[str, Known]) -> set[str]:
        """Return those that hold what they held, and empty a list since its mode is no longer to add."""
        empty = {each.source_id: result for each, result in mapped if self._context.mapper.empties_lists(result)}
        asked = [each for each in empty if (now := known.get(each)) and now.crm_id and now.digest == empty[each].digest]
        found = self._context.ledger.digests.last_sent(self._context.scope, asked) if asked else {}
        return {each for each, last in found.items() if self._context.mapper.empties_lists(empty[each], last)}

    def _as_known(self, incoming: IncomingRecord, mapped: Mapped, before: Known | None, *, empties: bool) -> Ready:
        if before is None:
            return Ready(incoming, mapped)
        if before.crm_id is None:
            return Ready(incoming, mapped, written_at=before.written_at)
        origin = _HELD_AGAIN.get(before.origin, before.origin)
        reread = incoming.source_id in self._records.unanswered
        as_sent = not reread and not empties and is_unchanged_payload(mapped, before)
        return Ready(
            incoming, mapped, before.crm_id, origin, reread=reread, written_at=before.written_at, as_sent=as_sent
        )

    def _with_references(self, mapped: Sequence[Ready]) -> list[Ready]:
        """Put references in place; records that lack one wait for it or are rejected."""
        if not any(each.mapped.references for each in mapped):
            return list(mapped)
        ready: list[Ready] = []
        held: list[Held] = []
        for each, unresolved in self._references.resolve(mapped):
            if unresolved is None:
                self._note_left_out(each.incoming, each.mapped)  # a reference may be among them by now
                ready.append(each)
            else:
                reason, waits_on = unresolved.reason, unresolved.waits_on
                held.append(self._records.held(each.incoming, unresolved.kind, reason, waits_on=waits_on))
        if held:
            self._records.hold(held)
        return ready

    def _with_basis(self, ready: list[Ready], known: Mapping[str, Known]) -> list[Ready]:
        """Add what is known of the records' earlier writes, if that matters to updates of the stream."""
        if not self._stream.destination.remembers:
            return ready
        digests = self._context.ledger.digests
        ids = [each.incoming.source_id for each in ready if each.crm_id is not None]
        found = digests.last_sent(self._context.scope, ids) if ids else {}
        whole = self._settings.mapping.update_with == "whole" or self._settings.compares_crm
        based: list[Ready] = []
        for each in ready:
            source_id = each.incoming.source_id
            last = found.get(source_id, digests.unknown)
            if last.sent and known[source_id].digest is None:
                last = last.unsettled
            tried = (self._records.unanswered[source_id].payload,) if each.reread else ()
            based.append(replace(each, basis=Basis(last, tried, whole, each.incoming.take)))
        return based

    # Records that must be written

    def _write_ready(self, ready: Sequence[Ready]) -> None:
        """Decide and write, round after round, until every record has its outcome."""
        while ready:
            now, later = one_round(self._recognised(self._actions(ready)), self._settings.load_method)
            ready = [*self._runner.carry_out(self._shared.checked(now)), *later]

    def _actions(self, ready: Sequence[Ready]) -> list[Action]:
        """Decide what to do with each record, once the CRM was searched for those that it may have."""
        method, create_without_key = self._settings.load_method, self._settings.create_without_key
        upserts = {each.incoming.source_id: self._runner.upsert_of(each) for each in ready}
        asked = {
            each.incoming.source_id: [key for key in each.mapped.keys if not key.pending]
            for each in ready
            if each.crm_id is None and method is not LoadMethod.APPEND_ONLY and not each.recreate
            if upserts[each.incoming.source_id] is None or not self._runner.is_blind(each)
        }
        candidates = self._finder.candidates(asked)
        return [
            decide(
                each,
                candidates.get(each.incoming.source_id, _NO_CANDIDATES),
                method,
                create_without_key=create_without_key,
                upsert=upserts[each.incoming.source_id],
            )
            for each in ready
        ]

    def _recognised(self, actions: Sequence[Action]) -> list[Action]:
        """Take matched records for known ones if the ledger knew them by their match key; returns what is left."""
        matched = [action for action in actions if isinstance(action, Update) and action.matched]
        renamed = self._former.recognised(matched)
        if not renamed:
            return list(actions)
        self._records.reload()
        known = self._context.ledger.known(self._context.scope, renamed)
        found = {each.ready.incoming.source_id: each for each in matched if each.ready.incoming.source_id in renamed}
        mapped = [(each.ready.incoming, each.ready.mapped) for each in found.values()]
        based = {each.incoming.source_id: each for each in self._with_basis(self._differing(mapped, known), known)}
        left: list[Action] = []
        for action in actions:
            source_id = action.ready.incoming.source_id
            if source_id not in renamed or not isinstance(action, Update):
                left.append(action)
            elif source_id in based:
                ready = replace(based[source_id], links=action.ready.links, tries=action.ready.tries)
                left.append(replace(action, ready=ready, matched=False, reason=""))
        return left

    def _ask_about(self, unanswered: Mapping[str, Intent]) -> None:
        """Find out about creates that an earlier run left without an answer."""
        logger.warning(
            "Stream %s: %d creates of an earlier run have no answer; checking the CRM for their result",
            self._stream.name,
            len(unanswered),
        )
        last_sent = self._context.run.locks.taken_at(self._settings.object)  # until then that run may have gone on
        verdicts = self._runner.resolver.verdicts(list(unanswered.values()), last_sent)
        entries: list[Entry] = []
        for source_id, verdict in verdicts.items():
            if verdict.fate is CreateFate.CARRIED_OUT and verdict.ours and verdict.record is not None:
                intent, crm_id = unanswered[source_id], verdict.record["id"]
                facts: dict[str, Any] = {"gained": intent.keys, "links": intent.links, "reason": FOUND}
                if self._stream.destination.remembers:
                    unknown = self._context.ledger.digests.unknown
                    facts["last"] = self._context.mapper.remembered_as_sent(intent.payload, unknown)
                if self._context.ledger.kept_values.on:
                    facts["values"] = self._context.mapper.kept(Change(intent.payload, ()), None, None)
                as_sent = intent.record_hash, intent.digest
                action = str(self._stream.destination.outcome_of(Outcome.CREATED))
                entries.append(Entry(source_id, crm_id, action, Origin.CREATED, *as_sent, **facts))
        self._records.settle(entries)
        undecided = {source_id for source_id, verdict in verdicts.items() if verdict.fate is CreateFate.UNKNOWN}
        for source_id in undecided:
            self._records.give_up(unanswered[source_id])
        self._records.withdraw(unanswered.keys() - undecided - {entry.source_id for entry in entries})
