"""Creates and updates carried out: the largest bulks, several at once, a refused one halved to find the culprit.

Each intent is committed before its request is sent, each answer as it arrives.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from http import HTTPStatus

from crm_api.crm import NothingDone, Refused, Result, Unclear, Wanted, Written
from crm_api.crm_objects import CrmId, CrmObject, CrmRecord, Kind, Payload, outgoing
from crm_api.errors import (
    BusyError,
    CrmError,
    GoneError,
    InDoubtError,
    NoRouteError,
    RefusedError,
    StopError,
    TooLargeError,
)
from target_crm.engine.decisions import Create, Update
from target_crm.engine.run import StreamContext
from target_crm.engine.values_kept import kept_values
from target_crm.ledger.values import Entry, Intent, LedgerDataError, Origin
from target_crm.mapping.values import Change
from target_crm.report.outcomes import LINKED, Outcome


@dataclass(frozen=True, slots=True)
class Write:
    """One record as it will be sent.

    Attributes:
        action: The create or update.
        change: The payload, and the fields that differ.
    """

    action: Create | Update
    change: Change

    @property
    def crm_id(self) -> CrmId | None:
        """The id of the CRM record to change; None for a create."""
        return self.action.crm_id if isinstance(self.action, Update) else None

    @property
    def upsert(self) -> tuple[str, str] | None:
        """The attribute and the value by which the CRM itself finds or makes it; None if it does not."""
        return self.action.upsert if isinstance(self.action, Create) else None


@dataclass(frozen=True, slots=True)
class Done:
    """A write that was carried out and is in the ledger.

    Attributes:
        write: The write that was sent.
        crm_id: The CRM's id of the record.
        record: The record as the CRM answered it; empty where it said nothing.
        created: Whether the record was made, not changed.
        status: HTTP status of the answer; None where none came, or none is asked for.
        before: In a dry run, the record as an upsert would find it; None otherwise.
    """

    write: Write
    crm_id: CrmId
    record: CrmRecord
    created: bool
    before: CrmRecord | None = None
    status: int | None = None


@dataclass(frozen=True, slots=True)
class NotDone:
    """A write that the CRM refused; its intent is still in the ledger.

    Attributes:
        write: The write that was sent.
        reason: The CRM's words.
        status: HTTP status, or None.
        forbidden: Whether the key may not do this; no fault of the record.
        gone: Whether the CRM has no such record.
        body: The CRM's whole answer.
        duplicate: Whether the CRM has such a record already, by its own rule.
        unstorable: The error of the ledger's database, which refused the intent: nothing was sent.
    """

    write: Write
    reason: str
    status: int | None
    forbidden: bool = False
    gone: bool = False
    body: str = ""
    duplicate: bool = False
    unstorable: LedgerDataError | None = None


@dataclass
class Results:
    """The writes that were not carried out, or may not have been.

    Attributes:
        refused: Refused by the CRM.
        in_doubt: Sent, and no answer came that tells whether they were carried out.
        answers: The answers that came to those in doubt, by source id.
    """

    refused: list[NotDone] = field(default_factory=list)
    in_doubt: list[Write] = field(default_factory=list)
    answers: dict[str, Unclear] = field(default_factory=dict)

    def add_in_doubt(self, write: Write, answer: Unclear) -> None:
        """Add a write whose answer does not tell."""
        self.in_doubt.append(write)
        self.answers[write.action.ready.incoming.source_id] = answer


_Send = Callable[[Sequence[Write]], list[Result]]
"""Sends writes in one request; results in order."""
_FAILURES = (StopError, BusyError, RefusedError, TooLargeError, InDoubtError)


class Sender:
    """Sends the writes of one stream.

    Args:
        context: The stream's way into the CRM.
        on_done: Called for each write that is in the ledger, by the thread that wrote it.
        tried: When upserts to which no answer came were first sent (Unix seconds, the CRM's clock), by source id.
        told_as: Returns what the history tells a create or an update as, by what an endpoint does.
    """

    def __init__(
        self,
        context: StreamContext,
        *,
        on_done: Callable[[Done], None],
        tried: Mapping[str, float] | None = None,
        told_as: Callable[[Outcome], Outcome] = lambda outcome: outcome,
    ) -> None:
        self._crm = context.crm
        self._crm_object = context.mapper.crm_object
        self._mapper = context.mapper
        self._ledger = context.ledger
        self._scope = context.scope
        self._pool = context.run.pool
        self._recent = context.recent
        # An endpoint that is neither read nor searched is never asked for what its answers showed.
        self._remembers = self._crm_object.readable or bool(self._crm_object.finds)
        self._on_done = on_done
        self._told_as = told_as
        self._tried = dict(tried or {})
        self._unanswered = context.run.locks.unanswered
        self._lock = threading.Lock()

    def send(self, writes: Sequence[Write]) -> Results:
        """Carry out writes, no two of which may touch the same CRM record.

        Raises:
            StopError: Nothing further can succeed. What was answered until then is in the ledger.
            BusyError: Nothing further can succeed for now; what was answered until then is in the ledger, too.
        """
        results = Results()
        updates = [write for write in writes if write.crm_id is not None]
        creates = [write for write in writes if write.crm_id is None and write.upsert is None]
        calls = [
            partial(self._try, send, [chosen[position] for position in positions], results)
            for send, chosen, update in ((self._update, updates, True), (self._create, creates, False))
            if chosen
            for positions in self._crm.groups(self._crm_object, [each.change.payload for each in chosen], update=update)
        ]
        self._pool.gather(calls)
        # Once the updates are done: a value that one of them frees belongs to another record from now on.
        if upserts := [write for write in writes if write.upsert is not None]:
            size = self._crm.bulk_size(self._crm_object, update=True)
            self._pool.gather([partial(self._try, self._upsert, part, results) for part in _parts(upserts, size)])
        return results

    # One request

    def _upsert(self, writes: Sequence[Write]) -> list[Result]:
        """Send a repeatable request: what stays in doubt is simply done once more."""
        intents = [self.intent(write) for write in writes]
        attribute = next(write.upsert[0] for write in writes if write.upsert)
        wanted = [
            Wanted(write.upsert[1], write.change.payload, self._tried.get(write.action.ready.incoming.source_id, 0.0))
            for write in writes
            if write.upsert
        ]
        try:
            return self._crm.upsert_many(
                self._crm_object, attribute, wanted, before_send=lambda: self._intended(intents)
            )
        except _FAILURES:
            self._tried.update({intent.source_id: intent.server_at for intent in intents})
            raise

    def _create(self, writes: Sequence[Write]) -> list[Result]:
        payloads = [write.change.payload for write in writes]
        return self._crm.create(
            self._crm_object, payloads, before_send=lambda: self._intended([self.intent(write) for write in writes])
        )

    def _intended(self, intents: Sequence[Intent]) -> NothingDone:
        """Keep what is about to be sent; returns what forgets it again, but for upserts of which a try is in doubt."""
        self._ledger.intend(self._scope, intents)
        names = {(self._crm_object.name, intent.source_id) for intent in intents}
        self._unanswered.update(names)
        fresh = [intent.source_id for intent in intents if intent.source_id not in self._tried]

        def nothing_done() -> None:
            self._ledger.withdraw(self._scope, fresh)
            self._unanswered.difference_update(names)

        return nothing_done

    def _update(self, writes: Sequence[Write]) -> list[Result]:
        changes = [(write.crm_id, write.change.payload) for write in writes if write.crm_id is not None]
        self._ledger.intend(self._scope, [self.intent(write) for write in writes])
        return self._crm.update(self._crm_object, changes)

    def _answer_came(self, writes: Iterable[Write]) -> None:
        """Note that the ledger holds what became of writes, or that nothing did."""
        names = ((self._crm_object.name, write.action.ready.incoming.source_id) for write in writes)
        self._unanswered.difference_update(names)

    # Results

    def _try(self, send: _Send, writes: Sequence[Write], results: Results) -> None:
        """Send writes in one request, and take its answer, or what its failure leads to.

        Intents stay where the run ends: only whoever sends knows whether anything left, and takes them back.
        """
        self._crm.session.traffic.answered(None)
        try:
            answers = send(writes)
        except InDoubtError as error:
            with self._lock:
                for write in writes:
                    results.add_in_doubt(write, Unclear(error.status, error.body))
        except TooLargeError:
            update = writes[0].crm_id is not None or writes[0].upsert is not None
            size = self._crm.bulk_size(self._crm_object, update=update)
            for part in _parts(writes, min(size, max(len(writes) // 2, 1))):
                self._try(send, part, results)
        except RefusedError as error:
            self._answer_came(writes)
            self._refused_whole(send, writes, error, results)
        except LedgerDataError as error:  # the intents were not kept, so nothing was sent
            self._not_kept(send, writes, error, results)
        else:
            self._answered(writes, answers, results)

    def _refused_whole(self, send: _Send, writes: Sequence[Write], error: RefusedError, results: Results) -> None:
        """Send each half again, to find the culprit; unless no record is at fault, or there is only one."""
        if _forbids(error.status) or isinstance(error, NoRouteError) or len(writes) == 1:
            with self._lock:
                results.refused += [not_done(write, error) for write in writes]
            return
        for half in _parts(writes, (len(writes) + 1) // 2):
            self._try(send, half, results)

    def _not_kept(self, send: _Send, writes: Sequence[Write], error: LedgerDataError, results: Results) -> None:
        """Send each half, to find the record that the ledger's database cannot hold."""
        if len(writes) == 1:
            with self._lock:
                results.refused.append(NotDone(writes[0], error.said, None, unstorable=error))
            return
        for half in _parts(writes, (len(writes) + 1) // 2):
            self._try(send, half, results)

    def _answered(self, writes: Sequence[Write], answers: Sequence[Result], results: Results) -> None:
        written: list[tuple[Write, Written]] = []
        upserted = [each.id for each in answers if isinstance(each, Written) and each.created]
        known = self._ledger.claimed(self._scope, upserted) if upserted else {}
        for write, answer in zip(writes, answers, strict=True):
            if isinstance(answer, Written):
                # To an upsert, what another record has made a moment ago looks like new.
                written.append((write, replace(answer, created=False) if answer.id in known else answer))
        self._remember(written, self._crm.session.traffic.status)
        with self._lock:
            for write, answer in zip(writes, answers, strict=True):
                if isinstance(answer, Unclear):
                    results.add_in_doubt(write, answer)
                elif isinstance(answer, Refused):
                    self._answer_came([write])
                    results.refused.append(_refused(write, answer))

    def found(self, write: Write, record: CrmRecord, *, edited: bool) -> None:
        """Take a create to which no answer came, and which was carried out; an edit since is not what it left."""
        self._remember([(write, Written(record["id"], {} if edited else record))], is_answer=False)

    def _remember(
        self, written: Sequence[tuple[Write, Written]], status: int | None = None, *, is_answer: bool = True
    ) -> None:
        """Keep what became of writes; what was read later than an answer, somebody may have edited meanwhile."""
        for write, answer in written:
            if self._remembers and answer.record and self._crm.is_whole(answer.record):
                self._recent.remember(answer.id, {**self._told(write), **answer.record})
        if written:
            entries = [self._entry(write, answer, answer.record if is_answer else None) for write, answer in written]
            self._ledger.settle(self._scope, entries)
            self._answer_came(write for write, _ in written)
        for write, answer in written:
            self._tried.pop(write.action.ready.incoming.source_id, None)
            self._on_done(Done(write, answer.id, answer.record, _created(write, answer), answer.before, status))

    def _told(self, write: Write) -> Payload:
        """Return what a write says of the record that its answer need not show, without parts of lists."""
        added = outgoing(write.change.payload).added
        return {
            name: value
            for name, value in write.change.payload.items()
            if name not in added
            and (attribute := self._crm_object.attribute(name)) is not None
            and attribute.kind is not Kind.CUSTOM
        }

    def _entry(self, write: Write, answer: Written, seen: CrmRecord | None) -> Entry:
        ready, update = write.action.ready, write.action if isinstance(write.action, Update) else None
        before = None if update is None else update.current
        created, keeps = _created(write, answer), self._ledger.kept_values.on
        is_link = update is not None and update.links
        what = LINKED if is_link else str(self._told_as(Outcome.CREATED if created else Outcome.UPDATED))
        matched = update.matched if update is not None else not created
        return Entry(
            ready.incoming.source_id,
            answer.id,
            what,
            Origin.MATCHED if matched else ready.origin,
            ready.incoming.record_hash,
            ready.mapped.digest,
            write.change.differences,
            self._mapper.gained(ready.mapped, answer.record),
            ready.links,
            answer.request_id,
            write.action.reason if update is not None or created else f"matched by {write.upsert and write.upsert[0]}",
            self._mapper.remembered(ready.mapped, ready.basis, write.change, seen, before),
            kept_values(self._mapper, write.change, ready, before, seen) if keeps else (),
            keeps_held=ready.basis.is_part,
            record=_writable(self._crm_object, seen) if keeps and created and seen else None,
        )

    def intent(self, write: Write) -> Intent:
        """Return what the ledger holds of a write before it is sent."""
        date = self._crm.session.server_date
        now, source_id = date.timestamp() if date else 0.0, write.action.ready.incoming.source_id
        return Intent(
            source_id,
            "update" if write.crm_id is not None else "create" if write.upsert is None else "upsert",
            write.change.payload,
            {part.attribute: part.values for key in write.action.ready.mapped.keys for part in key.parts},
            write.action.ready.incoming.record_hash,
            write.action.ready.mapped.digest,
            write.crm_id,
            server_at=now if write.upsert is None else self._tried.get(source_id) or now,
            links=write.action.ready.links,
            before=self._before(write),
        )

    def _before(self, write: Write) -> CrmRecord | None:
        """Return what an undo needs of the record before the first try: a kill leaves nobody else who knows it."""
        ready, update = write.action.ready, write.action if isinstance(write.action, Update) else None
        before = ready.before or (None if update is None else update.current)
        return before if self._ledger.kept_values.on else None


def _writable(crm_object: CrmObject, record: CrmRecord) -> CrmRecord:
    """Return the part of a record that people and programs can write."""
    return {each.name: record[each.name] for each in crm_object.attributes if each.is_writable and each.name in record}


def _created(write: Write, answer: Written) -> bool:
    return write.crm_id is None and answer.created is not False


def not_done(write: Write, error: CrmError) -> NotDone:
    """Return the refusal that an error stands for."""
    gone = isinstance(error, GoneError)
    return NotDone(write, error.sentence, error.status, forbidden=_forbids(error.status), gone=gone, body=error.body)


def _refused(write: Write, answer: Refused) -> NotDone:
    forbidden = _forbids(answer.status)
    return NotDone(write, answer.reason, answer.status, forbidden, answer.gone, answer.body, answer.duplicate)


def _forbids(status: int | None) -> bool:
    return status == HTTPStatus.FORBIDDEN


def _parts(writes: Sequence[Write], size: int) -> list[Sequence[Write]]:
    return [writes[start : start + size] for start in range(0, len(writes), size)]
