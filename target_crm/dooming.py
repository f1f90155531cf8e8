"""Records that their source deleted: found, and held until the end of the input, when the brakes are checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from crm_api.crm_objects import CrmId
from crm_api.free import CRM_ID
from target_crm.arrivals import Arrival
from target_crm.deletes import reason_to_keep
from target_crm.keeping import Keeper
from target_crm.ledger.values import Held, Known, Scope
from target_crm.mapping.mapped import Mapped, Rejection
from target_crm.mapping.mapper import Mapper
from target_crm.matching import Finder
from target_crm.methods import LoadMethod
from target_crm.office import Office, Stream
from target_crm.outcomes import Outcome, RejectKind


class Dooming:
    """Holds the deletes of one stream.

    Args:
        office: What all streams share.
        stream: The stream.
        mapper: Of the stream.
        finder: Likewise.
        keeper: Keeps the outcomes.
        scope: Of the stream in the ledger.
    """

    def __init__(
        self, office: Office, stream: Stream, mapper: Mapper, finder: Finder, *, keeper: Keeper, scope: Scope
    ) -> None:
        self._office = office
        self._stream = stream
        self._settings = stream.settings
        self._mapper = mapper
        self._finder = finder
        self._keeper = keeper
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
        declared, match_on = self._settings.declared, self._settings.rules.match_on
        return match_on is not None if declared is None else declared.calls.find is not None

    def hold(self, arrivals: Sequence[Arrival]) -> None:
        """Hold deletes; what the stream may not delete, or nobody knows, is skipped."""
        if not arrivals:
            return
        if not self._deletes:
            self._skip(arrivals, "deleted at the source, and hard_delete is off")
            return
        known = self._office.ledger.known(self._scope, [arrival.source_id for arrival in arrivals])
        live = {source_id: each for source_id, each in known.items() if each.crm_id is not None}
        unknown = [arrival for arrival in arrivals if arrival.source_id not in live]
        self._hold_known([arrival for arrival in arrivals if arrival.source_id in live], live)
        if self._settings.load_method is LoadMethod.DELETE and self._tells:
            for arrival in unknown:
                self._doom(arrival, arrival.source_id, None)
        elif self._settings.load_method is LoadMethod.DELETE and self._matches:
            self._hold_matching(unknown)
        else:
            self._skip(unknown, "deleted at the source, and not in the ledger")

    def _hold_known(self, arrivals: Sequence[Arrival], live: dict[str, Known]) -> None:
        ids = [each.crm_id for each in live.values() if each.crm_id is not None]
        claims = self._office.claims.live(self._scope, ids)
        going = {(self._scope.id, arrival.source_id) for arrival in arrivals}
        staying: dict[str, list[Arrival]] = {}
        for arrival in arrivals:
            known = live[arrival.source_id]
            others = [claim for claim in claims.get(known.crm_id or 0, ()) if claim not in going]
            if reason := reason_to_keep(known, others, matched_too=self._settings.delete_matched):
                staying.setdefault(f"deleted at the source, {reason}", []).append(arrival)
            else:
                self._doom(arrival, known.crm_id, self._scope.id)
        for reason, chosen in staying.items():
            left = {arrival.source_id: live[arrival.source_id] for arrival in chosen}
            self._office.claims.leave(self._scope, left, reason)
            self._skip(chosen, reason)

    def _hold_matching(self, arrivals: Sequence[Arrival]) -> None:
        """Records that only a match key tells: the stream's settings name it, so it is meant."""
        mapped = {arrival.source_id: self._mapper.map(arrival.record) for arrival in arrivals}
        flaws = {source_id: each for source_id, each in mapped.items() if isinstance(each, Rejection)}
        keys = {source_id: each.keys for source_id, each in mapped.items() if isinstance(each, Mapped)}
        candidates = self._finder.candidates(keys)
        held: list[Held] = []
        for arrival in arrivals:
            found = candidates.get(arrival.source_id)
            if arrival.source_id in flaws:
                held.append(self._keeper.flawed(arrival, flaws[arrival.source_id]))
            elif found is None:
                self._skip([arrival], "not in the CRM")
            elif len(found.found) > 1:
                ids = ", ".join(map(str, sorted(found.found, key=str)))
                reason = f"Several records of the CRM match: {ids}. None was deleted."
                held.append(self._keeper.held(arrival, RejectKind.AMBIGUOUS, reason))
            else:
                (crm_id,) = found.found
                self._doom(arrival, crm_id, None)
        self._keeper.hold(held)

    def _doom(self, arrival: Arrival, crm_id: CrmId | None, scope_id: int | None) -> None:
        target: dict[str, Any] = {"object": self._mapper.of.name, "crm_id": crm_id, "scope_id": scope_id}
        if self._settings.declared is not None:
            target["payload"] = getattr(self._mapper.map(arrival.record), "payload", {})
        self._keeper.hold([self._keeper.held(arrival, "delete", "", sent=target, state="deleting")])

    def _skip(self, arrivals: Sequence[Arrival], reason: str) -> None:
        source_ids = [arrival.source_id for arrival in arrivals]
        self._keeper.ended(source_ids, Outcome.SKIPPED, reason)
        self._keeper.release(source_ids)
        if self._scope != self._own:
            self._office.shelf.release(self._scope, source_ids)
