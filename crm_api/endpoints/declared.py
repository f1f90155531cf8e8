"""A CRM whose objects are declared endpoints: the part of the port that declarations suffice for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from http import HTTPStatus
from typing import Any

import msgspec
from typing_extensions import override

from crm_api.crm import BeforeSend, Crm, CustomField, Name, Refused, Result, Unclear, Written
from crm_api.crm_objects import Attribute, CrmId, CrmObject, CrmRecord, Payload
from crm_api.dry_run import DryRunAnswer
from crm_api.endpoints.answers import items_at, results_of, stand_in, value_of
from crm_api.endpoints.endpoint import Endpoint
from crm_api.endpoints.json_paths import found_at
from crm_api.endpoints.requests import Item, groups, item_of, prepare
from crm_api.errors import (
    BODY_CHARACTERS,
    SHOWN_CHARACTERS,
    DuplicateError,
    GoneError,
    InDoubtError,
    InvalidError,
    RefusedError,
    SettingError,
)
from crm_api.transport.answer import Answer
from crm_api.transport.request import Request
from crm_api.transport.session import CrmSession


@dataclass(frozen=True)
class Calls:
    """The endpoints of one object; None for a call that it does not have.

    Attributes:
        create: Creates records.
        update: Changes records; ``{id}`` is the record's id.
        upsert: Finds or creates one record; ``{attribute}`` and ``{value}`` say which.
        delete: Deletes one record; ``{id}`` is its id.
        read: Reads one record; ``{id}`` is its id, and the answer's ``record`` path leads to it.
        find: Searches for records; ``{attribute}`` and ``{value}`` say which, and the answer's ``items`` path leads to
            them.
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
        session: Sends the account's requests.
        objects: Objects that can be written, by name.
        calls: The endpoints of each object, by name.
        refused: Why an object that the CRM has cannot be written, by the object's name.
    """

    def __init__(
        self,
        session: CrmSession,
        objects: Mapping[str, CrmObject],
        calls: Mapping[str, Calls],
        refused: Mapping[str, str],
    ) -> None:
        self.session = session
        self.objects = objects
        self.refused = refused
        self.calls = calls
        self._lock = threading.RLock()
        self._known: dict[str, Any] = {}
        self._made_up_ids: set[CrmId] = set()
        """Ids of records that a dry run would have created: the CRM has none of them."""

    # Calls for which declarations suffice

    @override
    def bulk_size(self, crm_object: CrmObject, *, update: bool = False) -> int:
        endpoint = self.calls[crm_object.name].update if update else self.calls[crm_object.name].create
        return 1 if endpoint is None else endpoint.size

    @override
    def groups(
        self, crm_object: CrmObject, payloads: Sequence[Payload], *, update: bool = False
    ) -> list[Sequence[int]]:
        endpoint = self._call(crm_object, "update" if update else "create")
        return list(groups(endpoint, [item_of(payload) for payload in payloads]))

    @override
    def create(self, crm_object: CrmObject, payloads: Sequence[Payload], *, before_send: BeforeSend) -> list[Result]:
        return self.perform(
            crm_object, self._call(crm_object, "create"), [item_of(each) for each in payloads], before_send=before_send
        )

    @override
    def update(self, crm_object: CrmObject, changes: Sequence[tuple[CrmId, Payload]]) -> list[Result]:
        return self.perform(
            crm_object, self._call(crm_object, "update"), [item_of(payload, crm_id) for crm_id, payload in changes]
        )

    @override
    def upsert(self, crm_object: CrmObject, attribute: str, value: str, payload: Payload) -> Result:
        item = Item({**payload, "attribute": attribute, "value": value})
        (result,) = self.perform(crm_object, self._call(crm_object, "upsert"), [item])
        return result

    @override
    def delete(self, crm_object: CrmObject, crm_id: CrmId) -> None:
        endpoint = self._call(crm_object, "delete")
        self.send(endpoint, prepare(endpoint, [Item({}, crm_id)]))

    @override
    def read(self, crm_object: CrmObject, ids: Sequence[CrmId], *, immediate: bool = False) -> dict[CrmId, CrmRecord]:
        endpoint = self._call(crm_object, "read")
        found: dict[CrmId, CrmRecord] = {}
        for crm_id in ids:
            try:
                answer = self.send(endpoint, prepare(endpoint, [Item({}, crm_id)]), read_only=True)
            except GoneError:
                continue
            record = answer.value if endpoint.answer.record is None else found_at(endpoint.answer.record, answer.value)
            if isinstance(record, Mapping):
                found[crm_id] = record
        return found

    def perform(
        self,
        crm_object: CrmObject,  # noqa: ARG002 - for vendors whose answers differ by object
        endpoint: Endpoint,
        items: Sequence[Item],
        *,
        before_send: BeforeSend | None = None,
    ) -> list[Result]:
        """Send records of a kind to an endpoint in one request, and return their results in order.

        Raises:
            CrmError: The request failed; see ``Crm.create``.
        """
        try:
            request = prepare(endpoint, items)
        except ValueError as error:
            if len(items) > 1:
                raise InvalidError(f"{endpoint.method} {endpoint.path}", said=str(error)) from error
            return [Refused(str(error), None)]
        try:
            answer = self.send(endpoint, request, before_send=before_send)
        except (InvalidError, GoneError) as error:
            if len(items) > 1:
                raise
            return [refused(error)]
        if isinstance(answer, DryRunAnswer):
            return [self._made_up(item, answer) for item in items]
        try:
            results = results_of(endpoint, items, answer)
        except (InvalidError, InDoubtError) as error:
            cut = self.session.redact.cut
            said, body = cut(error.said, SHOWN_CHARACTERS), cut(error.body, BODY_CHARACTERS)
            kind = type(error)
            raise kind(error.call, status=error.status, said=said, happened=error.happened, body=body) from None
        return [self._redacted(result, item, answer.status) for result, item in zip(results, items, strict=True)]

    def _made_up(self, item: Item, answer: DryRunAnswer) -> Written:
        if item.id is not None:
            return Written(item.id, item.payload)
        crm_id = answer.new_id()
        self._made_up_ids.add(crm_id)
        return Written(crm_id, item.payload)

    def send(
        self, endpoint: Endpoint, request: Request, *, read_only: bool = False, before_send: BeforeSend | None = None
    ) -> Answer:
        """Send a request of an endpoint; see ``CrmSession.exchange`` for the errors."""
        request = replace(
            request,
            success=endpoint.success,
            read=partial(value_of, endpoint),
            read_only=read_only,
            repeatable=read_only or endpoint.may_repeat,
        )
        return self.session.exchange(request, before_send=before_send)

    def once(self, key: str, read: Callable[[], Any]) -> Any:
        """Return the value of ``read``, which is called once a session for each key."""
        with self._lock:
            if key not in self._known:
                self._known[key] = read()
            return self._known[key]

    def is_known(self, key: str) -> bool:
        """Whether ``once`` has read the value of a key."""
        with self._lock:
            return key in self._known

    def _call(self, crm_object: CrmObject, name: str) -> Endpoint:
        endpoint: Endpoint | None = getattr(self.calls[crm_object.name], name)
        if endpoint is None:
            raise SettingError(f"{crm_object.name}: there is no endpoint for {name}")
        return endpoint

    def _redacted(self, result: Result, item: Item, status: int) -> Result:
        cut = self.session.redact.cut
        if isinstance(result, Written):
            if result.id in {item.id, stand_in(item)} or self.session.redact(str(result.id)) == str(result.id):
                return result
            # An id that holds a secret may be kept nowhere.
            result = Unclear(status, msgspec.json.encode(result.record, enc_hook=str).decode())
        body = cut(result.body, BODY_CHARACTERS)
        if isinstance(result, Unclear):
            return replace(result, body=body)
        return replace(result, reason=cut(result.reason, SHOWN_CHARACTERS), body=body)

    @override
    def dry_run_answer(self, request: Request, new_id: Callable[[], CrmId]) -> Any:
        return None

    # Calls that a vendor's own class adds where the vendor has them

    @override
    def names(self, object_name: str) -> Sequence[Name]:
        return ()

    @override
    def custom_fields(self, crm_object: CrmObject) -> Sequence[CustomField]:
        return ()

    @override
    def find(self, crm_object: CrmObject, attribute: str, values: Sequence[str]) -> list[CrmRecord]:
        endpoint = self._call(crm_object, "find")
        records: list[CrmRecord] = []
        for value in values:
            answer = self.send(
                endpoint, prepare(endpoint, [Item({"attribute": attribute, "value": value})]), read_only=True
            )
            found = items_at(endpoint.answer.items or "$", answer.value)
            records += [record for record in found if isinstance(record, Mapping)]
        return records

    @override
    def count(self, crm_object: CrmObject) -> int | None:
        raise SettingError(f"{crm_object.name} cannot be listed")

    @override
    def scan(self, crm_object: CrmObject) -> Iterator[CrmRecord]:
        raise SettingError(f"{crm_object.name} cannot be listed")

    @override
    def created_since(self, crm_object: CrmObject, since: datetime, payloads: Sequence[Payload]) -> Iterator[CrmRecord]:
        raise SettingError(f"{crm_object.name} cannot be listed")

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
    """Make the result of a record that was refused with an error."""
    status = error.status or int(HTTPStatus.UNPROCESSABLE_ENTITY)
    gone, duplicate = isinstance(error, GoneError), isinstance(error, DuplicateError)
    return Refused(error.said or error.happened, status, gone, error.body, duplicate)
