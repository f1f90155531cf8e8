"""A CRM whose objects are declared endpoints: the part of the port that declarations carry by themselves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any

from typing_extensions import override

from crm_api.answer import Answer
from crm_api.crm import (
    Attribute,
    BeforeSend,
    Crm,
    CrmId,
    CrmObject,
    CrmRecord,
    CustomField,
    Name,
    Payload,
    Refused,
    Request,
    Result,
    Written,
)
from crm_api.endpoint import Endpoint
from crm_api.errors import GoneError, InvalidError, RefusedError, SettingError
from crm_api.json_paths import found_at
from crm_api.preparing import Item, Prepared, prepare
from crm_api.reading import results_of
from crm_api.session import CrmSession


@dataclass(frozen=True)
class Calls:
    """The endpoints of one object; None for what cannot be done.

    Attributes:
        create: Makes records.
        update: Changes them; ``{id}`` is the record's.
        upsert: Finds or makes one; ``{attribute}`` and ``{value}`` are what it is found by.
        delete: ``{id}`` is the record's.
        read: One record, by ``{id}``; the answer's ``record`` path leads to it.
        find: Records by ``{value}``; the answer's ``items`` path leads to them.
    """

    create: Endpoint | None = None
    update: Endpoint | None = None
    upsert: Endpoint | None = None
    delete: Endpoint | None = None
    read: Endpoint | None = None
    find: Endpoint | None = None


class DeclaredCrm(Crm):
    """An account whose objects' writes are declared; subclasses add what is the vendor's own.

    Args:
        session: The door to the account.
        objects: What can be written, by name.
        calls: By the same names.
        refused: What cannot, and why.
        parameters: The flags of an object's endpoints as the settings give them, by object.
    """

    def __init__(
        self,
        session: CrmSession,
        objects: Mapping[str, CrmObject],
        calls: Mapping[str, Calls],
        refused: Mapping[str, str],
        parameters: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.session = session
        self.objects = objects
        self.refused = refused
        self.calls = calls
        self._parameters = parameters or {}
        self._lock = threading.RLock()
        self._known: dict[str, Any] = {}

    # What declarations carry

    @override
    def bulk_size(self, of: CrmObject, *, update: bool = False) -> int:
        endpoint = self.calls[of.name].update if update else self.calls[of.name].create
        return 1 if endpoint is None else endpoint.size

    @override
    def create(self, of: CrmObject, payloads: Sequence[Payload], *, before_send: BeforeSend) -> list[Result]:
        return self.perform(of, self._call(of, "create"), [Item(each) for each in payloads], before_send=before_send)

    @override
    def update(self, of: CrmObject, changes: Sequence[tuple[CrmId, Payload]]) -> list[Result]:
        return self.perform(of, self._call(of, "update"), [Item(payload, crm_id) for crm_id, payload in changes])

    @override
    def upsert(self, of: CrmObject, attribute: str, value: str, payload: Payload) -> Result:
        (result,) = self.perform(
            of, self._call(of, "upsert"), [Item({**payload, "attribute": attribute, "value": value})]
        )
        return result

    @override
    def delete(self, of: CrmObject, crm_id: CrmId) -> None:
        endpoint = self._call(of, "delete")
        self.send(endpoint, prepare(endpoint, [Item({}, crm_id)]))

    @override
    def read(self, of: CrmObject, ids: Sequence[CrmId], *, immediate: bool = False) -> dict[CrmId, CrmRecord]:
        endpoint = self._call(of, "read")
        found: dict[CrmId, CrmRecord] = {}
        for crm_id in ids:
            try:
                answer = self.send(endpoint, prepare(endpoint, [Item({}, crm_id)]), reads=True)
            except GoneError:
                continue
            record = answer.value if endpoint.answer.record is None else found_at(endpoint.answer.record, answer.value)
            if isinstance(record, Mapping):
                found[crm_id] = record
        return found

    def perform(
        self, of: CrmObject, endpoint: Endpoint, items: Sequence[Item], *, before_send: BeforeSend | None = None
    ) -> list[Result]:
        """Send records to an endpoint in one request.

        Raises:
            CrmError: As ``Crm.create`` says.
        """
        try:
            prepared = prepare(endpoint, items, self._parameters.get(of.name))
        except ValueError as error:
            if len(items) > 1:
                raise InvalidError(f"{endpoint.method} {endpoint.path}", said=str(error)) from error
            return [Refused(str(error), None)]
        try:
            answer = self.send(endpoint, prepared, before_send=before_send)
        except (InvalidError, GoneError) as error:
            if len(items) > 1:
                raise
            return [refused(error)]
        return [self._redacted(result) for result in results_of(endpoint, items, answer)]

    def send(
        self,
        endpoint: Endpoint,
        prepared: Prepared,
        *,
        reads: bool = False,
        before_send: BeforeSend | None = None,
    ) -> Answer:
        """Send a prepared request; see ``CrmSession.exchange`` for what it raises."""
        request = prepared.request
        return self.session.exchange(
            request.method,
            request.path,
            params=request.params,
            body=request.body,
            form=request.form,
            content=request.content,
            content_type=prepared.content_type,
            headers=prepared.headers,
            success=endpoint.success,
            reads=reads,
            repeatable=reads or endpoint.may_repeat,
            before_send=before_send,
        )

    def once(self, key: str, read: Callable[[], Any]) -> Any:
        """What ``read`` brings, asked for once a session."""
        with self._lock:
            if key not in self._known:
                self._known[key] = read()
            return self._known[key]

    def _call(self, of: CrmObject, name: str) -> Endpoint:
        endpoint: Endpoint | None = getattr(self.calls[of.name], name)
        if endpoint is None:
            raise SettingError(f"{of.name} have no endpoint for {name}")
        return endpoint

    def _redacted(self, result: Result) -> Result:
        if isinstance(result, Written):
            return result
        redact = self.session.redact
        return Refused(redact(result.reason), result.status, result.gone, redact(result.body))

    @override
    def imagined(self, request: Request, new_id: Callable[[], CrmId]) -> Any:
        return {"id": new_id()}

    # What a vendor adds, where it has it

    @override
    def names(self, of: str) -> Sequence[Name]:
        return ()

    @override
    def custom_fields(self, of: CrmObject) -> Sequence[CustomField]:
        return ()

    @override
    def find(self, of: CrmObject, attribute: str, values: Sequence[str]) -> list[CrmRecord]:
        endpoint = self._call(of, "find")
        records: list[CrmRecord] = []
        for value in values:
            answer = self.send(
                endpoint, prepare(endpoint, [Item({"attribute": attribute, "value": value})]), reads=True
            )
            found = found_at(endpoint.answer.items, answer.value) if endpoint.answer.items else answer.value
            records += [record for record in found or () if isinstance(record, Mapping)]
        return records

    @override
    def count(self, of: CrmObject) -> int:
        raise SettingError(f"{of.name} cannot be listed")

    @override
    def scan(self, of: CrmObject) -> Iterator[CrmRecord]:
        raise SettingError(f"{of.name} cannot be listed")

    @override
    def created_since(self, of: CrmObject, since: datetime, payloads: Sequence[Payload]) -> Iterator[CrmRecord]:
        raise SettingError(f"{of.name} cannot be listed")

    @override
    def encode(self, attribute: Attribute, value: Any) -> Any:
        return value

    @override
    def decode(self, attribute: Attribute, value: Any) -> Any:
        return value

    @override
    def custom_values(self, record: CrmRecord) -> dict[CrmId, Any]:
        return {}

    @override
    def custom_container(self, values: Mapping[CrmId, Any]) -> Payload:
        return {}


def refused(error: RefusedError) -> Refused:
    """The result that a refusal of one record stands for."""
    status = error.status or int(HTTPStatus.UNPROCESSABLE_ENTITY)
    return Refused(error.said or error.happened, status, gone=isinstance(error, GoneError), body=error.body)
