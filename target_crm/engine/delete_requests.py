"""Records that their source deleted: found, and held until the end of the input, when the brakes are checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crm_api.crm_objects import CrmId
from crm_api.endpoints.whole_records import CRM_ID
from target_crm.delete_brakes import reason_to_keep
from target_crm.engine.incoming import IncomingRecord
from target_crm.engine.lookup import Finder
from target_crm.engine.outcome_recorder import OutcomeRecorder
from target_crm.engine.run import Office, Stream
from target_crm.ledger.values import Held, Known, Scope
from target_crm.load_method import LoadMethod
from target_crm.mapping.mapper import Mapper
from target_crm.mapping.values import Mapped, Rejection
from target_crm.report.outcomes import Outcome, RejectKind


class DeleteCollector:
    """Holds the deletes of one stream.

    Args:
        office: What all streams share.
        stream: The stream.
        mapper: Of the stream.
        finder: Likewise.
        recorder: Keeps the outcomes.
        scope: Of the stream in the ledger.
    """

    def __init__(
        self, office: Office, stream: Stream, mapper: Mapper, finder: Finder, *, recorder: OutcomeRecorder, scope: Scope
    ) -> None:
        self._office = office
        self._stream = stream
        self._settings = stream.settings
        self._mapper = mapper
        self._finder = finder
        self._recorder = recorder
        self._own = scope
        writer = stream.settings.ledger_stream
        self._scope = office.ledger.scope(office.source, writer, stream.settings.ledger_object) if writer else scope

    @property
    def _deletes(self) -> bool:
        return self._settings.hard_delete or self._settings.load_method is LoadMethod.DELETE

    @property
    def _tells(self) -> bool:
        """Whether a record itself says what the delete endpoint needs."""
        declared = self._settings.declared
        return declared is not None and CRM_ID not in declared.needed.get("delete", (CRM_ID,))

    @property
    def _matches(self) -> bool:
        declared, match_on = self._settings.declared, self._settings.mapping.match_on
        return match_on is not None if declared is None else declared.calls.find is not None

    def hold(self, incoming_records: Sequence[IncomingRecord]) -> None:
        """Hold deletes; what the stream may not delete, or nobody knows, is skipped."""
        if not incoming_records:
            return
        if not self._deletes:
            self._skip(incoming_records, "deleted at the source, and hard_delete is off")
            return
        known = self._office.ledger.known(self._scope, [incoming.source_id for incoming in incoming_records])
        live = {source_id: each for source_id, each in known.items() if each.crm_id is not None}
        unknown = [incoming for incoming in incoming_records if incoming.source_id not in live]
        self._hold_known([incoming for incoming in incoming_records if incoming.source_id in live], live)
        if self._settings.load_method is LoadMethod.DELETE and self._tells:
            for incoming in unknown:
                self._request_delete(incoming, incoming.source_id, None)
        elif self._settings.load_method is LoadMethod.DELETE and self._matches:
            self._hold_matching(unknown)
        else:
            self._skip(unknown, "deleted at the source, and not in the ledger")

    def _hold_known(self, incoming_records: Sequence[IncomingRecord], live: dict[str, Known]) -> None:
        ids = [each.crm_id for each in live.values() if each.crm_id is not None]
        claims = self._office.claims.live(self._scope, ids)
        going = {(self._scope.id, incoming.source_id) for incoming in incoming_records}
        staying: dict[str, list[IncomingRecord]] = {}
        for incoming in incoming_records:
            known = live[incoming.source_id]
            others = [claim for claim in claims.get(known.crm_id or 0, ()) if claim not in going]
            if reason := reason_to_keep(known, others, matched_too=self._settings.delete_matched):
                staying.setdefault(f"deleted at the source, {reason}", []).append(incoming)
            else:
                self._request_delete(incoming, known.crm_id, self._scope.id)
        for reason, chosen in staying.items():
            left = {incoming.source_id: live[incoming.source_id] for incoming in chosen}
            self._office.claims.leave(self._scope, left, reason)
            self._skip(chosen, reason)

    def _hold_matching(self, incoming_records: Sequence[IncomingRecord]) -> None:
        """Records that only a match key tells: the stream's settings name it, so it is meant."""
        mapped = {incoming.source_id: self._mapper.map(incoming.record) for incoming in incoming_records}
        flaws = {source_id: each for source_id, each in mapped.items() if isinstance(each, Rejection)}
        keys = {source_id: each.keys for source_id, each in mapped.items() if isinstance(each, Mapped)}
        candidates = self._finder.candidates(keys)
        held: list[Held] = []
        for incoming in incoming_records:
            found = candidates.get(incoming.source_id)
            if incoming.source_id in flaws:
                held.append(self._recorder.flawed(incoming, flaws[incoming.source_id]))
            elif found is None:
                self._skip([incoming], "not in the CRM")
            elif len(found.found) > 1:
                ids = ", ".join(map(str, sorted(found.found, key=str)))
                reason = f"Several records of the CRM match: {ids}. None was deleted."
                held.append(self._recorder.held(incoming, RejectKind.AMBIGUOUS, reason))
            else:
                (crm_id,) = found.found
                self._request_delete(incoming, crm_id, None)
        self._recorder.hold(held)

    def _request_delete(self, incoming: IncomingRecord, crm_id: CrmId | None, scope_id: int | None) -> None:
        target: dict[str, Any] = {"object": self._mapper.crm_object.name, "crm_id": crm_id, "scope_id": scope_id}
        if self._settings.declared is not None:
            target["payload"] = getattr(self._mapper.map(incoming.record), "payload", {})
        self._recorder.hold([self._recorder.held(incoming, "delete", "", sent=target, state="deleting")])

    def _skip(self, incoming_records: Sequence[IncomingRecord], reason: str) -> None:
        source_ids = [incoming.source_id for incoming in incoming_records]
        self._recorder.ended(source_ids, Outcome.SKIPPED, reason)
        self._recorder.release(source_ids)
        if self._scope != self._own:
            self._office.held_records.release(self._scope, source_ids)
