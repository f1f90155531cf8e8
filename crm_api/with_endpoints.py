"""A CRM, and beside its own objects whatever endpoints the settings declare on the same account."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from typing_extensions import override

from crm_api.crm import Account, BeforeSend, Crm, CustomField, Name, Request, Result, Wanted
from crm_api.crm_objects import Attribute, CrmId, CrmObject, CrmRecord, Payload
from crm_api.errors import RefusedError
from crm_api.free import Endpoints
from crm_api.session import CrmSession


class WithEndpoints(Crm):
    """Hands each object's work to the half that knows it.

    Args:
        crm: The CRM.
        endpoints: The declared ones, with the same session.
    """

    def __init__(self, crm: Crm, endpoints: Endpoints) -> None:
        self._crm = crm
        self._endpoints = endpoints
        self.session = crm.session
        self.objects = _Joined(crm.objects, endpoints.objects)
        self.refused = crm.refused
        self.index_lags = crm.index_lags or endpoints.index_lags
        self.page_size = crm.page_size

    def _half(self, of: CrmObject) -> Crm:
        return self._endpoints if of.free else self._crm

    @override
    def staged(self, stage: Callable[[Crm], CrmSession]) -> None:
        self._crm.staged(stage)
        self._endpoints.staged(stage)
        self.session = self._crm.session

    # What is the object's

    @override
    def find(self, of: CrmObject, attribute: str, values: Sequence[str]) -> list[CrmRecord]:
        return self._half(of).find(of, attribute, values)

    @override
    def count(self, of: CrmObject) -> int:
        return self._half(of).count(of)

    @override
    def scan(self, of: CrmObject) -> Iterator[CrmRecord]:
        return self._half(of).scan(of)

    @override
    def created_since(self, of: CrmObject, since: datetime, payloads: Sequence[Payload]) -> Iterator[CrmRecord]:
        return self._half(of).created_since(of, since, payloads)

    @override
    def read(self, of: CrmObject, ids: Sequence[CrmId], *, immediate: bool = False) -> dict[CrmId, CrmRecord]:
        return self._half(of).read(of, ids, immediate=immediate)

    @override
    def bulk_size(self, of: CrmObject, *, update: bool = False) -> int:
        return self._half(of).bulk_size(of, update=update)

    @override
    def groups(self, of: CrmObject, payloads: Sequence[Payload], *, update: bool = False) -> list[Sequence[int]]:
        return self._half(of).groups(of, payloads, update=update)

    @override
    def may_repeat(self, of: CrmObject, *, update: bool = False) -> bool:
        return self._half(of).may_repeat(of, update=update)

    @override
    def create(self, of: CrmObject, payloads: Sequence[Payload], *, before_send: BeforeSend) -> list[Result]:
        return self._half(of).create(of, payloads, before_send=before_send)

    @override
    def update(self, of: CrmObject, changes: Sequence[tuple[CrmId, Payload]]) -> list[Result]:
        return self._half(of).update(of, changes)

    @override
    def upsert(self, of: CrmObject, attribute: str, value: str, payload: Payload) -> Result:
        return self._half(of).upsert(of, attribute, value, payload)

    @override
    def upserts_by(self, of: CrmObject, attribute: Attribute) -> bool:
        return self._half(of).upserts_by(of, attribute)

    @override
    def upsert_values(self, of: CrmObject, attribute: str, record: CrmRecord) -> Collection[str]:
        return self._half(of).upsert_values(of, attribute, record)

    @override
    def upsert_many(
        self, of: CrmObject, attribute: str, wanted: Sequence[Wanted], *, before_send: BeforeSend
    ) -> list[Result]:
        return self._half(of).upsert_many(of, attribute, wanted, before_send=before_send)

    @override
    def find_size(self, of: CrmObject, attribute: str) -> int:
        return self._half(of).find_size(of, attribute)

    @override
    def delete_many(
        self, of: CrmObject, doomed: Sequence[tuple[CrmId, Payload]], *, forget: bool
    ) -> list[RefusedError | None]:
        return self._half(of).delete_many(of, doomed, forget=forget)

    @override
    def is_whole(self, record: CrmRecord) -> bool:
        return self._crm.is_whole(record)

    @override
    def delete(self, of: CrmObject, crm_id: CrmId) -> None:
        self._half(of).delete(of, crm_id)

    @override
    def delete_described(self, of: CrmObject, crm_id: CrmId, payload: Payload) -> None:
        self._half(of).delete_described(of, crm_id, payload)

    @override
    def custom_fields(self, of: CrmObject) -> Sequence[CustomField]:
        return self._half(of).custom_fields(of)

    # What is the CRM's: an endpoint's records are sent as they are

    @override
    def account(self) -> Account:
        return self._crm.account()

    @override
    def names(self, of: str) -> Sequence[Name]:
        return self._crm.names(of)

    @override
    def encode(self, attribute: Attribute, value: Any) -> Any:
        return self._crm.encode(attribute, value)

    @override
    def decode(self, attribute: Attribute, value: Any) -> Any:
        return self._crm.decode(attribute, value)

    @override
    def imagined(self, request: Request, new_id: Callable[[], CrmId]) -> Any:
        return self._crm.imagined(request, new_id)

    @override
    def custom_values(self, record: CrmRecord) -> dict[CrmId, Any]:
        return self._crm.custom_values(record)

    @override
    def custom_container(self, values: Mapping[CrmId, Any]) -> Payload:
        return self._crm.custom_container(values)


class _Joined(Mapping[str, CrmObject]):
    """The CRM's objects, and by name those that endpoints stand for; only the former are listed."""

    def __init__(self, own: Mapping[str, CrmObject], endpoints: Mapping[str, CrmObject]) -> None:
        self._own = own
        self._endpoints = endpoints

    @override
    def __getitem__(self, name: str) -> CrmObject:
        return self._own[name] if name in self._own else self._endpoints[name]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._own)

    @override
    def __len__(self) -> int:
        return len(self._own)
