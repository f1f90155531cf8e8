"""Creates and updates carried out: the largest bulks, several at once, a refused one halved to find the culprit.

Each intent is committed before its request is sent, each answer as it arrives.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from crm_api.crm import Crm, Refused, Result, Unclear, Wanted, Written
from crm_api.crm_objects import CrmId, CrmObject, CrmRecord
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
from crm_api.recent_records import RecentRecords
from target_crm.concurrency import WorkerPool
from target_crm.engine.decisions import Create, Ready, Update
from target_crm.ledger.ledger import Ledger
from target_crm.ledger.values import Entry, Intent, LedgerError, Origin, Scope
from target_crm.mapping.mapper import Mapper
from target_crm.mapping.values import Change


@dataclass(frozen=True, slots=True)
class Write:
    """One record as it will be sent.

    Attributes:
        action: What is done.
        change: What is sent.
    """

    action: Create | Update
    change: Change

    @property
    def ready(self) -> Ready:
        """The record."""
        return self.action.ready

    @property
    def crm_id(self) -> CrmId | None:
        """Of the CRM record to change; None for a create."""
        return self.action.crm_id if isinstance(self.action, Update) else None

    @property
    def upsert(self) -> tuple[str, str] | None:
        """The attribute and the value by which the CRM itself finds or makes it; None if it does not."""
        return self.action.upsert if isinstance(self.action, Create) else None


@dataclass(frozen=True, slots=True)
class Done:
    """A write that was carried out and is in the ledger.

    Attributes:
        write: What was sent.
        crm_id: Of the record.
        record: As the CRM answered it; empty where it said nothing.
        created: It was made, not changed.
        before: As an upsert would find it, in a dry run.
    """

    write: Write
    crm_id: CrmId
    record: CrmRecord
    created: bool
    before: CrmRecord | None = None


@dataclass(frozen=True, slots=True)
class NotDone:
    """A write that the CRM refused; its intent is still in the ledger.

    Attributes:
        write: What was sent.
        reason: What the CRM said.
        status: HTTP status, or None.
        forbidden: It is not the record's fault: the key may not do this.
        gone: There is no such record.
        body: The CRM's whole answer.
        duplicate: The CRM has such a record already, by its own rule.
    """

    write: Write
    reason: str
    status: int | None
    forbidden: bool = False
    gone: bool = False
    body: str = ""
    duplicate: bool = False


@dataclass
class Results:
    """What became of those writes that were not carried out.

    Attributes:
        refused: Refused by the CRM.
        lost: Sent, and no answer came that tells: in doubt.
        untold: Of those, by source id, the answers that came.
    """

    refused: list[NotDone] = field(default_factory=list)
    lost: list[Write] = field(default_factory=list)
    untold: dict[str, Unclear] = field(default_factory=dict)

    def lose(self, write: Write, told: Unclear) -> None:
        """Nobody can tell what became of a write."""
        self.lost.append(write)
        self.untold[write.ready.incoming.source_id] = told


class Sender:
    """Sends the writes of one stream.

    Args:
        crm: The account.
        mapper: Knows how values compare.
        ledger: Remembers intents and answers.
        scope: Of the stream.
        pool: Carries out several requests at once.
        recent: Takes what the CRM answered.
        on_done: Told of each write that is in the ledger, by the thread that wrote it.
        tried: When upserts that were never answered were first sent (Unix seconds, the CRM's clock), by source id.
    """

    def __init__(
        self,
        crm: Crm,
        mapper: Mapper,
        ledger: Ledger,
        scope: Scope,
        pool: WorkerPool,
        *,
        recent: RecentRecords,
        on_done: Callable[[Done], None],
        tried: Mapping[str, float] | None = None,
    ) -> None:
        self._crm = crm
        self._crm_object: CrmObject = mapper.crm_object
        self._mapper = mapper
        self._ledger = ledger
        self._scope = scope
        self._pool = pool
        self._recent = recent
        self._on_done = on_done
        self._tried = dict(tried or {})
        self._lock = threading.Lock()

    def send(self, writes: Sequence[Write]) -> Results:
        """Carry out writes, no two of which may touch the same CRM record.

        Raises:
            StopError: Nothing further can succeed. What was answered until then is in the ledger.
            BusyError: Likewise, for now.
        """
        results = Results()
        updates = [write for write in writes if write.crm_id is not None]
        creates = [write for write in writes if write.crm_id is None and write.upsert is None]
        calls = [
            _call(send_one, [chosen[position] for position in positions], results)
            for send_one, chosen, update in ((self._update, updates, True), (self._create, creates, False))
            if chosen
            for positions in self._crm.groups(self._crm_object, [each.change.payload for each in chosen], update=update)
        ]
        self._pool.gather(calls)
        # Once the updates are done: a value that one of them frees belongs to another record from now on.
        upserts = [write for write in writes if write.upsert is not None]
        size = self._crm.bulk_size(self._crm_object, update=True)
        self._pool.gather([_call(self._upsert, chunk, results) for chunk in _chunks(upserts, size)])
        return results

    def _upsert(self, writes: Sequence[Write], results: Results) -> None:
        """Repeatable: whatever is lost is simply done once more."""
        intents = [self.intent(write) for write in writes]
        since = {intent.source_id: intent.server_at for intent in intents}
        attribute = next(write.upsert[0] for write in writes if write.upsert)
        wanted = [
            Wanted(write.upsert[1], write.change.payload, self._tried.get(write.ready.incoming.source_id, 0.0))
            for write in writes
            if write.upsert
        ]
        try:
            answers = self._crm.upsert_many(
                self._crm_object, attribute, wanted, before_send=lambda: self._ledger.intend(self._scope, intents)
            )
        except (StopError, BusyError, RefusedError, TooLargeError, InDoubtError) as error:
            self._tried.update(since)
            self._failed(writes, results, error, again=self._upsert)
        else:
            self._answered(writes, answers, results)

    def _create(self, writes: Sequence[Write], results: Results) -> None:
        payloads = [write.change.payload for write in writes]

        def before_send() -> None:
            self._ledger.intend(self._scope, [self.intent(write) for write in writes])

        try:
            answers = self._crm.create(self._crm_object, payloads, before_send=before_send)
        except (StopError, BusyError, RefusedError, TooLargeError, InDoubtError) as error:
            self._failed(writes, results, error, again=self._create)
        else:
            self._answered(writes, answers, results)

    def _update(self, writes: Sequence[Write], results: Results) -> None:
        changes = [(write.crm_id, write.change.payload) for write in writes if write.crm_id is not None]
        self._ledger.intend(self._scope, [self.intent(write) for write in writes])
        try:
            answers = self._crm.update(self._crm_object, changes)
        except (StopError, BusyError, RefusedError, TooLargeError, InDoubtError) as error:
            self._failed(writes, results, error, again=self._update)
        else:
            self._answered(writes, answers, results)

    def _failed(
        self,
        writes: Sequence[Write],
        results: Results,
        error: CrmError,
        *,
        again: Callable[[Sequence[Write], Results], None],
    ) -> None:
        """The request as a whole was not carried out, or nobody knows."""
        if isinstance(error, InDoubtError):
            with self._lock:
                for write in writes:
                    results.lose(write, Unclear(error.status, error.body))
        elif isinstance(error, TooLargeError):
            size = self._crm.bulk_size(
                self._crm_object, update=writes[0].crm_id is not None or writes[0].upsert is not None
            )
            for chunk in _chunks(writes, min(size, max(len(writes) // 2, 1))):
                again(chunk, results)
        elif isinstance(error, RefusedError):
            if _forbids(error.status) or isinstance(error, NoRouteError) or len(writes) == 1:
                with self._lock:
                    results.refused += [not_done(write, error) for write in writes]
                return
            middle = (len(writes) + 1) // 2
            again(writes[:middle], results)
            again(writes[middle:], results)
        else:
            if writes[0].crm_id is None and writes[0].upsert is None and not isinstance(error, LedgerError):
                self._ledger.withdraw(self._scope, [write.ready.incoming.source_id for write in writes])
            raise error  # the intent of an update stays: the record is read before the update is done again; an
            # upsert's tells when it was first tried

    def _answered(self, writes: Sequence[Write], answers: Sequence[Result], results: Results) -> None:
        written: list[tuple[Write, Written]] = []
        refused: list[NotDone] = []
        untold: list[tuple[Write, Unclear]] = []
        for write, answer in zip(writes, answers, strict=True):
            if isinstance(answer, Written):
                written.append((write, answer))
            elif isinstance(answer, Unclear):
                untold.append((write, answer))
            else:
                refused.append(_refused(write, answer))
        self._remember(written)
        with self._lock:
            results.refused += refused
            for write, told in untold:
                results.lose(write, told)

    def found(self, write: Write, record: CrmRecord) -> None:
        """A create whose answer was lost was carried out after all."""
        self._remember([(write, Written(record["id"], record))])

    def _remember(self, written: Sequence[tuple[Write, Written]]) -> None:
        for _, answer in written:
            if answer.record and self._crm.is_whole(answer.record):
                self._recent.remember(answer.id, answer.record)
        if written:
            self._ledger.settle(self._scope, [self._entry(write, answer) for write, answer in written])
        for write, answer in written:
            self._tried.pop(write.ready.incoming.source_id, None)
            self._on_done(Done(write, answer.id, answer.record, _created(write, answer), answer.before))

    def _entry(self, write: Write, answer: Written) -> Entry:
        ready, update = write.ready, write.action if isinstance(write.action, Update) else None
        created = _created(write, answer)
        what = "created" if created else "linked" if update is not None and update.links else "updated"
        matched = update.matched if update is not None else not created
        return Entry(
            ready.incoming.source_id,
            answer.id,
            what,
            Origin.MATCHED if matched else ready.origin,
            ready.incoming.record_hash,
            ready.mapped.digest,
            write.change.differences,
            gained_values(self._mapper, ready, answer.record),
            ready.links,
            answer.request_id,
            update.reason
            if update is not None
            else ""
            if created
            else f"matched by {write.upsert and write.upsert[0]}",
        )

    def intent(self, write: Write) -> Intent:
        """What the ledger holds of a write before it is sent."""
        date = self._crm.session.server_date
        now, source_id = date.timestamp() if date else 0.0, write.ready.incoming.source_id
        return Intent(
            source_id,
            "update" if write.crm_id is not None else "create" if write.upsert is None else "upsert",
            write.change.payload,
            {part.attribute: part.values for key in write.ready.mapped.keys for part in key.parts},
            write.ready.incoming.record_hash,
            write.ready.mapped.digest,
            write.crm_id,
            server_at=now if write.upsert is None else self._tried.get(source_id) or now,
            links=write.ready.links,
        )


def _created(write: Write, answer: Written) -> bool:
    return write.crm_id is None and answer.created is not False


def gained_values(mapper: Mapper, ready: Ready, record: CrmRecord) -> Mapping[str, frozenset[str] | tuple[str, ...]]:
    """The match values by which the record can be found from now on: as the CRM answered it, else as sent."""
    asked = {part.attribute: part.values for key in ready.mapped.keys for part in key.parts}
    if not record or mapper.crm_object.whole_records:
        return asked
    return {name: mapper.values(record, name) or asked.get(name, ()) for name in {*asked, *mapper.crm_object.finds}}


def not_done(write: Write, error: CrmError) -> NotDone:
    """The refusal that an error stands for."""
    gone = isinstance(error, GoneError)
    return NotDone(write, error.sentence, error.status, forbidden=_forbids(error.status), gone=gone, body=error.body)


def _refused(write: Write, answer: Refused) -> NotDone:
    forbidden = _forbids(answer.status)
    return NotDone(write, answer.reason, answer.status, forbidden, answer.gone, answer.body, answer.duplicate)


def _forbids(status: int | None) -> bool:
    return status == HTTPStatus.FORBIDDEN


def _chunks(writes: Sequence[Write], size: int) -> list[Sequence[Write]]:
    return [writes[start : start + size] for start in range(0, len(writes), size)]


def _call(
    send_one: Callable[[Sequence[Write], Results], None], chunk: Sequence[Write], results: Results
) -> Callable[[], None]:
    return lambda: send_one(chunk, results)
