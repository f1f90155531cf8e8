"""Records that their source deleted: found, and held until the end of the input, when the brakes are checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from crm_api.crm_objects import CrmId, Payload
from target_crm.delete_brakes import reason_to_keep
from target_crm.engine.destination import Stream
from target_crm.engine.incoming import IncomingRecord
from target_crm.engine.lookup import Finder
from target_crm.engine.run import StreamContext
from target_crm.engine.stream_ledger import StreamLedger
from target_crm.ledger.values import Held, Known, Scope
from target_crm.load_method import LoadMethod
from target_crm.mapping.values import Mapped, Rejection
from target_crm.report.outcomes import Outcome, RejectKind


@dataclass(frozen=True, slots=True)
class PendingDelete:
    """A record of the CRM that is to be deleted.

    Attributes:
        crm_id: The CRM's id of it.
        source_id: What the ledger calls it; None if the ledger does not know it.
        scope: Where the ledger knows it; None if it does not.
        held: What is held of the message that deletes it; None if it is deleted because it is absent.
        payload: What that message says of the record, where it is sent whole; empty otherwise.
        reason: Why it is deleted, for the history, where no message asks for it.
    """

    crm_id: CrmId
    source_id: str | None
    scope: Scope | None
    held: Held | None = None
    payload: Payload = field(default_factory=dict)
    reason: str = ""

    @classmethod
    def of_held(cls, held: Held, own: Scope) -> PendingDelete:
        """Read what ``DeleteCollector`` put into the ledger.

        Args:
            held: What the ledger holds.
            own: The scope of the stream that deletes.
        """
        target = held.sent or {}
        scope_id = target.get("scope_id")
        scope = None if scope_id is None else Scope(id=scope_id, object_id=own.object_id)
        payload = target.get("payload") or {}
        return cls(target["crm_id"], held.source_id if scope else None, scope, held, payload)


class DeleteCollector:
    """Holds the deletes of one stream.

    Args:
        context: The stream's way into the CRM.
        stream: The stream.
        finder: Finds the CRM's records by match keys.
        records: The stream's records in the ledger.
    """

    def __init__(self, context: StreamContext, stream: Stream, finder: Finder, records: StreamLedger) -> None:
        self._context = context
        self._settings = stream.settings
        self._destination = stream.destination
        self._finder = finder
        self._records = records
        self._ledger = context.ledger
        self._scope = context.scope
        if writer := stream.settings.ledger_stream:
            self._scope = self._ledger.scope(context.run.source, writer, stream.settings.ledger_object)

    def hold(self, incoming_records: Sequence[IncomingRecord]) -> None:
        """Hold deletes; those that the stream may not carry out, or whose record is not known, are skipped."""
        deletes = self._settings.load_method is LoadMethod.DELETE
        if not deletes and not self._settings.hard_delete:
            self._skip(incoming_records, "deleted at the source, and hard_delete is off")
            return
        known = self._ledger.known(self._scope, [incoming.source_id for incoming in incoming_records])
        live = {source_id: each for source_id, each in known.items() if each.crm_id is not None}
        unknown = [incoming for incoming in incoming_records if incoming.source_id not in live]
        self._hold_known([incoming for incoming in incoming_records if incoming.source_id in live], live)
        if deletes and self._destination.deletes_by_record:
            for incoming in unknown:
                self._hold_delete(incoming, incoming.source_id, None)
        elif deletes and self._destination.finds_deletes:
            self._hold_matching(unknown)
        else:
            self._skip(unknown, "deleted at the source, and not in the ledger")

    def _hold_known(self, incoming_records: Sequence[IncomingRecord], live: Mapping[str, Known]) -> None:
        """Hold the deletes of records that the ledger knows, but for those that stay in the CRM."""
        ids = [each.crm_id for each in live.values() if each.crm_id is not None]
        claims = self._ledger.claims.live(self._scope, ids)
        going = {(self._scope.id, incoming.source_id) for incoming in incoming_records}
        staying: dict[str, list[IncomingRecord]] = {}
        for incoming in incoming_records:
            known = live[incoming.source_id]
            others = [claim for claim in claims.get(known.crm_id or 0, ()) if claim not in going]
            if reason := reason_to_keep(known, others, matched_too=self._settings.delete_matched):
                staying.setdefault(f"deleted at the source, {reason}", []).append(incoming)
            else:
                self._hold_delete(incoming, known.crm_id, self._scope.id)
        for reason, chosen in staying.items():
            left = {incoming.source_id: live[incoming.source_id] for incoming in chosen}
            self._ledger.claims.leave(self._scope, left, reason)
            self._skip(chosen, reason)

    def _hold_matching(self, incoming_records: Sequence[IncomingRecord]) -> None:
        """Hold the deletes of records that only a match key tells: the stream's settings name it, so it is meant."""
        mapped = {incoming.source_id: self._context.mapper.map(incoming.record) for incoming in incoming_records}
        flaws = {source_id: each for source_id, each in mapped.items() if isinstance(each, Rejection)}
        keys = {source_id: each.keys for source_id, each in mapped.items() if isinstance(each, Mapped)}
        candidates = self._finder.candidates(keys)
        held: list[Held] = []
        for incoming in incoming_records:
            found = candidates.get(incoming.source_id)
            if incoming.source_id in flaws:
                held.append(self._records.flawed(incoming, flaws[incoming.source_id]))
            elif found is None:
                self._skip([incoming], "not in the CRM")
            elif len(found.found) > 1:
                ids = ", ".join(map(str, sorted(found.found, key=str)))
                reason = f"Several records of the CRM match: {ids}. None was deleted."
                held.append(self._records.held(incoming, RejectKind.AMBIGUOUS, reason))
            else:
                (crm_id,) = found.found
                self._hold_delete(incoming, crm_id, None)
        self._records.hold(held)

    def _hold_delete(self, incoming: IncomingRecord, crm_id: CrmId | None, scope_id: int | None) -> None:
        target: dict[str, Any] = {
            "object": self._context.mapper.crm_object.name,
            "crm_id": crm_id,
            "scope_id": scope_id,
        }
        target |= self._destination.delete_facts(incoming.record)
        self._records.hold([self._records.held(incoming, "delete", "", sent=target, state="deleting")])

    def _skip(self, incoming_records: Sequence[IncomingRecord], reason: str) -> None:
        source_ids = [incoming.source_id for incoming in incoming_records]
        self._records.ended(source_ids, Outcome.SKIPPED, reason)
        if self._settings.ledger_stream and self._scope != self._context.scope:
            stale = self._ledger.held_records.held_among(self._scope, source_ids)
            self._ledger.held_records.release(self._scope, source_ids)
            writer, object_name = self._settings.ledger_stream, self._settings.ledger_object
            self._context.run.recorder.released(writer, object_name, stale, "deleted at the source")
