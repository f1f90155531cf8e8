"""Several source records of one stream that are one record of the CRM, such as a family with one address."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from crm_api.crm_objects import CrmId
from target_crm.engine.decisions import Action, Reject, Update
from target_crm.engine.destination import Stream
from target_crm.engine.former_keys import FormerKeys
from target_crm.engine.identity import SourceIds, is_content
from target_crm.engine.run import StreamContext, logger
from target_crm.engine.sender import Done
from target_crm.ledger.values import Origin
from target_crm.report.outcomes import RejectKind

LAST, REJECT = "last", "reject"
SHOWN = 3  # other source ids of one CRM record


class SharedMatches:
    """Tells of the records of one stream that share a CRM record, as far as the ledger knows, or rejects them.

    The ledger is asked once for all that are decided together; the CRM is not asked.

    Args:
        context: The stream's way into the CRM.
        stream: The stream.
        ids: The source ids of its records.
        former: Finds the ids that they had before.
    """

    def __init__(self, context: StreamContext, stream: Stream, ids: SourceIds, former: FormerKeys) -> None:
        self._context = context
        self._name = stream.name, stream.settings.object
        self._ids = ids
        self._former = former
        self._told: set[str] = set()
        self._has_warned = False
        self.rejects = stream.settings.shared_match == REJECT

    def begin_batch(self) -> None:
        """Forget which records of the last batch were told: each is told once a batch, however often it is decided."""
        self._told.clear()

    def checked(self, actions: Sequence[Action]) -> list[Action]:
        """Tell of updates of CRM records that belong to another source record too; returns what may be done."""
        updates = [action for action in actions if isinstance(action, Update) and not action.links]
        owners = self._others({each.ready.incoming.source_id: each.crm_id for each in updates})
        return [
            self._decided(action, owners.get(action.ready.incoming.source_id, ()))
            if isinstance(action, Update)
            else action
            for action in actions
        ]

    def _decided(self, update: Update, others: Sequence[str]) -> Action:
        if not others:
            return update
        if self.rejects and (update.matched or update.ready.origin == Origin.MATCHED):
            return Reject(update.ready, RejectKind.SHARED_MATCH, _shared(update, others))
        self._tell(update.ready.incoming.source_id, update.crm_id, others)
        return update

    def note_upserts(self, done: Collection[Done]) -> None:
        """Tell of upserts in which the CRM itself found a record that belongs to another source record too."""
        crm_ids = {each.write.action.ready.incoming.source_id: each.crm_id for each in done}
        ready = {each.write.action.ready.incoming.source_id: each.write.action.ready for each in done}
        for source_id, others in self._others(crm_ids).items():
            former = self._former.own_among(others, ready[source_id])
            if former is not None:
                self._context.ledger.renames.end(self._context.scope, [former])
            if others := [each for each in others if each != former]:
                self._tell(source_id, crm_ids[source_id], others)

    def _others(self, crm_ids: Mapping[str, CrmId]) -> dict[str, list[str]]:
        """Return the other source ids of the CRM records that source records are written to; by source id."""
        if not crm_ids or self._ids.by_whole:  # a record that changed is another one, and no second claim
            return {}
        claims = self._context.ledger.claims.live(self._context.scope, set(crm_ids.values()))
        others = {source_id: self._own(claims.get(crm_id, ()), source_id) for source_id, crm_id in crm_ids.items()}
        return {source_id: found for source_id, found in others.items() if found}

    def _own(self, claims: Collection[tuple[int, str]], source_id: str) -> list[str]:
        """Return the claims of the same stream, but for those of a time in which it had no source ids."""
        scope = self._context.scope.id
        return sorted(each for at, each in claims if at == scope and each != source_id and not is_content(each))

    def _tell(self, source_id: str, crm_id: CrmId, others: Sequence[str]) -> None:
        if source_id in self._told:
            return
        self._told.add(source_id)
        stream, _ = self._name
        self._context.run.recorder.shared(stream, crm_id, (source_id, *others[:SHOWN]))
        if not self._has_warned:
            self._has_warned = True
            logger.warning(
                "Stream %s: the source records %s and %s are one record of the CRM; what came last holds. The summary "
                "counts all such records; with shared_match: reject the second one is rejected",
                stream,
                source_id,
                others[0],
            )


def _shared(update: Update, others: Sequence[str]) -> str:
    by = f" {update.reason}" if update.reason else ""
    return (
        f"Record {update.crm_id} of the CRM{by} belongs to the source record {', '.join(others[:SHOWN])} already. "
        "Nothing was written. Give them different values to match by, or set shared_match to last."
    )
