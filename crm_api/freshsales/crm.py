"""Freshsales as a CRM of the port: finds, reads, writes and deletes its records."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Any

import msgspec
from typing_extensions import override

from crm_api.crm import (
    Account,
    BeforeSend,
    Crm,
    CustomField,
    Name,
    NothingDone,
    Refused,
    Result,
    Unclear,
    Wanted,
    Written,
)
from crm_api.crm_objects import Attribute, CrmId, CrmObject, CrmRecord, Payload
from crm_api.endpoints.declared import DeclaredCrm, refused
from crm_api.endpoints.requests import Item, prepare
from crm_api.errors import (
    GoneError,
    InDoubtError,
    InvalidError,
    RefusedError,
    TooLargeError,
)
from crm_api.freshsales.bulk import Bulk, first_tried, is_new, is_young, values_of
from crm_api.freshsales.bulk_ids import BulkIdFinder
from crm_api.freshsales.declaration import FreshsalesObject
from crm_api.freshsales.deletes import Deletes
from crm_api.freshsales.jobs import Jobs
from crm_api.freshsales.lists import (
    CUSTOM_FIELD,
    custom_fields_among,
    labels_among,
    pipeline_names,
    read_fields,
    read_modules,
    read_names,
    read_pipelines,
)
from crm_api.freshsales.objects import CLASSIC, NO_LEADS, REFUSED, SUITE, CallsByName, Objects
from crm_api.freshsales.search import Searches
from crm_api.freshsales.session import PAGE_SIZE, whoami
from crm_api.freshsales.side_loads import with_ids
from crm_api.freshsales.values import (
    as_id,
    decode,
    encode,
    identifier_of,
    is_id,
    joined,
    sent,
    shaped,
    split,
)
from crm_api.freshsales.views import Views, parents_named
from crm_api.sound.records import sound
from crm_api.transport.request import Request
from crm_api.transport.session import CrmSession

FEW_READS = 10  # up to so many are read one by one, without counting what reading all would cost


class Freshsales(DeclaredCrm):
    """An account of Freshsales.

    Args:
        session: Sends the account's requests; see ``crm_api.freshsales.session.connect``.
        account_id: Id of the account.
        classic: Whether it is an account of Classic, which has leads.
        by_address: Whether the id is an address that several accounts may share.
        sleep: Waits so many seconds between the polls of a job.
    """

    index_lags = True
    page_size = PAGE_SIZE
    made_at = "created_at"
    changed_at = ("updated_at",)

    def __init__(
        self,
        session: CrmSession,
        *,
        account_id: str,
        classic: bool,
        by_address: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        objects = Objects(CLASSIC if classic else SUITE, lambda: read_modules(self.session))
        super().__init__(session, objects, CallsByName(objects), REFUSED if classic else {**REFUSED, "leads": NO_LEADS})
        self._objects = objects
        self._account_id = account_id
        self._by_address = by_address
        self._views = Views()
        self._searches = Searches(self._views)
        self._one_by_one: set[str] = set()
        self._deletes = Deletes(lambda: self.session, self._views, sleep)
        self._bulk = Bulk(
            Jobs(lambda: self.session, sleep),
            BulkIdFinder(lambda: self.session, self._views, sleep),
            read=lambda crm_object, ids: self.read(crm_object, ids, immediate=True),
            change=self._change,
            upsert=self._upsert,
            clock=lambda: self.session.server_date,
            redact=session.redact,
        )

    @override
    def account(self) -> Account:
        owners = partial(self.names, "owners")
        return whoami(self.session.base_url, self._account_id, owners, by_address=self._by_address)

    @override
    def names(self, object_name: str) -> Sequence[Name]:
        if object_name in {"deal_pipelines", "deal_stages"}:
            pipelines = self.once("pipelines", lambda: read_pipelines(self.session))
            return pipeline_names(object_name, pipelines)
        found: Sequence[Name] = self.once(object_name, lambda: read_names(self.session, object_name))
        return found

    @override
    def custom_fields(self, crm_object: CrmObject) -> Sequence[CustomField]:
        return custom_fields_among(self._fields(crm_object), crm_object)

    @override
    def labels(self, crm_object: CrmObject) -> Mapping[str, str]:
        return labels_among(self._fields(crm_object))

    def _fields(self, crm_object: CrmObject) -> Sequence[Mapping[str, Any]]:
        path = self._objects[crm_object.name].fields_path
        fields: list[Mapping[str, Any]] = self.once(f"fields {path}", lambda: read_fields(self.session, path))
        return fields

    # Finding and reading

    @override
    def find(self, crm_object: CrmObject, attribute: str, values: Sequence[str]) -> list[CrmRecord]:
        known = self._objects[crm_object.name]
        if attribute == "targetable":
            return list(self._views.below(self.session, known, parents_named(self._objects.values(), values)))
        found = self._searches.find(self.session, known, attribute, values)
        if attribute != "emails" and not attribute.startswith(CUSTOM_FIELD):
            return found
        # A record of a search shows neither custom fields nor any e-mail but the first.
        wanted = {value.casefold() for value in values}
        unclear = [record["id"] for record in found if str(record.get("email")).casefold() not in wanted]
        whole = self.read(crm_object, unclear)
        return [whole.get(record["id"], record) for record in found]

    @override
    def find_size(self, crm_object: CrmObject, attribute: str) -> int:
        searchable = bool(self._objects[crm_object.name].lookups)
        return 1 if attribute.startswith(CUSTOM_FIELD) and searchable else super().find_size(crm_object, attribute)

    @override
    def is_whole(self, record: CrmRecord) -> bool:
        return not record.get("partial")

    @override
    def count(self, crm_object: CrmObject) -> int:
        return self._views.count(self.session, self._objects[crm_object.name])

    @override
    def scan(self, crm_object: CrmObject) -> Iterator[CrmRecord]:
        return self._views.scan(self.session, self._objects[crm_object.name])

    @override
    def created_since(self, crm_object: CrmObject, since: datetime, payloads: Sequence[Payload]) -> Iterator[CrmRecord]:
        known = self._objects[crm_object.name]
        if not known.of_parent:
            yield from self._views.since(self.session, known, since)
            return
        targets = [payload.get("targetable") for payload in payloads]
        named = dict.fromkeys(f"{each['type']}:{each['id']}" for each in targets if each)
        yield from self._views.below(self.session, known, parents_named(self._objects.values(), named))
        if not all(targets):
            yield from self._views.since(self.session, known, since)

    @override
    def read(self, crm_object: CrmObject, ids: Sequence[CrmId], *, immediate: bool = False) -> dict[CrmId, CrmRecord]:
        found: dict[CrmId, CrmRecord] = {}
        known = self._objects[crm_object.name]
        if (
            not immediate
            and len(ids) > FEW_READS
            and known.views
            and self.count(crm_object) <= PAGE_SIZE * (len(ids) - 1)
        ):
            wanted = set(ids)
            found = {record["id"]: record for record in self.scan(crm_object) if record["id"] in wanted}
        for crm_id in ids:
            if crm_id not in found and is_id(crm_id) and (record := self._read_one(known, crm_id)) is not None:
                found[crm_id] = record
        return found

    def _read_one(self, crm_object: FreshsalesObject, crm_id: CrmId) -> CrmRecord | None:
        endpoint = self._call(crm_object, "read")
        try:
            answer = self.send(endpoint, prepare(endpoint, [Item({}, crm_id)]), read_only=True).value
        except GoneError:
            return None
        record = answer.get(crm_object.singular) if isinstance(answer, Mapping) else None
        if not isinstance(record, Mapping):
            return None
        return shaped(with_ids(crm_object.side_loads, record, answer, alone=True))

    # Writing

    @override
    def bulk_size(self, crm_object: CrmObject, *, update: bool = False) -> int:
        if update and crm_object.name in self._one_by_one:
            return 1
        return crm_object.bulk_update if update else crm_object.bulk_create

    @override
    def groups(
        self, crm_object: CrmObject, payloads: Sequence[Payload], *, update: bool = False
    ) -> list[Sequence[int]]:
        return Crm.groups(self, crm_object, payloads, update=update)  # bulk calls are not declared endpoints

    @override
    def create(self, crm_object: CrmObject, payloads: Sequence[Payload], *, before_send: BeforeSend) -> list[Result]:
        results = super().create(crm_object, [sent(each) for each in payloads], before_send=before_send)
        return [_in_shape(each) for each in results]

    @override
    def update(self, crm_object: CrmObject, changes: Sequence[tuple[CrmId, Payload]]) -> list[Result]:
        if len(changes) == 1:
            return [self._change(self._objects[crm_object.name], *changes[0])]
        with self._noting_limits(crm_object):
            return self._bulk.change(self._objects[crm_object.name], changes)

    @contextmanager
    def _noting_limits(self, crm_object: CrmObject) -> Iterator[None]:
        try:
            yield
        except TooLargeError:
            self._one_by_one.add(crm_object.name)
            raise

    def _change(self, crm_object: FreshsalesObject, crm_id: CrmId, payload: Payload) -> Result:
        if not is_id(crm_id):
            return Refused("Ids of Freshsales are whole numbers", int(HTTPStatus.NOT_FOUND), gone=True)
        plain, added = split(payload)
        if plain or not added:
            (result,) = super().update(crm_object, [(crm_id, sent(plain))])
            result = _in_shape(result)
        else:
            record = self.read(crm_object, [crm_id], immediate=True).get(crm_id)
            if record is None:
                return Refused("The CRM has no such record", int(HTTPStatus.NOT_FOUND), gone=True)
            result = Written(crm_id, record)
        return self._extended(crm_object, result, added)

    def _extended(self, crm_object: FreshsalesObject, result: Result, added: Mapping[str, Any]) -> Result:
        """Add to the lists of a record that was written what they lack."""
        lists = joined(crm_object, sound(crm_object, result.record), added) if isinstance(result, Written) else {}
        if not isinstance(result, Written) or not lists:
            return result
        (extended,) = super().update(crm_object, [(result.id, sent(lists))])
        if isinstance(extended, Unclear):
            return extended
        if isinstance(extended, Refused):
            reason = f"Written but for {' and '.join(lists)}, which the CRM refused: {extended.reason}"
            return Refused(reason, extended.status, body=extended.body)
        return replace(result, record={**result.record, **shaped(extended.record)})

    @override
    def upserts_by(self, crm_object: CrmObject, attribute: Attribute) -> bool:
        # A custom field that is the only match key is assumed to be unique in the account.
        return super().upserts_by(crm_object, attribute) or (
            crm_object.upserts_in_bulk and attribute.custom_id is not None
        )

    @override
    def upsert(self, crm_object: CrmObject, attribute: str, value: str, payload: Payload) -> Result:
        return self._upsert(self._objects[crm_object.name], attribute, Wanted(value, payload, 0.0))

    def _upsert(
        self, crm_object: FreshsalesObject, attribute: str, wanted: Wanted, before_send: BeforeSend | None = None
    ) -> Result:
        plain, added = split(wanted.payload)
        result = self._upserted(crm_object, attribute, wanted, plain, before_send)
        if isinstance(result, Refused) and added:  # a record that is created may need the lists that were held back
            result = self._upserted(crm_object, attribute, wanted, {**plain, **added}, before_send)
        return self._extended(crm_object, result, added)

    def _upserted(
        self,
        crm_object: FreshsalesObject,
        attribute: str,
        wanted: Wanted,
        payload: Payload,
        before_send: BeforeSend | None,
    ) -> Result:
        identifier = {attribute: identifier_of(crm_object, attribute, wanted.payload, wanted.value)}
        body = {"unique_identifier": identifier, crm_object.singular: sent(payload)}
        params = {"include": crm_object.include} if crm_object.include else {}
        path = f"/{crm_object.path}/upsert"
        tries: list[datetime | None] = []

        def sending() -> NothingDone | None:
            tries.append(self.session.server_date)
            return None if before_send is None else before_send()

        try:
            answer = self.session.exchange(
                Request("POST", path, params=params, body=body, repeatable=True), before_send=sending
            )
        except (InvalidError, GoneError) as error:
            return refused(error)
        record = answer.value.get(crm_object.singular) if isinstance(answer.value, dict) else None
        if not isinstance(record, dict) or record.get("id") is None:
            raise InDoubtError(f"POST {path}", status=answer.status, happened="The CRM's answer holds no record")
        # A repeated request finds the record of the first: its age says whether this upsert created it.
        earlier = tries[0] if len(tries) > 1 else first_tried(wanted)
        created = is_new(record, answer) or is_young(record, earlier)
        return Written(as_id(record["id"]), shaped(record), answer.request_id, created)

    @override
    def upsert_values(self, crm_object: CrmObject, attribute: str, record: CrmRecord) -> Collection[str]:
        return values_of(self._objects[crm_object.name], attribute, record)

    @override
    def upsert_many(
        self, crm_object: CrmObject, attribute: str, wanted: Sequence[Wanted], *, before_send: BeforeSend
    ) -> list[Result]:
        known = self._objects[crm_object.name]
        if len(wanted) == 1:
            return [self._upsert(known, attribute, wanted[0], before_send)]
        with self._noting_limits(crm_object):
            return self._bulk.upsert(known, attribute, wanted, before_send)

    @override
    def delete(self, crm_object: CrmObject, crm_id: CrmId) -> None:
        if not is_id(crm_id):
            raise GoneError(f"/{crm_object.name}", said="Ids of Freshsales are whole numbers")
        super().delete(crm_object, crm_id)

    @override
    def delete_many(
        self, crm_object: CrmObject, deletes: Sequence[tuple[CrmId, Payload]], *, forget: bool
    ) -> list[RefusedError | None]:
        return self._deletes.delete(self._objects[crm_object.name], [crm_id for crm_id, _ in deletes], forget=forget)

    # Values

    @override
    def encode(self, attribute: Attribute, value: Any) -> Any:
        return encode(attribute, value, {each.singular: each.model for each in self._objects.values()})

    @override
    def decode(self, attribute: Attribute, value: Any) -> Any:
        return decode(attribute, value)

    @override
    def custom_values(self, record: CrmRecord) -> dict[CrmId, Any]:
        fields = record.get("custom_field")
        return dict(fields) if isinstance(fields, Mapping) else {}

    @override
    def custom_container(self, values: Mapping[CrmId, Any]) -> Payload:
        # Fields that are not named keep their value.
        return {"custom_field": dict(values)}

    @override
    def dry_run_answer(self, request: Request, new_id: Callable[[], CrmId]) -> Any:
        body = request.body or {}
        last = request.path.rpartition("/")[2]
        if last == "bulk_upsert":  # as the report of a job that has ended, so that nobody asks for a job
            (rows,) = body.values()
            stamp = datetime.now(UTC).isoformat()
            records = [{"id": new_id(), **row, **row["data"], "created_at": stamp} for row in rows]
            report = {"record_status": {"succeeded": len(rows), "failed": 0}, "records": records}
            return {"status": "SUCCESS", "data": msgspec.json.encode(report).decode(), "created_at": stamp}
        if last == "bulk_destroy" or request.method == "DELETE":
            return True
        ((singular, record),) = ((name, each) for name, each in body.items() if name != "unique_identifier")
        crm_id = int(last) if request.method == "PUT" else new_id()
        return {singular: {**body.get("unique_identifier", {}), **record, "id": crm_id}}


def _in_shape(result: Result) -> Result:
    if not isinstance(result, Written):
        return result
    return replace(result, id=as_id(result.id), record=shaped(result.record))
