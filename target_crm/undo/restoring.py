"""Former values given back to records that the CRM has: read again where no answer comes, sent until they are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from crm_api.crm_objects import CrmObject, CrmRecord
from target_crm.engine.decisions import Ready, Update
from target_crm.engine.incoming import IncomingRecord
from target_crm.engine.run import StreamContext
from target_crm.engine.sender import Done, NotDone, Sender, Write
from target_crm.ledger.values import Known, Link
from target_crm.mapping.changes import Basis
from target_crm.mapping.last_sent import LastSent
from target_crm.undo.decisions import CHANGED, GONE, Back, Decision, Left
from target_crm.undo.progress import TRIES, UNANSWERED, Progress, Refusals


class Restorer:
    """Gives records of one stream their former values.

    Args:
        context: The way into the CRM.
        progress: Takes what becomes of each record.
    """

    def __init__(self, context: StreamContext, progress: Progress) -> None:
        self._context = context
        self._progress = progress
        self._mapper = progress.places.mapper(context.mapper.crm_object)
        self._by_source_id: dict[str, Decision] = {}
        self._known: Mapping[str, Known] = {}
        self._last_sent: Mapping[str, LastSent] = {}
        self._lacking: Mapping[str, Sequence[Link]] = {}

    @property
    def _object(self) -> CrmObject:
        return self._context.mapper.crm_object

    def restore(self, decisions: Sequence[Decision]) -> Refusals:
        """Send the former values of records, no two of which are one record of the CRM.

        Returns:
            Those that the CRM refused, each with the reason.

        Raises:
            StopError: Nothing further can succeed.
            BusyError: Nothing further can succeed for now.
        """
        self._by_source_id = {each.owner[1]: each for each in decisions if each.owner is not None}
        ledger, scope = self._context.ledger, self._context.scope
        self._known = ledger.known(scope, self._by_source_id)
        self._last_sent = ledger.digests.last_sent(scope, self._by_source_id)
        self._lacking = self._progress.history.links(scope, self._by_source_id)
        writes = [self._write(each, each.values, each.current or {}) for each in self._by_source_id.values()]
        sender = Sender(self._context, on_done=self._done)
        refusals: Refusals = {}
        tries = 0
        while writes:
            results = sender.send(writes)
            refusals |= dict(map(self._refused, results.refused))
            before, writes = len(writes), self._unanswered(results.in_doubt)
            tries = 0 if len(writes) < before else tries + 1
            if tries >= TRIES:
                for write in writes:
                    refusals[self._decision(write)] = UNANSWERED
                break
        return refusals

    def _write(self, decision: Decision, values: Mapping[str, Any], current: CrmRecord) -> Write:
        _, source_id = decision.owner or (0, "")
        known = self._known[source_id]
        last = self._last_sent.get(source_id, self._context.ledger.digests.unknown)
        change = self._mapper.writing(values, current)
        links = decision.back is Back.FOLLOW
        again = self._progress.places.again and not links
        record_hash, digest = (b"", "") if again else (known.record_hash or b"", known.digest or "")
        ready = Ready(
            IncomingRecord(source_id, source_id, {}, record_hash, b""),
            self._mapper.mapped(change.payload, digest, follows=links),
            known.crm_id,
            known.origin,
            links=tuple(self._lacking.get(source_id, ())),
            basis=Basis(last, is_part=True),
        )
        reason = self._progress.reason
        return Write(Update(ready, decision.touched.crm_id, current=current, reason=reason, links=links), change)

    def _decision(self, write: Write) -> Decision:
        return self._by_source_id[write.action.ready.incoming.source_id]

    def _done(self, done: Done) -> None:
        decision = self._decision(done.write)
        if decision.back is Back.FOLLOW:
            self._progress.linked(decision, done)
        else:
            self._progress.restored(decision, done)

    def _refused(self, refused: NotDone) -> tuple[Decision, str]:
        self._context.ledger.withdraw(self._context.scope, [refused.write.action.ready.incoming.source_id])
        return self._decision(refused.write), GONE if refused.gone else f"the CRM refused: {refused.reason}"

    def _unanswered(self, in_doubt: Sequence[Write]) -> list[Write]:
        """Read what became of writes without an answer; returns those that are to be sent again."""
        if not in_doubt:
            return []
        ids = [write.crm_id for write in in_doubt if write.crm_id is not None]
        current = self._context.crm.read(self._object, ids, immediate=True)
        again: list[Write] = []
        for write in in_doubt:
            decision, record = self._decision(write), current.get(write.crm_id or 0)
            if record is None:
                self._context.ledger.withdraw(self._context.scope, [write.action.ready.incoming.source_id])
                self._progress.refused(decision, GONE)
            elif values := self._not_edited(decision, record):
                # What is there already is sent once more, which changes nothing: the answer tells that it is there.
                again.append(self._write(decision, values, decision.current or record))
            else:
                self._context.ledger.withdraw(self._context.scope, [write.action.ready.incoming.source_id])
                self._progress.refused(decision, CHANGED)
        return again

    def _not_edited(self, decision: Decision, record: CrmRecord) -> dict[str, Any]:
        """The values of a record that nobody has changed since it was looked at, but perhaps the write itself."""
        attributes, before = self._mapper.attributes, decision.current or {}
        shown, shown_before = attributes.shown(record), attributes.shown(before)
        values: dict[str, Any] = {}
        for name, value in decision.values.items():
            attribute = attributes.attribute(name)
            if attribute is None:
                continue
            is_shown, now = attributes.value(shown, record, attribute)
            _, then = attributes.value(shown_before, before, attribute)
            if is_shown and not attributes.same(attribute, now, then) and not attributes.same(attribute, now, value):
                self._progress.left(decision, Left(CHANGED, name))
            else:
                values[name] = value
        return values
