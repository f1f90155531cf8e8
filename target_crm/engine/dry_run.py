"""A dry run's CRM account: reads are real, writes are noted and remembered as if they were done, and none is sent."""

from __future__ import annotations

import itertools
import json
import math
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from typing import Any, cast

import msgspec
from typing_extensions import override

from crm_api.crm import BeforeSend, Crm, Refused, Result, Wanted, Written
from crm_api.crm_objects import CrmId, CrmObject, CrmRecord, Kind, Payload, outgoing
from crm_api.delegating import DelegatingCrm
from crm_api.dry_run import DryRunAnswer, NewId
from crm_api.errors import RefusedError
from crm_api.transport.answer import Answer
from crm_api.transport.request import Request
from crm_api.transport.session import CrmSession
from target_crm.crms import rates_of
from target_crm.ledger.values import Held
from target_crm.report.outcomes import RejectKind
from target_crm.report.summary import Forecast

MINUTE_SECONDS = 60
HOUR_SECONDS = 3600
MOST_SEEN = 5_000  # records, and values asked for, that are remembered: the latest
_BY_THE_CRM = {RejectKind.REFUSED, RejectKind.FORBIDDEN}
_ENCODER = msgspec.json.Encoder(decimal_format="number")


class DryRunSession:
    """Stands in for the session: lets reads through and notes writes.

    Args:
        crm: The account whose session it is.
        note: Called with each request that would write.
        new_id: Makes an id for a record that would be created.
        whole: Adds to a made-up answer what the record holds besides.
    """

    def __init__(self, crm: Crm, note: Callable[[Request], None], new_id: NewId, whole: Callable[[Any], Any]) -> None:
        self._crm = crm
        self._session = crm.session
        self._note = note
        self._new_id = new_id
        self._whole = whole

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def exchange(self, request: Request, *, before_send: BeforeSend | None = None) -> Answer:
        """Send a request that reads; answer one that writes as the CRM would, and note it."""
        if request.changes_nothing:
            return self._session.exchange(request, before_send=before_send)
        if before_send is not None:
            before_send()
        self._note(request)
        self._session.traffic.answered(None)
        answer = self._crm.dry_run_answer(request, self._new_id)
        return DryRunAnswer(HTTPStatus.OK, value=self._whole(answer), new_id=self._new_id)


class DryRunCrm(DelegatingCrm):
    """An account as it would be if what was asked of it had been done.

    Args:
        crm: The account. Its session is replaced.
        note: Called with each request that would write.

    Attributes:
        writes: How many requests would write.
        extra_requests: How many requests the real run would not send: what the answers to its writes say is read here.
        spared_requests: How many requests only the real run sends: to learn that a record of a bulk call is gone, or to
            read again what it made itself.
    """

    def __init__(self, crm: Crm, note: Callable[[Request], None]) -> None:
        super().__init__(crm)
        self.writes = 0
        self.extra_requests = 0
        self.spared_requests = 0
        self._note = note
        self._reading = threading.Lock()
        self._updating = threading.local()
        self._numbers = itertools.count(1)
        self._new_ids: set[CrmId] = set()
        self._lock = threading.Lock()
        self._changes: dict[tuple[str, CrmId], dict[str, Any]] = {}
        self._deleted: set[tuple[str, CrmId]] = set()
        self._refused: dict[tuple[CrmId | None, str], Refused] = {}
        self._seen: dict[tuple[str, CrmId], CrmRecord] = {}
        """Records as they were read: what the run itself reads before a write need not be read again."""
        self._found: dict[tuple[str, str, str], frozenset[CrmId]] = {}
        """The ids that a search for a value found, by object, attribute and value."""
        crm.replace_session(
            lambda each: cast("CrmSession", DryRunSession(each, self._noted, self._new_id, self._whole))
        )

    def expect_refusals(self, rejected: Iterable[Held]) -> None:
        """Answer as the CRM did before to what it refused, if the same is sent again: the run would be told the same.

        Args:
            rejected: What the ledger holds as rejected.
        """
        for held in rejected:
            if held.kind in _BY_THE_CRM and isinstance(held.sent, dict) and "payload" in held.sent:
                key = held.sent.get("crm_id"), _canonical(held.sent["payload"])
                self._refused[key] = Refused(held.reason, held.status, body=held.sent.get("answer") or "")

    def _as_before(self, writes: Sequence[tuple[CrmId | None, Payload]], answers: list[Result]) -> list[Result]:
        if not self._refused:
            return answers
        keys = [(crm_id, _canonical(outgoing(payload).payload)) for crm_id, payload in writes]
        return [self._refused.get(key, answer) for key, answer in zip(keys, answers, strict=True)]

    def _noted(self, request: Request) -> None:
        with self._lock:
            self.writes += 1
        self._note(request)

    def _new_id(self) -> CrmId:
        """Make an id for a record that would be created: negative, as no record of the CRM has it."""
        with self._lock:
            crm_id = -next(self._numbers)
            self._new_ids.add(crm_id)
            return crm_id

    def _with_changes(self, crm_object: CrmObject, records: list[CrmRecord]) -> list[CrmRecord]:
        """The CRM's records as the run would have left them; those that it would have deleted are left out."""
        return [
            self._changed(crm_object, record)
            for record in records
            if (crm_object.name, record["id"]) not in self._deleted
        ]

    def _changed(self, crm_object: CrmObject, record: CrmRecord) -> CrmRecord:
        change = self._changes.get((crm_object.name, record["id"]))
        return record if change is None else self._merged(record, change)

    def _merged(self, record: CrmRecord, change: Mapping[str, Any]) -> CrmRecord:
        custom = {**self._crm.custom_values(record), **self._crm.custom_values(change)}
        return {**record, **change, **(self._crm.custom_container(custom) if custom else {})}

    def _remember(self, crm_object: CrmObject, results: Sequence[Result]) -> list[Result]:
        """Remember what would be written; returns the results without what a made-up answer cannot know."""
        for result in results:
            if isinstance(result, Written):
                key = crm_object.name, result.id
                with self._lock:
                    self._changes[key] = dict(self._merged(self._changes.get(key, {}), result.record))
        return [Written(result.id, {}) if isinstance(result, Written) else result for result in results]

    def _whole(self, answer: Any) -> Any:
        """Add to a made-up answer to an update what the records hold besides."""
        bases: Mapping[CrmId, CrmRecord] = getattr(self._updating, "bases", {})
        if isinstance(answer, list):
            return [self._whole(each) for each in answer]
        if isinstance(answer, dict) and answer.get("id") in bases:
            return self._merged(bases[answer["id"]], answer)
        return answer

    def _before(self, crm_object: CrmObject, ids: Sequence[CrmId]) -> dict[CrmId, CrmRecord]:
        """Return records as they would be before an update; those that are gone are left out."""
        with self._lock:
            seen = [record for crm_id in ids if (record := self._seen.get((crm_object.name, crm_id))) is not None]
        known = {record["id"] for record in seen}
        left = [crm_id for crm_id in ids if crm_id not in known]
        with self._reading:
            sent = self.session.traffic.requests
            found = self._read(crm_object, left) if left else {}
            self.extra_requests += self.session.traffic.requests - sent
        return found | {record["id"]: record for record in self._with_changes(crm_object, seen)}

    def as_read(self, crm_object: CrmObject, crm_id: CrmId) -> CrmRecord | None:
        """Return a record as the CRM has it, without what the run would have done; None: it was not read lately."""
        with self._lock:
            return self._seen.get((crm_object.name, crm_id))

    def is_new(self, crm_id: CrmId) -> bool:
        """Tell whether an id is one that was made up for a record which the run would create."""
        return crm_id in self._new_ids

    def _note_read(self, crm_object: CrmObject, records: Iterable[CrmRecord]) -> None:
        """Remember whole records as they were read."""
        with self._lock:
            self._seen |= {(crm_object.name, record["id"]): record for record in records if self._crm.is_whole(record)}
            _shorten(self._seen)

    # Reads

    @override
    def find(self, crm_object: CrmObject, attribute: str, values: Sequence[str]) -> list[CrmRecord]:
        found = self._crm.find(crm_object, attribute, values)
        self._note_read(crm_object, found)
        ids = frozenset(record["id"] for record in found)
        with self._lock:
            self._found |= {(crm_object.name, attribute, value.casefold()): ids for value in values}
            _shorten(self._found)
        return self._with_changes(crm_object, found)

    @override
    def scan(self, crm_object: CrmObject) -> Iterator[CrmRecord]:
        return iter(self._with_changes(crm_object, list(self._crm.scan(crm_object))))

    @override
    def read(self, crm_object: CrmObject, ids: Sequence[CrmId], *, immediate: bool = False) -> dict[CrmId, CrmRecord]:
        new = sum(crm_id in self._new_ids for crm_id in ids)
        self.spared_requests += -(-len(ids) // self.page_size) - -(-(len(ids) - new) // self.page_size)
        return self._read(crm_object, ids, immediate=immediate)

    def _read(self, crm_object: CrmObject, ids: Sequence[CrmId], *, immediate: bool = False) -> dict[CrmId, CrmRecord]:
        new = {crm_id: self._made(crm_object, crm_id) for crm_id in ids if crm_id in self._new_ids}
        real = [crm_id for crm_id in ids if crm_id not in new]
        found = list(self._crm.read(crm_object, real, immediate=immediate).values()) if real else []
        self._note_read(crm_object, found)
        return new | {record["id"]: record for record in self._with_changes(crm_object, found)}

    def _made(self, crm_object: CrmObject, crm_id: CrmId) -> CrmRecord:
        """Return a record that the run would have created, as the CRM would show it: with what nobody gave it, too."""
        empty = {each.name: None for each in crm_object.attributes if each.kind is not Kind.CUSTOM}
        record = {**empty, **self._crm.custom_container({}), **self._changes[crm_object.name, crm_id]}
        return {**record, "id": crm_id}

    # Writes

    @override
    def create(self, crm_object: CrmObject, payloads: Sequence[Payload], *, before_send: BeforeSend) -> list[Result]:
        answers = self._crm.create(crm_object, payloads, before_send=before_send)
        answers = self._as_before([(None, payload) for payload in payloads], answers)
        self._remember(crm_object, answers)
        return [
            replace(answer, record=self._made(crm_object, answer.id)) if isinstance(answer, Written) else answer
            for answer in answers
        ]

    @override
    def update(self, crm_object: CrmObject, changes: Sequence[tuple[CrmId, Payload]]) -> list[Result]:
        if crm_object.whole_records:
            return self._remember(crm_object, self._crm.update(crm_object, changes))
        bases = self._before(crm_object, [crm_id for crm_id, _ in changes])
        self._updating.bases = bases
        try:
            answers = self._crm.update(crm_object, changes)
        finally:
            self._updating.bases = {}
        answers = self._as_before(changes, answers)
        self._remember(crm_object, answers)
        results: list[Result] = []
        for (crm_id, _), answer in zip(changes, answers, strict=True):
            base = bases.get(crm_id)
            if base is None:
                self._forget(crm_object, crm_id)
                self.spared_requests += len(changes) > 1
                results.append(Refused("The CRM has no such record", HTTPStatus.NOT_FOUND, gone=True))
            elif isinstance(answer, Written):
                results.append(replace(answer, record=self._merged(base, answer.record), before=base))
            else:
                results.append(answer)
        return results

    def _forget(self, crm_object: CrmObject, crm_id: CrmId) -> None:
        with self._lock:
            self._changes.pop((crm_object.name, crm_id), None)
            self._deleted.add((crm_object.name, crm_id))

    @override
    def upsert(self, crm_object: CrmObject, attribute: str, value: str, payload: Payload) -> Result:
        (result,) = self._remember(crm_object, [self._crm.upsert(crm_object, attribute, value, payload)])
        return result

    @override
    def upsert_many(
        self, crm_object: CrmObject, attribute: str, wanted: Sequence[Wanted], *, before_send: BeforeSend
    ) -> list[Result]:
        there = self._there(crm_object, attribute, [each.value for each in wanted])
        results: list[Result] = []
        answers = self._crm.upsert_many(crm_object, attribute, wanted, before_send=before_send)
        for each, answer in zip(wanted, answers, strict=True):
            before = there.get(each.value.casefold())
            if isinstance(answer, Written) and before is not None:
                answer = replace(answer, id=before["id"], created=False, before=before)  # noqa: PLW2901 - who it is
            results.append(answer)
        return [
            replace(kept, created=answer.before is None if isinstance(answer, Written) else None, before=answer.before)
            if isinstance(kept, Written) and isinstance(answer, Written)
            else kept
            for kept, answer in zip(self._remember(crm_object, results), results, strict=True)
        ]

    def _there(self, crm_object: CrmObject, attribute: str, values: Sequence[str]) -> dict[str, CrmRecord]:
        """Find the records that an upsert would change, whole, by value: a dry run looks for what the run has not."""
        size = self._crm.find_size(crm_object, attribute)
        places = {value: (crm_object.name, attribute, value.casefold()) for value in values}
        with self._lock:
            known = {value: self._found[place] for value, place in places.items() if place in self._found}
        left = [value for value in values if value not in known]
        chunks = [left[start : start + size] for start in range(0, len(left), size)] if size else []
        with self._reading:
            sent = self.session.traffic.requests
            ids = {record["id"] for chunk in chunks for record in self.find(crm_object, attribute, chunk)}
            self.extra_requests += self.session.traffic.requests - sent
        found: dict[str, CrmRecord] = {}
        for record in self._before(crm_object, [*ids.union(*known.values())]).values():
            for value in self._crm.upsert_values(crm_object, attribute, record):
                found.setdefault(value, record)
        return found

    @override
    def delete_many(
        self, crm_object: CrmObject, pending: Sequence[tuple[CrmId, Payload]], *, forget: bool
    ) -> list[RefusedError | None]:
        refused = self._crm.delete_many(crm_object, pending, forget=forget)
        self._deleted.update((crm_object.name, crm_id) for crm_id, _ in pending)
        return refused

    @override
    def delete(self, crm_object: CrmObject, crm_id: CrmId) -> None:
        self._crm.delete(crm_object, crm_id)
        self._deleted.add((crm_object.name, crm_id))

    @override
    def delete_described(self, crm_object: CrmObject, crm_id: CrmId, payload: Payload) -> None:
        self._crm.delete_described(crm_object, crm_id, payload)
        self._deleted.add((crm_object.name, crm_id))


def _shorten(remembered: dict[Any, Any]) -> None:
    """Forget the oldest entries beyond ``MOST_SEEN``."""
    for key in list(itertools.islice(remembered, max(len(remembered) - MOST_SEEN, 0))):
        del remembered[key]


def _canonical(payload: Any) -> str:
    """Spell a payload in JSON as it would come back from the ledger."""
    return json.dumps(json.loads(_ENCODER.encode(payload)), sort_keys=True)


def forecast_of(crm: Crm, config: Mapping[str, Any]) -> Forecast | None:
    """Say what the run would have cost: its reads, which were real, and its writes, which were not.

    Args:
        crm: The account as the run has seen it.
        config: The settings.
    """
    if not isinstance(crm, DryRunCrm):
        return None
    requests = crm.session.traffic.requests + crm.writes + crm.spared_requests - crm.extra_requests
    return Forecast(crm.writes, requests, _forecast_seconds(requests, *rates_of(config)))


def _forecast_seconds(requests: int, requests_per_minute: int, requests_per_hour: int) -> float:
    """The least time that so many requests take under rolling windows of a minute and an hour; 0 if there are none."""
    windows = ((requests_per_minute, MINUTE_SECONDS), (requests_per_hour, HOUR_SECONDS))
    return max(
        math.floor((requests - 1) / rate) * float(width) if rate and requests else 0.0 for rate, width in windows
    )
