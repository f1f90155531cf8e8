"""Creates to which no answer came: whether they were carried out.

In this order: the vendor's own atomic upsert, the vendor's uniqueness rule, both after a look; a look at what was
created since the intent, repeated until nothing sent can still turn up. What is found is ours, also if somebody has
edited it since; what is not was never carried out.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import Enum

from typing_extensions import override

from crm_api.crm import Refused, Result, Unclear, Written
from crm_api.crm_objects import CrmId, CrmRecord
from crm_api.errors import InDoubtError
from crm_api.values import read_moment
from target_crm.engine.resemblance import is_much_like, pairs, resemblance
from target_crm.engine.run import StreamContext
from target_crm.ledger.values import Intent
from target_crm.mapping.values import MatchKey, MatchPart

CLOCK_MARGIN_SECONDS = 300.0  # by which the CRM's clocks may differ among themselves
ATTEMPTS = 3  # repetitions of a create that the CRM keeps unique
POLLS = 12  # looks at the CRM between the last moment of sending and the deadline
LONGEST_NAP_SECONDS = 1.0  # between two questions to a find endpoint, which costs little


class CreateFate(Enum):
    """The ways in which a create can have ended."""

    CARRIED_OUT = "carried out"
    NOT_CARRIED_OUT = "not carried out"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer to whether one create was carried out.

    Attributes:
        fate: Whether it was carried out.
        record: The CRM's record, where it was carried out; else None.
        ours: Whether the record is the one that was created, and no other source id stands for it; otherwise it is to
            be matched.
        edited: Whether it no longer holds what was sent: somebody has edited it since.
        reason: Why it was refused, for people; empty if it was not.
        status: HTTP status of a refusal, or None.
    """

    fate: CreateFate
    record: CrmRecord | None = None
    ours: bool = True
    edited: bool = False
    reason: str = ""
    status: int | None = None


Look = Callable[[Sequence[Intent]], Mapping[str, Verdict]]
"""Looks for what became of creates; verdicts by source id, of those that can be given by now."""


class DoubtResolver(ABC):
    """Finds out whether the creates of one stream to which no answer came were carried out.

    Args:
        context: The stream's way into the CRM.
    """

    def __init__(self, context: StreamContext) -> None:
        self._crm = context.crm
        self._crm_object = context.mapper.crm_object
        self._mapper = context.mapper
        self._ledger = context.ledger
        self._scope = context.scope
        self._share = context.share
        self._stopping = context.run.timing.stopping
        self._window = context.run.timing.window
        self._clock = context.run.timing.clock

    @abstractmethod
    def verdicts(self, intents: Sequence[Intent], last_sent: float) -> dict[str, Verdict]:
        """Find out about creates.

        Args:
            intents: The creates.
            last_sent: When the last of them can have been sent (monotonic seconds).

        Returns:
            A verdict for each, by source id.

        Raises:
            StopError: The CRM cannot be asked, or a signal came: all of them stay in doubt.
            BusyError: The CRM cannot be asked for now: all of them stay in doubt.
        """

    def _create_again(self, intent: Intent) -> Result:
        (answer,) = self._crm.create(self._crm_object, [intent.payload], before_send=self._stopping.check)
        return answer

    def _look_until_late(
        self, intents: Sequence[Intent], last_sent: float, look: Look, nap_seconds: float
    ) -> dict[str, Verdict]:
        """Look again and again until nothing that was sent can still turn up; what has not was never carried out."""
        verdicts: dict[str, Verdict] = {}
        open_intents = list(intents)
        while open_intents:
            is_last = self._clock() > last_sent + self._window.seconds
            verdicts |= look(open_intents)
            open_intents = [intent for intent in open_intents if intent.source_id not in verdicts]
            if is_last:
                break
            if open_intents:
                self._stopping.nap(nap_seconds)
        return verdicts | {intent.source_id: Verdict(CreateFate.NOT_CARRIED_OUT) for intent in open_intents}


class MappedResolver(DoubtResolver):
    """Asks a CRM that knows the object's attributes.

    Args:
        context: The stream's way into the CRM.
        upsert_by: The attribute by which the CRM itself may upsert records of this stream, or None.
        matches: Whether what is taken for not carried out is matched by its keys before it is created again.
    """

    def __init__(self, context: StreamContext, upsert_by: str | None, *, matches: bool) -> None:
        super().__init__(context)
        self._upsert_by = upsert_by
        self._matches = matches
        self._nobodys: Mapping[CrmId, CrmRecord] = {}
        self._paired: set[CrmId] = set()

    @override
    def verdicts(self, intents: Sequence[Intent], last_sent: float) -> dict[str, Verdict]:
        verdicts: dict[str, Verdict] = {}
        searched: list[Intent] = []
        given: set[CrmId] = set()
        for intent in intents:
            self._stopping.check()
            if self._upsert_by is not None and len(intent.keys.get(self._upsert_by, ())) == 1:
                verdicts[intent.source_id] = self._once(self._upserted(intent, self._upsert_by), given)
            elif (unique := self._unique(intent)) is not None:
                verdicts[intent.source_id] = self._once(self._repeated(intent, unique, last_sent), given)
            else:
                searched.append(intent)
        nap_seconds = self._window.seconds / POLLS
        self._paired.clear()
        looked_for = self._look_until_late(searched, last_sent, self._created_since, nap_seconds)
        lost = [each for each in searched if looked_for[each.source_id].fate is CreateFate.NOT_CARRIED_OUT]
        edited = {each.source_id for each in lost if self._may_be_edited(each)}
        return self._without_others(verdicts | looked_for | dict.fromkeys(edited, Verdict(CreateFate.UNKNOWN)))

    def _without_others(self, verdicts: dict[str, Verdict]) -> dict[str, Verdict]:
        """Leave in doubt what may be a record that another process, of another share, creates or has just created.

        Its intent is in the ledger before the record is in the CRM, and goes as its claim comes: so first intents are
        read, then claims.
        """
        if self._share is None:
            return verdicts
        intents = self._ledger.intents(self._scope).values()
        others = [each.payload for each in intents if not self._share.holds(each.source_id)]
        found = {each.record["id"]: name for name, each in verdicts.items() if each.ours and each.record is not None}
        taken = {found[crm_id] for crm_id in self._ledger.claimed(self._scope, found.keys())}
        for name, each in verdicts.items():
            record = each.record
            if name in found.values() and record is not None:
                alike = (resemblance(self._crm, self._crm_object, payload, record) is not None for payload in others)
                taken |= {name} if any(alike) else set()
        return verdicts | dict.fromkeys(taken, Verdict(CreateFate.UNKNOWN))

    def _may_be_edited(self, intent: Intent) -> bool:
        """Tell whether a record that nothing stands for may come of a create, and was edited since.

        Where the record would be matched by its keys, it need not be guessed.
        """
        if intent.keys and self._matches:
            return False
        return any(is_much_like(self._crm, self._crm_object, intent.payload, each) for each in self._nobodys.values())

    def _once(self, verdict: Verdict, given: set[CrmId]) -> Verdict:
        """Take a record for one create only; one that another source record stands for is to be matched."""
        if verdict.record is None:
            return verdict
        crm_id: CrmId = verdict.record["id"]
        spoken_for = crm_id in given or bool(self._ledger.claimed(self._scope, [crm_id]))
        given.add(crm_id)
        return replace(verdict, ours=verdict.ours and not spoken_for)

    def _upserted(self, intent: Intent, attribute: str) -> Verdict:
        """Look, and upsert what is not there: an upsert would write over what somebody has edited since."""
        value = intent.keys[attribute][0]
        may_look = self._crm.find_size(self._crm_object, attribute) > 0
        there = self._crm.find(self._crm_object, attribute, [value]) if may_look else []
        found = [record for record in there if value in self._mapper.values(record, attribute)]
        if len(found) == 1:
            return self._told_by(intent, found[0])
        return _verdict_of(self._crm.upsert(self._crm_object, attribute, value, intent.payload))

    def _told_by(self, intent: Intent, record: CrmRecord) -> Verdict:
        """The verdict about a record that has the match value of a create."""
        if resemblance(self._crm, self._crm_object, intent.payload, record) is not None:
            return Verdict(CreateFate.CARRIED_OUT, record)
        is_edited = self._is_made_since(intent, record)
        return Verdict(CreateFate.CARRIED_OUT, record, ours=is_edited, edited=is_edited)

    def _is_made_since(self, intent: Intent, record: CrmRecord) -> bool:
        """Tell whether a record has all match values of a create, and was made since that was sent.

        Nothing had these values when it was sent.
        """
        try:
            made = read_moment(record.get(self._crm.made_at))
        except ValueError:
            return False
        if not isinstance(made, datetime) or made.timestamp() < intent.server_at - CLOCK_MARGIN_SECONDS:
            return False
        keys = {name: set(values) for name, values in intent.keys.items() if values}
        return bool(keys and intent.server_at) and all(
            self._mapper.values(record, name) & values for name, values in keys.items()
        )

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
                    return self._told_by(intent, record)
            if refusal is not None and self._clock() > last_sent + self._window.seconds:
                return _verdict_of(refusal)
            if refusal is not None:
                self._stopping.nap(self._window.seconds / POLLS)
                continue
            try:
                answer = self._create_again(intent)
            except InDoubtError:
                last_sent = self._clock()
                if (attempts := attempts + 1) == ATTEMPTS:
                    return Verdict(CreateFate.UNKNOWN)
                continue
            if not isinstance(answer, Refused):
                return _verdict_of(answer)
            refusal = answer

    def _created_since(self, intents: Sequence[Intent]) -> dict[str, Verdict]:
        """Return records for which nothing stands to the intents that they resemble most."""
        since = datetime.fromtimestamp(min(intent.server_at for intent in intents) - CLOCK_MARGIN_SECONDS, UTC)
        payloads = [intent.payload for intent in intents]
        hits = {record["id"]: record for record in self._crm.created_since(self._crm_object, since, payloads)}
        # What an earlier look paired is in no ledger yet.
        unclaimed = hits.keys() - self._ledger.claimed(self._scope, hits.keys()).keys() - self._paired
        found = pairs(self._crm, self._crm_object, intents, {crm_id: hits[crm_id] for crm_id in unclaimed})
        verdicts = {source_id: Verdict(CreateFate.CARRIED_OUT, record) for source_id, record in found.items()}
        left = {crm_id: hits[crm_id] for crm_id in unclaimed - {record["id"] for record in found.values()}}
        for intent in intents if left else ():
            mine = [record for record in left.values() if self._is_made_since(intent, record)]
            if intent.source_id not in verdicts and len(mine) == 1:
                verdicts[intent.source_id] = Verdict(CreateFate.CARRIED_OUT, mine[0], edited=True)
                del left[mine[0]["id"]]
        self._nobodys = left
        self._paired.update(each.record["id"] for each in verdicts.values() if each.record is not None)
        return verdicts


class WholeRecordResolver(DoubtResolver):
    """Asks declared endpoints: by repeating the create where that is safe, else by the find endpoint.

    A create that is safe by its idempotency key alone is repeated only while the API remembers the key.
    """

    @override
    def verdicts(self, intents: Sequence[Intent], last_sent: float) -> dict[str, Verdict]:
        verdicts: dict[str, Verdict] = {}
        searched: list[Intent] = []
        for intent in intents:
            self._stopping.check()
            if self._crm.may_repeat(self._crm_object, age_seconds=self._ledger.age_seconds(intent)):
                verdicts[intent.source_id] = self._sent_again(intent)
            elif self._asked(intent):
                searched.append(intent)
            else:
                verdicts[intent.source_id] = Verdict(CreateFate.UNKNOWN)
        given: set[CrmId] = set()

        def look(open_intents: Sequence[Intent]) -> dict[str, Verdict]:
            found = {intent.source_id: self._looked_for(intent, given) for intent in open_intents}
            return {source_id: verdict for source_id, verdict in found.items() if verdict is not None}

        nap_seconds = min(self._window.seconds / POLLS, LONGEST_NAP_SECONDS)
        return verdicts | self._look_until_late(searched, last_sent, look, nap_seconds)

    def _sent_again(self, intent: Intent) -> Verdict:
        try:
            return _verdict_of(self._create_again(intent))
        except InDoubtError:
            return Verdict(CreateFate.UNKNOWN)

    def _asked(self, intent: Intent) -> tuple[str, ...]:
        """The values that the find endpoint can be asked for; empty without such an endpoint, or without a value."""
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
        unclaimed = [crm_id for crm_id in hits if crm_id not in taken]
        if len(unclaimed) > 1:
            return Verdict(CreateFate.UNKNOWN)
        if unclaimed:
            given.add(unclaimed[0])
            return Verdict(CreateFate.CARRIED_OUT, hits[unclaimed[0]])
        return Verdict(CreateFate.CARRIED_OUT, next(iter(hits.values())), ours=False) if hits else None


def _verdict_of(answer: Result) -> Verdict:
    """The verdict that the answer to a repeated write is."""
    if isinstance(answer, Written):
        return Verdict(CreateFate.CARRIED_OUT, {**answer.record, "id": answer.id})
    if isinstance(answer, Unclear):
        return Verdict(CreateFate.UNKNOWN)
    return Verdict(CreateFate.REFUSED, reason=answer.reason, status=answer.status)
