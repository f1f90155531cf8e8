"""Copper as a CRM of the port: finds, reads, writes and deletes its records."""

from __future__ import annotations

import re
import threading
import zoneinfo
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, tzinfo
from typing import Any

import msgspec
from typing_extensions import override

from crm_api.copper.lists import read_custom_fields, read_names
from crm_api.copper.objects import OBJECTS, REFUSED
from crm_api.copper.related import related_to
from crm_api.copper.search import Walk, filter_for, search
from crm_api.copper.session import PAGE_SIZE, record_path, whoami
from crm_api.copper.values import DAY_FIRST, MONTH_FIRST, CopperDates, order_of
from crm_api.crm import Account, BeforeSend, Crm, CustomField, Name, Refused, Result, Written
from crm_api.crm_objects import Attribute, CrmId, CrmObject, CrmRecord, Kind, Payload
from crm_api.errors import (
    BODY_CHARACTERS,
    SHOWN_CHARACTERS,
    GoneError,
    InDoubtError,
    InvalidError,
    RefusedError,
    SettingError,
    TooLargeError,
)
from crm_api.records.related_records import Related
from crm_api.transport.answer import Answer
from crm_api.transport.request import Request
from crm_api.transport.session import CrmSession

# people/bulk-update-people, "Request Size Limit": 422 {"error": "Request size too large, limit is 10"}
_LIMIT = re.compile(r"limit is (\d+)", re.IGNORECASE)
_REFUSED_STATUS = 422  # the status that a refused record of a bulk call would have got alone


class Copper(Crm):
    """An account of Copper.

    Args:
        session: Sends the account's requests; see ``crm_api.copper.session.connect``.
        date_order: How the account writes ``close_date``: ``mdy`` or ``dmy``. None: found out from the opportunities of
            the account when it is first needed.
    """

    objects = OBJECTS
    refused = REFUSED
    index_lags = True
    made_at = "date_created"
    changed_at = ("date_modified",)

    def __init__(self, session: CrmSession, *, date_order: str | None = None) -> None:
        self.session = session
        self._date_order = date_order
        self._dates = CopperDates(self._order, self._zone)
        self._lock = threading.RLock()
        self._known: dict[str, Any] = {}
        self._bulk_sizes: dict[tuple[str, bool], int] = {}

    @override
    def account(self) -> Account:
        return whoami(self.session)

    @override
    def names(self, object_name: str) -> Sequence[Name]:
        names: Sequence[Name] = self._once(object_name, lambda: read_names(self.session, object_name))
        return names

    @override
    def custom_fields(self, crm_object: CrmObject) -> Sequence[CustomField]:
        fields = self._once("custom_field_definitions", lambda: read_custom_fields(self.session))
        return [field for field in fields if crm_object.name in field.objects]

    @override
    def find(self, crm_object: CrmObject, attribute: str, values: Sequence[str]) -> list[CrmRecord]:
        return list(Walk(self.session, crm_object, filter_for(crm_object, attribute, values))) if values else []

    @override
    def count(self, crm_object: CrmObject) -> int:
        page = search(self.session, crm_object, {"page_size": 1})
        return page.size if page.total is None else page.total

    @override
    def scan(self, crm_object: CrmObject) -> Iterator[CrmRecord]:
        return iter(Walk(self.session, crm_object))

    @override
    def created_since(self, crm_object: CrmObject, since: datetime, payloads: Sequence[Payload]) -> Iterator[CrmRecord]:
        start = int(since.timestamp())
        if crm_object.name != "activities":
            return iter(Walk(self.session, crm_object, {"minimum_created_date": start}))
        # Activities can be searched by activity_date alone: the time of creation, unless the payload gives another.
        moments = {payload.get("activity_date") for payload in payloads}
        windows = [
            {"minimum_activity_date": start}
            if moment is None
            else {"minimum_activity_date": moment - 1, "maximum_activity_date": moment + 1}
            for moment in moments
        ]
        return (record for window in windows for record in Walk(self.session, crm_object, window))

    @override
    def read(self, crm_object: CrmObject, ids: Sequence[CrmId], *, immediate: bool = False) -> dict[CrmId, CrmRecord]:
        found: dict[CrmId, CrmRecord] = {}
        if not immediate and len(ids) > 1 and crm_object.name != "activities":  # whose search takes no ids
            known = [crm_id for crm_id in ids if isinstance(crm_id, int)]
            for start in range(0, len(known), PAGE_SIZE):
                page = search(
                    self.session, crm_object, {"ids": known[start : start + PAGE_SIZE], "page_size": PAGE_SIZE}
                )
                found.update((record["id"], record) for record in page.records)
        for crm_id in ids:
            # A search may not show a new record yet, and may be incomplete: only reading by id proves that it is gone.
            if crm_id not in found and (record := self._fetch(crm_object, crm_id)) is not None:
                found[crm_id] = record
        return found

    def _fetch(self, crm_object: CrmObject, crm_id: CrmId) -> CrmRecord | None:
        try:
            record: CrmRecord = self.session.exchange(Request("GET", record_path(crm_object, crm_id))).value
        except GoneError:
            return None
        # activities/overview: a deleted activity can still be fetched, as a stub
        return None if record.get("is_deleted") else record

    @override
    def bulk_size(self, crm_object: CrmObject, *, update: bool = False) -> int:
        declared = crm_object.bulk_update if update else crm_object.bulk_create
        return min(declared, self._bulk_sizes.get((crm_object.name, update), declared))

    @override
    def create(self, crm_object: CrmObject, payloads: Sequence[Payload], *, before_send: BeforeSend) -> list[Result]:
        if len(payloads) == 1:
            call = "POST", f"/{crm_object.name}"
            return [self._single(*call, dict(payloads[0]), before_send=before_send)]
        path = f"/{crm_object.name}/bulk_create"
        return self._bulk(crm_object, path, [dict(each) for each in payloads], update=False, before_send=before_send)

    @override
    def update(self, crm_object: CrmObject, changes: Sequence[tuple[CrmId, Payload]]) -> list[Result]:
        # people/update-a-person: a person's company is changed by unrelating and relating, not by the update itself
        relinked = [payload for _, payload in changes] if crm_object.name == "people" else []
        links = {at: payload["company_id"] for at, payload in enumerate(relinked) if "company_id" in payload}
        sent = [
            {name: value for name, value in payload.items() if at not in links or name != "company_id"}
            for at, (_, payload) in enumerate(changes)
        ]
        if len(changes) == 1:
            crm_id = changes[0][0]
            results = [self._single("PUT", record_path(crm_object, crm_id), sent[0], crm_id=crm_id)]
        else:
            elements = [{"id": crm_id, **payload} for (crm_id, _), payload in zip(changes, sent, strict=True)]
            results = self._bulk(crm_object, f"/{crm_object.name}/bulk_update", elements, update=True)
            results = [
                self._judged(crm_object, crm_id, result) for (crm_id, _), result in zip(changes, results, strict=True)
            ]
        for at, company_id in links.items():
            result = results[at]
            if isinstance(result, Written):
                results[at] = self._relink(result, company_id)
        return results

    @override
    def upsert(self, crm_object: CrmObject, attribute: str, value: str, payload: Payload) -> Result:
        body = {"properties": dict(payload), "match": {"field_name": attribute, "field_value": value}}
        return self._single("PUT", f"/{crm_object.name}/upsert", body, repeatable=True)

    @override
    def related(self, crm_object: CrmObject, ids: Sequence[CrmId]) -> Related:
        return related_to(self, crm_object, ids)

    @override
    def delete(self, crm_object: CrmObject, crm_id: CrmId) -> None:
        self.session.exchange(Request("DELETE", record_path(crm_object, crm_id), repeatable=True))

    @override
    def encode(self, attribute: Attribute, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, date):
            return self._dates.encode(attribute, value)
        if attribute.beside:
            return {"id": value, **attribute.beside}
        return value

    @override
    def decode(self, attribute: Attribute, value: Any) -> Any:
        if value is None:
            return None
        if attribute.kind in {Kind.DAY, Kind.MOMENT}:
            return self._dates.decode(attribute, value)
        if attribute.beside and isinstance(value, Mapping):
            return value.get("id")
        return value

    @override
    def dry_run_answer(self, request: Request, new_id: Callable[[], CrmId]) -> Any:
        method, path, body = request.method, request.path, request.body
        if path.endswith("/related"):
            return {"added": True}
        if path.endswith(("/bulk_create", "/bulk_update")):
            (elements,) = body.values()
            return [{"id": new_id(), **element} if path.endswith("create") else element for element in elements]
        written_id = path.rpartition("/")[2]
        if method == "DELETE":
            return {"id": int(written_id), "is_deleted": True}
        return {**body, "id": int(written_id) if method == "PUT" else new_id()}

    @override
    def custom_values(self, record: CrmRecord) -> dict[CrmId, Any]:
        fields = record.get("custom_fields")
        return {
            field["custom_field_definition_id"]: field.get("value")
            for field in (fields if isinstance(fields, list) else ())
            if isinstance(field, Mapping) and isinstance(field.get("custom_field_definition_id"), int | str)
        }

    @override
    def custom_container(self, values: Mapping[CrmId, Any]) -> Payload:
        # leads/update-a-lead: definitions that are not named keep their value
        return {"custom_fields": [{"custom_field_definition_id": key, "value": values[key]} for key in values]}

    def _single(
        self,
        method: str,
        path: str,
        body: Any,
        *,
        crm_id: CrmId | None = None,
        repeatable: bool = False,
        before_send: BeforeSend | None = None,
    ) -> Result:
        try:
            answer = self.session.exchange(
                Request(method, path, body=body, repeatable=repeatable), before_send=before_send
            )
        except (InvalidError, GoneError) as error:
            return _refused(error)
        record = answer.value if isinstance(answer.value, dict) else {}
        written_id = record.get("id", crm_id)
        if written_id is None:
            raise _unreadable(f"{method} {path}", answer)
        return Written(written_id, record, answer.request_id)

    def _bulk(
        self,
        crm_object: CrmObject,
        path: str,
        elements: Sequence[Payload],
        *,
        update: bool,
        before_send: BeforeSend | None = None,
    ) -> list[Result]:
        try:
            answer = self.session.exchange(
                Request("POST", path, body={crm_object.name: elements}, repeatable=False, bulk=True),
                before_send=before_send,
            )
        except InvalidError as error:
            if (limit := _LIMIT.search(error.said)) is None:
                raise
            self._bulk_sizes[crm_object.name, update] = max(int(limit[1]), 1)
            raise TooLargeError(
                error.call, limit=int(limit[1]), status=error.status, said=error.said, body=error.body
            ) from error
        items = answer.value
        if not isinstance(items, list) or len(items) != len(elements):
            raise _unreadable(f"POST {path}", answer)
        # people/bulk-update-people: "Bulk APIs guarantee the same response object ordering as the request objects"
        results = [self._item(item, element, answer.request_id) for item, element in zip(items, elements, strict=True)]
        if None in results:
            raise _unreadable(f"POST {path}", answer)
        return [result for result in results if result is not None]

    def _item(self, item: Any, element: Payload, request_id: str) -> Result | None:
        """Read the result of one record of a bulk call; None if the answer does not say it."""
        if not isinstance(item, dict):
            return None
        if item.get("success") is False:
            cut = self.session.redact.cut
            body = cut(msgspec.json.encode(item).decode(), BODY_CHARACTERS)
            return Refused(cut(_spelled(item.get("message")), SHOWN_CHARACTERS), _REFUSED_STATUS, body=body)
        crm_id = item.get("id")
        if crm_id is None or element.get("id", crm_id) != crm_id:
            return None
        return Written(crm_id, item, request_id)

    def _judged(self, crm_object: CrmObject, crm_id: CrmId, result: Result) -> Result:
        """Distinguish a record that is gone from one that was refused: a bulk answer shows both as failures."""
        if isinstance(result, Refused) and self._fetch(crm_object, crm_id) is None:
            return replace(result, gone=True)
        return result

    def _relink(self, result: Written, company_id: CrmId | None) -> Result:
        """Replace a person's company, of which there can be one only; the rest of the record is written already."""
        linked = result.record.get("company_id")
        if linked == company_id:
            return result
        try:
            if linked is not None:
                self._relate("DELETE", result.id, linked)
            if company_id is not None:
                self._relate("POST", result.id, company_id, instead_of=linked)
        except RefusedError as error:
            reason = f"Written but for company_id, which the CRM refused: {error.said}"
            return Refused(reason, error.status or _REFUSED_STATUS, body=error.body)
        return replace(result, record={**result.record, "company_id": company_id})

    def _relate(self, method: str, person_id: CrmId, company_id: CrmId, *, instead_of: CrmId | None = None) -> None:
        body = {"resource": {"id": company_id, "type": "company"}}
        try:
            self.session.exchange(Request(method, f"/people/{person_id}/related", body=body, repeatable=False))
        except RefusedError:
            if instead_of is not None:
                self._relate("POST", person_id, instead_of)  # the company that the person had before stays
            raise

    def _once(self, key: str, read: Callable[[], Any]) -> Any:
        with self._lock:
            if key not in self._known:
                self._known[key] = read()
            return self._known[key]

    def _order(self) -> str:
        if self._date_order is None:
            self._date_order = self._once("date_order", self._read_date_order)
        return self._date_order

    def _read_date_order(self) -> str:
        body = {"sort_by": "date_modified", "sort_direction": "desc", "page_size": PAGE_SIZE}
        page = search(self.session, OBJECTS["opportunities"], body)
        order = order_of([str(record["close_date"]) for record in page.records if record.get("close_date")])
        if order is None:
            raise SettingError(
                "date_order is missing, and the account's opportunities do not show how it writes close_date. Set "
                f"date_order to {MONTH_FIRST} (05/31/2024) or {DAY_FIRST} (31/05/2024)"
            )
        return order

    def _zone(self) -> tzinfo:
        zone: tzinfo = self._once("zone", self._read_zone)
        return zone

    def _read_zone(self) -> tzinfo:
        account: dict[str, Any] = self.session.exchange(Request("GET", "/account")).value
        try:
            return zoneinfo.ZoneInfo(account.get("primary_timezone") or "UTC")
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            return UTC


def _refused(error: RefusedError) -> Refused:
    reason = error.said or error.happened
    return Refused(reason, error.status or _REFUSED_STATUS, gone=isinstance(error, GoneError), body=error.body)


def _unreadable(call: str, answer: Answer) -> InDoubtError:
    return InDoubtError(call, status=answer.status, happened="The CRM's answer does not say what became of each record")


def _spelled(message: Any) -> str:
    """Write ``{"name": [{"error": "invalid"}]}`` in words."""
    if not isinstance(message, dict):
        return str(message)
    return "; ".join(f"{name}: {_reasons(reasons)}" for name, reasons in message.items())


def _reasons(reasons: Any) -> str:
    each = reasons if isinstance(reasons, list) else [reasons]
    return ", ".join(str(reason.get("error", reason)) if isinstance(reason, dict) else str(reason) for reason in each)
