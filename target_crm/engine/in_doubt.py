"""What became of creates whose answer was lost.

In this order: the vendor's own atomic upsert, the vendor's uniqueness rule, a look at what was created since the
intent, repeated until nothing sent can still turn up. What is found is ours; what is not was never carried out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from typing_extensions import override

from crm_api.crm import Crm, Refused, Unclear, Written
from crm_api.crm_objects import Attribute, CrmId, CrmObject, CrmRecord, Kind, Payload
from crm_api.errors import InDoubtError
from target_crm.concurrency import Stopping
from target_crm.ledger.ledger import Ledger
from target_crm.ledger.values import Intent, Scope
from target_crm.mapping.mapper import Mapper
from target_crm.mapping.values import MatchKey, MatchPart

CLOCK_MARGIN_SECONDS = 300.0  # by which the CRM's clocks may differ among themselves
ATTEMPTS = 3  # repetitions of a create that the CRM keeps unique
POLLS = 12  # looks at the CRM between the lost answer and the deadline
# Kinds whose values are compared: the CRM gives them back as it got them.
_FIRM = frozenset({Kind.TEXT, Kind.INTEGER, Kind.NUMBER, Kind.BOOLEAN, Kind.ID, Kind.NAME_ID, Kind.IDENTIFIER})


class CreateFate(Enum):
    """What became of a create."""

    CARRIED_OUT = "carried out"
    NOT_CARRIED_OUT = "not carried out"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one create.

    Attributes:
        fate: That.
        record: The CRM's record, where it was carried out.
        ours: The record carries what was sent, and no other source id stands for it; otherwise it is to be matched.
        reason: Why it was refused.
        status: HTTP status of a refusal.
    """

    fate: CreateFate
    record: CrmRecord | None = None
    ours: bool = True
    reason: str = ""
    status: int | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """How long a lost create can still turn up.

    Attributes:
        lag_seconds: By which searches lag behind writes.
        timeout_seconds: How long a request can still be on its way.
    """

    lag_seconds: float
    timeout_seconds: float

    @property
    def seconds(self) -> float:
        """Counted from the last moment at which it can have been sent."""
        return self.lag_seconds + self.timeout_seconds


class Inquiry:
    """Finds out what became of the lost creates of one stream.

    Args:
        crm: The account.
        mapper: Knows how values compare.
        ledger: Knows which of the CRM's records are spoken for.
        scope: Of the stream.
        stopping: Waits, and gives up at a signal.
        window: How long a lost create can still turn up.
        upsert_by: The attribute by which the CRM itself may upsert records of this stream, or None.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        crm: Crm,
        mapper: Mapper,
        ledger: Ledger,
        scope: Scope,
        stopping: Stopping,
        *,
        window: Window,
        upsert_by: str | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._crm = crm
        self._crm_object: CrmObject = mapper.crm_object
        self._mapper = mapper
        self._ledger = ledger
        self._scope = scope
        self._stopping = stopping
        self._window = window
        self._upsert_by = upsert_by
        self._clock = clock

    def verdicts(self, intents: Sequence[Intent], last_sent: float) -> dict[str, Verdict]:
        """What became of creates, by source id.

        Args:
            intents: The creates.
            last_sent: When the last of them can have been sent (monotonic seconds).

        Raises:
            StopError: The CRM cannot be asked, or a signal came: all of them stay in doubt.
            BusyError: Likewise.
        """
        verdicts: dict[str, Verdict] = {}
        searched: list[Intent] = []
        given: set[CrmId] = set()
        for intent in intents:
            self._stopping.check()
            if self._upsert_by is not None and len(intent.keys.get(self._upsert_by, ())) == 1:
                verdicts[intent.source_id] = self._upserted(intent, self._upsert_by)
            elif (unique := self._unique(intent)) is not None:
                verdict = self._repeated(intent, unique, last_sent)
                if verdict.record is not None:
                    crm_id: CrmId = verdict.record["id"]
                    spoken_for = crm_id in given or self._is_spoken_for(crm_id)
                    verdict = replace(verdict, ours=verdict.ours and not spoken_for)
                    given.add(crm_id)
                verdicts[intent.source_id] = verdict
            else:
                searched.append(intent)
        return verdicts | self._searched(searched, last_sent)

    def _is_spoken_for(self, crm_id: CrmId) -> bool:
        return bool(self._ledger.claimed(self._scope, [crm_id]))

    def _upserted(self, intent: Intent, attribute: str) -> Verdict:
        answer = self._crm.upsert(self._crm_object, attribute, intent.keys[attribute][0], intent.payload)
        if isinstance(answer, Written):
            return Verdict(CreateFate.CARRIED_OUT, {"id": answer.id, **answer.record})
        if isinstance(answer, Unclear):
            return Verdict(CreateFate.UNKNOWN)
        return Verdict(CreateFate.REFUSED, reason=answer.reason, status=answer.status)

    def _unique(self, intent: Intent) -> str | None:
        """The attribute of the payload that the CRM keeps unique and can search by."""
        for name in self._crm_object.unique:
            if name in self._crm_object.finds and intent.payload.get(name):
                return name
        return None

    def _repeated(self, intent: Intent, unique: str, last_sent: float) -> Verdict:
        """Look, and repeat what is not there: the CRM refuses a second copy, and any refusal leads to another look."""
        values = sorted(self._mapper.values(intent.payload, unique))
        refusal: Refused | None = None
        attempts = 0
        while True:
            for record in self._crm.find(self._crm_object, unique, values[: self._crm_object.finds[unique]]):
                if self._mapper.values(record, unique) & set(values):
                    ours = resemblance(self._crm, self._crm_object, intent.payload, record) is not None
                    return Verdict(CreateFate.CARRIED_OUT, record, ours=ours)
            if refusal is not None and self._clock() > last_sent + self._window.seconds:
                return Verdict(CreateFate.REFUSED, reason=refusal.reason, status=refusal.status)
            if refusal is not None:
                self._stopping.nap(self._window.seconds / POLLS)
                continue
            try:
                (answer,) = self._crm.create(self._crm_object, [intent.payload], before_send=self._stopping.check)
            except InDoubtError:
                last_sent = self._clock()
                if (attempts := attempts + 1) == ATTEMPTS:
                    return Verdict(CreateFate.UNKNOWN)
                continue
            if isinstance(answer, Written):
                return Verdict(CreateFate.CARRIED_OUT, {"id": answer.id, **answer.record})
            if isinstance(answer, Unclear):
                return Verdict(CreateFate.UNKNOWN)
            refusal = answer

    def _searched(self, intents: Sequence[Intent], last_sent: float) -> dict[str, Verdict]:
        verdicts: dict[str, Verdict] = {}
        open_intents = list(intents)
        while open_intents:
            is_last = self._clock() > last_sent + self._window.seconds
            for source_id, record in self._found(open_intents).items():
                verdicts[source_id] = Verdict(CreateFate.CARRIED_OUT, record)
            open_intents = [intent for intent in open_intents if intent.source_id not in verdicts]
            if is_last:
                break
            if open_intents:
                self._stopping.nap(self._window.seconds / POLLS)
        return verdicts | {intent.source_id: Verdict(CreateFate.NOT_CARRIED_OUT) for intent in open_intents}

    def _found(self, intents: Sequence[Intent]) -> dict[str, CrmRecord]:
        """Records that nobody speaks for, each given to the intent that it resembles most."""
        since = datetime.fromtimestamp(min(intent.server_at for intent in intents) - CLOCK_MARGIN_SECONDS, UTC)
        payloads = [intent.payload for intent in intents]
        hits = {record["id"]: record for record in self._crm.created_since(self._crm_object, since, payloads)}
        whole_records = {
            crm_id: hits[crm_id] for crm_id in hits.keys() - self._ledger.claimed(self._scope, hits.keys()).keys()
        }
        return pairs(self._crm, self._crm_object, intents, whole_records)


def pairs(
    crm: Crm, crm_object: CrmObject, intents: Iterable[Intent], whole_records: Mapping[CrmId, CrmRecord]
) -> dict[str, CrmRecord]:
    """Pair intents one to one with records that carry what was sent, the most alike first."""
    likely = sorted(
        (
            (-score, intent.source_id, str(crm_id), crm_id)
            for intent in intents
            for crm_id, record in whole_records.items()
            if (score := resemblance(crm, crm_object, intent.payload, record)) is not None
        ),
        key=lambda pair: pair[:3],
    )
    paired: dict[str, CrmRecord] = {}
    given: set[CrmId] = set()
    for _, source_id, _, crm_id in likely:
        if source_id not in paired and crm_id not in given:
            paired[source_id] = whole_records[crm_id]
            given.add(crm_id)
    return paired


def resemblance(crm: Crm, crm_object: CrmObject, payload: Payload, record: CrmRecord) -> int | None:
    """How many attributes of a record are as they were sent; None if it cannot be what became of the payload.

    What the CRM dropped or has not filled in yet speaks against nothing; a different value does, and so does a
    required attribute that is not there.
    """
    score = 0
    for name, sent in payload.items():
        attribute = crm_object.attribute(name)
        if attribute is None or sent is None or (attribute.kind not in _FIRM and not attribute.required):
            continue
        has, wanted = _value(crm, attribute, record.get(name)), _value(crm, attribute, sent)
        if has == wanted:
            score += 1
        elif has is not None or attribute.required:
            return None
    return score


def _value(crm: Crm, attribute: Attribute, value: Any) -> Any:
    if value is None or value in ("", [], {}):
        return None
    with suppress(ValueError):
        value = crm.decode(attribute, value)
    return " ".join(value.split()).casefold() if isinstance(value, str) else value


class EndpointInquiry(Inquiry):
    """Finds out what became of the lost creates of a stream that is sent whole."""

    @override
    def verdicts(self, intents: Sequence[Intent], last_sent: float) -> dict[str, Verdict]:
        verdicts: dict[str, Verdict] = {}
        searched: list[Intent] = []
        for intent in intents:
            self._stopping.check()
            if self._crm.may_repeat(self._crm_object):
                verdicts[intent.source_id] = self._sent_again(intent)
            elif self._asked(intent):
                searched.append(intent)
            else:
                verdicts[intent.source_id] = Verdict(CreateFate.UNKNOWN)
        return verdicts | self._searched(searched, last_sent)

    def _sent_again(self, intent: Intent) -> Verdict:
        try:
            (answer,) = self._crm.create(self._crm_object, [intent.payload], before_send=self._stopping.check)
        except InDoubtError:
            return Verdict(CreateFate.UNKNOWN)
        if isinstance(answer, Written):
            return Verdict(CreateFate.CARRIED_OUT, {**answer.record, "id": answer.id})
        if isinstance(answer, Unclear):
            return Verdict(CreateFate.UNKNOWN)
        return Verdict(CreateFate.REFUSED, reason=answer.reason, status=answer.status)

    @override
    def _searched(self, intents: Sequence[Intent], last_sent: float) -> dict[str, Verdict]:
        verdicts: dict[str, Verdict] = {}
        given: set[CrmId] = set()
        open_intents = list(intents)
        while open_intents:
            is_last = self._clock() > last_sent + self._window.seconds
            for intent in open_intents:
                verdict = self._looked_for(intent, given)
                if verdict is not None:
                    verdicts[intent.source_id] = verdict
            open_intents = [intent for intent in open_intents if intent.source_id not in verdicts]
            if is_last:
                break
            if open_intents:
                self._stopping.nap(min(self._window.seconds / POLLS, 1))
        return verdicts | {intent.source_id: Verdict(CreateFate.NOT_CARRIED_OUT) for intent in open_intents}

    def _asked(self, intent: Intent) -> tuple[str, ...]:
        """What the find endpoint can be asked for a record; empty without one, or without a value for it."""
        return tuple(intent.keys.get(self._crm_object.find_key or "", ()))

    def _looked_for(self, intent: Intent, given: set[CrmId]) -> Verdict | None:
        name, values = self._crm_object.find_key or "", self._asked(intent)
        key = MatchKey((MatchPart(name, values),))
        hits: dict[CrmId, CrmRecord] = {
            record["id"]: record
            for record in self._crm.find(self._crm_object, name, values)
            if self._mapper.matches(key, record)
        }
        taken = self._ledger.claimed(self._scope, hits.keys()).keys() | given
        whole_records = [crm_id for crm_id in hits if crm_id not in taken]
        if len(whole_records) > 1:
            return Verdict(CreateFate.UNKNOWN)
        if whole_records:
            given.add(whole_records[0])
            return Verdict(CreateFate.CARRIED_OUT, hits[whole_records[0]])
        return Verdict(CreateFate.CARRIED_OUT, next(iter(hits.values())), ours=False) if hits else None
