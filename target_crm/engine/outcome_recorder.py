"""The outcomes of one stream's records: counted, and kept in the ledger where they are held."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from crm_api.crm import Unclear
from crm_api.crm_objects import CrmId
from crm_api.values import is_empty
from target_crm.engine.decisions import Reject
from target_crm.engine.incoming import IncomingRecord
from target_crm.engine.run import Office, Stream
from target_crm.engine.sender import Done
from target_crm.ledger.values import Entry, Held, Intent, Scope
from target_crm.mapping.values import Rejection
from target_crm.report.outcomes import Outcome, RejectKind

_IN_DOUBT = (
    "It was sent, {came}, and the CRM cannot tell whether it arrived. Look for it there; the next run asks "
    "again before it sends anything."
)
_IN_DOUBT_ELSEWHERE = (
    "It was sent, {came}, and the endpoint does not tell whether it arrived, so it is not sent again. Look for "
    "it there: if it arrived, tell singer-crm ledger import; if not, singer-crm ledger forget. An idempotency_header "
    "or endpoints.find spares the doubt."
)
_NOTHING = Unclear(None)


class OutcomeRecorder:
    """Keeps what became of one stream's records.

    Args:
        office: What all streams share.
        stream: The stream.
        scope: Its scope in the ledger.

    Attributes:
        unanswered: Writes of which nobody knows what became of them, by source id.
        undecided: Source ids of creates of which nobody could tell when asked in this run.
    """

    def __init__(self, office: Office, stream: Stream, scope: Scope) -> None:
        self._office = office
        self._stream = stream
        self._scope = scope
        self._held = office.held_records.held_ids(scope)
        self.unanswered: dict[str, Intent] = office.ledger.intents(scope)
        self.undecided: set[str] = set()
        # Kept with the run: when the schema changes, another keeper takes over.
        self._carried = office.carried.setdefault(stream.name, set())
        self._told_so_far = office.told.setdefault(stream.name, {})

    def taken(self, incoming_records: Iterable[IncomingRecord]) -> None:
        """See who arrives: what waits, or was held by an earlier run and again by this one, is superseded by it."""
        for incoming in incoming_records:
            told = self._told_so_far.pop(incoming.source_id, None)
            if incoming.held_at is not None:
                self._carried.add(incoming.source_id)  # whoever fed it has opened its outcome again
            elif told is not None:
                self._office.books.reopened(self._stream.name, *told)
                self.ended([incoming.source_id], Outcome.SUPERSEDED)

    @property
    def lost_creates(self) -> dict[str, Intent]:
        """Creates among the unanswered that were not asked about yet."""
        return {
            source_id: intent
            for source_id, intent in self.unanswered.items()
            if intent.action == "create" and source_id not in self.undecided
        }

    def count(self, outcome: Outcome, records: int = 1, reason: str = "") -> None:
        """Count records that ended so."""
        if records:
            self._office.books.ended(self._stream.name, outcome, reason, records)

    def ended(
        self,
        source_ids: Collection[str],
        outcome: Outcome,
        reason: str = "",
        crm_ids: Mapping[str, CrmId | None] | None = None,
    ) -> None:
        """Count records that ended so, where nothing was written or held; ``crm_ids`` of those that the CRM has."""
        self.count(outcome, len(source_ids), reason)
        if self._office.preview is not None and outcome is Outcome.SKIPPED:
            self._office.preview.left(self._stream.name, source_ids, f"skip: {reason}")
        for source_id in source_ids if self._office.responses is not None else ():
            self._capture(source_id, outcome, reason=reason, crm_id=(crm_ids or {}).get(source_id))

    def _capture(self, source_id: str, outcome: Outcome, **facts: Any) -> None:
        if self._office.responses is not None:
            crm_object = self._stream.settings.object
            self._office.responses.capture(self._stream.name, crm_object, source_id, str(outcome), **facts)

    def done(self, done: Done) -> None:
        """Count a write that is in the ledger."""
        outcome = Outcome.CREATED if done.created else Outcome.UPDATED
        self.count(outcome)
        if outcome is Outcome.UPDATED:
            emptied = [each.attribute for each in done.write.change.differences if is_empty(each.new)]
            self._office.books.emptied(self._stream.name, emptied)
        self._capture(done.write.ready.incoming.source_id, outcome, crm_id=done.crm_id, answer=done.record)
        if self._office.preview is not None:
            self._office.preview.done(self._stream.name, done)
        self.settled([done.write.ready.incoming.source_id])

    def settle(self, entries: Sequence[Entry]) -> None:
        """Remember what the CRM has."""
        if entries:
            self._office.ledger.settle(self._scope, entries)
            self.settled([entry.source_id for entry in entries])

    def settled(self, source_ids: Iterable[str]) -> None:
        """The CRM has them: in the ledger, their intents and what was held of them are gone."""
        for source_id in source_ids:
            self.unanswered.pop(source_id, None)
            self._held.discard(source_id)
            self._office.written.setdefault(self._stream.name, set()).add(source_id)

    def withdraw(self, source_ids: Collection[str]) -> None:
        """Forget intents of writes that were not carried out."""
        self._office.ledger.withdraw(self._scope, source_ids)
        for source_id in source_ids:
            self.unanswered.pop(source_id, None)

    def lost(self, intent: Intent) -> None:
        """Give up asking, in this run, what became of a write."""
        self.unanswered[intent.source_id] = intent
        self.undecided.add(intent.source_id)

    def unchanged(self, crm_ids: Mapping[str, CrmId | None], hashes: Mapping[str, bytes] | None = None) -> None:
        """Count records that the CRM has already, by source id; ``hashes`` of those that look unlike last time."""
        if hashes:
            self._office.ledger.touch(self._scope, hashes)
        self.ended(crm_ids.keys(), Outcome.UNCHANGED, crm_ids=crm_ids)
        self.release(crm_ids)

    def release(self, source_ids: Iterable[str]) -> None:
        """Forget what was held of records that a newer version has dealt with."""
        stale = self._held.intersection(source_ids)
        if stale:
            self._office.held_records.release(self._scope, stale)
            self._held -= stale

    def rejected(self, action: Reject) -> Held:
        """A record that was decided against, or refused, as it is held."""
        return self.held(action.ready.incoming, action.kind, action.reason, status=action.status, sent=action.sent)

    def flawed(self, incoming: IncomingRecord, flaw: Rejection) -> Held:
        """A record that cannot be sent, as it is held."""
        return self.held(incoming, flaw.kind, flaw.reason)

    def held(
        self,
        incoming: IncomingRecord,
        kind: str,
        reason: str,
        *,
        status: int | None = None,
        sent: Any = None,
        waits_on: tuple[tuple[str, str], ...] | None = None,
        state: str | None = None,
    ) -> Held:
        """A record that is not written, as it is held: as it is said, or waiting if it waits for something."""
        return Held(
            incoming.source_id,
            state or ("rejected" if waits_on is None else "waiting"),
            str(kind),
            reason,
            incoming.message,
            self._stream.schema,
            self._stream.schema_id,
            status,
            sent,
            waits_on or (),
        )

    def hold(self, held: Sequence[Held]) -> None:
        """Keep records that are not written, and count them."""
        if not held:
            return
        self._office.held_records.hold(self._scope, held)
        for each in held:
            self.unanswered.pop(each.source_id, None)
        self._told(held)

    def hold_in_doubt(
        self, incoming_records: Iterable[IncomingRecord], untold: Mapping[str, Unclear] | None = None
    ) -> None:
        """Keep records of which nobody can tell whether they were written, with their intents, for the next run.

        Args:
            incoming_records: The records.
            untold: By source id, the answers that came to them and tell nothing.
        """
        held = [
            self._in_doubt(incoming, (untold or {}).get(incoming.source_id, _NOTHING)) for incoming in incoming_records
        ]
        if held:
            self._office.held_records.hold(self._scope, held, keep_intents=True)
            self._told(held)

    def _in_doubt(self, incoming: IncomingRecord, told: Unclear) -> Held:
        answered = f"the answer (HTTP {told.status}) does not tell what became of it"
        came = "no answer came" if told.status is None else answered
        reason = (_IN_DOUBT if self._stream.settings.declared is None else _IN_DOUBT_ELSEWHERE).format(came=came)
        sent = {"answer": told.body} if told.body else None
        return self.held(incoming, RejectKind.IN_DOUBT, reason, status=told.status, sent=sent)

    def _told(self, held: Sequence[Held]) -> None:
        self._office.told_of(self._stream.name, held)
        for each in held:
            self._held.add(each.source_id)
            if each.state != "rejected" or each.source_id in self._carried:
                self._told_so_far[each.source_id] = _outcome(each), each.kind
            self.count(_outcome(each), reason=each.kind)
            self._capture(each.source_id, _outcome(each), status=each.status, kind=each.kind, reason=each.reason)
            self._office.books.explained(self._stream.name, each.kind, each.source_id, each.reason)


def _outcome(held: Held) -> Outcome:
    return Outcome.REJECTED if held.state == "rejected" else Outcome.WAITING
