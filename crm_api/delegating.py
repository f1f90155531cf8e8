"""A CRM in front of another: what it does not say otherwise is passed on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any

from typing_extensions import override

from crm_api.crm import Account, BeforeSend, Crm, CustomField, Name, Result, Wanted
from crm_api.crm_objects import Attribute, CrmId, CrmObject, CrmRecord, Payload
from crm_api.errors import RefusedError
from crm_api.records.related_records import Related
from crm_api.transport.request import Request
from crm_api.transport.session import CrmSession


class DelegatingCrm(Crm):
    """Passes everything on to another CRM; the front of a dry run, and of a CRM with endpoints beside it.

    Args:
        crm: The other one.
    """

    def __init__(self, crm: Crm) -> None:
        self._crm = crm
        self.session = crm.session
        self.objects = crm.objects
        self.refused = crm.refused
        self.index_lags = crm.index_lags
        self.page_size = crm.page_size
        self.made_at = crm.made_at
        self.changed_at = crm.changed_at

    def _owner(self, crm_object: CrmObject) -> Crm:  # noqa: ARG002 - for those that stand in front of several
        """Whose object it is."""
        return self._crm

    @override
    def replace_session(self, make: Callable[[Crm], CrmSession]) -> None:
        self._crm.replace_session(make)
        self.session = self._crm.session

    # Calls about one object

    @override
    def find(self, crm_object: CrmObject, attribute: str, values: Sequence[str]) -> list[CrmRecord]:
        return self._owner(crm_object).find(crm_object, attribute, values)

    @override
    def count(self, crm_object: CrmObject) -> int | None:
        return self._owner(crm_object).count(crm_object)

    @override
    def scan(self, crm_object: CrmObject) -> Iterator[CrmRecord]:
        return self._owner(crm_object).scan(crm_object)

    @override
    def created_since(self, crm_object: CrmObject, since: datetime, payloads: Sequence[Payload]) -> Iterator[CrmRecord]:
        return self._owner(crm_object).created_since(crm_object, since, payloads)

    @override
    def read(self, crm_object: CrmObject, ids: Sequence[CrmId], *, immediate: bool = False) -> dict[CrmId, CrmRecord]:
        return self._owner(crm_object).read(crm_object, ids, immediate=immediate)

    @override
    def bulk_size(self, crm_object: CrmObject, *, update: bool = False) -> int:
        return self._owner(crm_object).bulk_size(crm_object, update=update)

    @override
    def groups(
        self, crm_object: CrmObject, payloads: Sequence[Payload], *, update: bool = False
    ) -> list[Sequence[int]]:
        return self._owner(crm_object).groups(crm_object, payloads, update=update)

    @override
    def may_repeat(self, crm_object: CrmObject, *, update: bool = False, age_seconds: float = 0.0) -> bool:
        return self._owner(crm_object).may_repeat(crm_object, update=update, age_seconds=age_seconds)

    @override
    def create(self, crm_object: CrmObject, payloads: Sequence[Payload], *, before_send: BeforeSend) -> list[Result]:
        return self._owner(crm_object).create(crm_object, payloads, before_send=before_send)

    @override
    def update(self, crm_object: CrmObject, changes: Sequence[tuple[CrmId, Payload]]) -> list[Result]:
        return self._owner(crm_object).update(crm_object, changes)

    @override
    def upsert(self, crm_object: CrmObject, attribute: str, value: str, payload: Payload) -> Result:
        return self._owner(crm_object).upsert(crm_object, attribute, value, payload)

    @override
    def upserts_by(self, crm_object: CrmObject, attribute: Attribute) -> bool:
        return self._owner(crm_object).upserts_by(crm_object, attribute)

    @override
    def upsert_values(self, crm_object: CrmObject, attribute: str, record: CrmRecord) -> Collection[str]:
        return self._owner(crm_object).upsert_values(crm_object, attribute, record)

    @override
    def upsert_many(
        self, crm_object: CrmObject, attribute: str, wanted: Sequence[Wanted], *, before_send: BeforeSend
    ) -> list[Result]:
        return self._owner(crm_object).upsert_many(crm_object, attribute, wanted, before_send=before_send)

    @override
    def find_size(self, crm_object: CrmObject, attribute: str) -> int:
        return self._owner(crm_object).find_size(crm_object, attribute)

    @override
    def related(self, crm_object: CrmObject, ids: Sequence[CrmId]) -> Related:
        return self._owner(crm_object).related(crm_object, ids)

    @override
    def delete_many(
        self, crm_object: CrmObject, deletes: Sequence[tuple[CrmId, Payload]], *, forget: bool
    ) -> list[RefusedError | None]:
        return self._owner(crm_object).delete_many(crm_object, deletes, forget=forget)

    @override
    def is_whole(self, record: CrmRecord) -> bool:
        return self._crm.is_whole(record)

    @override
    def delete(self, crm_object: CrmObject, crm_id: CrmId) -> None:
        self._owner(crm_object).delete(crm_object, crm_id)

    @override
    def delete_described(self, crm_object: CrmObject, crm_id: CrmId, payload: Payload) -> None:
        self._owner(crm_object).delete_described(crm_object, crm_id, payload)

    @override
    def custom_fields(self, crm_object: CrmObject) -> Sequence[CustomField]:
        return self._owner(crm_object).custom_fields(crm_object)

    @override
    def labels(self, crm_object: CrmObject) -> Mapping[str, str]:
        return self._owner(crm_object).labels(crm_object)

    # Calls about the account

    @override
    def account(self) -> Account:
        return self._crm.account()

    @override
    def names(self, object_name: str) -> Sequence[Name]:
        return self._crm.names(object_name)

    @override
    def lists(self, object_name: str) -> bool:
        return self._crm.lists(object_name)

    @override
    def encode(self, attribute: Attribute, value: Any) -> Any:
        return self._crm.encode(attribute, value)

    @override
    def decode(self, attribute: Attribute, value: Any) -> Any:
        return self._crm.decode(attribute, value)

    @override
    def dry_run_answer(self, request: Request, new_id: Callable[[], CrmId]) -> Any:
        return self._crm.dry_run_answer(request, new_id)

    @override
    def custom_values(self, record: CrmRecord) -> dict[CrmId, Any]:
        return self._crm.custom_values(record)

    @override
    def custom_container(self, values: Mapping[CrmId, Any]) -> Payload:
        return self._crm.custom_container(values)


class WithEndpoints(DelegatingCrm):
    """A CRM and, on the same account, endpoints that the settings declare: each object's calls go where it belongs.

    Args:
        crm: The CRM; calls about the account, such as ``names``, go to it.
        objects: The objects that the endpoints stand for, by name.
        make_endpoints: Makes the endpoints, on the CRM's session, when the first of their objects is asked for.
        index_lags: Whether a record just written may be missing for a while from what the endpoints find.
    """

    def __init__(
        self, crm: Crm, objects: Mapping[str, CrmObject], make_endpoints: Callable[[], Crm], *, index_lags: bool
    ) -> None:
        super().__init__(crm)
        self._make_endpoints = make_endpoints
        self.objects = _Joined(crm.objects, objects)
        self.index_lags = crm.index_lags or index_lags

    @cached_property
    def _endpoints(self) -> Crm:
        return self._make_endpoints()

    @override
    def owner(self, crm_object: CrmObject) -> Crm:
        return self._owner(crm_object)

    @override
    def _owner(self, crm_object: CrmObject) -> Crm:
        return self._endpoints if crm_object.whole_records else self._crm

    @override
    def replace_session(self, make: Callable[[Crm], CrmSession]) -> None:
        endpoints = self._endpoints  # made with the session that is replaced
        super().replace_session(make)
        endpoints.replace_session(make)


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
