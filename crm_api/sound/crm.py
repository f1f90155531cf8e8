"""A CRM in front of another, whose records hold nothing that cannot be read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from typing_extensions import override

from crm_api.crm import BeforeSend, Result, Unclear, Wanted, Written
from crm_api.crm_objects import CrmId, CrmObject, CrmRecord, Payload
from crm_api.delegating import DelegatingCrm
from crm_api.sound.records import sound


class SoundCrm(DelegatingCrm):
    """Leaves out of the records of another CRM what ``sound`` leaves out; of odd answers to writes, what they say."""

    def _made_sound(self, crm_object: CrmObject, result: Result, known: CrmId | None = None) -> Result:
        """Take what cannot be read out of a result; one whose id is none says nothing, unless the id is known."""
        if not isinstance(result, Written):
            return result
        if type(result.id) not in {int, str}:
            if known is None:
                return Unclear(None)
            result = replace(result, id=known)
        before = None if result.before is None else sound(crm_object, result.before)
        return replace(result, record=sound(crm_object, result.record), before=before)

    def _all_sound(self, crm_object: CrmObject, records: Iterable[CrmRecord]) -> Iterator[CrmRecord]:
        return (sound(crm_object, record) for record in records)

    @override
    def find(self, crm_object: CrmObject, attribute: str, values: Sequence[str]) -> list[CrmRecord]:
        return list(self._all_sound(crm_object, super().find(crm_object, attribute, values)))

    @override
    def scan(self, crm_object: CrmObject) -> Iterator[CrmRecord]:
        return self._all_sound(crm_object, super().scan(crm_object))

    @override
    def created_since(self, crm_object: CrmObject, since: datetime, payloads: Sequence[Payload]) -> Iterator[CrmRecord]:
        return self._all_sound(crm_object, super().created_since(crm_object, since, payloads))

    @override
    def read(self, crm_object: CrmObject, ids: Sequence[CrmId], *, immediate: bool = False) -> dict[CrmId, CrmRecord]:
        found = super().read(crm_object, ids, immediate=immediate)
        return {crm_id: sound(crm_object, record) for crm_id, record in found.items()}

    @override
    def create(self, crm_object: CrmObject, payloads: Sequence[Payload], *, before_send: BeforeSend) -> list[Result]:
        results = super().create(crm_object, payloads, before_send=before_send)
        return [self._made_sound(crm_object, each) for each in results]

    @override
    def update(self, crm_object: CrmObject, changes: Sequence[tuple[CrmId, Payload]]) -> list[Result]:
        results = super().update(crm_object, changes)
        return [self._made_sound(crm_object, each, change[0]) for each, change in zip(results, changes, strict=True)]

    @override
    def upsert(self, crm_object: CrmObject, attribute: str, value: str, payload: Payload) -> Result:
        return self._made_sound(crm_object, super().upsert(crm_object, attribute, value, payload))

    @override
    def upsert_many(
        self, crm_object: CrmObject, attribute: str, wanted: Sequence[Wanted], *, before_send: BeforeSend
    ) -> list[Result]:
        results = super().upsert_many(crm_object, attribute, wanted, before_send=before_send)
        return [self._made_sound(crm_object, each) for each in results]
