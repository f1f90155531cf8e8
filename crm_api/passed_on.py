"""A CRM in front of another: what it does not say otherwise is passed on."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from typing_extensions import override

from crm_api.crm import Account, BeforeSend, Crm, CustomField, Name, Request, Result, Wanted
from crm_api.crm_objects import Attribute, CrmId, CrmObject, CrmRecord, Payload
from crm_api.errors import RefusedError
from crm_api.session import CrmSession


class PassedOn(Crm):
    """Passes everything on to another CRM; the front of a rehearsal, and of a CRM with endpoints beside it.

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

    def _of(self, of: CrmObject) -> Crm:  # noqa: ARG002 - for those that stand in front of several
        """Whose object it is."""
        return self._crm

    @override
    def staged(self, stage: Callable[[Crm], CrmSession]) -> None:
        self._crm.staged(stage)
        self.session = self._crm.session

    # What is the object's

    @override
    def find(self, of: CrmObject, attribute: str, values: Sequence[str]) -> list[CrmRecord]:
        return self._of(of).find(of, attribute, values)

    @override
    def count(self, of: CrmObject) -> int:
        return self._of(of).count(of)

    @override
    def scan(self, of: CrmObject) -> Iterator[CrmRecord]:
        return self._of(of).scan(of)

    @override
    def created_since(self, of: CrmObject, since: datetime, payloads: Sequence[Payload]) -> Iterator[CrmRecord]:
        return self._of(of).created_since(of, since, payloads)

    @override
    def read(self, of: CrmObject, ids: Sequence[CrmId], *, immediate: bool = False) -> dict[CrmId, CrmRecord]:
        return self._of(of).read(of, ids, immediate=immediate)

    @override
    def bulk_size(self, of: CrmObject, *, update: bool = False) -> int:
        return self._of(of).bulk_size(of, update=update)

    @override
    def groups(self, of: CrmObject, payloads: Sequence[Payload], *, update: bool = False) -> list[Sequence[int]]:
        return self._of(of).groups(of, payloads, update=update)

    @override
    def may_repeat(self, of: CrmObject, *, update: bool = False) -> bool:
        return self._of(of).may_repeat(of, update=update)

    @override
    def create(self, of: CrmObject, payloads: Sequence[Payload], *, before_send: BeforeSend) -> list[Result]:
        return self._of(of).create(of, payloads, before_send=before_send)

    @override
    def update(self, of: CrmObject, changes: Sequence[tuple[CrmId, Payload]]) -> list[Result]:
        return self._of(of).update(of, changes)

    @override
    def upsert(self, of: CrmObject, attribute: str, value: str, payload: Payload) -> Result:
        return self._of(of).upsert(of, attribute, value, payload)

    @override
    def upserts_by(self, of: CrmObject, attribute: Attribute) -> bool:
        return self._of(of).upserts_by(of, attribute)

    @override
    def upsert_values(self, of: CrmObject, attribute: str, record: CrmRecord) -> Collection[str]:
        return self._of(of).upsert_values(of, attribute, record)

    @override
    def upsert_many(
        self, of: CrmObject, attribute: str, wanted: Sequence[Wanted], *, before_send: BeforeSend
    ) -> list[Result]:
        return self._of(of).upsert_many(of, attribute, wanted, before_send=before_send)

    @override
    def find_size(self, of: CrmObject, attribute: str) -> int:
        return self._of(of).find_size(of, attribute)

    @override
    def delete_many(
        self, of: CrmObject, doomed: Sequence[tuple[CrmId, Payload]], *, forget: bool
    ) -> list[RefusedError | None]:
        return self._of(of).delete_many(of, doomed, forget=forget)

    @override
    def is_whole(self, record: CrmRecord) -> bool:
        return self._crm.is_whole(record)

    @override
    def delete(self, of: CrmObject, crm_id: CrmId) -> None:
        self._of(of).delete(of, crm_id)

    @override
    def delete_described(self, of: CrmObject, crm_id: CrmId, payload: Payload) -> None:
        self._of(of).delete_described(of, crm_id, payload)

    @override
    def custom_fields(self, of: CrmObject) -> Sequence[CustomField]:
        return self._of(of).custom_fields(of)

    # What is the CRM's

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
