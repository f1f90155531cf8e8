"""One batch of a stream, from records that arrived to outcomes that are kept.

In this order: the last version of each record, what the ledger knows, what is unchanged, mapping, references, what the
CRM has, then rounds of writes; what a lost answer leaves in doubt is found out before anything else is done with it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from crm_api.crm_objects import CrmId
from target_crm.endpoints.whole_records import mapper_for
from target_crm.engine.decisions import (
    Candidates,
    Ready,
    decide,
    is_unchanged,
    is_unchanged_payload,
    latest,
    match_values,
    one_round,
)
from target_crm.engine.delete_requests import DeleteCollector
from target_crm.engine.execute import ActionRunner
from target_crm.engine.in_doubt import CreateFate
from target_crm.engine.incoming import IncomingRecord
from target_crm.engine.lookup import Finder
from target_crm.engine.outcome_recorder import OutcomeRecorder
from target_crm.engine.references import Parents
from target_crm.engine.run import Office, Stream
from target_crm.ledger.values import Entry, Held, Intent, Known, Origin
from target_crm.load_method import LoadMethod
from target_crm.mapping.values import Mapped, Rejection
from target_crm.report.outcomes import Outcome

_FOUND = "its answer was lost; it was found in the CRM"


class StreamWriter:
    """Writes the records of one stream.

    Args:
        office: What all streams share.
        stream: The stream.

    Raises:
        SettingError: The stream's settings name what does not exist.
    """

    def __init__(self, office: Office, stream: Stream) -> None:
        self._office = office
        self._stream = stream
        self._settings = stream.settings
        crm, crm_object = office.crm, office.crm.objects[stream.settings.object]
        office.locks.take(crm_object.name)
        self._mapper = mapper_for(crm, stream.settings)
        scope = office.ledger.scope(office.source, stream.name, crm_object.name)
        self._finder = Finder(
            crm,
            self._mapper,
            office.ledger,
            scope,
            office.pool,
            recent=office.recent(crm_object.name),
            fresh_seconds=office.fresh_seconds,
        )
        missing = stream.settings.missing_reference
        if stream.settings.load_method is LoadMethod.MATCH and missing == "link_later":
            missing = "leave_out"  # nothing is written, now or later
        self._parents = Parents(office, self._mapper, missing)
        self._scope = scope
        self._recorder = OutcomeRecorder(office, stream, scope)
        self._runner = ActionRunner(office, stream, self._mapper, scope, self._recorder)
        self._delete_collector = DeleteCollector(
            office, stream, self._mapper, self._finder, recorder=self._recorder, scope=scope
        )
        self._left_out: set[str] = set()

    def see(self, version: str, source_ids: Collection[str]) -> None:
        """Remember which records arrived, of a stream that mirrors its source."""
        self._office.ledger.see(self._scope, version, source_ids)

    def write(self, incoming_records: Iterable[IncomingRecord]) -> None:
        """Bring records to an outcome; each is in the ledger when this returns.

        Raises:
            StopError: Nothing further can succeed; what was answered until then is in the ledger.
            BusyError: Likewise, for now.
        """
        incoming_records = list(incoming_records)
        self._recorder.taken(incoming_records)
        chosen = latest(incoming_records)
        self._recorder.ended([incoming.source_id for incoming in chosen.superseded], Outcome.SUPERSEDED)
        self._write([incoming for incoming in chosen.kept if incoming.flaw is None and not incoming.gone])
        gone = [incoming for incoming in chosen.kept if incoming.flaw is None and incoming.gone]
        undecided = self._recorder.undecided
        self._recorder.hold_in_doubt([incoming for incoming in gone if incoming.source_id in undecided])
        self._delete_collector.hold([incoming for incoming in gone if incoming.source_id not in undecided])
        self._recorder.hold(
            [self._recorder.flawed(incoming, incoming.flaw) for incoming in chosen.kept if incoming.flaw is not None]
        )

    def _write(self, incoming_records: Sequence[IncomingRecord]) -> None:
        lost = self._recorder.lost_creates
        if not lost:
            self._rounds(self._ready(incoming_records))
            return
        # Whatever could be one of the lost creates, or be taken for it, is touched only when that is found out.
        ready = self._ready([incoming for incoming in incoming_records if incoming.source_id not in lost])
        taken = {(name, value) for each in lost.values() for name, values in each.keys.items() for value in values}
        aside = [each for each in ready if match_values(each.mapped) & taken]
        self._rounds([each for each in ready if not match_values(each.mapped) & taken])
        self._ask_about(lost)
        self._write([incoming for incoming in incoming_records if incoming.source_id in lost])
        self._rounds(aside)

    def _ready(self, incoming_records: Sequence[IncomingRecord]) -> list[Ready]:
        """The records that must be written, mapped and with their references in place; the others have ended."""
        undecided = self._recorder.undecided
        self._recorder.hold_in_doubt([incoming for incoming in incoming_records if incoming.source_id in undecided])
        incoming_records = [incoming for incoming in incoming_records if incoming.source_id not in undecided]
        stuck = self._runner.stuck(incoming_records)
        self._recorder.hold_in_doubt([incoming for incoming in incoming_records if incoming.source_id in stuck])
        incoming_records = [incoming for incoming in incoming_records if incoming.source_id not in stuck]
        known = self._office.ledger.known(self._scope, [incoming.source_id for incoming in incoming_records])
        return self._placed(self._mapped(self._changed(incoming_records, known), known))

    def _changed(self, incoming_records: Sequence[IncomingRecord], known: Mapping[str, Known]) -> list[IncomingRecord]:
        """Those that are not, at the source, what was written last."""
        changed: list[IncomingRecord] = []
        unchanged: dict[str, CrmId | None] = {}
        outdated: list[str] = []
        unanswered, compares = self._recorder.unanswered, self._settings.compares_crm
        for incoming in incoming_records:
            before = known.get(incoming.source_id)
            if incoming.held_at is not None and before is not None and before.written_at > incoming.held_at:
                outdated.append(incoming.source_id)
            elif (
                before is not None
                and is_unchanged(incoming, before)
                and not (incoming.source_id in unanswered or compares)
            ):
                unchanged[incoming.source_id] = before.crm_id
            else:
                changed.append(incoming)
        self._recorder.unchanged(unchanged)
        self._recorder.ended(outdated, Outcome.SUPERSEDED)
        self._recorder.release(outdated)
        return changed

    def _mapped(self, incoming_records: Sequence[IncomingRecord], known: Mapping[str, Known]) -> list[Ready]:
        """Map records; those that cannot be mapped are held, and those that would send the same as before are done."""
        mapped: list[Ready] = []
        held: list[Held] = []
        same: dict[str, bytes] = {}
        for incoming in incoming_records:
            result = self._mapper.map(incoming.record)
            if isinstance(result, Rejection):
                held.append(self._recorder.flawed(incoming, result))
                continue
            self._warn_of(result)
            before = known.get(incoming.source_id)
            in_doubt = incoming.source_id in self._recorder.unanswered
            if is_unchanged_payload(result, before) and not in_doubt and not self._settings.compares_crm:
                same[incoming.source_id] = incoming.record_hash
            elif before is None:
                mapped.append(Ready(incoming, result))
            elif before.crm_id is None:
                mapped.append(Ready(incoming, result, written_at=before.written_at))
            else:
                origin = Origin.MATCHED if before.origin == Origin.LEFT else before.origin
                known_as = before.crm_id, origin
                mapped.append(Ready(incoming, result, *known_as, reread=in_doubt, written_at=before.written_at))
        self._recorder.unchanged({source_id: known[source_id].crm_id for source_id in same}, same)
        self._recorder.hold(held)
        return mapped

    def _warn_of(self, mapped: Mapped) -> None:
        by_reason: dict[str, list[str]] = {}
        for name, reason in mapped.left_out.items():
            if name not in self._left_out:
                self._left_out.add(name)
                by_reason.setdefault(reason, []).append(name)
        for reason, names in by_reason.items():
            self._office.logger.warning("Stream %s: left out %s: %s", self._stream.name, ", ".join(names), reason)

    def _placed(self, mapped: Sequence[Ready]) -> list[Ready]:
        """Put references in place; records that lack one wait for it or are rejected."""
        ready: list[Ready] = []
        held: list[Held] = []
        for each, unresolved in self._parents.resolve(mapped):
            if unresolved is None:
                ready.append(each)
            else:
                reason, waits_on = unresolved.reason, unresolved.waits_on
                held.append(self._recorder.held(each.incoming, unresolved.kind, reason, waits_on=waits_on))
        self._recorder.hold(held)
        return ready

    def _rounds(self, ready: Sequence[Ready]) -> None:
        """Decide and write until every record has its outcome."""
        method = self._settings.load_method
        nothing = Candidates()
        while ready:
            upserts = {each.incoming.source_id: self._runner.upsert_of(each) for each in ready}
            asked = {
                each.incoming.source_id: [key for key in each.mapped.keys if not key.pending]
                for each in ready
                if each.crm_id is None and method is not LoadMethod.APPEND_ONLY and not each.recreate
                if upserts[each.incoming.source_id] is None or not self._runner.is_blind(each)
            }
            candidates = self._finder.candidates(asked)
            actions = [
                decide(
                    each,
                    candidates.get(each.incoming.source_id, nothing),
                    method,
                    create_without_key=self._settings.create_without_key,
                    upsert=upserts[each.incoming.source_id],
                )
                for each in ready
            ]
            now, later = one_round(actions, method)
            ready = [*self._runner.carry_out(now), *later]

    def _ask_about(self, lost: Mapping[str, Intent]) -> None:
        """Find out what became of creates that an earlier run left."""
        self._office.logger.warning(
            "Stream %s: %d creates were never answered; finding out what became of them", self._stream.name, len(lost)
        )
        verdicts = self._runner.inquiry.verdicts(list(lost.values()), self._office.began)
        entries: list[Entry] = []
        for source_id, verdict in verdicts.items():
            if verdict.fate is CreateFate.CARRIED_OUT and verdict.ours and verdict.record is not None:
                was, crm_id = lost[source_id], verdict.record["id"]
                facts: dict[str, Any] = {"gained": was.keys, "links": was.links, "reason": _FOUND}
                as_sent = was.record_hash, was.digest
                entries.append(Entry(source_id, crm_id, "created", Origin.CREATED, *as_sent, **facts))
        self._recorder.settle(entries)
        unknown = {source_id for source_id, verdict in verdicts.items() if verdict.fate is CreateFate.UNKNOWN}
        for source_id in unknown:
            self._recorder.lost(lost[source_id])
        self._recorder.withdraw(lost.keys() - unknown - {entry.source_id for entry in entries})
